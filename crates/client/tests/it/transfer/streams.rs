//! Transfer streams: when they are complete, and the state after a failure.

use oxftp::Error;
use oxftp_testing::scripted::{Ending, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::scripts::{
    assert_in_sync, get, mlst_file, open_transfer, play, put, receive_file, send_file, with_sync_check,
};

fn retr() -> Script {
    open_transfer(Script::new().type_image(), "RETR a")
}

fn stor() -> Script {
    open_transfer(Script::new().type_image(), "STOR a")
}

/// Adds the exchange that shows whether a reply is still missing after an abort.
fn fenced(script: Script) -> Script {
    script.expect("NOOP").reply("200 ok")
}

fn code(error: &Error) -> Option<u16> {
    error.code().map(|code| code.get())
}

#[tokio::test]
async fn bytes_round_trip_unchanged() {
    let all: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let script = send_file(Script::new().type_image(), "RETR a", all.clone());
    let script = receive_file(receive_file(script, "STOR b", all.clone()), "APPE c", all.clone());
    let (server, mut client) = play(script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), all);
    put(&mut client, "b", &all).await.unwrap();
    let mut stream = client.append_stream("c").await.unwrap();
    stream.write_all(&all).await.unwrap();
    let summary = stream.finish().await.unwrap();

    assert_eq!((summary.transferred, summary.reply.text()), (100_000, "done".into()));
    server.done().await;
}

