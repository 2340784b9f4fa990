//! Data connections: passive and active mode.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use oxftp_proto::dialog::{Event, PassiveAddress, PassiveMode};

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
        let target = Target::Data { host, address: *address, port: *port };
        connect(connector, target, &PAUSES_WHILE_REFUSED, &|| false, &mut 0).await
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
    /// The last of the passive modes that are tried.
    pub(crate) last_mode: Option<PassiveMode>,
    /// Ports of the server have opened after their replies.
    pub(crate) opens_late: bool,
    /// The port opened after its reply.
    pub(crate) was_late: bool,
    pub(crate) opened: Option<Opened>,
    pub(crate) failure: Option<io::Error>,
}

impl DataDialer<'_> {
    /// Connects to the server's data port, at the address of the control connection's peer. The address in the
    /// server's reply is used only if it is trusted.
    ///
    /// `has_ended` returns whether the session has ended. The port may be that of another server then.
    pub(crate) async fn open(
        &mut self,
        passive: PassiveAddress,
        has_ended: &(dyn Fn() -> bool + Send + Sync),
    ) -> Event {
        let advertised =
            passive.advertised.filter(|address| self.trust_advertised && !address.is_unspecified());
        let address = advertised.map(IpAddr::V4).or(self.peer);
        if self.connects_late {
            let late = LatePort { host: self.host.to_owned(), address, port: passive.port };
            self.opened = Some(Opened::Late(late));
            return Event::Opened;
        }
        let target = Target::Data { host: self.host, address, port: passive.port };
        let pauses = self.pauses(passive);
        let mut tries = 0;
        let connected = connect(self.connector, target, pauses, has_ended, &mut tries);
        let connected = Deadline::start(self.deadline).cut(connected).await;
        self.was_late |= tries > 1 && matches!(connected, Some(Ok(_)));
        match connected {
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

    /// Returns the pauses before a refused port is tried again. They are short if another passive mode follows, which is
    /// more likely to help; a port that opens late is tried again with the last mode.
    fn pauses(&self, passive: PassiveAddress) -> &'static [Duration] {
        let is_last = self.last_mode == Some(PassiveMode::Epsv) || passive.advertised.is_some();
        match is_last || self.opens_late {
            true => &PAUSES_WHILE_REFUSED,
            false => PAUSES_WHILE_REFUSED.get(..2).unwrap_or_default(),
        }
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

/// Connects to the server's data port, again after these pauses if it refuses: small devices send the port before they
/// listen on it. Ends when the session does: the port may then be that of another session, which would get this connection
/// in place of its own.
async fn connect(
    connector: &dyn Connector,
    target: Target<'_>,
    pauses: &[Duration],
    has_ended: &(dyn Fn() -> bool + Send + Sync),
    tries: &mut usize,
) -> io::Result<BoxSocket> {
    let mut pauses = pauses.iter();
    loop {
        if has_ended() {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the session has ended"));
        }
        *tries += 1;
        match (connector.connect(target).await, pauses.next()) {
            (Err(error), Some(pause)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                tokio::time::sleep(*pause).await;
            }
            (outcome, _) => return outcome,
        }
    }
}

/// The pauses before a refused data connection is tried again.
const PAUSES_WHILE_REFUSED: [Duration; 6] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(300),
    Duration::from_millis(400),
    Duration::from_millis(500),
];

pub(crate) fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the data connection was not opened in time")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::connect::TcpConnector;

    /// Connects to a port on which nothing listens. The session ends after this number of attempts.
    async fn attempts_until_end(end: usize) -> usize {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let (connector, checks, mut tries) = (TcpConnector::new(), AtomicUsize::new(0), 0);
        let target = Target::Data { host: "localhost", address: Some(address.ip()), port: address.port() };

        let has_ended = || checks.fetch_add(1, Ordering::Relaxed) >= end;
        let refused = connect(&connector, target, &[Duration::ZERO; 3], &has_ended, &mut tries).await;

        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        tries
    }

    #[tokio::test]
    async fn refused_port_is_tried_again() {
        assert_eq!(attempts_until_end(usize::MAX).await, 4);
    }

    #[tokio::test]
    async fn port_of_ended_session_is_not_tried() {
        assert_eq!(attempts_until_end(2).await, 2);
        assert_eq!(attempts_until_end(0).await, 0);
    }
}
