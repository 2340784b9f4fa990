//! Passive data connections, and the state that transfers leave behind.

use std::net::{Ipv4Addr, Ipv6Addr};

use oxftp::{Error, PassiveMode, TransferType};
use oxftp_testing::scripted::Script;
use tokio::io::AsyncReadExt;

use crate::common::scripts::{builder, check_in_step, get, in_step, opening, play, play_to, put, sending};

const FOREIGN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn retr(script: Script, path: &str) -> Script {
    script.expect(format!("RETR {path}")).reply("150 here").data("data").reply("226 done")
}

#[tokio::test]
async fn pasv_is_asked_for_when_epsv_is_refused_and_then_at_once() {
    for refusal in ["500 what?", "502 no", "522 use (1)", "425 no ports", "229 no port in here"] {
        let first = retr(Script::new().type_image().expect("EPSV").reply(refusal).pasv(), "a");
        let (server, mut client) = play(retr(first.pasv(), "b")).await;

        assert_eq!(get(&mut client, "a").await.unwrap(), b"data", "{refusal}");
        assert_eq!(get(&mut client, "b").await.unwrap(), b"data", "{refusal}");

        server.done().await;
    }
}

#[tokio::test]
async fn pasv_is_asked_for_when_nobody_answers_at_the_port_of_epsv_and_then_at_once() {
    let first = retr(Script::new().type_image().dead_passive().pasv(), "a");
    let (server, mut client) = play(retr(first.pasv(), "b")).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    assert_eq!(get(&mut client, "b").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn epsv_is_asked_again_when_pasv_stops_working() {
    let first = retr(Script::new().type_image().expect("EPSV").reply("500 what?").pasv(), "a");
    let (server, mut client) = play(retr(first.expect("PASV").reply("425 no").passive(), "b")).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    assert_eq!(get(&mut client, "b").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn the_last_refusal_is_the_error_and_no_transfer_is_asked_for() {
    let script =
        Script::new().type_image().expect("EPSV").reply("500 no").expect("PASV").reply("425 no ports");
    let (server, mut client) = play(in_step(script)).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(425));
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_port_where_nobody_answers_is_an_error_of_the_data_connection() {
    let (server, mut client) = play_to(
        builder().passive_commands([PassiveMode::Epsv]),
        in_step(Script::new().type_image().dead_passive()),
    )
    .await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_goodbye_to_epsv_is_not_followed_by_pasv() {
    let (server, mut client) = play(Script::new().type_image().expect("EPSV").reply("421 bye").close()).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.is_connection_lost(), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn an_address_that_is_not_the_servers_is_not_followed() {
    let script = retr(Script::new().type_image().pasv_naming(FOREIGN), "a");
    let (server, mut client) = play_to(builder().passive_commands([PassiveMode::Pasv]), script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    // The script fails if the foreign address was connected to.
    server.done().await;
}

#[tokio::test]
async fn an_address_that_is_not_the_servers_is_followed_when_it_is_trusted() {
    let script = retr(Script::new().type_image().pasv_at(FOREIGN), "a");
    let builder = builder().passive_commands([PassiveMode::Pasv]).trust_passive_address(true);
    let (server, mut client) = play_to(builder, script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn the_address_zero_is_that_of_the_server_even_when_trusted() {
    // On IPv6 the script has nothing better to name than 0.0.0.0.
    let script = retr(Script::new().at(Ipv6Addr::LOCALHOST).type_image().pasv(), "a");
    let builder = builder().passive_commands([PassiveMode::Pasv]).trust_passive_address(true);
    let (server, mut client) = play_to(builder, script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn only_the_passive_commands_asked_for_are_sent() {
    let (server, mut client) = play_to(
        builder().passive_commands([PassiveMode::Pasv, PassiveMode::Epsv]),
        retr(Script::new().type_image().pasv(), "a"),
    )
    .await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn on_ipv6_epsv_works_and_pasv_is_not_sent() {
    let script = retr(Script::new().at(Ipv6Addr::LOCALHOST).type_image().passive(), "a")
        .expect("EPSV")
        .reply("500 no");
    let (server, mut client) = play(in_step(script)).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    assert!(get(&mut client, "b").await.is_err());

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_connection_for_protocols_of_ones_own_is_opened_by_the_modes_given() {
    let script = Script::new().expect("TYPE A").reply("200 ok").pasv().send("hello").close_data();
    let (server, mut client) = play(script).await;

    let mut socket = client.passive_connection(TransferType::Ascii, &[PassiveMode::Pasv]).await.unwrap();

    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello");
    server.done().await;
}

#[tokio::test]
async fn a_connection_by_no_mode_at_all_is_an_error() {
    let (server, mut client) = play(in_step(Script::new().type_image())).await;

    let error = client.passive_connection(TransferType::Image, &[]).await.unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn the_type_is_sent_once_for_several_transfers() {
    let script = sending(sending(Script::new().type_image(), "RETR a", "1"), "RETR b", "2");
    let script = opening(script, "STOR c").expect_data("3").reply("226 done");
    let (server, mut client) = play(script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"1");
    assert_eq!(get(&mut client, "b").await.unwrap(), b"2");
    put(&mut client, "c", b"3").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn another_type_is_sent_and_taken_back() {
    let script = sending(Script::new().expect("TYPE A").reply("200 ok"), "NLST", "a\r\n");
    let (server, mut client) = play(sending(script.type_image(), "RETR a", "1")).await;

    let mut names = String::new();
    let mut stream = client.data_command("NLST").transfer_type(TransferType::Ascii).await.unwrap();
    stream.read_to_string(&mut names).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(get(&mut client, "a").await.unwrap(), b"1");

    assert_eq!(names, "a\r\n");
    server.done().await;
}

#[tokio::test]
async fn a_type_that_was_refused_is_sent_again() {
    let script = Script::new().expect("TYPE I").reply("450 later").type_image();
    let (server, mut client) = play(sending(script, "RETR a", "1")).await;

    assert!(get(&mut client, "a").await.unwrap_err().is_transient());
    assert_eq!(get(&mut client, "a").await.unwrap(), b"1");

    server.done().await;
}

#[tokio::test]
async fn a_refused_transfer_leaves_a_working_client() {
    let script = Script::new().type_image().passive().expect("RETR a").reply("550 no such file");
    let (server, mut client) = play(in_step(script)).await;

    assert!(get(&mut client, "a").await.unwrap_err().is_not_found());

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_restart_that_no_transfer_used_is_taken_back_once() {
    let script = Script::new()
        .type_image()
        .passive()
        .expect("REST 5")
        .reply("350 ok")
        .expect("RETR a")
        .reply("550 no");
    let script =
        script.passive().expect("REST 0").reply("350 ok").expect("RETR b").reply("150 here").data("b");
    let (server, mut client) = play(sending(script.reply("226 done"), "RETR c", "c")).await;

    assert!(client.download_stream("a").offset(5).await.is_err());
    assert_eq!(get(&mut client, "b").await.unwrap(), b"b");
    assert_eq!(get(&mut client, "c").await.unwrap(), b"c");

    server.done().await;
}

#[tokio::test]
async fn a_refused_restart_does_not_stand_in_the_way_of_later_transfers() {
    let script = Script::new().type_image().passive().expect("REST 5").reply("502 no");
    let (server, mut client) = play(sending(script, "RETR b", "b")).await;

    let error = client.download_stream("a").offset(5).await.unwrap_err();
    assert_eq!(error.code().map(|code| code.get()), Some(502));
    assert_eq!(get(&mut client, "b").await.unwrap(), b"b");

    server.done().await;
}

#[tokio::test]
async fn a_failed_transfer_tells_the_servers_words() {
    let script = opening(Script::new().type_image(), "RETR a").close_data().reply("451 disk error");
    let (server, mut client) = play(in_step(script)).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("disk error"), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}
