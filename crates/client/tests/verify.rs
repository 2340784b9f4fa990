//! What is looked at once a file has arrived: its length, its hash, its time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use common::{content, login};
use oxftp::{Error, Verify};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
};
use scripts::{check_in_step, in_step, play, sending, taking};

server_tests! {
    lengths_are_compared_both_ways,
    an_upload_keeps_the_times_of_its_files,
}

async fn lengths_are_compared_both_ways(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), content(100_000)).unwrap();
    let mut client = login(server).await;

    client.upload(local.path().join("x")).verify(Verify::Size).await.unwrap();
    client.download("x").to(local.path().join("y")).write_into(true).verify(Verify::Size).await.unwrap();

    assert_eq!(fs::read(local.path().join("y")).unwrap(), content(100_000));
}

async fn an_upload_keeps_the_times_of_its_files(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("tree");
    fs::create_dir(&source).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    for name in ["a", "b c"] {
        fs::write(source.join(name), "1").unwrap();
        fs::File::options().write(true).open(source.join(name)).unwrap().set_modified(time).unwrap();
    }
    let mut client = login(server).await;

    // libunftp has no way to set a time, which is no failure.
    client.upload(&source).preserve_times(true).await.unwrap();

    if server.kind() != ServerKind::Embedded {
        for name in ["a", "b c"] {
            let stored = server.root().join("tree").join(name);
            assert_eq!(fs::metadata(stored).unwrap().modified().unwrap(), time, "{name}");
        }
    }
}

async fn hashing() -> Option<TestServer> {
    let mut options = ServerOptions::new(Protection::Plain);
    options.hashes = true;
    available(ServerKind::ProFtpd.start_with(options).await)
}

#[tokio::test]
async fn hashes_are_compared_both_ways() {
    let Some(server) = hashing().await else { return };
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), content(100_000)).unwrap();
    let mut client = login(&server).await;

    client.upload(local.path().join("x")).verify(Verify::Hash).await.unwrap();
    client.download("x").to(local.path().join("y")).write_into(true).verify(Verify::Hash).await.unwrap();

    assert_eq!(fs::read(local.path().join("y")).unwrap(), content(100_000));
}

/// The server tells another MD5 than that of `hello`.
fn with_wrong_hash(script: Script) -> Script {
    script
        .expect("FEAT")
        .reply("211-Features:\r\n XMD5\r\n211 End")
        .expect("XMD5 \"x\"")
        .reply("250 00000000000000000000000000000000")
}

#[tokio::test]
async fn a_download_with_another_hash_is_an_error_and_has_no_final_name() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST x").reply(scripts::mlst_file(5)).type_image();
    let (server, mut client) = play(in_step(with_wrong_hash(sending(script, "RETR x", "hello")))).await;

    let error = client.download("x").to(local.path()).verify(Verify::Hash).await.unwrap_err();

    assert!(matches!(error, Error::HashMismatch { .. }), "{error}");
    assert!(!local.path().join("x").exists() && local.path().join("x.oxftp.part").exists());
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn an_upload_with_another_length_is_an_error() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), "hello").unwrap();
    let script = taking(Script::new().type_image(), "STOR x", "hello").expect("SIZE x").reply("213 4");
    let (server, mut client) = play(in_step(script)).await;

    let upload = client.upload(Path::new(&local.path().join("x"))).to("x").write_into(true);
    let error = upload.verify(Verify::Size).await.unwrap_err();

    let Error::StoredWrongly { path, source } = error else { panic!("{error}") };
    assert_eq!(path, "x");
    assert!(matches!(*source, Error::SizeMismatch { expected: 4, transferred: 5 }), "{source}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_hash_that_the_server_cannot_tell_is_an_error() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), "hello").unwrap();
    let script = taking(Script::new().type_image(), "STOR x", "hello").expect("FEAT").reply("502 no");
    let (server, mut client) = play(in_step(script)).await;

    let upload = client.upload(local.path().join("x")).to("x").write_into(true);
    let error = upload.verify(Verify::Hash).await.unwrap_err();

    assert!(matches!(error, Error::NotOffered { .. }), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}
