//! Minimal servers: they support few commands or reply in unusual ways, and transfers still work.

use oxftp::{Client, Pipelining};
use oxftp_testing::scripted::{Script, ScriptedServer};
use tempfile::TempDir;

use crate::common::scripts::{builder, get, mlst_file, open_transfer, play_with, send_file};

const OTHER: &str = "-rw-r--r-- 1 ann staff 5 Jan  2  2020 other\r\n";

/// Plays a script without pipelining, because it lists every command in order.
async fn play_without_pipelining(script: Script) -> (ScriptedServer, Client) {
    play_with(builder().pipelining(Pipelining::Off), script).await
}

/// A server without `MLST` and `MLSD`.
fn old() -> Script {
    Script::new().expect("MLST a").reply("500 what?").type_image().passive().expect("MLSD").reply("500 what?")
}

/// A server whose listing does not show the requested file.
fn unlisted() -> Script {
    send_file(old(), "LIST", OTHER)
}

async fn download(client: &mut Client) -> (oxftp::Result<oxftp::Report>, TempDir) {
    let local = tempfile::tempdir().unwrap();
    let outcome = client.download("a").to(local.path().join("a")).write_into(true).await;
    (outcome, local)
}

async fn check_fetched(script: Script) {
    let (server, mut client) = play_without_pipelining(script).await;

    let (outcome, local) = download(&mut client).await;

    outcome.unwrap();
    assert_eq!(std::fs::read(local.path().join("a")).unwrap(), b"data!");
    server.done().await;
}

#[tokio::test]
async fn unlisted_file_is_downloaded_by_size() {
    let script = entering_refused(unlisted()).expect("SIZE a").reply("213 5");
    check_fetched(send_file(script, "RETR a", "data!")).await;
}

#[tokio::test]
async fn file_without_any_metadata_is_downloaded() {
    let script = entering_refused(unlisted()).expect("SIZE a").reply("550 no sizes");
    check_fetched(send_file(script, "RETR a", "data!")).await;
}

#[tokio::test]
async fn file_is_downloaded_when_listing_is_refused() {
    for refusal in ["550 no listings here", "502 never heard", "450 not now", "553 no"] {
        let script = old().passive().expect("LIST").reply(refusal);
        let script = match refusal.starts_with('4') {
            true => entering_refused(script),
            false => entering_refused(refusing_ascii_and_nlst(script, refusal)).type_image(),
        };
        let script = script.expect("SIZE a").reply("213 5");
        check_fetched(send_file(script, "RETR a", "data!")).await;
    }
}

#[tokio::test]
async fn missing_file_error_carries_server_reply() {
    let script = entering_refused(unlisted()).expect("SIZE a").reply("550 no sizes").passive();
    let (server, mut client) = play_without_pipelining(missing_from_root_too(script)).await;

    let (outcome, local) = download(&mut client).await;

    assert!(outcome.unwrap_err().is_not_found());
    assert!(!local.path().join("a").exists());
    server.done().await;
}

/// The path is tried from the root, too: some servers take no other paths in `RETR`.
fn missing_from_root_too(script: Script) -> Script {
    let script = script.expect("RETR a").reply("550 No such file").passive();
    script.expect("RETR /a").reply("550 No such file")
}

#[tokio::test]
async fn unlisted_directory_is_downloaded_after_cwd() {
    let script = unlisted()
        .expect("PWD")
        .reply("257 \"/\"")
        .expect("CWD a")
        .reply("250 in")
        .expect("CWD /")
        .reply("250 back");
    let script = send_file(script, "LIST a", OTHER.replace("other", "inner"));
    let (server, mut client) = play_without_pipelining(send_file(script, "RETR a/inner", "data!")).await;

    let (outcome, local) = download(&mut client).await;

    assert_eq!(outcome.unwrap().files, 1);
    assert_eq!(std::fs::read(local.path().join("a/inner")).unwrap(), b"data!");
    server.done().await;
}

#[tokio::test]
async fn unreadable_mlst_facts_fall_back_to_listing() {
    for answer in ["250 ok", "250-\r\n\r\n250 End", "250-size=x\r\n250 End"] {
        let listed = "type=file;size=5;modify=20240102030405; a\r\n";
        let script = send_file(Script::new().expect("MLST a").reply(answer).type_image(), "MLSD", listed);
        check_fetched(send_file(script, "RETR a", "data!")).await;
    }
}

#[tokio::test]
async fn pret_is_sent_when_server_requires_it() {
    let asks = "500 You need to use a client supporting PRET (PRE Transfer) to use PASV";
    let script = Script::new().type_image().expect("EPSV").reply("500 what?").expect("PASV").reply(asks);
    let script = script.expect("PRET RETR a").reply("200 ok").expect("EPSV").reply("500 what?").pasv();
    let script = script.expect("RETR a").reply("150 here").data("one").reply("226 done");
    let script = script.expect("PRET RETR b").reply("200 ok").pasv();
    let (server, mut client) =
        play_without_pipelining(script.expect("RETR b").reply("150 here").data("two").reply("226 done"))
            .await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"one");
    assert_eq!(get(&mut client, "b").await.unwrap(), b"two");

    server.done().await;
}

#[tokio::test]
async fn reported_size_zero_means_unknown_size() {
    for answer in ["213 0", "550 not that one"] {
        let script = Script::new().expect("MLST a").reply(mlst_file(0)).type_image();
        check_fetched(send_file(script, "RETR a", "data!").expect("SIZE a").reply(answer)).await;
    }
}

#[tokio::test]
async fn empty_file_needs_no_data() {
    let script = open_transfer(Script::new().type_image(), "RETR a").close_data().reply("226 nothing");
    let (server, mut client) = play_without_pipelining(script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"");

    server.done().await;
}

/// Refuses the commands that are tried after a `LIST` that was refused.
fn refusing_ascii_and_nlst(script: Script, refusal: &str) -> Script {
    let script = script.expect("TYPE A").reply("200 ascii").passive().expect("LIST").reply(refusal);
    let script = script.passive().expect("NLST").reply(refusal);
    // An unknown command leaves `STAT`.
    match refusal.starts_with("502") {
        true => script.expect("STAT .").reply(refusal),
        false => script,
    }
}

/// Expects an attempt to enter the path, and refuses it.
fn entering_refused(script: Script) -> Script {
    script.expect("PWD").reply("257 \"/\"").expect("CWD a").reply("550 no such directory")
}
