//! How sockets are opened: the only place that reaches the network.
//!
//! A [`Connector`] opens the control connection and every data connection. [`TcpConnector`] goes
//! straight; [`Socks5Connector`], [`Socks4Connector`] and [`HttpConnector`] go through a proxy.

pub(crate) mod data_dialer;
mod happy_eyeballs;
mod proxy;
mod tcp;

pub use self::proxy::http::HttpConnector;
pub use self::proxy::socks::{Socks4Connector, Socks5Connector};
pub use self::tcp::{Family, TcpConnector};

use std::{
    fmt, io,
    mem::MaybeUninit,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::future::BoxFuture;

/// Opens sockets for a client; the hook for proxies, tunnels and tests.
///
/// ```
/// use std::io;
/// use oxftp::{connect::{BoxSocket, Connector, Target, TcpConnector}, path_io::BoxFuture};
///
/// /// Reaches the server at an address that its name does not lead to.
/// #[derive(Debug)]
/// struct Pinned(TcpConnector);
///
/// impl Connector for Pinned {
///     fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
///         match target {
///             Target::Control { port, .. } => self.0.connect(Target::Control { host: "192.0.2.1", port }),
///             data => self.0.connect(data),
///         }
///     }
/// }
///
/// let builder = oxftp::Client::builder().connector(Pinned(TcpConnector::new()));
/// ```
pub trait Connector: fmt::Debug + Send + Sync + 'static {
    /// Opens a connection. Deadlines are the caller's task.
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>>;

    /// Listens for a data connection in active mode.
    ///
    /// Defaults to an error of kind [`Unsupported`](io::ErrorKind::Unsupported), as through most
    /// proxies nobody can be reached.
    fn listen(&self, place: ListenAt) -> BoxFuture<'_, io::Result<BoxListener>> {
        let _ = place;
        Box::pin(async {
            Err(io::Error::new(io::ErrorKind::Unsupported, "this connector cannot listen for active mode"))
        })
    }
}

/// What to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// The server's control port, as the user gave it.
    Control {
        /// A name or an address.
        host: &'a str,
        /// The port.
        port: u16,
    },
    /// A port where the server listens for data.
    Data {
        /// The server's host as the user gave it, for connectors that resolve names elsewhere.
        host: &'a str,
        /// The address to connect to, `None` when the control connection's peer is unknown.
        address: Option<IpAddr>,
        /// The port.
        port: u16,
    },
}

impl Target<'_> {
    /// Gives the host to name to a proxy: the address where it is known, else the name.
    fn host_and_port(&self) -> (String, u16) {
        match *self {
            Self::Control { host, port } => (host.to_owned(), port),
            Self::Data { address: Some(address), port, .. } => (address.to_string(), port),
            Self::Data { host, port, .. } => (host.to_owned(), port),
        }
    }
}

/// Where to listen in active mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAt {
    /// The local address, that of the control connection.
    pub address: IpAddr,
    /// The ports to choose from; any free one when `None`.
    pub ports: Option<RangeInclusive<u16>>,
}

/// An open connection.
pub trait Socket: AsyncRead + AsyncWrite + fmt::Debug + Send + Sync + Unpin {
    /// Gives the address of the server itself; `None` where a proxy stands between.
    fn peer_address(&self) -> Option<SocketAddr>;

    /// Gives the own address.
    fn local_address(&self) -> Option<SocketAddr>;

    /// Makes a close a reset or, with `false`, a regular end again. The other side cannot take a
    /// reset for the end of a file.
    fn reset_on_close(&self, reset: bool);

    /// Tells, without waiting, whether bytes or the end have arrived that were not read; `true`
    /// when that is not known.
    fn has_unread(&self) -> bool {
        true
    }

    /// Gives the TCP stream whose bytes are those of this connection, if it is no more than that;
    /// a transfer of a local file may then leave the copying to the system.
    ///
    /// Defaults to none: every byte goes through this type's own methods.
    fn tcp_stream(&self) -> Option<&TcpStream> {
        None
    }

    /// Takes out what [`tcp_stream`](Self::tcp_stream) shows; `None` where that is `None`.
    fn into_tcp_stream(self: Box<Self>) -> Option<TcpStream> {
        None
    }
}

/// An open connection of any kind.
pub type BoxSocket = Box<dyn Socket>;

/// A socket that waits for the server to connect.
pub trait Listener: fmt::Debug + Send {
    /// Gives the address it listens at.
    ///
    /// # Errors
    ///
    /// Whatever the system says.
    fn local_address(&self) -> io::Result<SocketAddr>;

    /// Waits for one connection.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxSocket>>;
}

/// A listening socket of any kind.
pub type BoxListener = Box<dyn Listener>;

impl Socket for TcpStream {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.peer_addr().ok()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.local_addr().ok()
    }

    fn reset_on_close(&self, reset: bool) {
        // Failing means that the connection is gone already.
        let _ = socket2::SockRef::from(self).set_linger(reset.then_some(std::time::Duration::ZERO));
    }

    fn has_unread(&self) -> bool {
        let mut byte = [MaybeUninit::uninit(); 1];
        match socket2::SockRef::from(self).peek(&mut byte) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    fn tcp_stream(&self) -> Option<&TcpStream> {
        Some(self)
    }

    fn into_tcp_stream(self: Box<Self>) -> Option<TcpStream> {
        Some(*self)
    }
}
