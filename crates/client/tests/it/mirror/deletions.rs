//! Deletions of a mirror, and the cases in which it deletes nothing.

use std::{fs, path::Path};

use oxftp::{
    Credentials, Error, Pipelining, Pool,
    mirror::{Delete, Filter},
};
use oxftp_testing::{
    fragile::{Fault, Fragile},
    memory::{MemoryServer, ServerBehaviour},
    scripted::{Script, ScriptedServer},
    tree_server::{Answer, TreeServer},
};

use crate::common::scripts;
use crate::common::scripts::{open_transfer, refuse_to_enter_deep, send_empty_listing, send_file};
use crate::common::{
    builder, embedded,
    local_files::{create_file, files},
    pool_with,
};
use crate::fixture::failed_names;

/// A session on a server with the directory `d`.
fn enter_directory() -> Script {
    let script = Script::new().login().expect("PWD").reply("257 \"/\"");
    script.expect("CWD d").reply("250 in").expect("CWD /").reply("250 back")
}

async fn start_pool(script: Script) -> (ScriptedServer, Pool) {
    let server = script.start().await;
    let pool =
        Pool::new(scripts::builder().pipelining(Pipelining::Off), server.address(), Credentials::anonymous())
            .size(1);
    (server, pool)
}

const FILE: &str = "type=file;size=1;modify=20240101120000; ";

/// Returns incomplete listings: their lines and their final reply.
fn incomplete_listings() -> Vec<(String, &'static str)> {
    let one = format!("{FILE}a\r\n");
    vec![
        (format!("{one}what is this\r\n"), "226 done"),
        (format!("{one}{FILE}../b\r\n"), "226 done"),
        (format!("{one}{one}"), "226 done"),
        (one.clone(), "226-Output truncated to 1 matches\r\n226 1 matches total"),
        (String::new(), "226 Transfer done (but failed to open directory)."),
    ]
}

#[tokio::test]
async fn incomplete_source_deletes_nothing() {
    for delete in [Delete::Before, Delete::After] {
        for (lines, last) in incomplete_listings() {
            let local = tempfile::tempdir().unwrap();
            create_file(local.path(), "kept", "x");
            let has_one = lines.matches("; a\r\n").count() == 1;
            let script = open_transfer(enter_directory().type_image(), "MLSD d").data(lines).reply(last);
            let script = if has_one { send_file(script, "RETR d/a", "a") } else { script };
            let (server, pool) = start_pool(script).await;

            let error = pool.mirror_down("d", local.path()).delete(delete).await.unwrap_err();

            assert_eq!(failed_names(&error).len(), 1, "{last}");
            assert!(local.path().join("kept").exists(), "{last}");
            assert_eq!(local.path().join("a").exists(), has_one, "{last}");
            server.done().await;
        }
    }
}

#[tokio::test]
async fn incomplete_target_listing_deletes_nothing() {
    for (lines, last) in incomplete_listings() {
        let local = tempfile::tempdir().unwrap();
        let script = enter_directory().expect("FEAT").reply("211-Features:\r\n MFMT\r\n211 End").type_image();
        let (server, pool) = start_pool(open_transfer(script, "MLSD d").data(lines).reply(last)).await;

        let error = pool.mirror_up(local.path(), "d").delete(Delete::After).await.unwrap_err();

        // The script expects no DELE.
        assert_eq!(failed_names(&error).len(), 1, "{last}");
        server.done().await;
    }
}

