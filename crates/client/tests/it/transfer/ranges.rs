//! Ranges of files, and streams in ASCII mode.

use std::{fs, ops::RangeBounds, time::Duration};

use oxftp::{Client, Error, Pipelining};
use oxftp_testing::scripted::Script;
use tokio::io::AsyncReadExt;

use crate::common::scripts::{assert_in_sync, builder, play, play_with, with_sync_check};

async fn part(client: &mut Client, range: impl RangeBounds<u64>) -> oxftp::Result<Vec<u8>> {
    let mut stream = client.download_range("file", range).await?;
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        return Err(stream.fail(error).await);
    }
    assert_eq!(stream.finish().await?, bytes.len() as u64);
    Ok(bytes)
}

#[tokio::test]
async fn range_is_aborted_where_pipelining_is_off() {
    for answers in ["426 cut\r\n226 aborted", "226 sent all\r\n225 nothing to abort"] {
        let script = Script::new()
            .type_image()
            .passive()
            .expect("REST 2")
            .reply("350 go")
            .expect("RETR file")
            .reply("150 here")
            .send("23456789")
            .expect("ABOR")
            .reply(answers)
            .expect("NOOP")
            .reply("200 ok");
        let builder = builder().pipelining(Pipelining::Off);
        let (server, mut client) = play_with(builder, with_sync_check(script)).await;

        assert_eq!(part(&mut client, 2..=4).await.unwrap(), b"234");

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn range_is_complete_whatever_the_final_reply() {
    for reply in ["426 cut", "226 sent all", "451 broken pipe"] {
        let script = Script::new().type_image().passive().expect("REST 2").reply("350 go");
        let script = script.expect("RETR file").reply("150 here").send("23456789").reply(reply);
        let (server, mut client) = play(with_sync_check(script)).await;

        assert_eq!(part(&mut client, 2..=4).await.unwrap(), b"234");

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

/// A server that does not notice the closed data connection.
#[tokio::test]
async fn range_is_aborted_where_no_reply_comes() {
    let script = Script::new().type_image().passive().expect("RETR file").reply("150 here").send("0123");
    let script = script.expect("ABOR").close_data().reply("426 cut").reply("226 aborted");
    let script = script.expect("NOOP").reply("200 ok");
    // From then on at once.
    let script = with_sync_check(script).passive().expect("RETR file").reply("150 here").send("0123");
    let script = script.expect("ABOR").reply("426 cut").reply("226 aborted").expect("NOOP").reply("200 ok");
    let (server, mut client) = play_with(builder().socket_timeout(Duration::from_secs(1)), script).await;

    assert_eq!(part(&mut client, ..2).await.unwrap(), b"01");
    assert_in_sync(&mut client).await;
    assert_eq!(part(&mut client, ..2).await.unwrap(), b"01");

    server.done().await;
}

/// The script replies only after it has got what it expects, so it counts the waits: from the third range on, the
/// client waits for the reply to `EPSV`, and for the data. There is no `ABOR`.
#[tokio::test]
async fn range_in_a_burst_takes_two_waits() {
    let first = Script::new().greeting("220 (vsFTPd 3.0.3)").type_image().passive();
    let first = first.expect("REST 1").reply("350 go").expect("RETR file").reply("150 here").send("12345");
    // The first reply is awaited alone, since the server may not notice that the data connection is closed.
    let second = first.close_data().reply("426 cut").passive().expect("REST 2").expect("RETR file");
    let mut script = second.reply("350 go").reply("150 here").send("23456");
    for start in 3..9 {
        script = script.close_data().expect("EPSV").reply("426 cut").listen();
        script = script.expect(format!("REST {start}")).expect("RETR file").reply("350 go");
        script = script.reply("150 here").send(format!("{start}9999"));
    }
    let (server, mut client) = play(with_sync_check(script.reply("226 done"))).await;

    for start in 1..9 {
        let read = part(&mut client, start..start + 1).await.unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), start.to_string());
    }

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn restart_refused_in_a_burst_is_error() {
    let first = Script::new().type_image().passive();
    let first = first.expect("REST 1").reply("350 go").expect("RETR file").reply("150 here").send("12345");
    let second = first.close_data().reply("426 cut").passive().expect("REST 9").expect("RETR file");
    let second = second.reply("554 beyond the end").reply("150 here").send("01234567");
    let script = second.expect("ABOR").reply("426 cut").reply("226 aborted").expect("NOOP").reply("200 ok");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(part(&mut client, 1..2).await.unwrap(), b"1");
    let error = client.download_range("file", 9..10).await.map(drop).unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(554), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// The port of the second range is closed: the request that was sent meanwhile is taken back.
#[tokio::test]
async fn dead_port_in_a_burst_leaves_session_usable() {
    let first = Script::new().type_image().passive();
    let first = first.expect("REST 1").reply("350 go").expect("RETR file").reply("150 here").send("12345");
    let second = first
        .close_data()
        .reply("426 cut")
        .dead_passive()
        .expect("REST 2")
        .expect("RETR file")
        .reply("350 go");
    let script = second.expect("ABOR").reply("425 no connection").reply("226 aborted");
    let (server, mut client) = play(with_sync_check(script.expect("NOOP").reply("200 ok"))).await;

    assert_eq!(part(&mut client, 1..2).await.unwrap(), b"1");
    let error = client.download_range("file", 2..3).await.map(drop).unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn range_to_file_is_renamed_when_complete() {
    let script = Script::new().type_image().passive().expect("REST 2").reply("350 go").expect("RETR file");
    let script = script.reply("150 here").data("23456789").reply("226 done");
    let (server, mut client) = play(with_sync_check(script)).await;
    let here = tempfile::tempdir().unwrap();

    let received = client.download_range_to("file", 2.., here.path().join("new/part")).await.unwrap();

    assert_eq!((received, fs::read(here.path().join("new/part")).unwrap().as_slice()), (8, &b"23456789"[..]));
    assert_eq!(fs::read_dir(here.path().join("new")).unwrap().count(), 1);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn truncated_range_leaves_the_target_untouched() {
    let script = Script::new().type_image().passive().expect("RETR file").reply("150 here");
    let script = script.data("01234").reply("426 connection lost");
    let (server, mut client) = play(script).await;
    let here = tempfile::tempdir().unwrap();
    let target = here.path().join("part");
    fs::write(&target, "before").unwrap();

    client.download_range_to("file", ..100, &target).await.unwrap_err();

    assert_eq!(fs::read(&target).unwrap(), b"before");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
    server.done().await;
}

#[tokio::test]
async fn range_beyond_end_creates_no_file() {
    let script = Script::new().type_image().passive().expect("REST 20").reply("350 go").expect("RETR file");
    let (server, mut client) = play(script.reply("150 here").data("").reply("226 done")).await;
    let here = tempfile::tempdir().unwrap();

    let error = client.download_range_to("file", 20..30, here.path().join("part")).await.unwrap_err();

    assert!(matches!(error, Error::BeyondEnd { start: 20 }), "{error}");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
    server.done().await;
}

#[tokio::test]
async fn range_not_read_to_end_is_unfinished() {
    let script =
        Script::new().type_image().passive().expect("RETR file").reply("150 here").data("0123456789");
    let script = script.reply("226 done").expect("ABOR").reply("225 nothing to abort");
    let script = script.expect("NOOP").reply("200 ok");
    let (server, mut client) = play(with_sync_check(script)).await;

    let mut stream = client.download_range("file", ..5).await.unwrap();
    stream.read_exact(&mut [0; 2]).await.unwrap();
    let error = stream.finish().await.unwrap_err();

    assert!(matches!(error, Error::Unfinished { .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn truncated_range_error_carries_server_reply() {
    let script = Script::new().type_image().passive().expect("RETR file").reply("150 here").send("01");
    let (server, mut client) = play(with_sync_check(script.reset_data().reply("451 disk error"))).await;

    let error = part(&mut client, ..5).await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(451), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refused_range_offset_is_error() {
    let script = Script::new().type_image().passive().expect("REST 90").reply("554 beyond the end");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.download_range("file", 90..).await.map(drop).unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(554), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}
