//! Straight to the server.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use super::{BoxListener, BoxSocket, Connector, ListenAt, Listener, Target, happy_eyeballs};
use crate::path_io::BoxFuture;

/// Connects over TCP: tries all addresses of a name (RFC 8305), sends keep-alive probes, and sends
/// commands without delay.
///
/// ```
/// use oxftp::connect::{Family, TcpConnector};
///
/// let connector = TcpConnector::new().family(Family::Ipv4).bind("127.0.0.1".parse().unwrap());
/// ```
#[derive(Debug, Clone, Default)]
pub struct TcpConnector {
    bind: Option<IpAddr>,
    family: Family,
}

/// Which addresses of a name are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// Both, in the order that the system's resolver prefers.
    #[default]
    Any,
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
}

impl TcpConnector {
    /// Makes a connector that uses any address and any local interface.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects from this local address only. Defaults to the system's choice.
    #[must_use]
    pub fn bind(mut self, address: IpAddr) -> Self {
        self.bind = Some(address);
        self
    }

    /// Uses addresses of this family only. Defaults to both.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    pub(super) async fn connect_to(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let usable: Vec<_> =
            lookup_host((host, port)).await?.filter(|address| self.allows(address.ip())).collect();
        if usable.is_empty() {
            let why = format!("{host} has no address of the wanted family");
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, why));
        }
        let bind = self.bind;
        happy_eyeballs::connect(usable, move |address| dial(address, bind)).await
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
                    dial(SocketAddr::new(address, port), self.bind).await?
                }
                Target::Control { host, port } | Target::Data { host, port, .. } => {
                    self.connect_to(host, port).await?
                }
            };
            Ok(Box::new(stream) as BoxSocket)
        })
    }

    fn listen(&self, place: ListenAt) -> BoxFuture<'_, io::Result<BoxListener>> {
        Box::pin(async move { Ok(Box::new(listen(place)?) as BoxListener) })
    }
}

impl Listener for TcpListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxSocket>> {
        Box::pin(async move {
            let (stream, _) = Self::accept(self).await?;
            tune(&stream)?;
            Ok(Box::new(stream) as BoxSocket)
        })
    }
}

async fn dial(address: SocketAddr, bind: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bind) = bind {
        socket.bind(SocketAddr::new(bind, 0))?;
    }
    let stream = socket.connect(address).await?;
    tune(&stream)?;
    Ok(stream)
}

/// Sends at once, and keeps the connection known to routers that forget silent ones after a
/// minute.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(30));
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

fn listen(place: ListenAt) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::AddrInUse, "no port of the range is free");
    for port in place.ports.unwrap_or(0..=0) {
        let socket = if place.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        match socket.bind(SocketAddr::new(place.address, port)) {
            Ok(()) => return socket.listen(BACKLOG),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

const BACKLOG: u32 = 4;