#[tokio::test]
async fn failed_directory_listing_keeps_that_directory_only() {
    let local = tempfile::tempdir().unwrap();
    for file in ["bad/kept", "good/gone", "gone"] {
        create_file(local.path(), file, "x");
    }
    let script = send_file(enter_directory().type_image(), "MLSD d", "type=dir; bad\r\ntype=dir; good\r\n");
    let script = script.passive().expect("MLSD d/bad").reply("550 permission denied");
    let script = refuse_to_enter_deep(script, "d", "bad").expect("MLST d/bad").reply("550 permission denied");
    let script = send_empty_listing(script, "d/good").expect("SIZE d/good/gone").reply("550 No such file");
    let (server, pool) = start_pool(script).await;

    let error = pool.mirror_down("d", local.path()).delete(Delete::Before).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/bad"]);
    assert_eq!(files(local.path()), ["bad/kept", "good/"]);
    server.done().await;
}

#[tokio::test]
async fn truncated_listing_deletes_nothing() {
    for delete in [Delete::Before, Delete::After] {
        let local = tempfile::tempdir().unwrap();
        create_file(local.path(), "kept", "x");
        let script = open_transfer(enter_directory().type_image(), "MLSD d").data(format!("{FILE}a\r\n"));
        let (server, pool) = start_pool(script.reply("426 cut")).await;

        let error = pool.mirror_down("d", local.path()).delete(delete).retries(0).await.unwrap_err();

        assert!(error.code().is_some_and(|code| code.get() == 426), "{error:?}");
        assert_eq!(files(local.path()), ["kept"]);
        server.done().await;
    }
}

#[tokio::test]
async fn stopped_mirror_deletes_nothing() {
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "kept", "x");
    let script = send_file(enter_directory().type_image(), "MLSD d", format!("{FILE}a\r\n{FILE}b\r\n"));
    let script = script.passive().expect("RETR d/a").reply("550 permission denied");
    let (server, pool) = start_pool(script).await;

    let mirror = pool.mirror_down("d", local.path()).delete(Delete::After).max_errors(0);
    let error = mirror.await.unwrap_err();

    assert!(matches!(error, Error::Stopped { .. }), "{error:?}");
    assert_eq!(files(local.path()), ["kept"]);
    server.done().await;
}

#[tokio::test]
async fn truncated_server_to_server_source_aborts_target() {
    let source =
        send_file(enter_directory().type_image(), "MLSD d", "type=file;size=9;modify=20240101120000; a\r\n");
    let (source, from) =
        start_pool(open_transfer(source, "RETR d/a").send("half").close_data().reply("426 cut")).await;
    let target = enter_directory().expect("FEAT").reply("211-Features:\r\n MFMT\r\n211 End").type_image();
    let target =
        open_transfer(send_file(target, "MLSD d", format!("{FILE}b\r\n")), "STOR d/a").read(4).expect_reset();
    let (target, to) = start_pool(target.reply("426 broken off")).await;

    let error = from.mirror_across("d", &to, "d").retries(0).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/a"]);
    source.done().await;
    target.done().await;
}

#[tokio::test]
async fn excluded_files_are_neither_fetched_nor_deleted() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    for file in ["tree/a.tmp", "tree/b", "tree/cache/c"] {
        create_file(server.root(), file, "new");
    }
    for file in ["kept.tmp", "cache/kept", "gone/kept.tmp", "gone/x", "gone/deep/y"] {
        create_file(local.path(), file, "old");
    }
    let filter = Filter::new().exclude("*.tmp").unwrap().exclude("cache/").unwrap();

    let pool = pool_with(builder(&server), &server);
    pool.mirror_down("tree", local.path()).filter(filter).delete(Delete::After).await.unwrap();

    assert_eq!(files(local.path()), ["b", "cache/kept", "gone/kept.tmp", "kept.tmp"]);
}

#[tokio::test]
async fn deletion_limit_keeps_the_rest_and_reports_once() {
    for delete in [Delete::Before, Delete::After] {
        let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
        create_file(server.root(), "tree/a", "a");
        for file in ["x/1", "x/2", "y/3", "y/4"] {
            create_file(local.path(), file, "");
        }
        let pool = pool_with(builder(&server), &server);

        let mirror = pool.mirror_down("tree", local.path()).delete(delete).max_deletions(3);
        let error = mirror.await.unwrap_err();

        let Error::PartialFailure { report } = error else { panic!("{error:?}") };
        assert_eq!((report.deleted, report.files, report.failures.len()), (3, 1, 1));
        assert!(matches!(report.failures[0].error, Error::TooManyDeletions { limit: 3 }));
        assert_eq!(files(local.path()).iter().filter(|file| !file.ends_with('a')).count(), 2);
    }
}

