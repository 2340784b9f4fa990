//! Connections through an HTTP or SOCKS proxy.

mod http;
mod socks;

use std::{io, net::SocketAddr};

use oxftp_proto::Secret;
use tokio::net::TcpStream;

use super::{BoxSocket, Connector, Socket, Target, TcpConnector, forward_io};
use crate::future::BoxFuture;

/// Connects through a proxy, for control and data connections. The proxy resolves host names.
///
/// Active mode is not supported.
///
/// ```no_run
/// use oxftp::{Client, connect::Proxy};
///
/// # async fn example() -> oxftp::Result<()> {
/// let proxy = Proxy::socks5("proxy.example.org", 1080).credentials("me", "secret");
/// let client = Client::builder().connector(proxy).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Proxy {
    kind: ProxyKind,
    host: String,
    port: u16,
    login: Option<ProxyLogin>,
    tcp: TcpConnector,
}

#[derive(Debug, Clone, Copy)]
enum ProxyKind {
    Http,
    Socks4,
    Socks5,
}

#[derive(Debug, Clone)]
struct ProxyLogin {
    user: String,
    password: Secret,
}

impl Proxy {
    /// Creates a connector for an HTTP proxy with `CONNECT` (RFC 9110, 9.3.6).
    ///
    /// Many proxies allow `CONNECT` to port 443 only.
    ///
    /// ```
    /// use oxftp::connect::Proxy;
    ///
    /// let builder = oxftp::Client::builder().connector(Proxy::http("proxy.example.org", 3128));
    /// ```
    #[must_use]
    pub fn http(host: impl Into<String>, port: u16) -> Self {
        Self::new(ProxyKind::Http, host.into(), port)
    }

    /// Creates a connector for a SOCKS5 proxy (RFC 1928).
    ///
    /// ```
    /// use oxftp::connect::Proxy;
    ///
    /// let builder = oxftp::Client::builder().connector(Proxy::socks5("proxy.example.org", 1080));
    /// ```
    #[must_use]
    pub fn socks5(host: impl Into<String>, port: u16) -> Self {
        Self::new(ProxyKind::Socks5, host.into(), port)
    }

    /// Creates a connector for a SOCKS4a proxy.
    ///
    /// SOCKS4 supports neither passwords nor IPv6.
    ///
    /// ```
    /// use oxftp::connect::Proxy;
    ///
    /// let builder = oxftp::Client::builder().connector(Proxy::socks4("proxy.example.org", 1080));
    /// ```
    #[must_use]
    pub fn socks4(host: impl Into<String>, port: u16) -> Self {
        Self::new(ProxyKind::Socks4, host.into(), port)
    }

    fn new(kind: ProxyKind, host: String, port: u16) -> Self {
        Self { kind, host, port, login: None, tcp: TcpConnector::new() }
    }

    /// Sets the user name and password: Basic authentication for HTTP, RFC 1929 for SOCKS5. SOCKS4 sends only the
    /// user name. Defaults to no login.
    ///
    /// ```
    /// use oxftp::connect::Proxy;
    ///
    /// let proxy = Proxy::http("proxy.example.org", 3128).credentials("me", "secret");
    /// ```
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.login = Some(ProxyLogin { user: user.into(), password: password.into() });
        self
    }

    /// Sets the user name, without a password.
    ///
    /// ```
    /// use oxftp::connect::Proxy;
    ///
    /// let proxy = Proxy::socks4("proxy.example.org", 1080).user("me");
    /// ```
    #[must_use]
    pub fn user(self, user: impl Into<String>) -> Self {
        self.credentials(user, "")
    }

    /// Sets the connector for the connection to the proxy itself. Defaults to [`TcpConnector::new`].
    ///
    /// ```
    /// use oxftp::connect::{Proxy, TcpConnector};
    ///
    /// let from = TcpConnector::new().bind("192.0.2.7".parse().unwrap());
    /// let proxy = Proxy::http("proxy.example.org", 3128).via(from);
    /// ```
    #[must_use]
    pub fn via(mut self, tcp: TcpConnector) -> Self {
        self.tcp = tcp;
        self
    }

    async fn open(&self, target: Target<'_>) -> io::Result<TcpStream> {
        let socket = self.tcp.connect_to(&self.host, self.port).await?;
        let (host, port) = target.host_and_port();
        let login = self.login.as_ref();
        match self.kind {
            ProxyKind::Http => http::open_tunnel(socket, &host, port, login).await,
            ProxyKind::Socks4 => socks::open_v4(socket, &host, port, login).await,
            ProxyKind::Socks5 => socks::open_v5(socket, &host, port, login).await,
        }
    }
}

impl Connector for Proxy {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move { Ok(Box::new(ProxySocket(self.open(target).await?)) as BoxSocket) })
    }
}

/// A tunnel through a proxy: a TCP stream whose peer is the proxy, not the server.
#[derive(Debug)]
struct ProxySocket(TcpStream);

impl Socket for ProxySocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        None
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.0.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.0.reset_on_close(reset);
    }

    fn has_unread(&self) -> bool {
        self.0.has_unread()
    }

    fn tcp_stream(&self) -> Option<&TcpStream> {
        Some(&self.0)
    }

    fn into_tcp_stream(self: Box<Self>) -> Option<TcpStream> {
        Some(self.0)
    }
}

forward_io!(ProxySocket);

/// The error of a proxy that refused a connection.
#[derive(Debug, thiserror::Error)]
#[error("the proxy refused the connection: {0}")]
struct ProxyRefused(String);

impl ProxyRefused {
    fn into_io(reason: impl Into<String>) -> io::Error {
        io::Error::other(Self(reason.into()))
    }
}
