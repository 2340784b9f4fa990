//! TLS handshakes of one control connection and its data connections.

use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rustls::{HandshakeKind, ProtocolVersion, client::Resumption, pki_types::ServerName};
use tokio_rustls::TlsConnector;

use super::{
    TlsConfig, TlsStream, invalid,
    resumption::{HandshakeReplay, TicketStore, transcript::Transcript},
    socket::TlsSocket,
};
use crate::{Result, connect::BoxSocket};

/// The numbers of full and resumed TLS handshakes of a client.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.download("pub").await?;
/// let counts = client.tls_counts();
/// println!("{} sessions were resumed", counts.resumed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TlsCounts {
    /// Full handshakes, which verify the certificate.
    pub full: u64,
    /// Handshakes that resumed an earlier session.
    pub resumed: u64,
}

/// TLS for one control connection and its data connections, for programs that speak FTP themselves over the sockets
/// of [`connect`](crate::connect).
///
/// A [`Client`](crate::Client) has its own. Servers that require session reuse bind it to the control connection, so
/// the session store is never shared with another client. Clones share the session store.
///
/// ```no_run
/// use oxftp::{TlsConfig, TlsSession, connect::{Connector, Target, TcpConnector}};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = TcpConnector::new().connect(Target::Control { host: "ftp.example.org", port: 990 }).await?;
/// let tls = TlsSession::new(&TlsConfig::new(), "ftp.example.org")?;
/// let control = tls.control(socket).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TlsSession {
    connector: TlsConnector,
    name: ServerName<'static>,
    /// The recorded handshake of the control connection.
    transcript: Arc<Transcript>,
    is_recorded: bool,
    /// `true` if the latest data connection did not resume a session.
    is_data_new: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

impl fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSession").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Counts {
    full: AtomicU64,
    resumed: AtomicU64,
}

