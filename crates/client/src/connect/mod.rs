//! Connectors: open the sockets of control and data connections.
//!
//! A [`Connector`] opens the control connection and every data connection. [`TcpConnector`] connects
//! directly, `Proxy` through an HTTP or SOCKS proxy. No other module accesses the network.

pub(crate) mod data_dialer;
#[cfg(any(feature = "proxy", feature = "tls"))]
mod forward_io;
mod happy_eyeballs;
#[cfg(feature = "proxy")]
mod proxy;
mod tcp;

#[cfg(feature = "proxy")]
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
pub use self::proxy::Proxy;
pub use self::tcp::{Family, TcpConnector};

#[cfg(any(feature = "proxy", feature = "tls"))]
pub(crate) use self::forward_io::forward_io;

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

/// Opens the sockets of a client; implement it for custom proxies, tunnels and tests.
///
/// ```
/// use std::io;
/// use oxftp::{connect::{BoxSocket, Connector, Target, TcpConnector}, local_fs::BoxFuture};
///
/// /// Connects to a fixed address, whatever the host name resolves to.
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
    /// Opens a connection. The caller applies the timeout.
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>>;

    /// Listens for a data connection in active mode.
    ///
    /// The default implementation fails with [`Unsupported`](io::ErrorKind::Unsupported), since most proxies
    /// accept no incoming connections.
    fn listen(&self, address: ListenAt) -> BoxFuture<'_, io::Result<BoxListener>> {
        let _ = address;
        Box::pin(async {
            Err(io::Error::new(io::ErrorKind::Unsupported, "this connector does not support active mode"))
        })
    }
}

/// The peer to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// The server's control port, as given by the user.
    Control {
        /// The host name or IP address.
        host: &'a str,
        /// The port.
        port: u16,
    },
    /// A data port of the server, for passive mode.
    Data {
        /// The server's host as given by the user, for connectors that do not resolve names locally.
        host: &'a str,
        /// The address to connect to; `None` if the peer of the control connection is unknown.
        address: Option<IpAddr>,
        /// The port.
        port: u16,
    },
}

impl Target<'_> {
    /// Returns the host to send to a proxy: the address if it is known, else the name.
    fn host_and_port(&self) -> (String, u16) {
        match *self {
            Self::Control { host, port } => (host.to_owned(), port),
            Self::Data { address: Some(address), port, .. } => (address.to_string(), port),
            Self::Data { host, port, .. } => (host.to_owned(), port),
        }
    }
}

/// The address to listen on in active mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAt {
    /// The local address of the control connection.
    pub address: IpAddr,
    /// The allowed ports; `None` for any free port.
    pub ports: Option<RangeInclusive<u16>>,
}

/// An open connection.
pub trait Socket: AsyncRead + AsyncWrite + fmt::Debug + Send + Sync + Unpin {
    /// Returns the address of the server; `None` for a connection through a proxy.
    fn peer_address(&self) -> Option<SocketAddr>;

    /// Returns the local address.
    fn local_address(&self) -> Option<SocketAddr>;

    /// Sets whether closing the connection resets it. The peer cannot mistake a reset for the end of a file.
    fn reset_on_close(&self, reset: bool);

    /// Returns, without waiting, whether unread bytes or the end of the stream have arrived; `true` if this is
    /// unknown.
    fn has_unread(&self) -> bool {
        true
    }

    /// Returns, without waiting, whether the end of the stream has arrived; `false` if this is unknown.
    fn has_ended(&self) -> bool {
        false
    }

    /// Returns the TCP stream whose bytes are exactly those of this connection, if there is one. A transfer of a
    /// local file may then be copied by the operating system.
    ///
    /// Defaults to `None`: every byte goes through the methods of this type.
    fn tcp_stream(&self) -> Option<&TcpStream> {
        None
    }

    /// Returns the stream of [`tcp_stream`](Self::tcp_stream) by value; `None` where that is `None`.
    fn into_tcp_stream(self: Box<Self>) -> Option<TcpStream> {
        None
    }
}

/// A boxed [`Socket`].
pub type BoxSocket = Box<dyn Socket>;

/// A listening socket for connections from the server (active mode).
pub trait Listener: fmt::Debug + Send {
    /// Returns the address that the socket listens on.
    ///
    /// # Errors
    ///
    /// Returns the error of the operating system.
    fn local_address(&self) -> io::Result<SocketAddr>;

    /// Accepts one connection.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxSocket>>;
}

/// A boxed [`Listener`].
pub type BoxListener = Box<dyn Listener>;

/// A connection within the process, for tests with their own connector.
impl Socket for tokio::io::DuplexStream {
    fn peer_address(&self) -> Option<SocketAddr> {
        None
    }

    fn local_address(&self) -> Option<SocketAddr> {
        None
    }

    fn reset_on_close(&self, _reset: bool) {}
}

impl Socket for TcpStream {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.peer_addr().ok()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.local_addr().ok()
    }

    fn reset_on_close(&self, reset: bool) {
        // An error means that the connection is already closed.
        let _ = socket2::SockRef::from(self).set_linger(reset.then_some(std::time::Duration::ZERO));
    }

    fn has_unread(&self) -> bool {
        let mut byte = [MaybeUninit::uninit(); 1];
        match socket2::SockRef::from(self).peek(&mut byte) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    fn has_ended(&self) -> bool {
        let mut byte = [MaybeUninit::uninit(); 1];
        match socket2::SockRef::from(self).peek(&mut byte) {
            Ok(received) => received == 0,
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
