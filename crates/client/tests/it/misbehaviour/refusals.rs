//! Refusals of changes that the server has made nevertheless, and of changes that it has not made.

use oxftp::{Client, Credentials, Error};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

use crate::common::scripts;

/// Starts a server with the files `a`, `b`, `d/1`, `d/2`, `d/3` and `d/4`.
async fn start(behaviour: ServerBehaviour) -> (MemoryServer, Client) {
    let server = MemoryServer::start(behaviour).await;
    for path in ["a", "b", "d/1", "d/2", "d/3", "d/4"] {
        server.add_file(path, path, 0);
    }
    let mut client = scripts::builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    (server, client)
}

fn code(error: &Error) -> Option<u16> {
    error.code().map(oxftp::Code::get)
}

#[tokio::test]
async fn refused_rename_that_was_made_succeeds() {
    for listings in [ServerBehaviour::default(), ServerBehaviour::list_only()] {
        let confirmations = &[("RNTO", "553 Can't rename file.")];
        let (server, mut client) = start(ServerBehaviour { confirmations, ..listings }).await;

        client.rename("a", "new").await.unwrap();
        client.rename("d/1", "d/new").await.unwrap();

        assert_eq!(server.content("new").as_deref(), Some("a"));
        assert_eq!(server.content("d/new").as_deref(), Some("d/1"));
    }
}

#[tokio::test]
async fn refused_rename_that_was_not_made_fails() {
    let replies = &[("RNTO", "553 Can't rename file.")];
    let (server, mut client) = start(ServerBehaviour { replies, ..ServerBehaviour::default() }).await;

    let error = client.rename("a", "b").await.unwrap_err();

    assert_eq!(code(&error), Some(553));
    assert_eq!(server.content("a").as_deref(), Some("a"));
}

/// The server accepts `RNFR` for every name: the old name may never have existed.
#[tokio::test]
async fn refused_rename_of_missing_file_fails() {
    let replies = &[("RNFR", "350 to what?"), ("RNTO", "553 Can't rename file.")];
    let (_server, mut client) = start(ServerBehaviour { replies, ..ServerBehaviour::default() }).await;

    let error = client.rename("missing", "b").await.unwrap_err();

    assert_eq!(code(&error), Some(553));
}

#[tokio::test]
async fn refused_removals_that_were_made_succeed() {
    for listings in [ServerBehaviour::default(), ServerBehaviour::list_only()] {
        let confirmations = &[("DELE", "550 Failed."), ("RMD", "550 Failed.")];
        let (server, mut client) = start(ServerBehaviour { confirmations, ..listings }).await;

        let report = client.remove_dir_all("d").await.unwrap();

        assert_eq!((report.files, report.directories), (4, 1));
        assert_eq!(server.paths(), ["a", "b"]);
    }
}

/// Removes a tree whose files are refused; returns the number of listings.
async fn listings_of_refused_removal(refusal: &'static [(&str, &str)]) -> usize {
    let (server, mut client) =
        start(ServerBehaviour { replies: refusal, ..ServerBehaviour::default() }).await;

    let error = client.remove_dir_all("d").await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    assert_eq!((report.files, report.failures.len()), (0, 5));
    server.commands().iter().filter(|line| line.starts_with("MLSD")).count()
}

#[tokio::test]
async fn true_refusals_are_queried_twice_only() {
    let explained = listings_of_refused_removal(&[("DELE", "550 Permission denied.")]).await;
    let unexplained = listings_of_refused_removal(&[("DELE", "550 Failed.")]).await;

    assert!((1..=2).contains(&(unexplained - explained)), "{unexplained} and {explained}");
}
