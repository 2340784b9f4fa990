//! Refused TLS connections and truncated TLS streams.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use oxftp::{
    Client, Credentials, Error, TlsConfig, TlsVersion,
    connect::{BoxSocket, Connector, Socket, Target, TcpConnector},
    local_fs::BoxFuture,
};
use oxftp_testing::{
    scripted::Script,
    servers::{Protection, ServerKind, ServerOptions, TestServer, TlsVersions, available},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::common::scripts;
use crate::common::{builder_with, content, login_with};

#[tokio::test]
async fn server_without_tls_sees_no_login() {
    let server = Script::new().expect("AUTH TLS").reply("502 no").start().await;

    let refused = scripts::builder().explicit_tls(TlsConfig::new()).connect(server.address()).await;

    assert!(matches!(refused, Err(Error::TlsRefused { .. })));
    server.done().await;
}

#[tokio::test]
async fn opportunistic_tls_continues_plain_when_refused() {
    let server = scripts::with_sync_check(Script::new().expect("AUTH TLS").reply("502 no")).start().await;

    let mut client =
        scripts::builder().tls_if_offered(TlsConfig::new()).connect(server.address()).await.unwrap();

    assert!(!client.is_encrypted());
    scripts::assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn injection_before_handshake_is_refused() {
    let server = Script::new().expect("AUTH TLS").bytes("234 go\r\n230 you are in\r\n").start().await;

    let refused = scripts::builder().explicit_tls(TlsConfig::new()).connect(server.address()).await;

    assert!(matches!(refused, Err(Error::InjectedBeforeTls)));
    server.done().await;
}

#[tokio::test]
async fn unknown_certificate_authority_is_refused() {
    let Some(server) = embedded(Protection::Explicit).await else { return };

    let refused =
        scripts::builder().explicit_tls(TlsConfig::new()).connect((server.host(), server.port())).await;

    assert!(matches!(refused, Err(Error::Tls(_))), "{refused:?}");
}

#[tokio::test]
async fn certificate_name_mismatch_is_refused_unless_disabled() {
    let Some(server) = embedded(Protection::Implicit).await else { return };
    let elsewhere = To(server.address(), usize::MAX);

    let refused = builder_with(&server, |tls| tls).connector(elsewhere).connect("bank.example").await;
    assert!(matches!(refused, Err(Error::Tls(_))), "{refused:?}");

    let careless = builder_with(&server, TlsConfig::danger_accept_any_certificate).connector(elsewhere);
    let mut client = careless.connect("bank.example").await.unwrap();
    client.login(Credentials::new(server.user(), server.password())).await.unwrap();
    client.list("").await.unwrap();
}

#[tokio::test]
async fn tls_version_below_minimum_is_refused() {
    let mut options = ServerOptions::new(Protection::Explicit);
    options.tls = TlsVersions::Only12;
    let Some(server) = available(ServerKind::Embedded.start_with(options).await) else { return };

    let refused = builder_with(&server, |tls| tls.min_version(TlsVersion::Tls13))
        .connect((server.host(), server.port()))
        .await;

    assert!(matches!(refused, Err(Error::Tls(_))), "{refused:?}");
}

#[tokio::test]
async fn download_without_close_notify_is_truncated() {
    let Some(server) = embedded(Protection::Explicit).await else { return };
    std::fs::write(server.root().join("file"), content(500_000)).unwrap();
    let local = tempfile::tempdir().unwrap();
    let cutting = builder_with(&server, |tls| tls).connector(To(server.address(), 200_000));
    let mut client = login_with(cutting, &server).await;

    let cut = client.download("file").to(local.path()).await;

    assert!(matches!(&cut, Err(Error::Data { .. } | Error::StatusCode(_))), "{cut:?}");
    assert!(!local.path().join("file").exists());
    assert!(local.path().join("file.oxftp.part").exists());
    client.command("NOOP").expect("200").await.unwrap();
}

#[tokio::test]
async fn listing_without_close_notify_is_truncated() {
    let Some(server) = embedded(Protection::Explicit).await else { return };
    for number in 0..100 {
        std::fs::write(server.root().join(format!("file {number}")), b"x").unwrap();
    }
    let cutting = builder_with(&server, |tls| tls).connector(To(server.address(), 3000));
    let mut client: Client = login_with(cutting, &server).await;

    let cut = client.list("").await;

    assert!(cut.is_err(), "a truncated listing was accepted: {} entries", cut.unwrap().len());
}

async fn embedded(protection: Protection) -> Option<TestServer> {
    available(ServerKind::Embedded.start(protection).await)
}

/// Connects to one server for every host name, and truncates data connections after a number of bytes.
#[derive(Debug, Clone, Copy)]
struct To(SocketAddr, usize);

impl Connector for To {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let host = &self.0.ip().to_string();
            let (port, left) = match target {
                Target::Data { port, .. } => (port, self.1),
                _ => (self.0.port(), usize::MAX),
            };
            let socket = TcpConnector::new().connect(Target::Data { host, address: None, port }).await?;
            Ok(Box::new(TruncatedSocket { socket, left }) as BoxSocket)
        })
    }
}

/// A connection that ends without `close_notify` after a number of received bytes.
#[derive(Debug)]
struct TruncatedSocket {
    socket: BoxSocket,
    left: usize,
}

impl AsyncRead for TruncatedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = self.left.min(buf.remaining());
        if most == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut part = vec![0; most];
        let mut read = ReadBuf::new(&mut part);
        std::task::ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read))?;
        self.left = self.left.saturating_sub(read.filled().len());
        buf.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TruncatedSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl Socket for TruncatedSocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.socket.peer_address()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.socket.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.socket.reset_on_close(reset);
    }
}
