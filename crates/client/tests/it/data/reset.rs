//! Reset data connections: every further read fails.
//!
//! A socket reports a reset once and then an end of file. Without this, a caller that ignores the error and calls
//! `finish` would take a truncated file as complete.

use oxftp::Error;
use oxftp_testing::scripted::Script;
use tokio::io::AsyncReadExt;

use crate::common::scripts;
use crate::common::scripts::{open_transfer, play, with_sync_check};

fn reset_within() -> Script {
    open_transfer(Script::new().type_image(), "RETR a").send("half").reset_data().reply("226 done")
}

#[tokio::test]
async fn data_connection_reset_is_reported_again() {
    let (_server, mut client) = play(reset_within()).await;
    let mut stream = client.download_stream("a").await.unwrap();
    let mut read = Vec::new();

    let first = stream.read_to_end(&mut read).await.unwrap_err();
    let second = stream.read_to_end(&mut read).await.unwrap_err();

    assert_eq!(second.kind(), first.kind());
}

#[tokio::test]
async fn ignored_read_error_still_fails_the_transfer() {
    let (server, mut client) = play(with_sync_check(reset_within())).await;
    let mut stream = client.download_stream("a").await.unwrap();
    while stream.read(&mut [0; 64]).await.is_ok() {}

    let error = stream.finish().await.unwrap_err();

    assert!(matches!(error, Error::Data { .. }), "{error:?}");
    scripts::assert_in_sync(&mut client).await;
    server.done().await;
}
