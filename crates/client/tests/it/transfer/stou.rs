//! Uploads with a name chosen by the server (`STOU`).

use oxftp::{Client, Error, FileName, Result, TransferSummary};
use oxftp_testing::scripted::Script;
use tokio::io::AsyncWriteExt;

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

async fn store(client: &mut Client, bytes: &[u8]) -> Result<(FileName, TransferSummary)> {
    let mut stream = client.upload_unique_stream().await?;
    stream.write_all(bytes).await.unwrap();
    stream.finish().await
}

/// Uploads once to a server with these replies before and after the data.
async fn stored(before: &str, after: &str) -> Result<String> {
    let script = Script::new().type_image().passive().expect("STOU").reply(before);
    let (server, mut client) = play(with_sync_check(script.expect_data("data").reply(after))).await;

    let stored = store(&mut client, b"data").await;

    assert_in_sync(&mut client).await;
    server.done().await;
    stored.map(|(name, summary)| {
        assert_eq!(summary.transferred, 4);
        name.to_string()
    })
}

#[tokio::test]
async fn stou_name_is_read_from_either_reply() {
    assert_eq!(stored("150 FILE: stou.1", "226 done").await.unwrap(), "stou.1");
    assert_eq!(stored("125 FILE: a b", "250 FILE: other").await.unwrap(), "a b");
    assert_eq!(stored("150 go", "226 FILE: stou.1").await.unwrap(), "stou.1");
    assert_eq!(stored("150 go", "226 Transfer complete (unique file name:stou.1).").await.unwrap(), "stou.1");
}

#[tokio::test]
async fn stou_reply_without_name_is_error() {
    let error = stored("150 go", "226 thanks").await.unwrap_err();

    assert!(matches!(&error, Error::UnusableReply { command: "STOU", reply } if reply.text() == "thanks"));
}

#[tokio::test]
async fn stou_path_traversal_name_is_refused() {
    assert!(matches!(stored("150 go", "226 FILE: ../x").await, Err(Error::Name(_))));

    let script = Script::new().type_image().passive().expect("STOU").reply("150 FILE: ../x");
    let (server, mut client) = play(with_sync_check(script.expect_reset().reply("426 cut"))).await;
    assert!(matches!(client.upload_unique_stream().await, Err(Error::Name(_))));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn stou_name_is_available_during_transfer() {
    let script = Script::new().type_image().passive().expect("STOU").reply("150 FILE: stou.1");
    let (server, mut client) = play(script.expect_reset()).await;

    let stream = client.upload_unique_stream().await.unwrap();
    assert_eq!(stream.name().unwrap().as_str(), Some("stou.1"));
    drop(stream);

    server.done().await;
}

#[tokio::test]
async fn refused_stou_is_error_and_keeps_sync() {
    let script = Script::new().type_image().passive().expect("STOU").reply("502 no such verb");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.upload_unique_stream().await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(502));
    assert_in_sync(&mut client).await;
    server.done().await;
}
