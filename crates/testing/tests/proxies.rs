//! Tests of the proxies: tunnels, authentication and recorded targets.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its fixtures fails")]

use std::net::SocketAddr;

use oxftp_testing::proxies::{ProxyKind, TestProxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn socks5_tunnels_to_a_host_name() {
    let target = echo().await;
    let proxy = TestProxy::start(ProxyKind::Socks5).await.unwrap();

    let mut tunnel = ask(&proxy, &[&[5, 1, 0]], b"\x05\x00").await;
    let request = [&[5, 1, 0, 3, 9], b"localhost".as_slice(), &target.port().to_be_bytes()].concat();
    exchange(&mut tunnel, &request, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await;

    exchange(&mut tunnel, b"over there", b"over there").await;
    assert_eq!(proxy.targets(), [format!("localhost:{}", target.port())]);
}

#[tokio::test]
async fn socks5_checks_user_and_password() {
    let proxy = TestProxy::start_with_login(ProxyKind::Socks5, "me", "pw").await.unwrap();

    let mut right = ask(&proxy, &[&[5, 1, 2]], b"\x05\x02").await;
    exchange(&mut right, b"\x01\x02me\x02pw", b"\x01\x00").await;
    let mut wrong = ask(&proxy, &[&[5, 1, 2]], b"\x05\x02").await;
    exchange(&mut wrong, b"\x01\x02me\x02no", b"\x01\x01").await;
    ask(&proxy, &[&[5, 1, 0]], b"\x05\xff").await;

    assert_eq!(wrong.read(&mut [0]).await.unwrap(), 0);
    assert_eq!((proxy.tunnels(), proxy.refusals()), (0, 2));
}

#[tokio::test]
async fn socks4a_tunnels_to_host_name_and_address() {
    let target = echo().await;
    let proxy = TestProxy::start(ProxyKind::Socks4a).await.unwrap();
    let port = target.port().to_be_bytes();
    let granted = [0, 90, 0, 0, 0, 0, 0, 0];

    let mut named = ask(&proxy, &[&[4, 1], &port, b"\0\0\0\x01me\0localhost\0"], &granted).await;
    let mut numbered = ask(&proxy, &[&[4, 1], &port, b"\x7f\0\0\x01me\0"], &granted).await;

    exchange(&mut named, b"1", b"1").await;
    exchange(&mut numbered, b"2", b"2").await;
    assert_eq!(proxy.targets(), [format!("localhost:{}", target.port()), target.to_string()]);
}

#[tokio::test]
async fn http_tunnels_and_checks_the_login() {
    let target = echo().await;
    let proxy = TestProxy::start_with_login(ProxyKind::Http, "Aladdin", "open sesame").await.unwrap();
    let connect = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");

    let stranger = format!("{connect}\r\n");
    ask(&proxy, &[stranger.as_bytes()], b"HTTP/1.1 407 ").await;
    // The example of RFC 7617, 2.
    let known = format!("{connect}proxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
    let established = b"HTTP/1.1 200 Connection established\r\n\r\n";
    let mut tunnel = ask(&proxy, &[known.as_bytes()], established).await;

    exchange(&mut tunnel, b"through", b"through").await;
    assert_eq!(proxy.targets(), [target.to_string()]);
    assert_eq!(proxy.refusals(), 1);
}

#[tokio::test]
async fn tunnels_end_with_the_proxy() {
    let target = echo().await;
    let proxy = TestProxy::start(ProxyKind::Http).await.unwrap();
    let address = proxy.address();
    let connect = format!("CONNECT {target} HTTP/1.1\r\n\r\n");
    let mut tunnel = ask(&proxy, &[connect.as_bytes()], b"HTTP/1.1 200 Connection established\r\n\r\n").await;

    drop(proxy);

    // Closed or reset, depending on the data in flight.
    assert!(matches!(tunnel.read(&mut [0]).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}

/// Starts a server that echoes its input.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    address
}

async fn ask(proxy: &TestProxy, request: &[&[u8]], answer: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    exchange(&mut stream, &request.concat(), answer).await;
    stream
}

async fn exchange(stream: &mut TcpStream, request: &[u8], answer: &[u8]) {
    stream.write_all(request).await.unwrap();
    let mut heard = vec![0; answer.len()];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard.as_slice(), answer);
}