impl TlsSession {
    /// Creates the session store of one control connection. `host` is the name that certificates are verified against.
    ///
    /// ```no_run
    /// # fn example() -> oxftp::Result<()> {
    /// use oxftp::{TlsConfig, TlsSession};
    ///
    /// let tls = TlsSession::new(&TlsConfig::new(), "ftp.example.org")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TlsConfig`](crate::Error::TlsConfig) if the configuration or the host name is invalid.
    pub fn new(config: &TlsConfig, host: &str) -> Result<Self> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| invalid(format!("{host:?} is not a valid host name of a certificate")))?;
        let transcript = Arc::new(Transcript::default());
        let mut rustls = config.build()?;
        let replay = HandshakeReplay { transcript: transcript.clone(), config: rustls.clone() };
        let replay = Some(replay).filter(|_| config.is_recordable());
        let tickets = Arc::new(TicketStore::new(replay));
        rustls.resumption = Resumption::store(tickets);
        Ok(Self {
            connector: Arc::new(rustls).into(),
            name,
            transcript,
            is_recorded: config.is_recordable(),
            is_data_new: Arc::default(),
            counts: Arc::default(),
        })
    }

    /// Performs the handshake of the control connection; the socket that it returns is encrypted.
    ///
    /// ```no_run
    /// # async fn example(socket: oxftp::connect::BoxSocket) -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::{TlsConfig, TlsSession};
    ///
    /// let tls = TlsSession::new(&TlsConfig::new(), "ftp.example.org")?;
    /// let control = tls.control(socket).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the socket, or of the handshake.
    pub async fn control(&self, socket: BoxSocket) -> io::Result<BoxSocket> {
        Ok(Box::new(TlsSocket(self.secure_control(socket).await?)))
    }

    /// Performs the handshake of a data connection, with the TLS session of the control connection. Call it after
    /// [`control`](Self::control).
    ///
    /// ```no_run
    /// # async fn example(socket: oxftp::connect::BoxSocket) -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::{TlsConfig, TlsSession};
    ///
    /// let tls = TlsSession::new(&TlsConfig::new(), "ftp.example.org")?;
    /// let data = tls.data(socket).await?; // after `control`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the socket, or of the handshake.
    pub async fn data(&self, socket: BoxSocket) -> io::Result<BoxSocket> {
        Ok(Box::new(TlsSocket(self.secure_data(socket).await?)))
    }

    /// Does the handshake of the control connection.
    pub(crate) async fn secure_control(&self, socket: BoxSocket) -> io::Result<TlsStream> {
        if !self.is_recorded || self.transcript.is_discarded() {
            let stream = self.connector.connect(self.name.clone(), socket).await?;
            self.count(&stream);
            return Ok(stream);
        }
        let socket = self.transcript.record_received(socket);
        let mut connect = self.transcript.record(|| self.connector.connect(self.name.clone(), socket));
        let stream =
            std::future::poll_fn(|cx| self.transcript.record(|| Pin::new(&mut connect).poll(cx))).await?;
        if stream.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            self.transcript.discard();
        }
        self.count(&stream);
        Ok(stream)
    }

    /// Does the handshake of a data connection.
    pub(crate) async fn secure_data(&self, socket: BoxSocket) -> io::Result<TlsStream> {
        let stream = self.connector.connect(self.name.clone(), socket).await?;
        let is_new = !self.count(&stream);
        self.is_data_new.store(is_new, Ordering::Relaxed);
        Ok(stream)
    }

    /// Forgets the secrets of the handshake of the control connection, or does not record them: the server is known to
    /// accept data connections that resume no session.
    pub(crate) fn forget_handshake(&self) {
        self.transcript.discard();
    }

    /// Records that the transfer over the latest data connection succeeded. If it resumed no session, the server does not
    /// require that.
    pub(crate) fn note_transferred(&self) {
        if self.is_data_new.load(Ordering::Relaxed) {
            self.forget_handshake();
        }
    }

    /// Returns the numbers of full and resumed handshakes.
    ///
    /// ```no_run
    /// # fn example() -> oxftp::Result<()> {
    /// use oxftp::{TlsConfig, TlsSession};
    ///
    /// let tls = TlsSession::new(&TlsConfig::new(), "ftp.example.org")?;
    /// assert_eq!(tls.counts().full, 0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn counts(&self) -> TlsCounts {
        TlsCounts {
            full: self.counts.full.load(Ordering::Relaxed),
            resumed: self.counts.resumed.load(Ordering::Relaxed),
        }
    }

    /// Counts a handshake, and returns whether it resumed a session.
    fn count(&self, stream: &TlsStream) -> bool {
        let (_, connection) = stream.get_ref();
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let count = if resumed { &self.counts.resumed } else { &self.counts.full };
        count.fetch_add(1, Ordering::Relaxed);
        crate::trace::debug!(resumed, version = ?connection.protocol_version(), "TLS handshake");
        resumed
    }
}

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests {
    use std::net::SocketAddr;

    use oxftp_testing::{
        certificates::Authority,
        tls_terminator::{Alpn, TlsTerminator},
    };
    use rustls::{crypto::aws_lc_rs, crypto::aws_lc_rs::kx_group};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    /// Starts a server that repeats what it gets.
    async fn start(tls: TlsConfig) -> (TlsSession, SocketAddr, TlsTerminator) {
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = echo.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = echo.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = socket.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        let authority = Authority::new("tests").unwrap();
        let identity = authority.server(&["127.0.0.1"]).unwrap();
        let front = TlsTerminator::start(address, &identity, Alpn::Unknown).await;
        let tls = tls.root_certificates_pem(authority.pem()).unwrap();
        (TlsSession::new(&tls, "127.0.0.1").unwrap(), front.address(), front)
    }

    /// Connects, and reads what the server sends after the handshake.
    async fn connected(session: &TlsSession, address: SocketAddr, is_control: bool) -> TlsStream {
        let socket = Box::new(TcpStream::connect(address).await.unwrap());
        let mut stream = match is_control {
            true => session.secure_control(socket).await.unwrap(),
            false => session.secure_data(socket).await.unwrap(),
        };
        exchange(&mut stream).await;
        stream
    }

    async fn exchange(stream: &mut TlsStream) {
        stream.write_all(b"x").await.unwrap();
        stream.read_exact(&mut [0]).await.unwrap();
    }

    /// Connects. Returns the key exchange, and the number of tickets that a replay of the handshake yields.
    async fn connect_and_replay(tls: TlsConfig) -> (String, usize) {
        let (session, address, _servers) = start(tls.clone()).await;
        let control = connected(&session, address, true).await;
        let group = control.get_ref().1.negotiated_key_exchange_group().unwrap().name();
        let config = session.connector.config();
        let tickets = session.transcript.replay_tickets(config, &session.name);
        (format!("{group:?}"), tickets.len())
    }

    /// Returns the number of tickets that a replay of the recorded handshake yields.
    fn replayed(session: &TlsSession) -> usize {
        session.transcript.replay_tickets(session.connector.config(), &session.name).len()
    }

    #[tokio::test]
    async fn handshake_secrets_are_not_recorded_without_need() {
        let (session, address, _server) = start(TlsConfig::new()).await;
        session.forget_handshake();

        let _control = connected(&session, address, true).await;

        assert_eq!(replayed(&session), 0);
    }

    #[tokio::test]
    async fn handshake_secrets_are_forgotten_when_unneeded() {
        let (session, address, _server) = start(TlsConfig::new()).await;
        let _control = connected(&session, address, true).await;
        session.note_transferred();
        assert_eq!(replayed(&session), 2);

        // A data connection that resumed no session, and the success of its transfer.
        session.is_data_new.store(true, Ordering::Relaxed);
        session.note_transferred();

        assert_eq!(replayed(&session), 0);
    }

    #[tokio::test]
    async fn post_quantum_handshake_is_replayed_for_tickets() {
        assert_eq!(connect_and_replay(TlsConfig::new()).await, ("X25519MLKEM768".to_owned(), 2));
    }

    #[tokio::test]
    async fn key_exchange_groups_of_a_provider_are_kept() {
        for group in [kx_group::SECP384R1, kx_group::SECP256R1] {
            let provider = Arc::new(rustls::crypto::CryptoProvider {
                kx_groups: vec![group],
                ..aws_lc_rs::default_provider()
            });
            let expected = format!("{:?}", group.name());
            let tls = TlsConfig::new().crypto_provider(provider);
            assert_eq!(connect_and_replay(tls).await, (expected, 2));
        }
    }
}
