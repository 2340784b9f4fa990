//! Connectors: addresses, address families and proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use oxftp::{
    ActiveMode, Client, ClientBuilder, Error,
    connect::{Connector, Family, Proxy, TcpConnector},
};
use oxftp_testing::{
    proxies::{ProxyKind, TestProxy},
    scripted::{Script, ScriptedServer},
    servers::{Protection, ServerKind},
};

use crate::common;
use crate::common::scripts;
use crate::common::scripts::{
    assert_in_sync, builder, get, play_with, put, receive_file, send_file, with_sync_check,
};

/// Plays a download, an upload and a listing.
fn three_transfers() -> Script {
    let script = receive_file(send_file(Script::new().type_image(), "RETR a", "down"), "STOR b", "up");
    send_file(script, "MLSD", "type=file; a\r\n")
}

/// Plays [`three_transfers`] through a proxy, and checks that all connections use it.
async fn check_three_transfers(proxy: &TestProxy, connector: impl Connector) {
    let (server, mut client) = play_with(builder().connector(connector), three_transfers()).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"down");
    put(&mut client, "b", b"up").await.unwrap();
    assert_eq!(client.list("").await.unwrap().len(), 1);

    assert_eq!(proxy.tunnels(), 4, "{:?}", proxy.targets());
    assert_eq!(proxy.targets()[0], server.address().to_string());
    server.done().await;
}

fn socks5(proxy: &TestProxy) -> Proxy {
    Proxy::socks5("127.0.0.1", proxy.address().port())
}

fn socks4(proxy: &TestProxy) -> Proxy {
    Proxy::socks4("127.0.0.1", proxy.address().port())
}

fn http(proxy: &TestProxy) -> Proxy {
    Proxy::http("127.0.0.1", proxy.address().port())
}

#[tokio::test]
async fn all_connections_use_socks5_proxy() {
    let open = TestProxy::start(ProxyKind::Socks5).await.unwrap();
    check_three_transfers(&open, socks5(&open)).await;

    let shut = TestProxy::start_with_login(ProxyKind::Socks5, "me", "pässword").await.unwrap();
    check_three_transfers(&shut, socks5(&shut).credentials("me", "pässword")).await;
}

#[tokio::test]
async fn all_connections_use_socks4a_proxy() {
    let open = TestProxy::start(ProxyKind::Socks4a).await.unwrap();
    check_three_transfers(&open, socks4(&open)).await;

    let shut = TestProxy::start_with_login(ProxyKind::Socks4a, "me", "").await.unwrap();
    check_three_transfers(&shut, socks4(&shut).user("me")).await;
}

#[tokio::test]
async fn all_connections_use_http_proxy() {
    let open = TestProxy::start(ProxyKind::Http).await.unwrap();
    check_three_transfers(&open, http(&open)).await;

    let shut = TestProxy::start_with_login(ProxyKind::Http, "me", "pass:word").await.unwrap();
    check_three_transfers(&shut, http(&shut).credentials("me", "pass:word")).await;
}

