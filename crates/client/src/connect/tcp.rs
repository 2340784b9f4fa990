//! Direct TCP connections.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use super::{BoxListener, BoxSocket, Connector, ListenAt, Listener, Target, happy_eyeballs};
use crate::future::BoxFuture;

/// Connects over TCP: tries all addresses of a host (RFC 8305), sends keep-alive probes, and sets `TCP_NODELAY`.
///
/// ```
/// use oxftp::connect::{Family, TcpConnector};
///
/// let connector = TcpConnector::new().family(Family::Ipv4).bind("127.0.0.1".parse().unwrap());
/// ```
#[derive(Debug, Clone)]
pub struct TcpConnector {
    bind: Option<IpAddr>,
    family: Family,
    /// The interval of probes; `None` sends none.
    keep_alive: Option<Duration>,
}

impl Default for TcpConnector {
    fn default() -> Self {
        Self { bind: None, family: Family::Any, keep_alive: Some(KEEP_ALIVE) }
    }
}

/// The address family of connections.
///
/// ```no_run
/// use oxftp::{Client, connect::{Family, TcpConnector}};
///
/// # async fn example() -> oxftp::Result<()> {
/// let tcp = TcpConnector::new().family(Family::Ipv4);
/// let client = Client::builder().connector(tcp).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// IPv4 and IPv6, in the order of the system's resolver.
    #[default]
    Any,
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
}

impl TcpConnector {
    /// Creates a connector for both address families and any local address.
    ///
    /// ```
    /// use oxftp::connect::TcpConnector;
    ///
    /// let builder = oxftp::Client::builder().connector(TcpConnector::new());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the local address to connect from. Defaults to the system's choice.
    ///
    /// ```
    /// use oxftp::connect::TcpConnector;
    ///
    /// let connector = TcpConnector::new().bind("192.0.2.7".parse().unwrap());
    /// ```
    #[must_use]
    pub fn bind(mut self, address: IpAddr) -> Self {
        self.bind = Some(address);
        self
    }

    /// Sets the address family. Defaults to both.
    ///
    /// ```
    /// use oxftp::connect::{Family, TcpConnector};
    ///
    /// let connector = TcpConnector::new().family(Family::Ipv4);
    /// ```
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Sets the interval of TCP keep-alive probes on idle control and data connections (`SO_KEEPALIVE`). Defaults
    /// to 30 seconds, since many routers drop connections that are idle for a minute; `None` sends no probes.
    /// Systems round to whole seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// use oxftp::connect::TcpConnector;
    ///
    /// let connector = TcpConnector::new().keep_alive(Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn keep_alive(mut self, interval: Option<Duration>) -> Self {
        self.keep_alive = interval;
        self
    }

    pub(super) async fn connect_to(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let usable: Vec<_> =
            lookup_host((host, port)).await?.filter(|address| self.allows(address.ip())).collect();
        if usable.is_empty() {
            let why = format!("{host} has no address of the requested family");
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, why));
        }
        let (bind, keep_alive) = (self.bind, self.keep_alive);
        happy_eyeballs::connect(usable, move |address| dial(address, bind, keep_alive)).await
    }

    fn allows(&self, address: IpAddr) -> bool {
        let family = match self.family {
            Family::Any => true,
            Family::Ipv4 => address.is_ipv4(),
            Family::Ipv6 => address.is_ipv6(),
        };
        family && self.bind.is_none_or(|bind| bind.is_ipv4() == address.is_ipv4())
    }
}

impl Connector for TcpConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let stream = match target {
                Target::Data { address: Some(address), port, .. } => {
                    dial(SocketAddr::new(address, port), self.bind, self.keep_alive).await?
                }
                Target::Control { host, port } | Target::Data { host, port, .. } => {
                    self.connect_to(host, port).await?
                }
            };
            Ok(Box::new(stream) as BoxSocket)
        })
    }

    fn listen(&self, at: ListenAt) -> BoxFuture<'_, io::Result<BoxListener>> {
        Box::pin(async move { Ok(Box::new(listen(at)?) as BoxListener) })
    }
}

impl Listener for TcpListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxSocket>> {
        Box::pin(async move {
            let (stream, _) = Self::accept(self).await?;
            set_options(&stream, Some(KEEP_ALIVE))?;
            Ok(Box::new(stream) as BoxSocket)
        })
    }
}

async fn dial(
    address: SocketAddr,
    bind: Option<IpAddr>,
    keep_alive: Option<Duration>,
) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bind) = bind {
        socket.bind(SocketAddr::new(bind, 0))?;
    }
    let stream = socket.connect(address).await?;
    set_options(&stream, keep_alive)?;
    Ok(stream)
}

/// Sets `TCP_NODELAY` and keep-alive probes.
fn set_options(stream: &TcpStream, keep_alive: Option<Duration>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match keep_alive {
        Some(every) => SockRef::from(stream)
            .set_tcp_keepalive(&TcpKeepalive::new().with_time(every).with_interval(every)),
        None => SockRef::from(stream).set_keepalive(false),
    }
}

fn listen(at: ListenAt) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::AddrInUse, "no port of the range is available");
    for port in at.ports.unwrap_or(0..=0) {
        let socket = if at.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        match socket.bind(SocketAddr::new(at.address, port)) {
            Ok(()) => return socket.listen(BACKLOG),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

const BACKLOG: u32 = 4;

/// Half of the idle timeout of the strictest routers.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tcp_keepalive_interval_is_configurable() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connectors = [TcpConnector::new(), TcpConnector::new().keep_alive(Some(Duration::from_secs(7)))];
        for (connector, expected) in connectors.into_iter().zip([30, 7]) {
            let stream = connector.connect_to("127.0.0.1", port).await.unwrap();
            let socket = SockRef::from(&stream);
            assert!(socket.keepalive().unwrap());
            assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(expected));
        }
        let silent = TcpConnector::new().keep_alive(None).connect_to("127.0.0.1", port).await.unwrap();
        assert!(!SockRef::from(&silent).keepalive().unwrap());
    }
}
