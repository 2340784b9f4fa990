//! Uploads to servers that do not replace files by `STOR`.

use std::fs;

use oxftp::{Client, Credentials, Report, Result};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

use crate::common::scripts::builder;

/// Starts a server with the file `d/x` that refuses to replace it with these words.
async fn start(refusal: &'static str, refused: &[&'static str]) -> (MemoryServer, Client) {
    let mut behaviour = ServerBehaviour {
        upload_replaces: false,
        existing_file: refusal,
        rename_replaces: false,
        ..ServerBehaviour::list_only()
    };
    behaviour.refused.extend(refused);
    let server = MemoryServer::start(behaviour).await;
    server.add_file("d/x", "old", 0);
    let mut client = builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    (server, client)
}

async fn upload(client: &mut Client) -> Result<Report> {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("x");
    fs::write(&source, "new content").unwrap();
    client.upload(source).to("d").await
}

#[tokio::test]
async fn file_that_stor_refuses_is_renamed_first() {
    for refusal in ["553 Could not create file.", "550 Permission denied.", "550 Failed to open file."] {
        let (server, mut client) = start(refusal, &[]).await;

        upload(&mut client).await.unwrap();

        assert_eq!(server.content("d/x").as_deref(), Some("new content"), "{refusal}");
        assert_eq!(server.paths(), ["d/", "d/x"], "{refusal}");
    }
}

#[tokio::test]
async fn renamed_file_gets_its_name_back() {
    let (server, mut client) = start("550 Permission denied.", &[]).await;
    // The server takes no file at all.
    server.change(|behaviour| behaviour.replies = &[("STOR", "550 Permission denied.")]);

    let error = upload(&mut client).await.unwrap_err();

    assert!(error.to_string().contains("550 Permission denied."), "{error}");
    assert_eq!(
        (server.paths(), server.content("d/x").as_deref()),
        (vec!["d/".into(), "d/x".into()], Some("old"))
    );
    let renames = |commands: Vec<String>| commands.iter().filter(|line| line.starts_with("RNFR")).count();
    assert_eq!(renames(server.commands()), 2);

    upload(&mut client).await.unwrap_err();

    assert_eq!(renames(server.commands()), 0, "renaming was of no use");
}

#[tokio::test]
async fn file_is_kept_if_rename_is_unknown() {
    let (server, mut client) = start("553 Could not create file.", &["RNFR"]).await;

    upload(&mut client).await.unwrap_err();

    assert_eq!(server.content("d/x").as_deref(), Some("old"));
}