/// Starts a server with a file where the local side has a directory, and the reverse.
async fn conflicting_kinds(local: &Path) -> (oxftp_testing::servers::TestServer, Pool) {
    let server = embedded().await;
    create_file(server.root(), "tree/file", "file");
    create_file(server.root(), "tree/directory/x", "x");
    create_file(local, "file/deep/x", "old");
    create_file(local, "directory", "old");
    let pool = pool_with(builder(&server), &server);
    (server, pool)
}

#[tokio::test]
async fn entry_kind_is_replaced_only_when_deleting() {
    let local = tempfile::tempdir().unwrap();
    let (_server, pool) = conflicting_kinds(local.path()).await;

    let error = pool.mirror_down("tree", local.path()).await.unwrap_err();
    assert_eq!(failed_names(&error), ["tree/directory", "tree/file"]);
    assert_eq!(files(local.path()), ["directory", "file/deep/x"]);

    let report = pool.mirror_down("tree", local.path()).delete(Delete::After).await.unwrap();
    assert_eq!((report.files, report.deleted), (2, 4));
    assert_eq!(files(local.path()), ["directory/x", "file"]);
}

#[tokio::test]
async fn entry_that_cannot_be_removed_is_kept() {
    let local = tempfile::tempdir().unwrap();
    let (_server, pool) = conflicting_kinds(local.path()).await;

    let mirror = pool.mirror_down("tree", local.path()).delete(Delete::Before).max_deletions(0);
    let error = mirror.await.unwrap_err();

    assert!(matches!(&error, Error::PartialFailure { report } if report.failures.len() == 1), "{error:?}");
    assert_eq!(files(local.path()), ["directory", "file/deep/x"]);
}

#[tokio::test]
async fn sessions_lost_during_deletion_are_replaced() {
    let local = tempfile::tempdir().unwrap();
    let server = Fragile::new().file("/d/a", "a").file("/d/b", "b");
    let server = server.on_nth("DELE", 2, Fault::ReplyAndHangUp("421 bye".to_owned())).start();
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

    let report = pool.mirror_up(local.path(), "/d").delete(Delete::After).await.unwrap();

    assert_eq!((report.deleted, server.count("DELE"), server.connections()), (2, 3, 2));
}

#[cfg(unix)]
#[tokio::test]
async fn deletion_does_not_follow_symlinks() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    fs::create_dir(server.root().join("tree")).unwrap();
    create_file(local.path(), "outside/kept", "x");
    fs::create_dir_all(local.path().join("copy/below")).unwrap();
    for link in ["copy/link", "copy/below/link"] {
        std::os::unix::fs::symlink(local.path().join("outside"), local.path().join(link)).unwrap();
    }

    let pool = pool_with(builder(&server), &server);
    pool.mirror_down("tree", local.path().join("copy")).delete(Delete::Before).await.unwrap();

    assert_eq!(files(local.path()), ["copy/", "outside/kept"]);
}

#[tokio::test]
async fn refused_deletions_are_reported() {
    let local = tempfile::tempdir().unwrap();
    let script = enter_directory().expect("FEAT").reply("211-Features:\r\n MFMT\r\n211 End").type_image();
    let script = send_file(script, "MLSD d", format!("{FILE}a\r\n{FILE}b\r\n"));
    let script = script.expect("DELE d/a").reply("550 Delete operation failed.");
    // The refusal states no reason, so it is checked.
    let script = send_file(script, "MLSD d", format!("{FILE}a\r\n{FILE}b\r\n"));
    let (server, pool) = start_pool(script.expect("DELE d/b").reply("550 No such file.")).await;

    let error = pool.mirror_up(local.path(), "d").delete(Delete::Before).await.unwrap_err();

    assert_eq!(failed_names(&error), ["a"]);
    server.done().await;
}

