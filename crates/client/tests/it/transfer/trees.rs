//! Uploads and downloads of trees: destinations and failures.

use std::{fs, path::Path};

use oxftp::{
    Error,
    local_fs::{CreateDirOptions, FileSystem, MemoryFs},
};
use oxftp_testing::scripted::Script;

use crate::common;
use crate::common::scripts::{
    assert_in_sync, mlst_dir, play, refuse_to_enter_deep, send_file, with_sync_check,
};
use crate::common::{
    embedded,
    local_files::{create_file, files},
};
use crate::fixture::{Fixture, create_foo_tree, failed_names};

#[tokio::test]
async fn uploaded_tree_goes_into_or_becomes_destination() {
    let table = [
        ("", false, "foo"),
        ("bar", true, "bar"),
        ("bar", false, "bar/foo"),
        ("x/bar", true, "x/bar"),
        ("x/bar", false, "x/bar/foo"),
        ("/x/bar", true, "x/bar"),
        ("/x/bar", false, "x/bar/foo"),
        ("/bar", true, "bar"),
        ("/", false, "foo"),
        ("deep/er/and/deeper", true, "deep/er/and/deeper"),
    ];
    for (destination, write_into, root) in table {
        let mut fixture = Fixture::new().await;
        create_foo_tree(fixture.local.path());

        let report = fixture.upload("foo", destination, write_into).await;

        assert_eq!(
            fixture.on_server(),
            [format!("{root}/a"), format!("{root}/sub/b")],
            "{destination:?} {write_into}"
        );
        assert_eq!((report.files, report.bytes), (2, 14));
        assert_eq!(fs::read(fixture.server.root().join(root).join("sub/b")).unwrap(), b"foo/sub/b");
    }
}

#[tokio::test]
async fn uploaded_tree_may_become_root_or_working_directory() {
    for destination in ["/", "", "."] {
        let mut fixture = Fixture::new().await;
        create_foo_tree(fixture.local.path());

        fixture.upload("foo", destination, true).await;

        assert_eq!(fixture.on_server(), ["a", "sub/b"], "{destination:?}");
    }
}

#[tokio::test]
async fn upload_of_nameless_path_needs_name_on_server() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    for path in [".", "..", "/", "a/.."] {
        let error = client.upload(path).to("up").await.unwrap_err();
        assert!(matches!(&error, Error::NoName { .. }), "{path}: {error}");
        assert!(error.to_string().contains(&format!("{path:?}")), "{error}");
    }
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn relative_destination_starts_at_working_directory() {
    let table = [
        ("x/bar", true, "cwd/x/bar"),
        ("/x/bar", true, "x/bar"),
        ("bar", false, "cwd/bar/foo"),
        ("", false, "cwd/foo"),
    ];
    for (destination, write_into, root) in table {
        let mut fixture = Fixture::new().await;
        create_foo_tree(fixture.local.path());
        fixture.client.create_dir_all("/cwd").await.unwrap();
        fixture.client.change_dir("/cwd").await.unwrap();

        fixture.upload("foo", destination, write_into).await;

        let mut expected = vec![format!("{root}/a"), format!("{root}/sub/b")];
        if !root.starts_with("cwd") {
            expected.insert(0, "cwd/".to_owned());
        }
        assert_eq!(fixture.on_server(), expected, "{destination:?} {write_into}");
        assert_eq!(fixture.client.current_dir().await.unwrap(), "/cwd".into());
    }
}

#[tokio::test]
async fn uploaded_file_goes_into_or_becomes_destination() {
    let table = [
        ("", false, "a"),
        ("d", true, "d"),
        ("d/e", false, "d/e/a"),
        ("d/e", true, "d/e"),
        ("/d/e", false, "d/e/a"),
        ("/d/e", true, "d/e"),
        ("/", false, "a"),
    ];
    for (destination, write_into, expected) in table {
        let mut fixture = Fixture::new().await;
        create_foo_tree(fixture.local.path());

        let report = fixture.upload("foo/a", destination, write_into).await;

        assert_eq!(fixture.on_server(), [expected], "{destination:?} {write_into}");
        assert_eq!(report.files, 1);
    }
}

#[tokio::test]
async fn upload_replaces_existing_files_and_keeps_others() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.local.path());
    create_file(fixture.server.root(), "foo/a", "old and longer");
    create_file(fixture.server.root(), "foo/other", "other");

    fixture.upload("foo", "", false).await;

    assert_eq!(fixture.on_server(), ["foo/a", "foo/other", "foo/sub/b"]);
    assert_eq!(fs::read(fixture.server.root().join("foo/a")).unwrap(), b"foo/a");
}

#[tokio::test]
async fn upload_of_missing_source_creates_nothing() {
    let mut fixture = Fixture::new().await;

    let error = fixture.client.upload(fixture.local.path().join("missing")).to("x/y").await.unwrap_err();

    assert!(matches!(error, Error::LocalFs(_)), "{error}");
    assert!(fixture.on_server().is_empty());
}

