//! Through an HTTP proxy.

use std::io;

use base64::{Engine, prelude::BASE64_STANDARD};
use oxftp_proto::Secret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{BoxSocket, Connector, Target, TcpConnector, proxied::Proxied, socks::ProxyRefused};
use crate::path_io::BoxFuture;

/// Connects through an HTTP proxy with `CONNECT` (RFC 9110, 9.3.6), control and data alike; the
/// proxy resolves names.
///
/// Many proxies allow `CONNECT` to port 443 only. Active mode is not possible.
///
/// ```no_run
/// use oxftp::{Client, connect::HttpConnector};
///
/// # async fn example() -> oxftp::Result<()> {
/// let proxy = HttpConnector::new("proxy.example.org", 3128);
/// let client = Client::builder().connector(proxy).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HttpConnector {
    host: String,
    port: u16,
    login: Option<(String, Secret)>,
    tcp: TcpConnector,
}

impl HttpConnector {
    /// Names the proxy.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, login: None, tcp: TcpConnector::new() }
    }

    /// Logs in at the proxy by Basic authentication. Defaults to no login.
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
        let mut socket = self.tcp.connect_to(&self.host, self.port).await?;
        let (host, port) = target.host_and_port();
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        socket.write_all(self.request(&format!("{host}:{port}")).as_bytes()).await?;
        read_answer(&mut socket).await?;
        Ok(socket)
    }

    fn request(&self, place: &str) -> String {
        let login = self.login.as_ref().map(|(user, password)| {
            let token = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
            format!("Proxy-Authorization: Basic {token}\r\n")
        });
        format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{}\r\n", login.unwrap_or_default())
    }
}

impl Connector for HttpConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move { Ok(Proxied::boxed(self.open(target).await?)) })
    }
}

/// Reads the proxy's answer and not one byte more: what follows is the server's greeting.
async fn read_answer(socket: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_ANSWER {
            return Err(refused("its answer has no end"));
        }
        head.push(socket.read_u8().await?);
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    answer.parse(&head).map_err(|error| refused(&format!("its answer is no HTTP: {error}")))?;
    match answer.code {
        Some(200..=299) => Ok(()),
        Some(code) => Err(refused(&format!("{code} {}", answer.reason.unwrap_or_default()))),
        None => Err(refused("its answer has no code")),
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::other(ProxyRefused(why.to_owned()))
}

const LONGEST_ANSWER: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