#[cfg(unix)]
#[tokio::test]
async fn mirror_keeps_partial_file_in_use() {
    use oxftp::local_fs::{FileSystem, LocalFs, OpenMode};

    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    create_file(server.root(), "d/a", "x");
    let pool = pool_with(builder(&server), &server);
    let parts = ["b.oxftp.part", "b.oxftp.part.segments"];
    for delete in [Delete::Before, Delete::After] {
        for part in parts {
            create_file(local.path(), part, "of another download");
        }
        let mut part = LocalFs::new().open(&local.path().join(parts[0]), OpenMode::Update).await.unwrap();
        assert!(part.try_lock().await.unwrap());

        let beside_download = pool.mirror_down("d", local.path()).delete(delete).await.unwrap();
        let kept = files(local.path());
        drop(part);
        let after_it = pool.mirror_down("d", local.path()).delete(delete).await.unwrap();

        assert_eq!((beside_download.deleted, after_it.deleted), (0, 2));
        assert_eq!(kept, ["a", parts[0], parts[1]]);
        assert_eq!(files(local.path()), ["a"]);
    }
}

/// A server that lists its working directory for every path: nothing in that listing shows it.
#[tokio::test]
async fn listing_of_other_directory_deletes_nothing() {
    use oxftp_testing::fragile::{Fault, Fragile};

    for commands in [&[][..], &["MLSD", "MLST"]] {
        for delete in [Delete::Before, Delete::After] {
            for can_enter in [true, false] {
                let server =
                    Fragile::new().file("/home/u/x", "x").file("/srv/data/one", "1").without(commands);
                let server = server.file("/srv/data/two", "2").lists_only_here("/home/u");
                let server =
                    if can_enter { server } else { server.on("CWD", Fault::Reply("550 no".to_owned())) };
                let server = server.start();
                let local = tempfile::tempdir().unwrap();
                for name in ["one", "two", "old"] {
                    create_file(local.path(), name, "here");
                }
                let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

                let mirrored = pool.mirror_down("/srv/data", local.path()).delete(delete).await;

                let expected: &[&str] = if can_enter { &["one", "two"] } else { &["old", "one", "two"] };
                assert_eq!(files(local.path()), expected, "{commands:?} {delete:?} {mirrored:?}");
                assert_eq!(mirrored.is_ok(), can_enter, "{commands:?} {delete:?} {mirrored:?}");
            }
        }
    }
}

#[tokio::test]
async fn mirror_delete_proves_paths_once() {
    use oxftp_testing::fragile::Fragile;

    let server = Fragile::new().file("/srv/data/one", "1").file("/srv/data/sub/two", "2").start();
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "old", "x");
    create_file(local.path(), "sub/old", "x");
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

    pool.mirror_down("/srv/data", local.path()).delete(Delete::After).await.unwrap();
    create_file(local.path(), "old", "x");
    pool.mirror_down("/srv/data", local.path()).delete(Delete::After).await.unwrap();

    assert_eq!(files(local.path()), ["one", "sub/two"]);
    let from_inside = server.commands().iter().filter(|command| *command == "MLSD").count();
    assert_eq!(from_inside, 1, "{:?}", server.commands());
}

