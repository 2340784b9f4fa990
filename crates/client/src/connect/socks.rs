//! Through a SOCKS proxy.

use std::io;

use oxftp_proto::Secret;
use tokio::net::TcpStream;
use tokio_socks::tcp::{Socks4Stream, Socks5Stream};

use super::{BoxSocket, Connector, Target, TcpConnector, proxied::Proxied};
use crate::path_io::BoxFuture;

/// Connects through a SOCKS5 proxy (RFC 1928), control and data alike; the proxy resolves names.
///
/// Active mode is not possible.
///
/// ```no_run
/// use oxftp::{Client, connect::Socks5Connector};
///
/// # async fn example() -> oxftp::Result<()> {
/// let proxy = Socks5Connector::new("proxy.example.org", 1080).credentials("me", "secret");
/// let client = Client::builder().connector(proxy).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Socks5Connector {
    host: String,
    port: u16,
    login: Option<(String, Secret)>,
    tcp: TcpConnector,
}

impl Socks5Connector {
    /// Names the proxy.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, login: None, tcp: TcpConnector::new() }
    }

    /// Logs in at the proxy (RFC 1929). Defaults to no login.
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    /// Reaches the proxy itself by this connector. Defaults to [`TcpConnector::new`].
    #[must_use]
    pub fn via(mut self, tcp: TcpConnector) -> Self {
        self.tcp = tcp;
        self
    }

    async fn open(&self, target: Target<'_>) -> io::Result<TcpStream> {
        let socket = self.tcp.connect_to(&self.host, self.port).await?;
        let (host, port) = target.host_and_port();
        let tunnel = match &self.login {
            Some((user, password)) => {
                Socks5Stream::connect_with_password_and_socket(
                    socket,
                    (&*host, port),
                    user,
                    password.expose(),
                )
                .await
            }
            None => Socks5Stream::connect_with_socket(socket, (&*host, port)).await,
        };
        Ok(tunnel.map_err(proxy_error)?.into_inner())
    }
}

impl Connector for Socks5Connector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move { Ok(Proxied::boxed(self.open(target).await?)) })
    }
}

/// Connects through a SOCKS4a proxy, control and data alike; the proxy resolves names.
///
/// SOCKS4 knows a user but no password, and no IPv6. Active mode is not possible.
///
/// ```no_run
/// use oxftp::{Client, connect::Socks4Connector};
///
/// # async fn example() -> oxftp::Result<()> {
/// let proxy = Socks4Connector::new("proxy.example.org", 1080);
/// let client = Client::builder().connector(proxy).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Socks4Connector {
    host: String,
    port: u16,
    user: Option<String>,
    tcp: TcpConnector,
}

impl Socks4Connector {
    /// Names the proxy.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, user: None, tcp: TcpConnector::new() }
    }

    /// Names a user to the proxy. Defaults to none.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Reaches the proxy itself by this connector. Defaults to [`TcpConnector::new`].
    #[must_use]
    pub fn via(mut self, tcp: TcpConnector) -> Self {
        self.tcp = tcp;
        self
    }

    async fn open(&self, target: Target<'_>) -> io::Result<TcpStream> {
        let socket = self.tcp.connect_to(&self.host, self.port).await?;
        let (host, port) = target.host_and_port();
        let tunnel = match &self.user {
            Some(user) => Socks4Stream::connect_with_userid_and_socket(socket, (&*host, port), user).await,
            None => Socks4Stream::connect_with_socket(socket, (&*host, port)).await,
        };
        Ok(tunnel.map_err(proxy_error)?.into_inner())
    }
}

impl Connector for Socks4Connector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move { Ok(Proxied::boxed(self.open(target).await?)) })
    }
}

fn proxy_error(error: tokio_socks::Error) -> io::Error {
    match error {
        tokio_socks::Error::Io(error) => error,
        error => io::Error::other(ProxyRefused(error.to_string())),
    }
}

/// A proxy would not connect.
#[derive(Debug, thiserror::Error)]
#[error("the proxy refused: {0}")]
pub(super) struct ProxyRefused(pub(super) String);
