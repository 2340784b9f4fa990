//! Files that are transferred as text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::fs;

use common::login;
use oxftp::{Error, Verify};
use oxftp_testing::{scripted::Script, server_tests, servers::TestServer};
use scripts::{check_in_step, in_step, mlst_file, play};

server_tests! {
    texts_go_up_and_come_down_with_the_line_ends_of_this_system,
    a_text_of_the_server_comes_with_the_line_ends_of_this_system,
}

/// Lines of every length, some of them empty.
fn text() -> String {
    (0..40_000).map(|number| "x".repeat(number % 23) + "\n").collect()
}

async fn texts_go_up_and_come_down_with_the_line_ends_of_this_system(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("up")).unwrap();
    fs::write(local.path().join("up/long"), text()).unwrap();
    fs::write(local.path().join("up/empty"), "").unwrap();
    fs::write(local.path().join("up/unended"), "a\nb").unwrap();
    let mut client = login(server).await;

    client.upload(local.path().join("up")).to("d").write_into(true).ascii(true).await.unwrap();
    client.download("d").to(local.path().join("down")).write_into(true).ascii(true).await.unwrap();

    for name in ["long", "empty", "unended"] {
        let [up, down] = ["up", "down"].map(|side| fs::read(local.path().join(side).join(name)).unwrap());
        assert!(up == down, "{name}: {} and {} bytes", up.len(), down.len());
    }
    client.command("NOOP").expect("200").await.unwrap();
}

async fn a_text_of_the_server_comes_with_the_line_ends_of_this_system(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::write(server.root().join("a"), text()).unwrap();
    server.hand_over().unwrap();
    let mut client = login(server).await;

    client.download("a").to(local.path()).ascii(true).await.unwrap();

    assert!(fs::read_to_string(local.path().join("a")).unwrap() == text());
}

#[tokio::test]
async fn text_is_converted_both_ways_on_the_wire() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(4)).expect("TYPE A").reply("200 text");
    let script = scripts::sending(script, "RETR a", "1\r\n2\r\n");
    let (server, mut client) = play(in_step(scripts::taking(script, "STOR a", "1\r\n2\r\n"))).await;

    let report = client.download("a").to(local.path()).ascii(true).await.unwrap();
    client.upload(local.path().join("a")).ascii(true).await.unwrap();

    assert_eq!(report.bytes, 4);
    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"1\n2\n");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_text_of_which_less_comes_than_is_listed_is_an_error() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(7)).expect("TYPE A").reply("200 text");
    let (server, mut client) = play(in_step(scripts::sending(script, "RETR a", "1\r\n2\r\n"))).await;

    let error = client.download("a").to(local.path()).ascii(true).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 7, transferred: 6 }), "{error:?}");
    assert!(!local.path().join("a").exists());
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn text_is_neither_resumed_nor_verified() {
    let (server, mut client) = play(in_step(Script::new())).await;
    for (resume, verify) in [(true, Verify::Nothing), (false, Verify::Size), (false, Verify::Hash)] {
        let down = client.download("a").ascii(true).resume(resume).verify(verify).await.unwrap_err();
        let up = client.upload("a").ascii(true).resume(resume).verify(verify).await.unwrap_err();
        assert!(matches!(down, Error::Incompatible { .. }), "{down:?}");
        assert!(matches!(up, Error::Incompatible { .. }), "{up:?}");
    }
    check_in_step(&mut client).await;
    server.done().await;
}
