//! Transfers in ASCII mode.

use std::fs;

use oxftp::{Error, Verify};
use oxftp_testing::scripted::Script;

use crate::common::scripts;
use crate::common::scripts::{assert_in_sync, mlst_file, play, with_sync_check};

#[tokio::test]
async fn ascii_converts_line_endings_both_ways() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(4)).expect("TYPE A").reply("200 text");
    let script = scripts::send_file(script, "RETR a", "1\r\n2\r\n");
    let (server, mut client) =
        play(with_sync_check(scripts::receive_file(script, "STOR a", "1\r\n2\r\n"))).await;

    let report = client.download("a").to(local.path()).ascii(true).await.unwrap();
    client.upload(local.path().join("a")).ascii(true).await.unwrap();

    assert_eq!(report.bytes, 4);
    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"1\n2\n");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn truncated_ascii_download_is_error() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(7)).expect("TYPE A").reply("200 text");
    let (server, mut client) =
        play(with_sync_check(scripts::send_file(script, "RETR a", "1\r\n2\r\n"))).await;

    let error = client.download("a").to(local.path()).ascii(true).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 7, transferred: 6 }), "{error:?}");
    assert!(!local.path().join("a").exists());
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn ascii_is_neither_resumed_nor_verified() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;
    for (resume, verify) in [(true, Verify::Nothing), (false, Verify::Size), (false, Verify::Hash)] {
        let down = client.download("a").ascii(true).resume(resume).verify(verify).await.unwrap_err();
        let up = client.upload("a").ascii(true).resume(resume).verify(verify).await.unwrap_err();
        assert!(matches!(down, Error::Incompatible { .. }), "{down:?}");
        assert!(matches!(up, Error::Incompatible { .. }), "{up:?}");
    }
    assert_in_sync(&mut client).await;
    server.done().await;
}
