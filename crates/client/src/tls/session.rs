//! TLS handshakes of one control connection and its data connections.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rustls::{HandshakeKind, client::Resumption, pki_types::ServerName};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    TlsConfig, invalid,
    resumption::{HandshakeReplay, TicketStore, transcript::Transcript},
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

/// TLS for one control connection and its data connections.
///
/// Servers that require session reuse bind it to the control connection, so the session store is never shared
/// with another client.
#[derive(Clone)]
pub(crate) struct TlsSession {
    connector: TlsConnector,
    name: ServerName<'static>,
    /// The recorded handshake of the control connection.
    transcript: Arc<Transcript>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    full: AtomicU64,
    resumed: AtomicU64,
}

impl TlsSession {
    pub(crate) fn new(config: &TlsConfig, host: &str) -> Result<Self> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| invalid(format!("{host:?} is not a valid host name of a certificate")))?;
        let transcript = Arc::new(Transcript::default());
        let mut rustls = config.build()?;
        let replay = HandshakeReplay { transcript: transcript.clone(), config: rustls.clone() };
        rustls.resumption = Resumption::store(Arc::new(TicketStore::new(Some(replay))));
        Ok(Self { connector: Arc::new(rustls).into(), name, transcript, counts: Arc::default() })
    }

    /// Does the handshake of the control connection.
    pub(crate) async fn secure_control(&self, socket: BoxSocket) -> io::Result<TlsStream<BoxSocket>> {
        let socket = self.transcript.record_received(socket);
        let mut connect = self.transcript.record(|| self.connector.connect(self.name.clone(), socket));
        let stream =
            std::future::poll_fn(|cx| self.transcript.record(|| Pin::new(&mut connect).poll(cx))).await?;
        self.count(&stream);
        Ok(stream)
    }

    /// Does the handshake of a data connection.
    pub(crate) async fn secure_data(&self, socket: BoxSocket) -> io::Result<TlsStream<BoxSocket>> {
        let stream = self.connector.connect(self.name.clone(), socket).await?;
        self.count(&stream);
        Ok(stream)
    }

    pub(crate) fn counts(&self) -> TlsCounts {
        TlsCounts {
            full: self.counts.full.load(Ordering::Relaxed),
            resumed: self.counts.resumed.load(Ordering::Relaxed),
        }
    }

    fn count(&self, stream: &TlsStream<BoxSocket>) {
        let (_, connection) = stream.get_ref();
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let count = if resumed { &self.counts.resumed } else { &self.counts.full };
        count.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(resumed, version = ?connection.protocol_version(), "TLS handshake");
    }
}