#[tokio::test]
async fn empty_upload_succeeds() {
    let (server, mut client) = play(receive_file(Script::new().type_image(), "STOR a", "")).await;

    put(&mut client, "a", b"").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn rest_is_sent_before_transfer_command() {
    let script = Script::new().type_image().passive().expect("REST 5000000000").reply("350 ok");
    let script = script.expect("RETR a").reply("150 here").data("tail").reply("226 done");
    let (server, mut client) = play(script).await;

    let mut tail = String::new();
    let mut stream = client.download_stream("a").offset(5_000_000_000).await.unwrap();
    stream.read_to_string(&mut tail).await.unwrap();
    stream.finish().await.unwrap();

    assert_eq!(tail, "tail");
    server.done().await;
}

#[tokio::test]
async fn missing_preliminary_reply_is_tolerated() {
    let script = Script::new().type_image().passive().expect("RETR a").reply("226 done").data("down");
    let script = script.passive().expect("STOR b").reply("226 done").expect_data("up");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"down");
    put(&mut client, "b", b"up").await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn final_reply_may_arrive_before_data() {
    let (server, mut client) = play(with_sync_check(retr().send("be").reply("226 done").data("hind"))).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"behind");

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn preliminary_replies_during_transfer_are_skipped() {
    let script = retr().data("data").reply("150 still here").reply("110 restart marker").reply("226 done");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn truncated_download_error_carries_server_reply() {
    let (server, mut client) = play(with_sync_check(retr().data("half").reply("426 disk gone"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert_eq!(code(&error), Some(426));
    assert!(error.to_string().contains("disk gone"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn full_disk_is_reported_after_all_data() {
    let (server, mut client) = play(with_sync_check(stor().receive().reply("452 no space"))).await;

    let error = put(&mut client, "a", b"data").await.unwrap_err();

    assert!(error.to_string().contains("no space"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn upload_aborted_by_server_carries_its_reply() {
    let (server, mut client) =
        play(with_sync_check(stor().read(10).reset_data().reply("552 quota exceeded"))).await;

    let error = put(&mut client, "a", &vec![0; 64 << 20]).await.unwrap_err();

    assert!(error.to_string().contains("quota exceeded"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn reset_data_is_error_despite_226() {
    for reply in ["426 reset", "226 Transfer complete"] {
        let (server, mut client) = play(with_sync_check(retr().send("half").reset_data().reply(reply))).await;

        assert!(get(&mut client, "a").await.is_err(), "{reply}");

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn broken_download_keeps_partial_file_only() {
    for reply in ["426 reset", "226 Transfer complete"] {
        let local = tempfile::tempdir().unwrap();
        let script = Script::new().expect("MLST a").reply(mlst_file(100)).type_image();
        let script = open_transfer(script, "RETR a").send("half").reset_data().reply(reply);
        let (server, mut client) = play(with_sync_check(script)).await;

        client.download("a").to(local.path()).await.unwrap_err();

        assert!(!local.path().join("a").exists());
        assert!(local.path().join("a.oxftp.part").exists());
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn truncated_download_keeps_partial_file_only() {
    let local = tempfile::tempdir().unwrap();
    let script =
        send_file(Script::new().expect("MLST a").reply(mlst_file(100)).type_image(), "RETR a", "short");
    let (server, mut client) = play(with_sync_check(script.expect("SIZE a").reply("213 100"))).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 100, transferred: 5 }), "{error}");
    assert!(!local.path().join("a").exists());
    assert_eq!(std::fs::read(local.path().join("a.oxftp.part")).unwrap(), b"short");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn download_longer_than_size_is_error() {
    let local = tempfile::tempdir().unwrap();
    let script = send_file(Script::new().expect("MLST a").reply(mlst_file(1)).type_image(), "RETR a", "long");
    let (server, mut client) = play(script.expect("SIZE a").reply("502 no")).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 1, transferred: 4 }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn file_grown_since_listing_is_complete() {
    let local = tempfile::tempdir().unwrap();
    let script =
        send_file(Script::new().expect("MLST a").reply(mlst_file(2)).type_image(), "RETR a", "grown");
    let (server, mut client) = play(script.expect("SIZE a").reply("213 5")).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(std::fs::read(local.path().join("a")).unwrap(), b"grown");
    server.done().await;
}

#[tokio::test]
async fn refused_download_creates_no_local_file() {
    let local = tempfile::tempdir().unwrap();
    std::fs::write(local.path().join("a"), "old").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(2)).type_image().passive();
    let (server, mut client) = play(script.expect("RETR a").reply("550 no permission")).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(error.is_permission_denied(), "{error}");
    assert_eq!(std::fs::read(local.path().join("a")).unwrap(), b"old");
    assert!(!local.path().join("a.oxftp.part").exists());
    server.done().await;
}

/// libunftp sends `150` before it looks for the file.
#[tokio::test]
async fn download_refused_after_150_leaves_nothing() {
    let local = tempfile::tempdir().unwrap();
    let found = Script::new().expect("MLST a").reply(mlst_file(1)).type_image();
    let (server, mut client) =
        play(open_transfer(found, "RETR a").close_data().reply("550 no such file")).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(error.is_not_found(), "{error}");
    assert_eq!(std::fs::read_dir(local.path()).unwrap().count(), 0);
    server.done().await;
}

#[tokio::test]
async fn finish_before_end_is_unfinished_whatever_reply() {
    for script in [
        fenced(retr().data("abc").reply("226 done").expect("ABOR").reply("225 nothing to abort")),
        fenced(retr().send("abc").expect("ABOR").reply("426 broken off").reply("226 aborted")),
        fenced(retr().send("abc").expect("ABOR").reply("451 disk error").reply("225 nothing to abort")),
        fenced(retr().send("abc").expect("ABOR").reply("550 gone").reply("226 aborted")),
    ] {
        let (server, mut client) = play(with_sync_check(script)).await;

        let mut stream = client.download_stream("a").await.unwrap();
        stream.read_exact(&mut [0; 2]).await.unwrap();
        let error = stream.finish().await.unwrap_err();

        assert!(matches!(error, Error::Unfinished { received: 2 }), "{error}");
        assert!(!error.is_transient(), "{error}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn unfinished_download_without_abort_reply_is_unfinished() {
    let (server, mut client) = play(retr().send("abc").expect("ABOR").close()).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0; 2]).await.unwrap();
    let error = stream.finish().await.unwrap_err();

    assert!(matches!(error, Error::Unfinished { received: 2 }), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn write_to_download_stream_fails_at_once() {
    let (server, mut client) = play(with_sync_check(retr().data("abc").reply("226 done"))).await;

    let mut stream = client.data_command("RETR a").await.unwrap();
    let error = stream.write_all(b"x").await.unwrap_err();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    stream.finish().await.unwrap();

    assert_eq!((error.kind(), text.as_str()), (std::io::ErrorKind::Unsupported, "abc"));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn read_from_upload_stream_fails_at_once() {
    for command in ["STOR a", "APPE a"] {
        let script = open_transfer(Script::new().type_image(), command).expect_data("abc").reply("226 done");
        let (server, mut client) = play(with_sync_check(script)).await;

        let mut stream = client.data_command(command).await.unwrap();
        let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
        stream.write_all(b"abc").await.unwrap();
        stream.finish().await.unwrap();

        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "{error}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn finish_after_last_byte_needs_no_eof_read() {
    let (server, mut client) = play(with_sync_check(retr().data("abc").reply("226 done"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0; 3]).await.unwrap();
    let summary = stream.finish().await.unwrap();

    assert_eq!(summary.transferred, 3);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn invalid_mask_for_completion_is_error() {
    let (server, mut client) = play(with_sync_check(retr().data("abc").reply("226 done"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    let error = stream.finish_expecting(&["2xx"], &["done"]).await.unwrap_err();

    assert!(matches!(&error, Error::InvalidMask(invalid) if invalid.mask == "done"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn custom_masks_decide_transfer_success() {
    let script = retr().data("").reply("226 not yet").reply("250 done");
    let (server, mut client) = play(script).await;

    let stream = client.download_stream("a").await.unwrap();
    let summary = stream.finish_expecting(&["250"], &["1xx", "226"]).await.unwrap();

    assert_eq!(summary.reply.code().get(), 250);
    server.done().await;
}

#[tokio::test]
async fn cancelled_download_leaves_next_command_its_reply() {
    let (server, mut client) = play(with_sync_check(retr().send("abc").reply("426 broken off"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0]).await.unwrap();
    drop(stream);

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn late_reply_of_cancelled_transfer_is_available() {
    let (server, mut client) = play(retr().send("abc").reply("426 broken off")).await;

    drop(client.download_stream("a").await.unwrap());
    let settled = client.settle().await.unwrap();

    assert_eq!(settled.iter().map(|reply| reply.code().get()).collect::<Vec<_>>(), [426]);
    server.done().await;
}

#[tokio::test]
async fn cancelled_upload_is_reset() {
    let (server, mut client) =
        play(with_sync_check(stor().read(4).expect_reset().reply("426 broken off"))).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();
    drop(stream);

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn upload_cancelled_before_first_byte_is_reset() {
    let (server, mut client) = play(with_sync_check(stor().expect_reset().reply("426 broken off"))).await;

    drop(client.upload_stream("a").await.unwrap());

    assert_in_sync(&mut client).await;
    assert_eq!(server.done().await.transfers[0].bytes, b"");
}

#[tokio::test]
async fn cancelled_append_is_reset() {
    let script = open_transfer(Script::new().type_image(), "APPE a").expect_reset().reply("426 broken off");
    let (server, mut client) = play(with_sync_check(script)).await;

    let mut stream = client.append_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();
    drop(stream);

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn cancelled_upload_of_dropped_client_is_reset() {
    let (server, mut client) = play(stor().read(4).expect_reset()).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();
    drop(stream);
    drop(client);

    server.done().await;
}

#[tokio::test]
async fn upload_with_cancelled_finish_is_complete() {
    let (server, mut client) = play(with_sync_check(stor().receive().reply("226 done"))).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"whole").await.unwrap();
    let mut finish = Box::pin(stream.finish());
    let finished =
        std::future::poll_fn(|cx| std::task::Poll::Ready(finish.as_mut().poll(cx).is_ready())).await;
    assert!(!finished, "the server cannot have replied yet");
    drop(finish);

    assert_in_sync(&mut client).await;
    let played = server.done().await;
    assert_eq!((&*played.transfers[0].bytes, played.transfers[0].ending), (&b"whole"[..], Ending::Eof));
}

#[tokio::test]
async fn control_connection_lost_during_transfer_is_error() {
    let (server, mut client) = play(retr().data("data").close()).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::Closed { .. }), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn reply_421_during_transfer_is_reported() {
    let (server, mut client) = play(retr().data("data").reply("421 idle too long").close()).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("idle too long"), "{error}");
    assert!(error.is_connection_lost(), "{error}");
    server.done().await;
}

#[tokio::test]
async fn any_data_command_can_be_sent() {
    let (server, mut client) =
        play(send_file(Script::new().type_image(), "NLST -a /pub", "a\r\nb\r\n")).await;

    let mut names = String::new();
    let mut stream = client.data_command("NLST -a /pub").await.unwrap();
    stream.read_to_string(&mut names).await.unwrap();
    stream.finish().await.unwrap();

    assert_eq!(names, "a\r\nb\r\n");
    server.done().await;
}

#[tokio::test]
async fn data_command_with_injection_sends_nothing() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    assert!(matches!(client.data_command("NLST\r\nDELE x").await.unwrap_err(), Error::InvalidCommand(_)));

    assert_in_sync(&mut client).await;
    server.done().await;
}
