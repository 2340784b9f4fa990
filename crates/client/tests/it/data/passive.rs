//! Passive mode, and the state of the session after transfers.

use std::net::{Ipv4Addr, Ipv6Addr};

use oxftp::{Error, PassiveMode, TransferType};
use oxftp_testing::scripted::Script;
use tokio::io::AsyncReadExt;

use crate::common::scripts::{
    assert_in_sync, builder, get, open_transfer, play, play_with, put, send_file, with_sync_check,
};

const FOREIGN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn retr(script: Script, path: &str) -> Script {
    script.expect(format!("RETR {path}")).reply("150 here").data("data").reply("226 done")
}

#[tokio::test]
async fn refused_epsv_falls_back_to_pasv_permanently() {
    for refusal in ["500 what?", "502 no", "522 use (1)", "425 no ports", "229 no port in here"] {
        let first = retr(Script::new().type_image().expect("EPSV").reply(refusal).pasv(), "a");
        let (server, mut client) = play(retr(first.pasv(), "b")).await;

        assert_eq!(get(&mut client, "a").await.unwrap(), b"data", "{refusal}");
        assert_eq!(get(&mut client, "b").await.unwrap(), b"data", "{refusal}");

        server.done().await;
    }
}

#[tokio::test]
async fn dead_epsv_port_falls_back_to_pasv_permanently() {
    let first = retr(Script::new().type_image().dead_passive().pasv(), "a");
    let (server, mut client) = play(retr(first.pasv(), "b")).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    assert_eq!(get(&mut client, "b").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn epsv_is_retried_when_pasv_fails() {
    let first = retr(Script::new().type_image().expect("EPSV").reply("500 what?").pasv(), "a");
    let (server, mut client) = play(retr(first.expect("PASV").reply("425 no").passive(), "b")).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    assert_eq!(get(&mut client, "b").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn last_passive_refusal_is_error_without_transfer() {
    let script =
        Script::new().type_image().expect("EPSV").reply("500 no").expect("PASV").reply("425 no ports");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(425));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn dead_passive_port_is_tried_after_transfer_command() {
    let (server, mut client) = play_with(
        builder().passive_commands([PassiveMode::Epsv]),
        with_sync_check(
            Script::new()
                .type_image()
                .dead_passive()
                .dead_passive()
                .expect("RETR a")
                .reply("425 no connection"),
        ),
    )
    .await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(425), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn reply_421_to_epsv_sends_no_pasv() {
    let (server, mut client) = play(Script::new().type_image().expect("EPSV").reply("421 bye").close()).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.is_connection_lost(), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn foreign_pasv_address_is_not_followed() {
    let script = retr(Script::new().type_image().pasv_naming(FOREIGN), "a");
    let (server, mut client) = play_with(builder().passive_commands([PassiveMode::Pasv]), script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    // The script fails if the client connected to the foreign address.
    server.done().await;
}

#[tokio::test]
async fn trusted_pasv_address_is_followed() {
    let script = retr(Script::new().type_image().pasv_at(FOREIGN), "a");
    let builder = builder().passive_commands([PassiveMode::Pasv]).trust_passive_address(true);
    let (server, mut client) = play_with(builder, script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn pasv_address_zero_means_server_address() {
    // On IPv6 the script replies with 0.0.0.0.
    let script = retr(Script::new().at(Ipv6Addr::LOCALHOST).type_image().pasv(), "a");
    let builder = builder().passive_commands([PassiveMode::Pasv]).trust_passive_address(true);
    let (server, mut client) = play_with(builder, script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn only_configured_passive_commands_are_sent() {
    let (server, mut client) = play_with(
        builder().passive_commands([PassiveMode::Pasv, PassiveMode::Epsv]),
        retr(Script::new().type_image().pasv(), "a"),
    )
    .await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn ipv6_uses_epsv_and_never_pasv() {
    let script = retr(Script::new().at(Ipv6Addr::LOCALHOST).type_image().passive(), "a")
        .expect("EPSV")
        .reply("500 no");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    assert!(get(&mut client, "b").await.is_err());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn raw_data_connection_uses_given_modes() {
    let script = Script::new().expect("TYPE A").reply("200 ok").pasv().send("hello").close_data();
    let (server, mut client) = play(script).await;

    let mut socket = client.passive_connection(TransferType::Ascii, &[PassiveMode::Pasv]).await.unwrap();

    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello");
    server.done().await;
}

#[tokio::test]
async fn raw_data_connection_without_mode_is_error() {
    let (server, mut client) = play(with_sync_check(Script::new().type_image())).await;

    let error = client.passive_connection(TransferType::Image, &[]).await.unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn type_is_sent_once_for_several_transfers() {
    let script = send_file(send_file(Script::new().type_image(), "RETR a", "1"), "RETR b", "2");
    let script = open_transfer(script, "STOR c").expect_data("3").reply("226 done");
    let (server, mut client) = play(script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"1");
    assert_eq!(get(&mut client, "b").await.unwrap(), b"2");
    put(&mut client, "c", b"3").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn other_type_is_sent_and_restored() {
    let script = send_file(Script::new().expect("TYPE A").reply("200 ok"), "NLST", "a\r\n");
    let (server, mut client) = play(send_file(script.type_image(), "RETR a", "1")).await;

    let mut names = String::new();
    let mut stream = client.data_command("NLST").transfer_type(TransferType::Ascii).await.unwrap();
    stream.read_to_string(&mut names).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(get(&mut client, "a").await.unwrap(), b"1");

    assert_eq!(names, "a\r\n");
    server.done().await;
}

#[tokio::test]
async fn refused_type_is_sent_again() {
    let script = Script::new().expect("TYPE I").reply("450 later").type_image();
    let (server, mut client) = play(send_file(script, "RETR a", "1")).await;

    assert!(get(&mut client, "a").await.unwrap_err().is_transient());
    assert_eq!(get(&mut client, "a").await.unwrap(), b"1");

    server.done().await;
}

#[tokio::test]
async fn refused_transfer_keeps_client_usable() {
    let script = Script::new().type_image().passive().expect("RETR a").reply("550 no such file");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert!(get(&mut client, "a").await.unwrap_err().is_not_found());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn unused_restart_offset_is_reset_once() {
    let script = Script::new()
        .type_image()
        .passive()
        .expect("REST 5")
        .reply("350 ok")
        .expect("RETR a")
        .reply("550 no");
    let script =
        script.passive().expect("REST 0").reply("350 ok").expect("RETR b").reply("150 here").data("b");
    let (server, mut client) = play(send_file(script.reply("226 done"), "RETR c", "c")).await;

    assert!(client.download_stream("a").offset(5).await.is_err());
    assert_eq!(get(&mut client, "b").await.unwrap(), b"b");
    assert_eq!(get(&mut client, "c").await.unwrap(), b"c");

    server.done().await;
}

#[tokio::test]
async fn refused_restart_does_not_block_later_transfers() {
    let script = Script::new().type_image().passive().expect("REST 5").reply("502 no");
    let (server, mut client) = play(send_file(script, "RETR b", "b")).await;

    let error = client.download_stream("a").offset(5).await.unwrap_err();
    assert_eq!(error.code().map(|code| code.get()), Some(502));
    assert_eq!(get(&mut client, "b").await.unwrap(), b"b");

    server.done().await;
}

#[tokio::test]
async fn failed_transfer_error_carries_server_reply() {
    let script = open_transfer(Script::new().type_image(), "RETR a").close_data().reply("451 disk error");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("disk error"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}
