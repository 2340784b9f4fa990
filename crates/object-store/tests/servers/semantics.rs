//! Tests for cases that the integration functions do not cover: ranges of large files, visibility, errors, sorting.

use std::{
    error::Error as _,
    fs,
    io::Write,
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, TryStreamExt};
use object_store_013::{
    Attribute, Attributes, Error, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion, path::Path,
};
use oxftp::{Credentials, ErrorKind};
use oxftp_object_store::{FtpObjectError, FtpStore};
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
};

use crate::{content, leftovers, store};

server_tests! {
    large_object_streams_and_ranges_are_exact,
    small_file_is_transferred_once,
    unfinished_objects_and_locks_are_not_listed,
    dropped_multipart_upload_leaves_nothing,
    list_is_sorted_over_directories,
    large_copy_works_with_one_session,
    errors_tell_missing_files_from_directories,
}

fn old(path: &std::path::Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(path).unwrap().set_modified(hour_ago).unwrap();
}

async fn large_object_streams_and_ranges_are_exact(server: &TestServer) {
    let (large, small) = (content(20_000_000), content(300_000));
    for (name, bytes) in [("large", &large), ("small", &small)] {
        fs::write(server.root().join(name), bytes).unwrap();
        old(&server.root().join(name));
    }
    server.hand_over().unwrap();
    let store = store(server, "", 2);

    for (name, bytes) in [("large", &large), ("small", &small)] {
        let path = Path::from(name);
        let end = bytes.len() as u64;
        for _ in 0..2 {
            assert!(store.get(&path).await.unwrap().bytes().await.unwrap() == bytes[..], "{name}");
            let ranges = [end - 100..end, 0..4, 100_000..299_000, end - 50..end + 50];
            let read = store.get_ranges(&path, &ranges).await.unwrap();
            for (range, part) in ranges.iter().zip(read) {
                let end = (range.end as usize).min(bytes.len());
                assert!(part == bytes[range.start as usize..end], "{name} {range:?}");
            }
            let middle = store.get_range(&path, 1000..200_000).await.unwrap();
            assert!(middle == bytes[1000..200_000], "{name}");
        }
        store.get_ranges(&path, &[0..4, end..end + 1]).await.unwrap_err();
    }
    let mut stream = store.get(&Path::from("large")).await.unwrap().into_stream();
    assert!(!stream.next().await.unwrap().unwrap().is_empty());
    drop(stream);
    store.head(&Path::from("small")).await.unwrap();
    store.close().await;
}

async fn small_file_is_transferred_once(server: &TestServer) {
    let file = server.root().join("small");
    fs::write(&file, "first").unwrap();
    old(&file);
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    server.hand_over().unwrap();
    let store = store(server, "", 2);
    let path = Path::from("small");
    assert_eq!(store.get_range(&path, 0..2).await.unwrap(), "fi");

    // Size and time stay the same, so only a new transfer would return the new contents.
    let mut contents = fs::File::options().write(true).open(&file).unwrap();
    contents.write_all(b"other").unwrap();
    contents.set_modified(modified).unwrap();
    drop(contents);
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "first");
    assert_eq!(store.get_ranges(&path, &[0..1, 2..5]).await.unwrap(), ["f", "rst"]);

    let contents = fs::File::options().write(true).open(&file).unwrap();
    contents.set_modified(modified - Duration::from_secs(60)).unwrap();
    drop(contents);
    store.head(&path).await.unwrap();
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "other");
    store.close().await;
}

async fn unfinished_objects_and_locks_are_not_listed(server: &TestServer) {
    let root = server.root().join("d");
    fs::create_dir(&root).unwrap();
    for name in ["a", "b.oxftp.part", ".x.0123.oxftp.part"] {
        fs::write(root.join(name), name).unwrap();
    }
    fs::create_dir(root.join("a.oxftp.lock")).unwrap();
    fs::write(root.join("a.oxftp.lock/inside"), "x").unwrap();
    server.hand_over().unwrap();
    let store = store(server, "d", 2);

    let listed: Vec<_> =
        store.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
    assert_eq!(listed, ["a"]);
    let listed = store.list_with_delimiter(None).await.unwrap();
    assert_eq!((listed.objects.len(), listed.common_prefixes.len()), (1, 0));
    let refused = store.put(&Path::from("x.oxftp.part"), "x".into()).await.unwrap_err();
    assert!(matches!(refused, Error::NotSupported { .. }), "{refused}");
    store.close().await;
}

async fn dropped_multipart_upload_leaves_nothing(server: &TestServer) {
    let store = store(server, "", 2);
    let path = Path::from("deep/er/object");
    let mut upload = store.put_multipart(&path).await.unwrap();
    upload.put_part(content(200_000).into()).await.unwrap();
    wait_for_leftovers(server, 1).await;
    drop(upload);
    wait_for_leftovers(server, 0).await;
    assert!(matches!(store.head(&path).await, Err(Error::NotFound { .. })));

    let mut empty = store.put_multipart(&path).await.unwrap();
    empty.complete().await.unwrap();
    assert_eq!(store.head(&path).await.unwrap().size, 0);
    store.close().await;
}

/// Waits until there are as many unfinished uploads on the server.
async fn wait_for_leftovers(server: &TestServer, count: usize) {
    let reached = async {
        while leftovers(server.root()).len() != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached).await.expect("the upload is there, or is deleted");
}

