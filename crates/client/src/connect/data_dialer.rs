//! Data connections: passive and active mode.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use oxftp_proto::dialog::{Event, PassiveAddress};

use super::{BoxListener, BoxSocket, Connector, ListenAt, Target};
use crate::deadline::Deadline;

/// Active mode: the server connects to this side (`EPRT`, `PORT`).
///
/// ```no_run
/// use oxftp::{ActiveMode, Client};
///
/// # async fn example() -> oxftp::Result<()> {
/// let active = ActiveMode::new().ports(50_000..=50_100);
/// let client = Client::builder().active(active).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActiveMode {
    advertise: Option<IpAddr>,
    ports: Option<RangeInclusive<u16>>,
}

impl ActiveMode {
    /// Listens on the local address of the control connection, on any free port.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().active(oxftp::ActiveMode::new());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the address that is sent to the server, for clients whose address is translated (NAT). Defaults to the local address of the
    /// control connection.
    ///
    /// ```
    /// let mode = oxftp::ActiveMode::new().advertise("203.0.113.5".parse().unwrap());
    /// ```
    #[must_use]
    pub fn advertise(mut self, address: IpAddr) -> Self {
        self.advertise = Some(address);
        self
    }

    /// Sets the range of ports to listen on. Defaults to any free port.
    ///
    /// ```
    /// let mode = oxftp::ActiveMode::new().ports(50_000..=50_100);
    /// ```
    #[must_use]
    pub fn ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.ports = Some(ports);
        self
    }
}

/// The result of opening a data connection: connected (passive), or waiting for the server (active).
pub(crate) enum Opened {
    Socket(BoxSocket),
    /// The port is known. It is connected to after the transfer command.
    Late(LatePort),
    Listener(ActiveListener),
}

/// A port of the server on which it listens only after the transfer command.
pub(crate) struct LatePort {
    host: String,
    address: Option<IpAddr>,
    port: u16,
}

impl LatePort {
    /// Connects to the port, again while it refuses.
    pub(crate) async fn connect(&self, connector: &dyn Connector) -> io::Result<BoxSocket> {
        let Self { host, address, port } = self;
        connect(connector, Target::Data { host, address: *address, port: *port }).await
    }
}

/// A listener that accepts connections from the server's address only.
pub(crate) struct ActiveListener {
    listener: BoxListener,
    peer: Option<IpAddr>,
}

impl ActiveListener {
    /// Waits for the server; drops connections from other addresses.
    pub(crate) async fn accept(mut self) -> io::Result<BoxSocket> {
        loop {
            let socket = self.listener.accept().await?;
            let from = socket.peer_address().map(|address| address.ip().to_canonical());
            if self.peer.is_none() || from == self.peer.map(|peer| peer.to_canonical()) {
                return Ok(socket);
            }
            crate::trace::warn!(
                ?from,
                "dropped a connection to the data port from another address than the server's"
            );
        }
    }
}

/// Opens the data connections that dialogs request.
pub(crate) struct DataDialer<'a> {
    pub(crate) connector: &'a dyn Connector,
    pub(crate) host: &'a str,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) local: Option<IpAddr>,
    pub(crate) trust_advertised: bool,
    pub(crate) active: Option<&'a ActiveMode>,
    pub(crate) deadline: Option<Duration>,
    /// The port is connected to after the transfer command.
    pub(crate) connects_late: bool,
    pub(crate) opened: Option<Opened>,
    pub(crate) failure: Option<io::Error>,
}

impl DataDialer<'_> {
    /// Connects to the server's data port, at the address of the control connection's peer. The address in the
    /// server's reply is used only if it is trusted.
    pub(crate) async fn open(&mut self, passive: PassiveAddress) -> Event {
        let advertised =
            passive.advertised.filter(|address| self.trust_advertised && !address.is_unspecified());
        let address = advertised.map(IpAddr::V4).or(self.peer);
        if self.connects_late {
            let late = LatePort { host: self.host.to_owned(), address, port: passive.port };
            self.opened = Some(Opened::Late(late));
            return Event::Opened;
        }
        let target = Target::Data { host: self.host, address, port: passive.port };
        match Deadline::start(self.deadline).cut(connect(self.connector, target)).await {
            Some(Ok(socket)) => {
                // If this connection is dropped before its command is sent, it must not look like the end of an empty
                // upload: libunftp may use it for the next one.
                socket.reset_on_close(true);
                self.opened = Some(Opened::Socket(socket));
                return Event::Opened;
            }
            Some(Err(error)) => self.failure = Some(error),
            None => self.failure = Some(too_slow()),
        }
        crate::trace::debug!(port = passive.port, error = ?self.failure, "cannot open the data connection");
        Event::NotOpened
    }

    /// Listens for the server; returns the address to send to it.
    pub(crate) async fn listen(&mut self) -> io::Result<SocketAddr> {
        let active = self.active.cloned().unwrap_or_default();
        let Some(address) = self.local else {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the local address of the control connection is unknown",
            ));
        };
        let listener = self.connector.listen(ListenAt { address, ports: active.ports }).await?;
        let local = listener.local_address()?;
        self.opened = Some(Opened::Listener(ActiveListener { listener, peer: self.peer }));
        Ok(SocketAddr::new(active.advertise.unwrap_or(local.ip()), local.port()))
    }
}

/// Connects to the server's data port, again after a short pause if it refuses: small devices send the port before
/// they listen on it.
async fn connect(connector: &dyn Connector, target: Target<'_>) -> io::Result<BoxSocket> {
    for pause in PAUSES_WHILE_REFUSED {
        match connector.connect(target).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                tokio::time::sleep(pause).await;
            }
            outcome => return outcome,
        }
    }
    connector.connect(target).await
}

/// The pauses before a refused data connection is tried again.
const PAUSES_WHILE_REFUSED: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(150),
    Duration::from_millis(300),
    Duration::from_millis(500),
];

pub(crate) fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the data connection was not opened in time")
}
