//! Transfers between two servers (FXP).
//!
//! The clients connect from 127.0.0.2, and the servers are at 127.0.0.1. To each server the other one is a foreign
//! host, as on a real network.

use oxftp::{Client, Error, fxp};
use oxftp_testing::scripted::{Script, ScriptedServer};

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

fn with_size(script: Script) -> Script {
    script.type_image().expect("SIZE a").reply("213 4")
}

/// Expects the removal of the partial file after a failed copy.
fn with_removal(script: Script) -> Script {
    script.expect_start("DELE b.").reply("250 gone")
}

async fn two(from: Script, to: Script) -> [(ScriptedServer, Client); 2] {
    [play(with_sync_check(from)).await, play(with_sync_check(to)).await]
}

#[tokio::test]
async fn source_listens_when_target_refuses_passive() {
    let from = with_size(Script::new()).passive().expect("RETR a").reply("150 here").data("data");
    let to = Script::new().type_image().expect("EPSV").reply("502 no").expect("PASV").reply("502 no");
    let to = to.connect_back_by_port().expect_start("STOR b.").reply("150 here").expect_data("data");
    let to = to.reply("226 done").expect_start("SIZE b.").reply("213 4");
    let to = to.expect_start("RNFR b.").reply("350 go").expect("RNTO b").reply("250 done");
    let [(one, mut source), (other, mut target)] = two(from.reply("226 done"), to).await;

    let summary = fxp(&mut source, "a", &mut target, "b").await.unwrap();

    assert_eq!(summary.transferred, 4);
    assert_in_sync(&mut source).await;
    assert_in_sync(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn source_failure_aborts_target_and_is_reported() {
    let from = with_size(Script::new()).connect_back_by_port().expect("RETR a").reply("150 here");
    let from = from.send("da").reset_data().reply("451 disk error");
    let to = Script::new().type_image().passive().expect_start("STOR b.").reply("150 here").expect("ABOR");
    let to = to.reply("426 broken off").reply("226 aborted").expect("NOOP").reply("200 ok");
    let [(one, mut source), (other, mut target)] = two(from, with_removal(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.to_string().contains("disk error"), "{error}");
    assert_in_sync(&mut source).await;
    assert_in_sync(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn refused_source_leaves_target_file_unchanged() {
    let from = with_size(Script::new()).connect_back_by_port().expect("RETR a").reply("550 locked");
    let to = Script::new().type_image().passive().expect_start("STOR b.").reply("150 here");
    let to = to.expect("ABOR").reply("426 broken off").reply("226 aborted").expect("NOOP").reply("200 ok");
    let [(one, mut source), (other, mut target)] = two(from, with_removal(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.to_string().contains("locked"), "{error}");
    assert_in_sync(&mut source).await;
    assert_in_sync(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn target_failure_aborts_source_and_is_reported() {
    let from = with_size(Script::new()).connect_back_by_port().expect("RETR a").reply("150 here");
    let from = from.send("da").expect("ABOR").reply("426 broken off").reply("226 aborted");
    let from = from.expect("NOOP").reply("200 ok");
    let to = Script::new().type_image().passive().expect_start("STOR b.").reply("150 here").read(2);
    let to = to.reply("452 disk full").passive();
    let [(one, mut source), (other, mut target)] = two(from, with_removal(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.to_string().contains("disk full"), "{error}");
    assert_in_sync(&mut source).await;
    assert_in_sync(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn truncated_target_is_size_mismatch() {
    let from = with_size(Script::new()).connect_back_by_port().expect("RETR a").reply("150 here");
    let from = from.data("dat").reply("226 done");
    let to =
        Script::new().type_image().passive().expect_start("STOR b.").reply("150 here").expect_data("dat");
    let to = to.reply("226 done").expect_start("SIZE b.").reply("213 3");
    let [(one, mut source), (other, mut target)] = two(from, with_removal(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 4, transferred: 3 }), "{error}");
    assert_in_sync(&mut source).await;
    assert_in_sync(&mut target).await;
    one.done().await;
    other.done().await;
}

/// The listing of the source shows its size where `SIZE` does not.
#[tokio::test]
async fn listed_size_of_source_is_compared() {
    let from = Script::new().type_image().expect("SIZE a").reply("502 no");
    let from = from.expect("MLST a").reply("250-a\r\n type=file;size=4; a\r\n250 end");
    let from = from.connect_back_by_port().expect("RETR a").reply("150 here").data("dat").reply("226 done");
    let to =
        Script::new().type_image().passive().expect_start("STOR b.").reply("150 here").expect_data("dat");
    let to = to.reply("226 done").expect_start("SIZE b.").reply("213 3");
    let [(one, mut source), (other, mut target)] = two(from, with_removal(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 4, transferred: 3 }), "{error}");
    assert_in_sync(&mut source).await;
    assert_in_sync(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn port_uses_peer_address_not_pasv_address() {
    let to = Script::new().type_image().expect("EPSV").reply("500 what?");
    let to = to.expect("PASV").reply("227 Entering Passive Mode (192,0,2,7,4,51)");
    let from = with_size(Script::new()).expect("PORT 127,0,0,1,4,51").reply("421 bye").close();
    let (one, mut source) = play(from).await;
    let (other, mut target) = play(with_sync_check(with_removal(to))).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.is_connection_lost() && source.is_broken(), "{error}");
    assert_in_sync(&mut target).await;
    one.done().await;
    other.done().await;
}
