//! Several commands in one go, and what TLS the connection speaks.

use oxftp_testing::scripted::Script;

use crate::common::scripts::{check_in_step, in_step, play};

/// The script answers nothing before it has read all three.
#[tokio::test]
async fn pipelined_commands_are_sent_before_first_reply() {
    let script = Script::new().expect("NOOP").expect("SYST").expect("NONSENSE");
    let script = script.reply("200 ok").reply("215 UNIX").reply("500 what?");
    let (server, mut client) = play(in_step(script)).await;

    let replies = client.pipeline(["NOOP", "SYST", "NONSENSE"]).await.unwrap();

    let codes: Vec<_> = replies.iter().map(|reply| reply.code().get()).collect();
    assert_eq!(codes, [200, 215, 500]);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn dropped_pipeline_replies_answer_no_later_command() {
    let script = Script::new().expect("NOOP").expect("SYST").reply("200 ok").reply("215 UNIX");
    let (server, mut client) = play(in_step(script)).await;

    let dropped = futures_util::future::poll_immediate(Box::pin(client.pipeline(["NOOP", "SYST"]))).await;

    assert!(dropped.is_none());
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn pipeline_command_injection_is_refused() {
    let (server, mut client) = play(in_step(Script::new())).await;

    assert!(client.pipeline(["NOOP", "NOOP\r\nDELE x"]).await.is_err());

    check_in_step(&mut client).await;
    server.done().await;
}