async fn check_refused(proxy: &TestProxy, connector: impl Connector) {
    let server = Script::new().start().await;

    let error = builder().connector(connector).connect(server.address()).await.unwrap_err();

    assert!(matches!(error, Error::Connect { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("wrong"), "{error:?}");
    assert_eq!((proxy.tunnels(), proxy.refusals()), (0, 1));
}

#[tokio::test]
async fn wrong_proxy_login_error_hides_password() {
    let proxy = TestProxy::start_with_login(ProxyKind::Socks5, "me", "secret").await.unwrap();
    check_refused(&proxy, socks5(&proxy).credentials("me", "wrong")).await;
    let proxy = TestProxy::start_with_login(ProxyKind::Http, "me", "secret").await.unwrap();
    check_refused(&proxy, http(&proxy).credentials("me", "wrong")).await;
    let proxy = TestProxy::start_with_login(ProxyKind::Socks4a, "me", "").await.unwrap();
    check_refused(&proxy, socks4(&proxy).user("wrong")).await;
}

#[tokio::test]
async fn missing_proxy_login_is_error() {
    let proxy = TestProxy::start_with_login(ProxyKind::Socks5, "me", "secret").await.unwrap();
    check_refused(&proxy, socks5(&proxy)).await;
    let proxy = TestProxy::start_with_login(ProxyKind::Http, "me", "secret").await.unwrap();
    check_refused(&proxy, http(&proxy)).await;
}

#[tokio::test]
async fn server_unreachable_through_proxy_is_error() {
    // Nothing listens there, and no other test gets the port meanwhile.
    let reserved = tokio::net::TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let unused = reserved.local_addr().unwrap();
    let proxy = TestProxy::start(ProxyKind::Socks5).await.unwrap();
    let error = builder().connector(socks5(&proxy)).connect(unused).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");

    let proxy = TestProxy::start(ProxyKind::Http).await.unwrap();
    let error = builder().connector(http(&proxy)).connect(unused).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
}

#[tokio::test]
async fn proxy_resolves_host_names() {
    for kind in [ProxyKind::Socks5, ProxyKind::Socks4a, ProxyKind::Http] {
        let proxy = TestProxy::start(kind).await.unwrap();
        let builder = match kind {
            ProxyKind::Socks5 => builder().connector(socks5(&proxy)),
            ProxyKind::Socks4a => builder().connector(socks4(&proxy)),
            ProxyKind::Http => builder().connector(http(&proxy)),
        };
        let server = send_file(Script::new().type_image(), "RETR a", "down").start().await;

        let mut client = builder.connect(("localhost", server.address().port())).await.unwrap();
        assert_eq!(get(&mut client, "a").await.unwrap(), b"down");

        assert_eq!(proxy.targets()[0], format!("localhost:{}", server.address().port()));
        assert_eq!(proxy.tunnels(), 2);
        server.done().await;
    }
}

#[tokio::test]
async fn ipv6_server_is_reached_through_proxies() {
    for kind in [ProxyKind::Socks5, ProxyKind::Http] {
        let proxy = TestProxy::start(kind).await.unwrap();
        let builder = match kind {
            ProxyKind::Socks5 => builder().connector(socks5(&proxy)),
            _ => builder().connector(http(&proxy)),
        };
        let script = send_file(Script::new().at(Ipv6Addr::LOCALHOST).type_image(), "RETR a", "down");
        let (server, mut client) = play_with(builder, script).await;

        assert_eq!(get(&mut client, "a").await.unwrap(), b"down");

        assert_eq!(proxy.tunnels(), 2);
        server.done().await;
    }
}

#[tokio::test]
async fn cancelled_upload_through_proxy_keeps_client_usable() {
    let proxy = TestProxy::start(ProxyKind::Socks5).await.unwrap();
    let script =
        scripts::open_transfer(Script::new().type_image(), "STOR a").receive().reply("426 broken off");
    let (server, mut client) = play_with(builder().connector(socks5(&proxy)), with_sync_check(script)).await;

    drop(client.upload_stream("a").await.unwrap());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn active_mode_through_proxy_fails_before_any_command() {
    let proxy = TestProxy::start(ProxyKind::Socks5).await.unwrap();
    let builder = builder().connector(socks5(&proxy)).active(ActiveMode::new());
    let (server, mut client) = play_with(builder, with_sync_check(Script::new().type_image())).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(
        matches!(&error, Error::DataConnect(source) if source.kind() == std::io::ErrorKind::Unsupported),
        "{error}"
    );
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn tree_round_trip_through_each_proxy_with_tls() {
    for kind in [ProxyKind::Socks5, ProxyKind::Http] {
        let server = ServerKind::Embedded.start(Protection::Explicit).await.unwrap();
        let proxy = TestProxy::start(kind).await.unwrap();
        let builder = match kind {
            ProxyKind::Socks5 => common::builder(&server).connector(socks5(&proxy)),
            _ => common::builder(&server).connector(http(&proxy)),
        };
        let local = tempfile::tempdir().unwrap();
        std::fs::create_dir(local.path().join("up")).unwrap();
        std::fs::write(local.path().join("up/a"), "encrypted").unwrap();

        let mut client = common::login_with(builder, &server).await;
        client.upload(local.path().join("up")).await.unwrap();
        client.download("up").to(local.path().join("down")).await.unwrap();

        assert_eq!(std::fs::read(local.path().join("down/up/a")).unwrap(), b"encrypted");
        assert!(client.is_encrypted() && proxy.tunnels() >= 4, "{:?}", proxy.targets());
    }
}

#[tokio::test]
async fn bound_address_is_used_for_control_and_data() {
    let own = IpAddr::from(Ipv4Addr::new(127, 0, 0, 2));
    let script = send_file(Script::new().type_image(), "RETR a", "down");
    let (server, mut client) = play_with(builder().connector(TcpConnector::new().bind(own)), script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"down");

    let played = server.done().await;
    assert_eq!((played.control_peer.ip(), played.data_peers[0].ip()), (own, own));
}

#[tokio::test]
async fn binding_a_foreign_address_is_error() {
    let server = Script::new().start().await;
    let connector = TcpConnector::new().bind(Ipv4Addr::new(192, 0, 2, 1).into());

    let error = builder().connector(connector).connect(server.address()).await.unwrap_err();

    assert!(matches!(error, Error::Connect { .. }), "{error}");
}

#[tokio::test]
async fn missing_address_family_is_error() {
    let server = Script::new().start().await;
    let connector = TcpConnector::new().family(Family::Ipv6);

    let error = builder().connector(connector).connect(server.address()).await.unwrap_err();

    assert!(matches!(error, Error::Connect { .. }), "{error}");
}

async fn download_by_name(builder: ClientBuilder, name: &str, server: &ScriptedServer) {
    let mut client: Client = builder.connect((name, server.address().port())).await.unwrap();

    assert_eq!(get(&mut client, "a").await.unwrap(), b"down");
}

#[tokio::test]
async fn host_with_several_addresses_connects_to_reachable_one() {
    let script = || send_file(Script::new().type_image(), "RETR a", "down");

    let server = script().start().await;
    download_by_name(builder(), "localhost", &server).await;
    server.done().await;

    let server = script().at(Ipv6Addr::LOCALHOST).start().await;
    download_by_name(builder(), "::1", &server).await;
    server.done().await;
}

#[tokio::test]
async fn unknown_host_is_error() {
    let error = builder().connect("nobody.invalid").await.unwrap_err();

    assert!(matches!(error, Error::Connect { .. }), "{error}");
}
