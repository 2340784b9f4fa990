//! Active mode: the server connects to the client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use oxftp::{ActiveMode, ClientBuilder, Error};
use oxftp_testing::scripted::Script;

use crate::common::scripts;
use crate::common::scripts::{assert_in_sync, get, play_with, put, with_sync_check};

fn builder() -> ClientBuilder {
    scripts::builder().active(ActiveMode::new())
}

fn retr(script: Script) -> Script {
    script.expect("RETR a").reply("150 here").data("data").reply("226 done")
}

#[tokio::test]
async fn server_connects_to_eprt_address() {
    let (server, mut client) = play_with(builder(), retr(Script::new().type_image().connect_back())).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn active_mode_upload() {
    let script = Script::new().type_image().connect_back().expect("STOR a").reply("150 here");
    let (server, mut client) = play_with(builder(), script.expect_data("up").reply("226 done")).await;

    put(&mut client, "a", b"up").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn port_is_sent_after_refused_eprt() {
    let script = Script::new().type_image().expect_start("EPRT |1|127.0.0.1|").reply("500 what?");
    let (server, mut client) = play_with(builder(), retr(script.connect_back_by_port())).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn refused_eprt_is_not_sent_again() {
    let script = Script::new().type_image().expect_start("EPRT |1|127.0.0.1|").reply("500 what?");
    let script = retr(retr(script.connect_back_by_port()).connect_back_by_port());
    let (server, mut client) = play_with(builder(), with_sync_check(script)).await;

    for _ in 0..2 {
        assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    }

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refused_eprt_and_port_is_error() {
    let script = Script::new().type_image().expect_start("EPRT ").reply("500 no").expect_start("PORT ");
    let (server, mut client) = play_with(builder(), with_sync_check(script.reply("501 illegal PORT"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("illegal PORT"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn foreign_data_connection_is_rejected_and_server_accepted() {
    let script =
        Script::new().type_image().connect_back().expect("RETR a").reply("150 here").foreign_connection();
    let (server, mut client) = play_with(builder(), script.data("data").reply("226 done")).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn foreign_data_connection_gets_no_upload_data() {
    let script =
        Script::new().type_image().connect_back().expect("STOR a").reply("150 here").foreign_connection();
    let (server, mut client) = play_with(builder(), script.expect_data("secret").reply("226 done")).await;

    put(&mut client, "a", b"secret").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn server_that_cannot_connect_reports_reply() {
    let script = Script::new().type_image().expect_start("EPRT ").reply("200 ok").expect("RETR a");
    let (server, mut client) =
        play_with(builder(), with_sync_check(script.reply("425 cannot connect"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("cannot connect"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn active_port_is_within_range() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().min(u16::MAX - 50);
    let range = free..=free + 50;
    let (server, mut client) = play_with(
        builder().active(ActiveMode::new().ports(range.clone())),
        retr(Script::new().type_image().connect_back()),
    )
    .await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    let port = server.done().await.data_peers[0].port();
    assert!(range.contains(&port), "{port} is not in {range:?}");
}

#[tokio::test]
async fn exhausted_port_range_fails_before_any_command() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (server, mut client) = play_with(
        builder().active(ActiveMode::new().ports(port..=port)),
        with_sync_check(Script::new().type_image()),
    )
    .await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn configured_external_address_is_announced() {
    let outside = IpAddr::from(Ipv4Addr::new(192, 0, 2, 7));
    let script = Script::new().type_image().expect_start("EPRT |1|192.0.2.7|").reply("500 no");
    let script = script.expect_start("PORT 192,0,2,7,").reply("500 no");
    let (server, mut client) =
        play_with(builder().active(ActiveMode::new().advertise(outside)), script).await;

    assert!(get(&mut client, "a").await.is_err());

    server.done().await;
}

#[tokio::test]
async fn eprt_announces_ipv6_address() {
    let script = retr(Script::new().at(Ipv6Addr::LOCALHOST).type_image().connect_back());
    let (server, mut client) = play_with(builder(), script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    assert!(server.done().await.data_peers[0].is_ipv6());
}

#[tokio::test]
async fn port_is_not_sent_on_ipv6() {
    let script =
        Script::new().at(Ipv6Addr::LOCALHOST).type_image().expect_start("EPRT |2|::1|").reply("500 no");
    let (server, mut client) = play_with(builder(), with_sync_check(script)).await;

    assert!(get(&mut client, "a").await.is_err());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn active_mode_listing() {
    let script = Script::new().type_image().connect_back().expect("MLSD").reply("150 here");
    let (server, mut client) = play_with(builder(), script.data("type=file; a\r\n").reply("226 done")).await;

    let entries = client.list("").await.unwrap();

    assert_eq!(scripts::paths(&entries), ["a"]);
    server.done().await;
}