async fn list_is_sorted_over_directories(server: &TestServer) {
    let names = ["b/x", "a.b", "a/z", "a/b/c", "a-1", "a0", "B", "a/b.c"];
    for name in names {
        let path = server.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    server.hand_over().unwrap();
    let store = store(server, "", 3);

    let listed: Vec<_> =
        store.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();

    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(listed, sorted);
    store.close().await;
}

async fn large_copy_works_with_one_session(server: &TestServer) {
    let bytes = content(12_000_000);
    fs::write(server.root().join("from"), &bytes).unwrap();
    server.hand_over().unwrap();
    let store = store(server, "", 1);

    store.copy(&Path::from("from"), &Path::from("copies/to")).await.unwrap();

    assert!(fs::read(server.root().join("copies/to")).unwrap() == bytes);
    assert_eq!(leftovers(server.root()), [""; 0]);
    store.close().await;
}

async fn errors_tell_missing_files_from_directories(server: &TestServer) {
    fs::create_dir(server.root().join("directory")).unwrap();
    fs::write(server.root().join("directory/file"), "x").unwrap();
    server.hand_over().unwrap();
    let store = store(server, "", 2);

    for name in ["missing", "directory", "missing/file"] {
        let path = Path::from(name);
        for outcome in [
            store.get(&path).await.map(drop),
            store.head(&path).await.map(drop),
            store.delete(&path).await,
            store.copy(&path, &Path::from("to")).await,
            store.rename(&path, &Path::from("to")).await,
            store.get_ranges(&path, &[0..1, 2..3]).await.map(drop),
        ] {
            assert!(matches!(outcome, Err(Error::NotFound { .. })), "{name}: {outcome:?}");
        }
    }
    store.put(&Path::from("directory"), "x".into()).await.unwrap_err();
    assert!(server.root().join("directory/file").exists());
    assert_eq!(leftovers(server.root()), [""; 0]);
    store.close().await;
}

#[tokio::test]
async fn errors_show_url_and_reason_of_client() {
    let Some(server) = available(ServerKind::Embedded.start(Protection::Plain).await) else { return };
    let url = format!("ftp://{}@{}:{}/d/", server.user(), server.host(), server.port());
    let store = |password: &str| {
        let credentials = Credentials::new(server.user(), password);
        FtpStore::builder(url.parse().unwrap()).credentials(credentials).build().unwrap()
    };
    fs::create_dir(server.root().join("d")).unwrap();
    fs::write(server.root().join("d/file"), "x").unwrap();

    let refused = store("wrong").get(&Path::from("file")).await.unwrap_err();
    assert!(matches!(refused, Error::Unauthenticated { .. }), "{refused}");
    let object = refused.source().unwrap().downcast_ref::<FtpObjectError>().unwrap();
    assert_eq!(object.url(), format!("{url}file"));
    assert_eq!(object.client_error().unwrap().kind(), ErrorKind::Auth);
    assert!(refused.to_string().contains(object.url()), "{refused}");

    let store = store(server.password());
    assert_eq!(store.received_bytes(), 0);
    store.get(&Path::from("file")).await.unwrap().bytes().await.unwrap();
    assert_eq!(store.received_bytes(), 1);
    let missing = store.head(&Path::from("sub/missing")).await.unwrap_err();
    assert!(missing.to_string().contains(&format!("{url}sub/missing")), "{missing}");
    store.close().await;
}

#[tokio::test]
async fn update_and_attributes_are_not_implemented() {
    let Some(server) = available(ServerKind::Embedded.start(Protection::Plain).await) else { return };
    let (store, path) = (store(&server, "", 1), Path::from("file"));
    let etag = store.put(&path, "old".into()).await.unwrap().e_tag;

    let update = PutMode::Update(UpdateVersion { e_tag: etag, version: None });
    let refused = store.put_opts(&path, "new".into(), update.into()).await.unwrap_err();
    assert!(matches!(refused, Error::NotImplemented { .. }), "{refused}");
    assert!(refused.to_string().contains("Update"), "{refused}");
    let attributes = Attributes::from_iter([(Attribute::ContentType, "text/csv")]);
    let refused = store.put_opts(&path, "new".into(), attributes.into()).await.unwrap_err();
    assert!(matches!(refused, Error::NotImplemented { .. }), "{refused}");

    assert_eq!(fs::read(server.root().join("file")).unwrap(), b"old");
    assert_eq!(leftovers(server.root()), [""; 0]);
    store.close().await;
}

#[tokio::test]
async fn copy_is_done_by_servers_that_can() {
    let mut options = ServerOptions::new(Protection::Plain);
    options.copies = true;
    let Some(server) = available(ServerKind::ProFtpd.start_with(options).await) else { return };
    let bytes = content(300_000);
    // The server takes two spaces for one, so that it would copy the other file.
    for (name, bytes) in [("plain name", &bytes[..]), ("two  spaces", b"right"), ("two spaces", b"wrong")] {
        fs::write(server.root().join(name), bytes).unwrap();
    }
    server.hand_over().unwrap();
    let store = store(&server, "", 2);

    store.copy(&Path::from("plain name"), &Path::from("copies/by server")).await.unwrap();
    let log = server.log();
    assert!(log.contains("SITE CPTO") && !log.contains("RETR"), "{log}");
    assert!(fs::read(server.root().join("copies/by server")).unwrap() == bytes);
    store.copy(&Path::from("plain name"), &Path::from("copies/by server")).await.unwrap();
    let refused = store.copy_if_not_exists(&Path::from("plain name"), &Path::from("copies/by server")).await;
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })), "{refused:?}");

    store.copy(&Path::from("two  spaces"), &Path::from("copy")).await.unwrap();
    assert_eq!(fs::read(server.root().join("copy")).unwrap(), b"right");
    assert_eq!(leftovers(server.root()), [""; 0]);
    store.close().await;
}
