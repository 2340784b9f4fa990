//! Multi-line replies that end with another code of the same class, after which nothing arrives.

use std::time::{Duration, Instant};

use oxftp::{Client, ClientBuilder, Credentials, Pool};
use oxftp_testing::scripted::{Script, ScriptedServer};

use crate::common::local_files::files;
use crate::common::scripts::{
    assert_in_sync, builder, mlst_dir, open_transfer, play_with, put, with_sync_check,
};

/// Returns a builder with a timeout that keeps the wait for the end of a reply short.
fn impatient() -> ClientBuilder {
    builder().socket_timeout(Duration::from_millis(600))
}

async fn play(script: Script) -> (ScriptedServer, Client) {
    play_with(impatient(), script).await
}

/// A server that ends its greeting with another code.
fn odd_greeting() -> Script {
    Script::new().greeting("220-Welcome\r\n230 ready")
}

#[tokio::test]
async fn multiline_greeting_may_end_with_other_code() {
    let (server, mut client) = play(with_sync_check(odd_greeting().login())).await;

    assert_eq!(client.greeting().text(), "Welcome\nready");
    assert_eq!(client.greeting().code().get(), 220);
    client.login(Credentials::anonymous()).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

/// glFTPd precedes `150` with lines of scripts.
#[tokio::test]
async fn multiline_transfer_reply_may_end_with_150() {
    let script = Script::new().type_image().passive().expect("STOR a").reply("553-stats\r\n150 Opening");
    let (server, mut client) = play(with_sync_check(script.expect_data("abc").reply("226 done"))).await;

    put(&mut client, "a", b"abc").await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn late_end_of_multiline_reply_is_discarded() {
    let late = odd_greeting().expect("USER anonymous").reply("220 the real end\r\n331 more");
    let (server, mut client) = play(with_sync_check(late.expect("PASS anon@").reply("230 in"))).await;

    client.login(Credentials::anonymous()).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn late_end_before_next_command_is_discarded() {
    let script = Script::new().expect("NOOP").bytes("250-a\r\n251 b\r").drip("\n", LATE * 40);
    let script = script.bytes("250 end\r\n");
    let (server, mut client) = play(with_sync_check(script)).await;
    client.noop().await.unwrap();
    tokio::time::sleep(LATE * 40).await;

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn slow_multiline_reply_is_not_cut() {
    let script = Script::new().expect("SYST").drip("215-a\r\n250 b\r\n215 end\r\n", LATE);
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(client.system().await.unwrap(), "a\n250 b\nend");

    assert_in_sync(&mut client).await;

    server.done().await;
}

#[tokio::test]
async fn multiline_reply_may_end_with_the_connection() {
    let login = Script::new().expect("USER anonymous").reply("331 more").expect("PASS anon@");
    let (server, mut client) = play(login.reply("230-Hello\r\n232 in").close()).await;
    let started = Instant::now();

    client.login(Credentials::anonymous()).await.unwrap();

    assert!(started.elapsed() < SILENCE);
    assert!(client.noop().await.unwrap_err().is_connection_lost());
    server.done().await;
}

#[tokio::test]
async fn second_odd_reply_needs_a_shorter_timeout() {
    let script = Script::new().expect("NOOP").reply("250-a\r\n251 b").expect("NOOP").reply("200 ok");
    let script = script.expect("NOOP").reply("250-a\r\n251 b");
    let (server, mut client) = play_with(builder(), script).await;
    client.noop().await.unwrap();
    client.noop().await.unwrap();
    let started = Instant::now();

    client.noop().await.unwrap();

    assert!(started.elapsed() < SILENCE, "{:?}", started.elapsed());
    server.done().await;
}

#[tokio::test]
async fn cancel_while_multiline_reply_is_tentative() {
    let script = Script::new().expect("NOOP").reply("250-a\r\n251 b");
    let (server, mut client) = play(with_sync_check(script)).await;

    let cancelled = tokio::time::timeout(Duration::from_millis(100), client.noop()).await;

    assert!(cancelled.is_err());
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn odd_replies_disable_pipelining_of_commands() {
    let script = odd_greeting().expect("NOOP").quiet().reply("200 ok").expect("SYST").reply("215 UNIX");
    let (server, mut client) = play(script).await;

    let replies = client.pipeline(["NOOP", "SYST"]).await.unwrap();

    assert_eq!(replies.len(), 2);
    server.done().await;
}

/// Plays the download of a tree, at whose transfers the server expects no pipelined command.
fn tree_without_pipelining(script: Script) -> Script {
    let script = script.expect("MLST d").reply(mlst_dir()).type_image();
    let script = open_transfer(script, "MLSD d").data("type=file;size=1;modify=20200102030405; a\r\n");
    let script = open_transfer(script.quiet().reply("226 done"), "RETR d/a");
    script.data("a").quiet().reply("226 done")
}

#[tokio::test]
async fn odd_replies_disable_pipelining_of_transfers() {
    let local = tempfile::tempdir().unwrap();
    let (server, mut client) = play(with_sync_check(tree_without_pipelining(odd_greeting()))).await;

    client.download("d").to(local.path()).write_into(true).await.unwrap();

    assert_eq!(files(local.path()), ["a"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn pool_shares_that_pipelining_is_disabled() {
    let local = tempfile::tempdir().unwrap();
    let second = tree_without_pipelining(Script::new().login());
    let server = Script::start_each([odd_greeting().login(), second]).await;
    let pool = Pool::new(impatient(), server.address(), Credentials::anonymous());
    drop(pool.client().await.unwrap());

    let _first = pool.client().await.unwrap();
    let mut client = pool.client().await.unwrap();
    client.download("d").to(local.path()).write_into(true).await.unwrap();

    assert_eq!(files(local.path()), ["a"]);
    server.done().await;
}

/// The time that the client waits for more of a reply that may be complete.
const SILENCE: Duration = Duration::from_secs(2);

/// The pause between two bytes of a slow reply.
const LATE: Duration = Duration::from_millis(15);