#[tokio::test]
async fn empty_directories_round_trip() {
    let mut fixture = Fixture::new().await;
    fs::create_dir_all(fixture.local_path("foo/empty/inner")).unwrap();

    fixture.upload("foo", "", false).await;
    fixture.download("foo", "back", true).await;

    assert_eq!(fixture.on_server(), ["foo/empty/inner/"]);
    assert_eq!(files(&fixture.local_path("back")), ["empty/inner/"]);
}

#[tokio::test]
async fn downloaded_tree_goes_into_or_becomes_destination() {
    let table = [
        ("", false, "foo"),
        ("bar", true, "bar"),
        ("bar", false, "bar/foo"),
        ("x/bar", true, "x/bar"),
        ("x/bar", false, "x/bar/foo"),
        ("", true, ""),
    ];
    for source in ["foo", "/foo", "foo/", "./foo"] {
        for (destination, write_into, root) in table {
            let mut fixture = Fixture::new().await;
            create_foo_tree(fixture.server.root());

            let report = fixture.download(source, destination, write_into).await;

            let expected = [Path::new(root).join("a"), Path::new(root).join("sub/b")];
            let expected = expected.map(|path| path.display().to_string());
            assert_eq!(files(fixture.local.path()), expected, "{source:?} {destination:?} {write_into}");
            assert_eq!((report.files, report.bytes), (2, 14));
        }
    }
}

#[tokio::test]
async fn downloaded_tree_is_named_by_last_component() {
    let mut fixture = Fixture::new().await;
    create_file(fixture.server.root(), "x/y/foo/a", "a");

    fixture.download("x/y/foo", "", false).await;

    assert_eq!(files(fixture.local.path()), ["foo/a"]);
}

#[tokio::test]
async fn downloaded_root_goes_directly_into_destination() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.server.root());

    fixture.download("/", "all", false).await;

    assert_eq!(files(fixture.local.path()), ["all/foo/a", "all/foo/sub/b"]);
}

#[tokio::test]
async fn downloaded_file_goes_into_or_becomes_destination() {
    let table = [("", false, "a"), ("d/e", false, "d/e/a"), ("d/e", true, "d/e"), ("d", true, "d")];
    for (destination, write_into, expected) in table {
        let mut fixture = Fixture::new().await;
        create_foo_tree(fixture.server.root());

        fixture.download("foo/a", destination, write_into).await;

        assert_eq!(files(fixture.local.path()), [expected], "{destination:?} {write_into}");
        assert_eq!(fs::read(fixture.local_path(expected)).unwrap(), b"foo/a");
    }
}

#[tokio::test]
async fn download_of_missing_source_creates_nothing() {
    let mut fixture = Fixture::new().await;

    let error = fixture.client.download("missing").to(fixture.local.path().join("x")).await.unwrap_err();

    assert!(error.is_not_found(), "{error}");
    assert!(files(fixture.local.path()).is_empty());
}

#[tokio::test]
async fn block_size_does_not_change_the_result() {
    for block_size in [1, 8192, usize::MAX] {
        let mut fixture = Fixture::new().await;
        let bytes = common::content(300_000);
        fs::write(fixture.local_path("big"), &bytes).unwrap();

        let source = fixture.local_path("big");
        fixture.client.upload(source).block_size(block_size).await.unwrap();
        let back = fixture.local_path("back");
        fixture.client.download("big").to(&back).write_into(true).block_size(block_size).await.unwrap();

        assert!(fs::read(back).unwrap() == bytes, "{block_size}");
    }
}

#[tokio::test]
async fn memory_file_system_round_trip() {
    let server = embedded().await;
    let fs = MemoryFs::new();
    for directory in ["/foo/sub", "/foo/empty"] {
        fs.create_dir(Path::new(directory), CreateDirOptions { parents: true, exist_ok: true })
            .await
            .unwrap();
    }
    fs.write("/foo/a", "one").unwrap();
    fs.write("/foo/sub/b", "two").unwrap();
    let mut client = common::login_with(common::builder(&server).file_system(fs.clone()), &server).await;

    client.upload("/foo").to("up").await.unwrap();
    client.download("up").to("down").await.unwrap();
    client.download("up/foo/a").to("/named").write_into(true).await.unwrap();

    assert_eq!(files(server.root()), ["up/foo/a", "up/foo/empty/", "up/foo/sub/b"]);
    assert_eq!(fs.read("/down/up/foo/sub/b").as_deref(), Some(&b"two"[..]));
    assert_eq!(fs.read("named").as_deref(), Some(&b"one"[..]));
    assert!(fs.is_dir(Path::new("down/up/foo/empty")).await.unwrap());
}

#[tokio::test]
async fn failed_file_in_uploaded_tree_is_reported() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.local.path());
    // No server replaces a directory with a file.
    fs::create_dir_all(fixture.server.root().join("foo/a/in the way")).unwrap();

    let error = fixture.client.upload(fixture.local.path().join("foo")).await.unwrap_err();

    assert_eq!(failed_names(&error), [fixture.local_path("foo/a").display().to_string()]);
    assert_eq!(fixture.on_server(), ["foo/a/in the way/", "foo/sub/b"]);
}

