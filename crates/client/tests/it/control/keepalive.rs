//! `NOOP` while data flow: the answers come at any time or never, and none is taken for another's.

use std::time::Duration;

use oxftp::{Client, Error};
use oxftp_testing::scripted::{Script, ScriptedServer};
use tokio::io::AsyncReadExt;

use crate::common::scripts;
use crate::common::scripts::{check_in_step, get, in_step, play_to};

/// Waits so long before it says something that a script has answered long before it would again.
async fn play_slowly(script: Script) -> (ScriptedServer, Client) {
    play_to(scripts::builder().noop_during_transfers(Duration::from_secs(1)), in_step(script)).await
}

/// A download in the middle of which the client has said something.
fn interrupted() -> Script {
    scripts::opening(Script::new().type_image(), "RETR a").send("da").expect("NOOP")
}

/// What is sent where answers are missing after a transfer.
fn fenced(script: Script) -> Script {
    script.expect("PWD").reply("257 \"/\"")
}

#[tokio::test]
async fn keepalive_replies_are_separated_from_transfer_replies() {
    let scripts = [
        interrupted().reply("200 ok").data("ta").reply("226 done"),
        interrupted().data("ta").reply("200 ok").reply("226 done"),
        interrupted().data("ta").reply("200 ok").reply("200 the file is sent"),
        interrupted().reply("502 not now").data("ta").reply("226 done"),
        fenced(interrupted().data("ta").reply("226 done")),
        interrupted().data("ta").reply("226 done").expect("PWD").reply("200 ok").reply("257 \"/\""),
    ];
    let played = scripts.map(async |script| {
        let (server, mut client) = play_slowly(script).await;
        assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
        check_in_step(&mut client).await;
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
        let (server, mut client) = play_slowly(script).await;
        let error = get(&mut client, "a").await.unwrap_err();
        assert!(matches!(error, Error::StatusCode(_)), "{error:?}");
        check_in_step(&mut client).await;
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
        let (server, mut client) = play_slowly(script).await;
        let mut stream = client.download_stream("a").await.unwrap();
        stream.read_exact(&mut [0; 2]).await.unwrap();
        // Nothing more comes until the script has heard of NOOP and then of ABOR.
        let mut rest = [0; 2];
        let waited = tokio::time::timeout(Duration::from_millis(1500), stream.read_exact(&mut rest)).await;
        assert!(waited.is_err());
        stream.abort().await.unwrap();
        check_in_step(&mut client).await;
        server.done().await;
    });
    futures_util::future::join_all(played).await;
}
