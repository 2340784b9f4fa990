//! Reservation of space before uploads (`ALLO`).

use oxftp::{Error, Upload};
use oxftp_testing::scripted::Script;

use crate::common::local_files::two_files;
use crate::common::scripts::{assert_in_sync, play, receive_file, with_sync_check};

fn allocating(upload: Upload<'_>) -> Upload<'_> {
    upload.allocate(true).verify(oxftp::Verify::Nothing)
}

#[tokio::test]
async fn allo_is_sent_before_each_file() {
    let (_local, tree) = two_files();
    let script =
        Script::new().expect("MKD t").reply("257 \"t\"").expect("ALLO 5").reply("200 kept").type_image();
    let script = receive_file(script, "STOR t/a", "hello").expect("ALLO 5").reply("200 kept");
    let (server, mut client) = play(with_sync_check(receive_file(script, "STOR t/b", "world"))).await;

    allocating(client.upload(&tree)).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn unneeded_allo_is_sent_once() {
    for refusal in ["202 needless", "500 what?", "502 no", "504 no such parameter"] {
        let (server, mut client) = play(with_sync_check(Script::new().expect("ALLO 5").reply(refusal))).await;

        client.allocate(5).await.unwrap();
        client.allocate(6).await.unwrap();

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn transient_allo_refusal_is_ignored_and_repeated() {
    let script = Script::new().expect("ALLO 5").reply("450 busy").expect("ALLO 6").reply("200 kept");
    let (server, mut client) = play(script).await;

    client.allocate(5).await.unwrap();
    client.allocate(6).await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn refused_allo_sends_no_file() {
    for refusal in ["452 full", "552 quota"] {
        let (_local, tree) = two_files();
        let (server, mut client) = play(with_sync_check(Script::new().expect("ALLO 5").reply(refusal))).await;

        let error = allocating(client.upload(tree.join("a"))).await.unwrap_err();

        assert!(matches!(&error, Error::StatusCode(full) if full.info.to_string() == refusal), "{error:?}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn allo_is_off_by_default() {
    let (_local, tree) = two_files();
    let (server, mut client) = play(receive_file(Script::new().type_image(), "STOR a", "hello")).await;

    client.upload(tree.join("a")).verify(oxftp::Verify::Nothing).await.unwrap();

    server.done().await;
}
