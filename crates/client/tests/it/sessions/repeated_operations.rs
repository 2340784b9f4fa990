//! Operations that lose their session: it is opened again, and they continue from where they were.

use oxftp_testing::fragile::{Fault, Fragile};

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
