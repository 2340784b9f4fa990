//! Operations that lose their session: it is opened again, and they continue from where they were.

use oxftp_testing::fragile::{Fault, Fragile};
use tokio::time::timeout;

use super::*;

/// The ways in which a session is lost at a command.
fn losses() -> [Fault; 3] {
    [Fault::HangUp, Fault::ReplyAndHangUp("421 bye".to_owned()), Fault::HangUpAfterwards]
}

fn tree() -> Fragile {
    (0..5).fold(Fragile::new(), |server, number| {
        server.file(&format!("/d/{number}"), "x").file(&format!("/d/sub/{number}"), "y")
    })
}

async fn persistent_client(server: &FragileServer) -> Client {
    let mut client = builder().reconnects(2).connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client
}

#[tokio::test]
async fn tree_removal_continues_after_lost_sessions() {
    for verb in ["DELE", "RMD", "MLSD"] {
        for fault in losses() {
            let server = tree().on_nth(verb, 2, fault.clone()).start();

            let report = persistent_client(&server).await.remove_dir_all("/d").await.unwrap();

            assert_eq!((report.files, report.directories), (10, 2), "{verb} {fault:?}");
            assert_eq!(server.paths(), ["/"], "{verb} {fault:?}");
        }
    }
}

#[tokio::test]
async fn pool_removes_tree_after_lost_sessions() {
    let server = tree().on_nth("DELE", 3, Fault::HangUp).on_nth("RMD", 1, Fault::HangUpAfterwards).start();

    let report = pool(&server, 1).remove_dir_all("/d").await.unwrap();

    assert_eq!((report.files, server.paths()), (10, vec!["/".to_owned()]));
}

/// A pool looks whether the change was made before the session was lost.
#[tokio::test]
async fn pool_changes_survive_lost_sessions() {
    for fault in losses() {
        let verbs = ["MKD", "RNTO", "DELE", "RMD"];
        let server = verbs.into_iter().fold(tree(), |server, verb| server.on_nth(verb, 1, fault.clone()));
        let server = server.start();
        let pool = pool(&server, 1);

        pool.create_dir("/new").await.unwrap();
        pool.rename("/d/1", "/d/one").await.unwrap();
        pool.remove_file("/d/one").await.unwrap();
        pool.remove_dir("/new").await.unwrap();

        let repetitions = if matches!(fault, Fault::HangUpAfterwards) { 0 } else { 1 };
        for verb in verbs {
            assert_eq!(server.count(verb), 1 + repetitions, "{verb} {fault:?}");
        }
        let paths = server.paths();
        assert!(
            !paths.iter().any(|path| path.contains("one") || path == "/d/1" || path == "/new"),
            "{paths:?}"
        );
        assert_eq!(server.connections(), 5, "{fault:?}");
    }
}

/// A pool repeats nothing without an end.
#[tokio::test]
async fn retry_of_pool_removal_is_bounded() {
    let server = ending_sessions(&["DELE"], &Fault::ReplyAndHangUp("421 bye".to_owned()));

    let removed = timeout(10 * DEADLINE, pool(&server, 1).remove_file("/d/1")).await;

    let error = removed.expect("the removal ends").unwrap_err();
    assert!(error.is_connection_lost(), "{error:?}");
    assert_eq!(server.count("DELE"), 3);
}

/// The source was removed before the session was lost: the transfer is complete, and is not repeated.
#[tokio::test]
async fn source_removal_survives_lost_session() {
    for fault in losses() {
        for moves in [false, true] {
            let verb = if moves { "RNTO" } else { "DELE" };
            let server = tree().on_nth(verb, 2, fault.clone()).start();
            let pool = pool(&server, 1);
            let (one, all) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let into = || moves.then(|| "/done".to_owned());

            let download = pool.download("/d/sub").to(one.path()).move_source(into());
            let downloaded = download.remove_source(!moves).await.unwrap();
            let mirror = pool.mirror_down("/d", all.path()).move_source(into());
            let mirrored = mirror.remove_source(!moves).await.unwrap();

            assert_eq!((downloaded.files, mirrored.files), (5, 5), "{fault:?} {verb}");
            assert_eq!(server.count("RETR"), 10, "{fault:?} {verb}");
            let is_left = |path: &String| path.starts_with("/d/") && path != "/d/sub";
            assert!(!server.paths().iter().any(is_left), "{fault:?} {verb} {:?}", server.paths());
        }
    }
}

#[tokio::test]
async fn single_commands_are_repeated_after_lost_sessions() {
    for fault in losses() {
        let verbs = ["MKD", "SITE CHMOD", "RNTO", "RMD", "PWD", "SIZE"];
        let server = verbs.into_iter().fold(tree(), |server, verb| server.on_nth(verb, 1, fault.clone()));
        let server = server.start();
        let mut client = persistent_client(&server).await;

        client.create_dir("/new").await.unwrap();
        client.set_permissions("/d/1", 0o600).await.unwrap();
        client.rename("/d/1", "/d/one").await.unwrap();
        client.remove_dir("/new").await.unwrap();
        client.current_dir().await.unwrap();

        assert!(server.paths().contains(&"/d/one".to_owned()), "{fault:?}");
        assert!(!server.paths().contains(&"/new".to_owned()), "{fault:?}");
    }
}

