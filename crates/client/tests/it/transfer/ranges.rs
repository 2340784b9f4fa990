//! Ranges of files, and streams in ASCII mode.

use std::{fs, ops::RangeBounds};

use oxftp::{Client, Error};
use oxftp_testing::scripted::Script;
use tokio::io::AsyncReadExt;

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

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
async fn range_is_complete_whatever_the_final_reply() {
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
        let (server, mut client) = play(with_sync_check(script)).await;

        assert_eq!(part(&mut client, 2..=4).await.unwrap(), b"234");

        assert_in_sync(&mut client).await;
        server.done().await;
    }
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
