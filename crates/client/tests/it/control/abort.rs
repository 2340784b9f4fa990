//! Aborted transfers: commands and replies stay in sync for every order of replies.

use oxftp::{Aborted, Error};
use oxftp_testing::scripted::Script;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::scripts::{assert_in_sync, open_transfer, play, with_sync_check};

fn retr() -> Script {
    open_transfer(Script::new().type_image(), "RETR a")
}

fn stor() -> Script {
    open_transfer(Script::new().type_image(), "STOR a")
}

fn code(error: &Error) -> Option<u16> {
    error.code().map(|code| code.get())
}

/// Expects `NOOP` after the replies to `ABOR`, which shows how many there were.
fn with_noop(script: Script) -> Script {
    script.expect("NOOP").reply("200 ok")
}

/// Each order in which servers reply to a transfer and to `ABOR` (see `dialog::Abort`).
#[tokio::test]
async fn every_order_of_abort_replies_keeps_sync() {
    let started = || retr().send("data").expect("ABOR");
    let late = || retr().data("data").reply("226 done").expect("ABOR");
    let orders = [
        (with_noop(started().reply("426 broken off").reply("226 aborted")), Aborted::Interrupted),
        (with_noop(started().reply("426 broken off").reply("225 nothing to abort")), Aborted::Interrupted),
        (with_noop(started().reply("426 for both")), Aborted::Interrupted),
        (with_noop(started().reply("226 done").reply("225 nothing to abort")), Aborted::TooLate),
        (with_noop(started().reply("226 done").reply("226 aborted")), Aborted::TooLate),
        (with_noop(started().reply("225 for both")), Aborted::TooLate),
        (with_noop(started().reply("226 for both")), Aborted::TooLate),
        (with_noop(late().reply("225 nothing to abort")), Aborted::TooLate),
        (with_noop(late().reply("502 what?")), Aborted::TooLate),
    ];
    for (number, (script, outcome)) in orders.into_iter().enumerate() {
        let (server, mut client) = play(with_sync_check(script)).await;

        let mut stream = client.download_stream("a").await.unwrap();
        stream.read_exact(&mut [0]).await.unwrap();
        let aborted = stream.abort().await.unwrap();

        assert_eq!(aborted, outcome, "order {number}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn aborted_upload_is_reset() {
    let script = stor().read(4).expect("ABOR").expect_reset().reply("426 broken off").reply("226 aborted");
    let (server, mut client) = play(with_sync_check(with_noop(script))).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();

    assert_eq!(stream.abort().await.unwrap(), Aborted::Interrupted);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn scheduled_abort_is_read_by_next_command() {
    let script = retr().send("data").expect("ABOR").reply("426 broken off").reply("226 aborted");
    let (server, mut client) = play(with_sync_check(with_noop(script))).await;

    let stream = client.download_stream("a").await.unwrap();
    stream.abort_without_waiting().await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn cancelled_abort_is_read_by_next_command() {
    let script = retr().send("data").expect("ABOR").reply("226 done").reply("225 nothing to abort");
    let (server, mut client) = play(with_sync_check(with_noop(script))).await;

    let stream = client.download_stream("a").await.unwrap();
    let mut abort = Box::pin(stream.abort());
    let done = std::future::poll_fn(|cx| std::task::Poll::Ready(abort.as_mut().poll(cx).is_ready())).await;
    assert!(!done, "the server cannot have replied yet");
    drop(abort);

    assert_in_sync(&mut client).await;
    server.done().await;
}

/// Pure-FTPd ends a download whose data connection is closed while it writes so.
#[tokio::test]
async fn cancelled_download_with_second_preliminary_reply_is_aborted() {
    let script = retr().send("data").reply("150 0.001 seconds").expect("ABOR").reply("226 aborted");
    let (server, mut client) = play(with_sync_check(with_noop(script))).await;

    drop(client.download_stream("a").await.unwrap());

    assert_in_sync(&mut client).await;
    server.done().await;
}

/// `ABOR` could undo an upload that the server is still storing.
#[tokio::test]
async fn cancelled_finish_of_upload_sends_no_abort() {
    let script = stor().receive().reply("150 still storing").reply("226 done");
    let (server, mut client) = play(with_sync_check(script)).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"whole").await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);

    assert_in_sync(&mut client).await;
    server.done().await;
}

/// An aborted download with one reply for both commands; the other reply may still arrive.
fn aborted_with_one_reply() -> Script {
    with_noop(retr().send("data").expect("ABOR").reply("226 aborted"))
}

#[tokio::test]
async fn late_abort_reply_answers_no_other_command() {
    for late in ["426 broken off", "226 done", "225 nothing to abort"] {
        let script = aborted_with_one_reply().expect("PWD").reply(late).reply("257 \"/in/step\"");
        let (server, mut client) = play(with_sync_check(script)).await;

        client.download_stream("a").await.unwrap().abort().await.unwrap();

        assert_in_sync(&mut client).await;
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn missing_late_abort_reply_keeps_sync() {
    let script =
        aborted_with_one_reply().expect("DELE x").reply("451 busy").expect("ABOR").reply("226 nothing");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.download_stream("a").await.unwrap().abort().await.unwrap();
    let refused = client.remove_file("x").await.unwrap_err();
    let aborted = client.abort().await.unwrap();

    assert_eq!((code(&refused), aborted), (Some(451), Aborted::TooLate));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn abort_after_early_final_reply_expects_one_reply() {
    let script = Script::new().type_image().passive().expect("RETR a").reply("226 done").send("data");
    let (server, mut client) =
        play(with_sync_check(script.expect("ABOR").reply("225 nothing to abort"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0]).await.unwrap();

    assert_eq!(stream.abort().await.unwrap(), Aborted::TooLate);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn abort_without_transfer_expects_one_reply() {
    let script = Script::new().expect("ABOR").reply("226 nothing to do").expect("ABOR").reply("502 what?");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(client.abort().await.unwrap(), Aborted::TooLate);
    assert_eq!(code(&client.abort().await.unwrap_err()), Some(502));

    assert_in_sync(&mut client).await;
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