/// Starts a server that ends the session at each of these commands.
fn ending_sessions(verbs: &[&str], fault: &Fault) -> FragileServer {
    verbs.iter().fold(tree(), |server, verb| server.on(verb, fault.clone())).start()
}

/// The command was carried out before the session was lost: another one would end the next session, too.
#[tokio::test]
async fn changes_survive_server_that_ends_each_session() {
    let verbs = ["DELE", "RMD", "MKD", "RNTO"];
    let server = ending_sessions(&verbs, &Fault::HangUpAfterwards);
    let mut client = persistent_client(&server).await;

    client.create_dir("/new").await.unwrap();
    client.create_dir_all("/above/below").await.unwrap();
    client.rename("/d/1", "/d/one").await.unwrap();
    client.remove_file("/d/one").await.unwrap();
    client.remove_dir("/new").await.unwrap();
    let report = client.remove_dir_all("/d").await.unwrap();

    assert_eq!((report.files, report.directories), (9, 2));
    assert_eq!(server.paths(), ["/", "/above/below"]);
    assert_eq!((server.count("DELE"), server.count("RMD"), server.count("RNTO")), (10, 3, 1));
}

/// `450` is a refusal for the moment (RFC 959, section 4.2.1).
#[tokio::test]
async fn changes_are_repeated_after_450_file_busy() {
    let verbs = ["DELE", "RMD", "MKD", "RNTO"];
    for reason in ["File is in use.", "Requested file action not taken."] {
        let refused = Fault::Reply(format!("450 {reason}"));
        let server = verbs.iter().fold(tree(), |server, verb| server.on_nth(verb, 1, refused.clone()));
        let server = server.on_nth("DELE", 4, refused).start();
        let mut client = persistent_client(&server).await;

        client.create_dir("/new").await.unwrap();
        client.rename("/d/1", "/d/one").await.unwrap();
        client.remove_file("/d/one").await.unwrap();
        client.remove_dir("/new").await.unwrap();
        let report = client.remove_dir_all("/d").await.unwrap();

        assert_eq!((report.files, report.directories), (9, 2), "{reason}");
        assert_eq!(server.paths(), ["/"], "{reason}");
        let counts = verbs.map(|verb| server.count(verb));
        assert_eq!((counts, server.connections()), ([12, 4, 2, 2], 1), "{reason}");
    }
}

#[tokio::test]
async fn pool_changes_are_repeated_after_450() {
    let verbs = ["MKD", "RNTO", "DELE", "RMD"];
    let refused = Fault::Reply("450 File is in use.".to_owned());
    let server = verbs.iter().fold(tree(), |server, verb| server.on_nth(verb, 1, refused.clone())).start();
    let pool = pool(&server, 1);

    pool.create_dir("/new").await.unwrap();
    pool.rename("/d/1", "/d/one").await.unwrap();
    pool.remove_file("/d/one").await.unwrap();
    pool.remove_dir("/new").await.unwrap();

    assert_eq!((verbs.map(|verb| server.count(verb)), server.connections()), ([2; 4], 1));
}

/// Some servers send `450` for a missing path, or for each refusal.
#[tokio::test]
async fn retry_after_450_ends_where_in_vain() {
    let server = tree().on("DELE", Fault::Reply("450 Internal error deleting the file.".to_owned()));
    let server = server.on("RMD", Fault::Reply("450 x: Permission denied".to_owned())).start();
    let mut client = persistent_client(&server).await;

    for (path, commands) in [("/d/missing", 1), ("/d/1", 4), ("/d/2", 5)] {
        let error = client.remove_file(path).await.unwrap_err();
        assert_eq!((error.code().unwrap().get(), server.count("DELE")), (450, commands), "{path}");
    }
    client.remove_dir("/d/sub").await.unwrap_err();
    assert_eq!(server.count("RMD"), 1);
}

#[tokio::test]
async fn mirror_deletion_survives_server_that_ends_each_session() {
    use oxftp::mirror::Delete;

    for delete in [Delete::Before, Delete::After] {
        let server = ending_sessions(&["DELE", "RMD"], &Fault::HangUpAfterwards);
        let local = tempfile::tempdir().unwrap();

        let report = pool(&server, 1).mirror_up(local.path(), "/d").delete(delete).await.unwrap();

        assert_eq!(
            (report.deleted, server.paths()),
            (11, vec!["/".to_owned(), "/d".to_owned()]),
            "{delete:?}"
        );
    }
}