#[tokio::test]
async fn failed_file_in_downloaded_tree_is_reported() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script = send_file(script, "MLSD d", "type=file;size=1; a\r\ntype=file;size=1; b\r\n");
    let script =
        send_file(script.passive().expect("RETR d/a").reply("550 permission denied"), "RETR d/b", "b");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.download("d").to(local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/a"]);
    assert_eq!(files(local.path()), ["d/b"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn failed_directory_in_downloaded_tree_is_reported() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script = send_file(script, "MLSD d", "type=dir; open\r\ntype=dir; shut\r\n");
    let script = send_file(script, "MLSD d/open", "type=file;size=1; b\r\n");
    let script = send_file(script, "RETR d/open/b", "b")
        .passive()
        .expect("MLSD d/shut")
        .reply("550 permission denied");
    let script = refuse_to_enter_deep(script, "d", "shut");
    // The client also checks whether it is a file that cannot be listed.
    let (server, mut client) = play(script.expect("MLST d/shut").reply("550 permission denied")).await;

    let error = client.download("d").to(local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/shut"]);
    assert_eq!(files(local.path()), ["d/open/b", "d/shut/"]);
    server.done().await;
}

#[tokio::test]
async fn lost_connection_stops_tree_with_partial_report() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let lines = ["a", "b", "c"].map(|name| format!("type=file;size=1; {name}\r\n")).concat();
    let script = send_file(send_file(script, "MLSD d", lines), "RETR d/a", "a");
    let (server, mut client) = play(script.passive().expect("RETR d/b").reply("421 bye").close()).await;

    let error = client.download("d").to(local.path()).await.unwrap_err();

    assert!(error.is_connection_lost(), "{error:?}");
    let Error::Stopped { report, .. } = error else { panic!("{error:?}") };
    assert_eq!((report.files, report.directories, report.bytes), (1, 1, 1));
    let names: Vec<_> = report.failures.iter().map(|failure| failure.name.as_str()).collect();
    assert_eq!(names, ["d/b"]);
    assert_eq!(files(local.path()), ["d/a"]);
    server.done().await;
}

#[tokio::test]
async fn path_traversal_outside_destination_is_refused() {
    let local = tempfile::tempdir().unwrap();
    let lines = "type=file;size=1; ../../escaped\r\ntype=dir; /tmp/x\r\ntype=file;size=1; b\r\n";
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script = send_file(send_file(script, "MLSD d", lines), "RETR d/b", "b");
    let (server, mut client) = play(script).await;

    let error = client.download("d").to(local.path().join("in/side")).await.unwrap_err();

    assert_eq!(failed_names(&error).len(), 2);
    assert_eq!(files(local.path()), ["in/side/d/b"]);
    server.done().await;
}

#[tokio::test]
async fn remote_symlinks_are_not_fetched_and_reported() {
    let local = tempfile::tempdir().unwrap();
    let lines = "type=OS.unix=slink:/etc; l\r\ntype=OS.unix=chr-1/3; null\r\ntype=file;size=1; b\r\n";
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let (server, mut client) = play(send_file(send_file(script, "MLSD d", lines), "RETR d/b", "b")).await;

    let error = client.download("d").to(local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/l", "d/null"]);
    server.done().await;
}

#[tokio::test]
async fn special_files_are_skipped_on_request() {
    let local = tempfile::tempdir().unwrap();
    let lines = "type=OS.unix=fifo; pipe\r\ntype=OS.unix=chr-1/3; null\r\ntype=file;size=1; b\r\n";
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script = send_file(send_file(script, "MLSD d", lines), "RETR d/b", "b");
    let fifo = "250-facts\r\n type=OS.unix=fifo; d/pipe\r\n250 end";
    let (server, mut client) = play(script.expect("MLST d/pipe").reply(fifo)).await;

    let report = client.download("d").to(local.path()).skip_special_files(true).await.unwrap();
    let named = client.download("d/pipe").to(local.path().join("p")).skip_special_files(true).await.unwrap();

    assert_eq!((report.files, report.failures.len(), named.files), (1, 0, 0));
    assert_eq!(files(local.path()), ["d/b"]);
    assert!(!local.path().join("p").exists());
    server.done().await;
}

/// Two sessions may create the same parent directory.
#[tokio::test]
async fn parent_created_concurrently_is_accepted() {
    let script = Script::new()
        .expect("MKD a/b")
        .reply("550 no such directory")
        .expect("PWD")
        .reply("257 \"/\"")
        .expect("CWD a/b")
        .reply("550 no such directory")
        .expect("PWD")
        .reply("257 \"/\"")
        .expect("CWD a")
        .reply("250 it is there by now")
        .expect("CWD /")
        .reply("250 ok")
        .expect("MKD a/b")
        .reply("257 made");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.create_dir_all("a/b").await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}