/// The server says that a listing is complete, and neither sends data nor closes the data connection.
#[tokio::test]
async fn listing_without_data_deletes_nothing() {
    for reply in ["226 done", "250-Begin\r\n type=file;size=1; a\r\n250 End"] {
        let local = tempfile::tempdir().unwrap();
        create_file(local.path(), "kept", "x");
        let behaviour = ServerBehaviour { empty_listing: Some(reply), ..ServerBehaviour::default() };
        let server = MemoryServer::start(behaviour).await;
        server.add_file("d/a", "x", 0);
        server.remove("d/a");
        let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

        let error = pool.mirror_down("d", local.path()).delete(Delete::After).await.unwrap_err();

        assert_eq!(failed_names(&error).len(), 1, "{reply}");
        assert_eq!(files(local.path()), ["kept"]);
        let listed = pool.client().await.unwrap().list("d").await;
        assert_eq!(listed.is_ok(), reply.starts_with("226"), "{listed:?}");
    }
}

/// Every listing is empty, also from inside, and confirmed.
#[tokio::test]
async fn empty_listing_of_existing_files_deletes_nothing() {
    for verb in ["MLSD", "LIST"] {
        let local = tempfile::tempdir().unwrap();
        ["gone", "kept"].iter().for_each(|name| create_file(local.path(), name, "x"));
        let server = TreeServer::of(["d/", "d/kept"]).deviating(move |request| match request.verb {
            "MLSD" | "MLST" if verb == "LIST" => Some(Answer::reply("500 what?")),
            "MLSD" | "LIST" | "NLST" => Some(Answer::lines("")),
            _ => None,
        });
        let server = server.start().await;
        let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

        let error = pool.mirror_down("/d", local.path()).delete(Delete::After).await.unwrap_err();

        assert_eq!(failed_names(&error).len(), 1, "{verb}");
        assert_eq!(files(local.path()), ["gone", "kept"], "{verb}");
    }
}

/// Another client deletes a directory at the same time.
#[tokio::test]
async fn directory_that_is_gone_is_no_failure() {
    let local = tempfile::tempdir().unwrap();
    let gone = Fault::Reply("550 No such file or directory".to_owned());
    let server = Fragile::new().file("/d/old/x", "x").on("RMD", gone).start();
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

    let report = pool.mirror_up(local.path(), "d").delete(Delete::After).await.unwrap();

    assert_eq!(report.deleted, 1);
    assert_eq!(server.content("/d/old/x"), None);
}

/// Some servers cache listings: once the mirror ended with an error, and deleted nothing.
#[tokio::test]
async fn stale_listing_is_repeated_before_deletions() {
    let server =
        MemoryServer::start(ServerBehaviour { shows_uploads_late: true, ..ServerBehaviour::default() }).await;
    server.add_file("d/old", "old", 0);
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "new", "new");
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

    pool.mirror_up(local.path(), "d").delete(Delete::After).await.unwrap();

    assert_eq!(server.paths(), ["d/", "d/new"]);
}

/// `MLSD` shows nothing, and `LIST` does: once all local files were deleted.
#[tokio::test]
async fn empty_mlsd_deletes_nothing_that_list_shows() {
    let server =
        MemoryServer::start(ServerBehaviour { mlsd_shows_nothing: true, ..ServerBehaviour::default() }).await;
    server.add_file("d/kept", "kept", 0);
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "kept", "kept");
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

    pool.mirror_down("d", local.path()).delete(Delete::After).await.unwrap();

    assert_eq!(files(local.path()), ["kept"]);
}

#[tokio::test]
async fn mirrors_work_on_servers_without_cwd() {
    let mut behaviour = ServerBehaviour::list_only();
    behaviour.refused.extend(["CWD", "CDUP"]);
    let server = MemoryServer::start(behaviour).await;
    server.add_file("d/new", "new", 0);
    server.add_file("up/old", "old", 0);
    let local = tempfile::tempdir().unwrap();
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);

    pool.mirror_down("d", local.path()).await.unwrap();
    pool.mirror_up(local.path(), "up").delete(Delete::After).await.unwrap();

    assert_eq!(files(local.path()), ["new"]);
    assert_eq!(server.paths(), ["d/", "d/new", "up/", "up/new"]);
}
