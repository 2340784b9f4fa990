//! Active mode: the server connects to the client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use oxftp::{ActiveMode, ClientBuilder, Error};
use oxftp_testing::scripted::Script;

use crate::common::scripts;
use crate::common::scripts::{check_in_step, get, in_step, play_to, put};

fn builder() -> ClientBuilder {
    scripts::builder().active(ActiveMode::new())
}

fn retr(script: Script) -> Script {
    script.expect("RETR a").reply("150 here").data("data").reply("226 done")
}

#[tokio::test]
async fn the_server_connects_to_the_address_of_eprt() {
    let (server, mut client) = play_to(builder(), retr(Script::new().type_image().connect_back())).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn an_upload_goes_the_same_way() {
    let script = Script::new().type_image().connect_back().expect("STOR a").reply("150 here");
    let (server, mut client) = play_to(builder(), script.expect_data("up").reply("226 done")).await;

    put(&mut client, "a", b"up").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn port_is_sent_when_eprt_is_refused() {
    let script = Script::new().type_image().expect_start("EPRT |1|127.0.0.1|").reply("500 what?");
    let (server, mut client) = play_to(builder(), retr(script.connect_back_by_port())).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn eprt_that_was_refused_is_not_sent_again() {
    let script = Script::new().type_image().expect_start("EPRT |1|127.0.0.1|").reply("500 what?");
    let script = retr(retr(script.connect_back_by_port()).connect_back_by_port());
    let (server, mut client) = play_to(builder(), in_step(script)).await;

    for _ in 0..2 {
        assert_eq!(get(&mut client, "a").await.unwrap(), b"data");
    }

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_refuses_both_is_an_error() {
    let script = Script::new().type_image().expect_start("EPRT ").reply("500 no").expect_start("PORT ");
    let (server, mut client) = play_to(builder(), in_step(script.reply("501 illegal PORT"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("illegal PORT"), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_stranger_is_sent_away_and_the_server_taken() {
    let script = Script::new().type_image().connect_back().expect("RETR a").reply("150 here").stranger();
    let (server, mut client) = play_to(builder(), script.data("data").reply("226 done")).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    server.done().await;
}

#[tokio::test]
async fn a_stranger_gets_nothing_of_an_upload() {
    let script = Script::new().type_image().connect_back().expect("STOR a").reply("150 here").stranger();
    let (server, mut client) = play_to(builder(), script.expect_data("secret").reply("226 done")).await;

    put(&mut client, "a", b"secret").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn a_server_that_cannot_connect_says_so() {
    let script = Script::new().type_image().expect_start("EPRT ").reply("200 ok").expect("RETR a");
    let (server, mut client) = play_to(builder(), in_step(script.reply("425 cannot connect"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("cannot connect"), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn the_port_is_one_of_the_range() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().min(u16::MAX - 50);
    let range = free..=free + 50;
    let (server, mut client) = play_to(
        builder().active(ActiveMode::new().ports(range.clone())),
        retr(Script::new().type_image().connect_back()),
    )
    .await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    let port = server.done().await.data_peers[0].port();
    assert!(range.contains(&port), "{port} is not in {range:?}");
}

#[tokio::test]
async fn a_range_without_a_free_port_is_an_error_before_anything_is_asked_for() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (server, mut client) =
        play_to(builder().active(ActiveMode::new().ports(port..=port)), in_step(Script::new().type_image()))
            .await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn another_address_is_named_when_asked_for() {
    let outside = IpAddr::from(Ipv4Addr::new(192, 0, 2, 7));
    let script = Script::new().type_image().expect_start("EPRT |1|192.0.2.7|").reply("500 no");
    let script = script.expect_start("PORT 192,0,2,7,").reply("500 no");
    let (server, mut client) = play_to(builder().active(ActiveMode::new().advertise(outside)), script).await;

    assert!(get(&mut client, "a").await.is_err());

    server.done().await;
}

#[tokio::test]
async fn eprt_names_an_ipv6_address() {
    let script = retr(Script::new().at(Ipv6Addr::LOCALHOST).type_image().connect_back());
    let (server, mut client) = play_to(builder(), script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    assert!(server.done().await.data_peers[0].is_ipv6());
}

#[tokio::test]
async fn port_is_not_sent_on_ipv6() {
    let script =
        Script::new().at(Ipv6Addr::LOCALHOST).type_image().expect_start("EPRT |2|::1|").reply("500 no");
    let (server, mut client) = play_to(builder(), in_step(script)).await;

    assert!(get(&mut client, "a").await.is_err());

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_listing_goes_the_same_way() {
    let script = Script::new().type_image().connect_back().expect("MLSD").reply("150 here");
    let (server, mut client) = play_to(builder(), script.data("type=file; a\r\n").reply("226 done")).await;

    let entries = client.list("").await.unwrap();

    assert_eq!(scripts::paths(&entries), ["a"]);
    server.done().await;
}
