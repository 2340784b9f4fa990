//! Keepalive: `NOOP` during transfers, with replies at any time or never.

use std::time::Duration;

use oxftp::{Client, Error};
use oxftp_testing::scripted::{Script, ScriptedServer};
use tokio::io::AsyncReadExt;

use crate::common::scripts;
use crate::common::scripts::{assert_in_sync, get, play_with, with_sync_check};

/// Uses a keepalive interval that is much longer than a script needs to reply.
async fn play_with_slow_keepalive(script: Script) -> (ScriptedServer, Client) {
    play_with(scripts::builder().noop_during_transfers(Duration::from_secs(1)), with_sync_check(script)).await
}

/// A download during which the client has sent `NOOP`.
fn interrupted() -> Script {
    scripts::open_transfer(Script::new().type_image(), "RETR a").send("da").expect("NOOP")
}

/// Expects the `NOOP` that the client sends when replies are outstanding after a transfer.
fn with_noop(script: Script) -> Script {
    script.expect("PWD").reply("257 \"/\"")
}

#[tokio::test]
async fn keepalive_replies_are_separated_from_transfer_replies() {
    let scripts = [
        interrupted().reply("200 ok").data("ta").reply("226 done"),
        interrupted().data("ta").reply("200 ok").reply("226 done"),
        interrupted().data("ta").reply("200 ok").reply("200 the file is sent"),
        interrupted().reply("502 not now").data("ta").reply("226 done"),
        with_noop(interrupted().data("ta").reply("226 done")),
        interrupted().data("ta").reply("226 done").expect("PWD").reply("200 ok").reply("257 \"/\""),
    ];
    let played = scripts.map(async |script| {
        let (server, mut client) = play_with_slow_keepalive(script).await;
        assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
        assert_in_sync(&mut client).await;
        server.done().await;
    });
    futures_util::future::join_all(played).await;
}

#[tokio::test]
async fn keepalive_reply_does_not_complete_failed_transfer() {
    let scripts = [
        interrupted().data("ta").reply("451 disk error").expect("PWD").reply("200 ok").reply("257 \"/\""),
        interrupted().data("ta").reply("200 ok").reply("426 cut"),
        interrupted().data("ta").reply("500 disk error").reply("200 ok"),
    ];
    let played = scripts.map(async |script| {
        let (server, mut client) = play_with_slow_keepalive(script).await;
        let error = get(&mut client, "a").await.unwrap_err();
        assert!(matches!(error, Error::StatusCode(_)), "{error:?}");
        assert_in_sync(&mut client).await;
        server.done().await;
    });
    futures_util::future::join_all(played).await;
}

#[tokio::test]
async fn aborted_transfer_with_outstanding_keepalive_keeps_sync() {
    let aborted = || interrupted().expect("ABOR").reply("426 cut");
    let scripts = [
        aborted().expect("PWD").reply("200 late").reply("226 aborted").reply("257 \"/\""),
        aborted().expect("PWD").reply("226 aborted").reply("257 \"/\""),
        aborted().reply("200 late").expect("PWD").reply("226 aborted").reply("257 \"/\""),
    ];
    let played = scripts.map(async |script| {
        let (server, mut client) = play_with_slow_keepalive(script).await;
        let mut stream = client.download_stream("a").await.unwrap();
        stream.read_exact(&mut [0; 2]).await.unwrap();
        // No more data arrives until the script has received NOOP and then ABOR.
        let mut rest = [0; 2];
        let waited = tokio::time::timeout(Duration::from_millis(1500), stream.read_exact(&mut rest)).await;
        assert!(waited.is_err());
        stream.abort().await.unwrap();
        assert_in_sync(&mut client).await;
        server.done().await;
    });
    futures_util::future::join_all(played).await;
}