/// The server deletes nothing, and ends the session at each attempt.
#[tokio::test]
async fn retry_of_removal_is_bounded() {
    let server = ending_sessions(&["DELE"], &Fault::ReplyAndHangUp("421 bye".to_owned()));

    let mut client = persistent_client(&server).await;
    let removed = timeout(10 * DEADLINE, client.remove_file("/d/1")).await;

    let error = removed.expect("the removal ends").unwrap_err();
    assert!(error.is_connection_lost(), "{error:?}");
    assert_eq!(server.count("DELE"), 3);
    assert!(server.content("/d/1").is_some());
}

#[tokio::test]
async fn missing_path_does_not_lose_session() {
    let server = tree().start();
    let mut client = persistent_client(&server).await;

    assert!(client.remove_file("/missing").await.unwrap_err().is_not_found());
    assert!(client.create_dir("/d").await.is_err());
    assert!(client.rename("/missing", "/d/1").await.is_err());
}

#[tokio::test]
async fn listing_of_tree_continues_after_lost_session() {
    for number in 1..=3 {
        let server = tree().directory("/d/sub/deep").on_nth("MLSD", number, Fault::HangUp);
        let server = server.without(&[]).start();
        let mut client = persistent_client(&server).await;

        let found = client.list("/d").recursive().await.unwrap();

        assert_eq!(found.len(), 12, "{number}");
    }
}

#[tokio::test]
async fn operation_without_reconnects_fails_at_once() {
    let server = tree().on_nth("DELE", 1, Fault::HangUp).start();

    let error = client(&server).await.remove_file("/d/1").await.unwrap_err();

    assert!(error.is_connection_lost(), "{error:?}");
    assert_eq!(server.connections(), 1);
}

/// In the login directory, a relative path would name another file.
#[tokio::test]
async fn reconnect_without_its_directory_deletes_nothing() {
    for verb in ["DELE", "RNTO", "SIZE", "STOR"] {
        let server = tree().file("/1", "mine").file("/2", "mine");
        let server =
            server.on_nth(verb, 1, Fault::HangUp).on_nth("CWD", 2, Fault::Reply("550 gone".to_owned()));
        let server = server.start();
        let mut client = persistent_client(&server).await;
        client.change_dir("d").await.unwrap();

        // One of them loses the session, and the others must not be sent to the next one.
        for _ in 0..2 {
            let outcomes = [
                client.remove_file("1").await.err(),
                client.rename("2", "3").await.err(),
                client.size("1").await.err(),
                client.write("2", "new").await.err(),
            ];
            assert!(outcomes.iter().any(Option::is_some), "{verb}");
        }

        for path in ["/1", "/2"] {
            assert_eq!(server.content(path).as_deref(), Some(&b"mine"[..]), "{verb} {path}");
        }
        // The directory can be entered again.
        client.reconnect().await.unwrap();
        assert_eq!(client.current_dir().await.unwrap(), "/d".into(), "{verb}");
    }
}

/// Starts a server with files that refuses these data connections, counted from 1.
fn refusing_data(numbers: std::ops::Range<usize>) -> FragileServer {
    let server = (0..3).fold(Fragile::new(), |server, number| server.file(&format!("/d/{number}"), "x"));
    // Nothing listens on port 1.
    let server = server.on("PASV", Fault::Reply("227 Entering (127,0,0,1,0,1)".to_owned()));
    let refused = Fault::Reply("229 Entering (|||1|)".to_owned());
    numbers.fold(server, |server, number| server.on_nth("EPSV", number, refused.clone())).start()
}

#[tokio::test]
async fn retry_after_refused_data_keeps_its_session() {
    let server = refusing_data(2..5);
    let local = tempfile::tempdir().unwrap();

    let report = pool(&server, 1).download("/d").to(local.path()).retries(3).await.unwrap();

    assert_eq!((report.files, server.connections()), (3, 1));
}

#[tokio::test]
async fn refused_data_of_all_files_costs_one_login() {
    let server = refusing_data(2..100);
    let local = tempfile::tempdir().unwrap();

    pool(&server, 1).download("/d").to(local.path()).retries(1).await.unwrap_err();

    assert_eq!(server.connections(), 1);
}

/// The backup was made before the session was lost.
#[tokio::test]
async fn mirror_deletion_with_backup_survives_lost_session() {
    use oxftp::{Backup, mirror::Delete};

    for fault in losses() {
        let server = tree().on_nth("RNTO", 1, fault.clone()).start();
        let local = tempfile::tempdir().unwrap();

        let pool = pool(&server, 1);
        let mirror = pool.mirror_up(local.path(), "/d").delete(Delete::After);
        mirror.backup(Backup::new().directory("/old")).await.unwrap();

        let kept = server.paths().iter().filter(|path| path.starts_with("/old/")).count();
        // Ten files and a directory.
        assert_eq!(kept, 11, "{fault:?} {:?}", server.paths());
        assert!(!server.paths().iter().any(|path| path.starts_with("/d/")), "{fault:?}");
    }
}
