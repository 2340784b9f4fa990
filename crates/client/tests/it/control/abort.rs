//! Transfers that are broken off: every order of answers leaves the client in step.

use oxftp::{Aborted, Error};
use oxftp_testing::scripted::Script;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::scripts::{check_in_step, in_step, opening, play};

fn retr() -> Script {
    opening(Script::new().type_image(), "RETR a")
}

fn stor() -> Script {
    opening(Script::new().type_image(), "STOR a")
}

fn code(error: &Error) -> Option<u16> {
    error.code().map(|code| code.get())
}

/// What follows the answers to `ABOR`, so that their number shows.
fn fenced(script: Script) -> Script {
    script.expect("NOOP").reply("200 ok")
}

/// Each order in which servers answer a transfer and `ABOR` (see `dialog::Abort`).
#[tokio::test]
async fn every_order_of_abort_replies_keeps_sync() {
    let begun = || retr().send("data").expect("ABOR");
    let late = || retr().data("data").reply("226 done").expect("ABOR");
    let orders = [
        (fenced(begun().reply("426 broken off").reply("226 aborted")), Aborted::Interrupted),
        (fenced(begun().reply("426 broken off").reply("225 nothing to abort")), Aborted::Interrupted),
        (fenced(begun().reply("426 for both")), Aborted::Interrupted),
        (fenced(begun().reply("226 done").reply("225 nothing to abort")), Aborted::TooLate),
        (fenced(begun().reply("226 done").reply("226 aborted")), Aborted::TooLate),
        (fenced(begun().reply("225 for both")), Aborted::TooLate),
        (fenced(begun().reply("226 for both")), Aborted::TooLate),
        (fenced(late().reply("225 nothing to abort")), Aborted::TooLate),
        (fenced(late().reply("502 what?")), Aborted::TooLate),
    ];
    for (number, (script, outcome)) in orders.into_iter().enumerate() {
        let (server, mut client) = play(in_step(script)).await;

        let mut stream = client.download_stream("a").await.unwrap();
        stream.read_exact(&mut [0]).await.unwrap();
        let aborted = stream.abort().await.unwrap();

        assert_eq!(aborted, outcome, "order {number}");
        check_in_step(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn aborted_upload_is_reset() {
    let script = stor().read(4).expect("ABOR").expect_reset().reply("426 broken off").reply("226 aborted");
    let (server, mut client) = play(in_step(fenced(script))).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();

    assert_eq!(stream.abort().await.unwrap(), Aborted::Interrupted);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn scheduled_abort_is_read_by_next_command() {
    let script = retr().send("data").expect("ABOR").reply("426 broken off").reply("226 aborted");
    let (server, mut client) = play(in_step(fenced(script))).await;

    let stream = client.download_stream("a").await.unwrap();
    stream.abort_without_waiting().await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn dropped_abort_is_read_by_next_command() {
    let script = retr().send("data").expect("ABOR").reply("226 done").reply("225 nothing to abort");
    let (server, mut client) = play(in_step(fenced(script))).await;

    let stream = client.download_stream("a").await.unwrap();
    let mut abort = Box::pin(stream.abort());
    let done = std::future::poll_fn(|cx| std::task::Poll::Ready(abort.as_mut().poll(cx).is_ready())).await;
    assert!(!done, "the server cannot have answered yet");
    drop(abort);

    check_in_step(&mut client).await;
    server.done().await;
}

/// A download that is aborted and gets one answer for both; the other may still come.
fn aborted_with_one_answer() -> Script {
    fenced(retr().send("data").expect("ABOR").reply("226 aborted"))
}

#[tokio::test]
async fn late_abort_reply_answers_no_other_command() {
    for late in ["426 broken off", "226 done", "225 nothing to abort"] {
        let script = aborted_with_one_answer().expect("PWD").reply(late).reply("257 \"/in/step\"");
        let (server, mut client) = play(in_step(script)).await;

        client.download_stream("a").await.unwrap().abort().await.unwrap();

        check_in_step(&mut client).await;
        check_in_step(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn missing_late_abort_reply_keeps_sync() {
    let script =
        aborted_with_one_answer().expect("DELE x").reply("451 busy").expect("ABOR").reply("226 nothing");
    let (server, mut client) = play(in_step(script)).await;

    client.download_stream("a").await.unwrap().abort().await.unwrap();
    let refused = client.remove_file("x").await.unwrap_err();
    let aborted = client.abort().await.unwrap();

    assert_eq!((code(&refused), aborted), (Some(451), Aborted::TooLate));
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn abort_after_early_final_reply_expects_one_reply() {
    let script = Script::new().type_image().passive().expect("RETR a").reply("226 done").send("data");
    let (server, mut client) = play(in_step(script.expect("ABOR").reply("225 nothing to abort"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0]).await.unwrap();

    assert_eq!(stream.abort().await.unwrap(), Aborted::TooLate);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn abort_without_transfer_expects_one_reply() {
    let script = Script::new().expect("ABOR").reply("226 nothing to do").expect("ABOR").reply("502 what?");
    let (server, mut client) = play(in_step(script)).await;

    assert_eq!(client.abort().await.unwrap(), Aborted::TooLate);
    assert_eq!(code(&client.abort().await.unwrap_err()), Some(502));

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn server_that_closes_on_abort_is_error() {
    let (server, mut client) = play(retr().send("data").expect("ABOR").reply("421 bye").close()).await;

    let stream = client.download_stream("a").await.unwrap();
    let error = stream.abort().await.unwrap_err();

    assert!(error.is_connection_lost(), "{error}");
    assert!(client.is_broken());
    server.done().await;
}
