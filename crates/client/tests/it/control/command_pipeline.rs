//! Pipelines of several commands.

use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

/// The script sends no reply before it has read all three commands.
#[tokio::test]
async fn pipelined_commands_are_sent_before_first_reply() {
    let script = Script::new().expect("NOOP").expect("SYST").expect("NONSENSE");
    let script = script.reply("200 ok").reply("215 UNIX").reply("500 what?");
    let (server, mut client) = play(with_sync_check(script)).await;

    let replies = client.pipeline(["NOOP", "SYST", "NONSENSE"]).await.unwrap();

    let codes: Vec<_> = replies.iter().map(|reply| reply.code().get()).collect();
    assert_eq!(codes, [200, 215, 500]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn cancelled_pipeline_replies_answer_no_later_command() {
    let script = Script::new().expect("NOOP").expect("SYST").reply("200 ok").reply("215 UNIX");
    let (server, mut client) = play(with_sync_check(script)).await;

    let dropped = futures_util::future::poll_immediate(Box::pin(client.pipeline(["NOOP", "SYST"]))).await;

    assert!(dropped.is_none());
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// The test takes the time after which the client looks whether the commands were dropped.
#[tokio::test]
async fn dropped_pipelined_commands_are_sent_again() {
    let script = Script::new().expect("NOOP").expect("SYST").expect("NONSENSE").reply("200 ok");
    let script = script.expect("PWD").reply("257 \"/\" is current");
    let script = script.expect("SYST").reply("215 UNIX").expect("NONSENSE").reply("500 what?");
    let (server, mut client) = play(with_sync_check(script)).await;

    let replies = client.pipeline(["NOOP", "SYST", "NONSENSE"]).await.unwrap();

    let codes: Vec<_> = replies.iter().map(|reply| reply.code().get()).collect();
    assert_eq!(codes, [200, 215, 500]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn slow_pipelined_replies_are_taken_once() {
    let script = Script::new().expect("NOOP").expect("SYST").reply("200 ok");
    let script = script.expect("PWD").reply("215 UNIX").reply("257 \"/\" is current");
    let (server, mut client) = play(with_sync_check(script)).await;

    let replies = client.pipeline(["NOOP", "SYST"]).await.unwrap();

    let codes: Vec<_> = replies.iter().map(|reply| reply.code().get()).collect();
    assert_eq!(codes, [200, 215]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn pipeline_command_injection_is_refused() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    assert!(client.pipeline(["NOOP", "NOOP\r\nDELE x"]).await.is_err());

    assert_in_sync(&mut client).await;
    server.done().await;
}
