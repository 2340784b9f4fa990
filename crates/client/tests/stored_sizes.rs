//! What was uploaded is compared by its size, where the server tells that.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scripts;

use std::{
    fs,
    time::{Duration, UNIX_EPOCH},
};

use oxftp::{Client, Error, Report, Result, Verify};
use oxftp_testing::scripted::Script;
use scripts::{check_in_step, in_step, play, taking};

async fn upload(client: &mut Client, content: &str, verify: Verify) -> Result<Report> {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("x");
    fs::write(&source, content).unwrap();
    client.upload(source).verify(verify).await
}

fn taken() -> Script {
    taking(Script::new().type_image(), "STOR x", "hello")
}

#[tokio::test]
async fn another_size_is_an_error() {
    let (server, mut client) = play(in_step(taken().expect("SIZE x").reply("213 4"))).await;

    let error = upload(&mut client, "hello", Verify::default()).await.unwrap_err();

    let Error::StoredWrongly { path, source } = error else { panic!("{error}") };
    assert_eq!(path, "x");
    assert!(matches!(*source, Error::SizeMismatch { expected: 4, transferred: 5 }), "{source}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_does_not_tell_the_size_is_believed() {
    for answer in ["550 it is elsewhere by now", "500 what", "450 busy", "213 many"] {
        let (server, mut client) = play(in_step(taken().expect("SIZE x").reply(answer))).await;

        upload(&mut client, "hello", Verify::default()).await.unwrap();

        check_in_step(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn a_server_that_knows_no_sizes_is_asked_once() {
    let script = taken().expect("SIZE x").reply("502 no");
    let (server, mut client) = play(in_step(taking(script, "STOR x", "again"))).await;

    upload(&mut client, "hello", Verify::default()).await.unwrap();
    upload(&mut client, "again", Verify::default()).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_lists_no_sizes_is_not_asked() {
    let script = Script::new().expect("FEAT").reply("211-Features:\r\n MDTM\r\n211 End").type_image();
    let (server, mut client) = play(in_step(taking(script, "STOR x", "hello"))).await;
    client.features().await.unwrap();

    upload(&mut client, "hello", Verify::default()).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn nothing_is_asked_where_nothing_is_to_be_verified() {
    let (server, mut client) = play(in_step(taken())).await;

    upload(&mut client, "hello", Verify::Nothing).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn text_is_not_compared_as_its_size_differs() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), "a\n").unwrap();
    let script = Script::new().expect("TYPE A").reply("200 text");
    let (server, mut client) = play(in_step(taking(script, "STOR x", "a\r\n"))).await;

    client.upload(local.path().join("x")).ascii(true).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn once_it_is_known_how_times_are_set_the_size_is_asked_for_at_once() {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("x");
    fs::write(&source, "hello").unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    fs::File::options().write(true).open(&source).unwrap().set_modified(time).unwrap();
    let first =
        taken().expect("SIZE x").reply("213 5").expect("FEAT").reply("211-\r\n SIZE\r\n MFMT\r\n211 End");
    let first =
        first.expect("MFMT 20200913122640 x").reply("213 ok").expect("MDTM x").reply("213 20200913122640");
    let second = taking(first, "STOR x", "hello").expect("SIZE x").expect("MFMT 20200913122640 x");
    let (server, mut client) = play(in_step(second.bytes("213 4\r\n213 ok\r\n"))).await;

    client.upload(&source).preserve_times(true).await.unwrap();
    let error = client.upload(&source).preserve_times(true).await.unwrap_err();

    assert!(matches!(error, Error::StoredWrongly { .. }), "{error:?}");
    check_in_step(&mut client).await;
    server.done().await;
}
