//! Times and permissions: set by any command that the server supports.

use std::{fs, path::Path, time::UNIX_EPOCH};

use oxftp::{Client, Timestamp};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

fn time(text: &str) -> Timestamp {
    Timestamp::parse_mlsx(text.as_bytes()).unwrap()
}

fn seconds(path: &Path) -> u64 {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    modified.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn mdtm_is_sent_while_data_connection_opens() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply("250-Listing\r\n type=file;size=1; a\r\n250 End");
    let script = script.type_image().passive().expect("MDTM a").reply("213 20200102030405");
    let script = script.expect("RETR a").reply("150 here").data("x").reply("226 done");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.download("a").to(local.path()).preserve_times(true).await.unwrap();

    assert_eq!(seconds(&local.path().join("a")), 1_577_934_245);
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// A server that lists these features and no `MFMT`.
fn listing(features: &str) -> Script {
    Script::new().expect("FEAT").reply(format!("211-Features:\r\n {features}\r\n211 End"))
}

async fn set(client: &mut Client) -> oxftp::Result<()> {
    client.set_modified("x y", time("20200102030405")).await
}

#[tokio::test]
async fn each_way_to_set_times_is_tried_once() {
    let script = listing("MDTM")
        .expect("MDTM 20200102030405 x y")
        .reply("550 no such file")
        .expect("SITE UTIME x y 20200102030405 20200102030405 20200102030405 UTC")
        .reply("501 what?")
        .expect("SITE UTIME 20200102030405 x y")
        .reply("501 what?")
        .expect("SITE UTIME 202001020304 x y")
        .reply("200 done")
        .expect("MDTM x y")
        .reply("213 20200102030400")
        .expect("SITE UTIME 202001020304 x y")
        .reply("200 done");
    let (server, mut client) = play(with_sync_check(script)).await;

    set(&mut client).await.unwrap();
    set(&mut client).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn mfmt_without_effect_tries_next_way() {
    let script = listing("MFMT")
        .expect("MFMT 20200102030405 x y")
        .reply("213 Modify=20200102030405; x y")
        .expect("MDTM x y")
        .reply("213 20261123000000")
        .expect("MDTM 20200102030405 x y")
        .reply("213 done")
        .expect("MDTM x y")
        .reply("213 20200102030404");
    let (server, mut client) = play(with_sync_check(script)).await;

    set(&mut client).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn set_time_is_trusted_without_mdtm() {
    let script = listing("MFMT")
        .expect("MFMT 20200102030405 x y")
        .reply("213 fine")
        .expect("MDTM x y")
        .reply("502 no")
        .expect("MFMT 20200102030405 x y")
        .reply("213 fine");
    let (server, mut client) = play(with_sync_check(script)).await;

    set(&mut client).await.unwrap();
    set(&mut client).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn set_time_permission_denied_is_not_unsupported_command() {
    let script = || {
        listing("MDTM")
            .expect("MDTM 20200102030405 x y")
            .reply("550 Permission denied")
            .expect_start("SITE UTIME x y ")
            .reply("500 what?")
            .expect("SITE UTIME 20200102030405 x y")
            .reply("500 what?")
            .expect("SITE UTIME 202001020304 x y")
            .reply("500 what?")
            .expect("MFMT 20200102030405 x y")
            .reply("500 what?")
            .expect("MDTM x y")
            .reply("213 20261123000000")
    };
    let (server, mut client) = play(with_sync_check(script())).await;

    let refused = set(&mut client).await.unwrap_err();

    assert!(refused.is_permission_denied(), "{refused}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn permissions_are_octal() {
    let script = Script::new()
        .expect("SITE CHMOD 644 x y")
        .reply("200 done")
        .expect("SITE CHMOD 4750 x y")
        .reply("200 done")
        .expect("SITE CHMOD 007 x y")
        .reply("202 superfluous");
    let (server, mut client) = play(with_sync_check(script)).await;

    for mode in [0o100_644, 0o4750, 0o7] {
        client.set_permissions("x y", mode).await.unwrap();
    }

    assert_in_sync(&mut client).await;
    server.done().await;
}
