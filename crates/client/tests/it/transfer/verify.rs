//! Verification after transfers: size, hash and time.

use std::{fs, path::Path};

use oxftp::{Error, Verify};
use oxftp_testing::scripted::Script;

use crate::common::scripts;
use crate::common::scripts::{assert_in_sync, play, receive_file, send_file, with_sync_check};

/// Plays a reply with an MD5 that differs from that of `hello`.
fn with_wrong_hash(script: Script) -> Script {
    script
        .expect("FEAT")
        .reply("211-Features:\r\n XMD5\r\n211 End")
        .expect("XMD5 \"x\"")
        .reply("250 00000000000000000000000000000000")
}

#[tokio::test]
async fn download_with_wrong_hash_has_no_final_name() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST x").reply(scripts::mlst_file(5)).type_image();
    let (server, mut client) =
        play(with_sync_check(with_wrong_hash(send_file(script, "RETR x", "hello")))).await;

    let error = client.download("x").to(local.path()).verify(Verify::Hash).await.unwrap_err();

    assert!(matches!(error, Error::HashMismatch { .. }), "{error}");
    assert!(!local.path().join("x").exists() && local.path().join("x.oxftp.part").exists());
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn upload_with_wrong_size_is_error() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), "hello").unwrap();
    let script = receive_file(Script::new().type_image(), "STOR x", "hello").expect("SIZE x").reply("213 4");
    let (server, mut client) = play(with_sync_check(script)).await;

    let upload = client.upload(Path::new(&local.path().join("x"))).to("x").write_into(true);
    let error = upload.verify(Verify::Size).await.unwrap_err();

    let Error::UploadMismatch { path, source } = error else { panic!("{error}") };
    assert_eq!(path, "x");
    assert!(matches!(*source, Error::SizeMismatch { expected: 4, transferred: 5 }), "{source}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn content_verification_reads_damaged_upload_back() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), "hello").unwrap();
    let script = receive_file(Script::new().type_image(), "STOR x", "hello").expect("FEAT").reply("502 no");
    let (server, mut client) = play(with_sync_check(send_file(script, "RETR x", "hexxo"))).await;

    let upload = client.upload(local.path().join("x")).to("x").write_into(true);
    let error = upload.verify(Verify::Content).await.unwrap_err();

    let Error::UploadMismatch { source, .. } = error else { panic!("{error}") };
    assert!(matches!(*source, Error::HashMismatch { .. }), "{source}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn content_verification_uses_hash_of_server() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST x").reply(scripts::mlst_file(5)).type_image();
    let (server, mut client) =
        play(with_sync_check(with_wrong_hash(send_file(script, "RETR x", "hello")))).await;

    let error = client.download("x").to(local.path()).verify(Verify::Content).await.unwrap_err();

    assert!(matches!(error, Error::HashMismatch { .. }), "{error}");
    assert!(!local.path().join("x").exists());
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn missing_server_hash_is_error() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), "hello").unwrap();
    let script = receive_file(Script::new().type_image(), "STOR x", "hello").expect("FEAT").reply("502 no");
    let (server, mut client) = play(with_sync_check(script)).await;

    let upload = client.upload(local.path().join("x")).to("x").write_into(true);
    let error = upload.verify(Verify::Hash).await.unwrap_err();

    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}
