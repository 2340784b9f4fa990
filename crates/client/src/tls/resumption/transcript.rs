//! Transcript of a TLS handshake: recorded, and replayed to obtain its tickets again.
//!
//! rustls uses each TLS 1.3 ticket once and does not allow copies. But the result of a handshake depends only on
//! the client's choices (random bytes, key shares, signatures) and on the bytes from the server. Both are recorded
//! during the handshake of the control connection. Replaying them with a second [`ClientConnection`], without
//! network, yields the same tickets again.
//!
//! The transcript is dropped with the client. It contains the secrets from which the keys of the control
//! connection are derived, and is never written to a file or log.

use std::{
    cell::RefCell,
    collections::VecDeque,
    fmt,
    io::{self, Read},
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use rustls::{
    ClientConfig, ClientConnection, NamedGroup,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup,
        aws_lc_rs,
    },
    ffdhe_groups::FfdheGroup,
    pki_types::ServerName,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connect::{BoxSocket, Socket};

/// The client's choices and the received bytes of a control connection's handshake.
#[derive(Default)]
pub(crate) struct Transcript(Mutex<Recording>);

#[derive(Default, Clone)]
struct Recording {
    random: VecDeque<Vec<u8>>,
    shares: VecDeque<KeyShare>,
    signatures: VecDeque<Vec<u8>>,
    received: Vec<u8>,
}

/// A key share of the client, and the resulting shared secret.
#[derive(Clone)]
struct KeyShare {
    public: Vec<u8>,
    secret: Vec<u8>,
}

impl Transcript {
    /// Records the choices that `work` makes on this thread.
    pub(crate) fn record<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        let _guard = ModeGuard::enter(ReplayMode::Record(self.clone()));
        work()
    }

    /// Records the bytes that a connection receives, up to a limit far beyond the tickets.
    pub(crate) fn record_received(self: &Arc<Self>, socket: BoxSocket) -> BoxSocket {
        Box::new(RecordedSocket { socket, transcript: Some(self.clone()) })
    }

    /// Replays the handshake and returns its tickets; none if it was TLS 1.2 or cannot be replayed.
    pub(crate) fn replay_tickets(
        &self,
        config: &ClientConfig,
        server: &ServerName<'static>,
    ) -> VecDeque<Tls13ClientSessionValue> {
        let recording = self.recording().clone();
        if recording.received.is_empty() {
            // The handshake to record has not happened yet.
            return VecDeque::new();
        }
        let collector = Arc::new(TicketCollector::default());
        let mut config = config.clone();
        config.resumption = Resumption::store(collector.clone());
        if let Err(error) = replay(config, server, recording) {
            tracing::debug!(%error, "cannot replay the TLS handshake");
        }
        collector.take()
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Omits the secrets.
impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript")
            .field("received", &self.recording().received.len())
            .finish_non_exhaustive()
    }
}

fn replay(config: ClientConfig, server: &ServerName<'static>, mut recording: Recording) -> io::Result<()> {
    let received = std::mem::take(&mut recording.received);
    let _guard = ModeGuard::enter(ReplayMode::Replay(recording));
    let mut connection = ClientConnection::new(Arc::new(config), server.clone()).map_err(io::Error::other)?;
    let mut unread = received.as_slice();
    let mut dropped = Vec::new();
    loop {
        while connection.wants_write() {
            dropped.clear();
            connection.write_tls(&mut dropped)?;
        }
        if connection.read_tls(&mut unread)? == 0 {
            return Ok(());
        }
        let state = connection.process_new_packets().map_err(io::Error::other)?;
        dropped.resize(state.plaintext_bytes_to_read(), 0);
        connection.reader().read_exact(&mut dropped)?;
    }
}

/// Returns the cryptography provider of aws-lc-rs, with choices that can be recorded and replayed.
pub(crate) fn provider() -> CryptoProvider {
    CryptoProvider {
        kx_groups: vec![
            &RecordedGroup(NamedGroup::X25519),
            &RecordedGroup(NamedGroup::secp256r1),
            &RecordedGroup(NamedGroup::secp384r1),
        ],
        secure_random: &RecordedRandom,
        ..aws_lc_rs::default_provider()
    }
}

/// Creates a signature, or returns the recorded one during a replay.
pub(crate) fn signature(
    sign: impl FnOnce() -> Result<Vec<u8>, rustls::Error>,
) -> Result<Vec<u8>, rustls::Error> {
    MODE.with_borrow_mut(|mode| match mode {
        Some(ReplayMode::Replay(recording)) => {
            recording.signatures.pop_front().ok_or(rustls::Error::HandshakeNotComplete)
        }
        Some(ReplayMode::Record(transcript)) => {
            let signature = sign()?;
            transcript.recording().signatures.push_back(signature.clone());
            Ok(signature)
        }
        None => sign(),
    })
}

/// Whether choices on this thread are recorded or replayed.
enum ReplayMode {
    Record(Arc<Transcript>),
    Replay(Recording),
}

thread_local! {
    static MODE: RefCell<Option<ReplayMode>> = const { RefCell::new(None) };
}

/// Guard that sets the mode of this thread until it is dropped: a handshake makes its choices within one call.
struct ModeGuard(Option<ReplayMode>);

impl ModeGuard {
    fn enter(mode: ReplayMode) -> Self {
        Self(MODE.replace(Some(mode)))
    }
}

impl Drop for ModeGuard {
    fn drop(&mut self) {
        MODE.set(self.0.take());
    }
}

#[derive(Debug)]
struct RecordedRandom;

impl SecureRandom for RecordedRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        MODE.with_borrow_mut(|mode| match mode {
            Some(ReplayMode::Replay(recording)) => {
                let recorded = recording.random.pop_front().filter(|recorded| recorded.len() == bytes.len());
                bytes.copy_from_slice(&recorded.ok_or(GetRandomFailed)?);
                Ok(())
            }
            Some(ReplayMode::Record(transcript)) => {
                aws_lc_rs::default_provider().secure_random.fill(bytes)?;
                transcript.recording().random.push_back(bytes.to_vec());
                Ok(())
            }
            None => aws_lc_rs::default_provider().secure_random.fill(bytes),
        })
    }
}

/// A key exchange group whose key shares can be recorded and replayed.
#[derive(Debug)]
struct RecordedGroup(NamedGroup);

impl RecordedGroup {
    fn real(&self) -> &'static dyn SupportedKxGroup {
        match self.0 {
            NamedGroup::secp256r1 => aws_lc_rs::kx_group::SECP256R1,
            NamedGroup::secp384r1 => aws_lc_rs::kx_group::SECP384R1,
            _ => aws_lc_rs::kx_group::X25519,
        }
    }
}

impl SupportedKxGroup for RecordedGroup {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        MODE.with_borrow_mut(|mode| match mode {
            Some(ReplayMode::Replay(recording)) => {
                let share = recording.shares.pop_front().ok_or(rustls::Error::FailedToGetRandomBytes)?;
                Ok(Box::new(ReplayedExchange { share, group: self.0 }) as Box<dyn ActiveKeyExchange>)
            }
            Some(ReplayMode::Record(transcript)) => {
                let real = self.real().start()?;
                let mut recording = transcript.recording();
                recording.shares.push_back(KeyShare { public: real.pub_key().to_vec(), secret: Vec::new() });
                let index = recording.shares.len() - 1;
                Ok(Box::new(RecordedExchange { real, transcript: transcript.clone(), index })
                    as Box<dyn ActiveKeyExchange>)
            }
            None => self.real().start(),
        })
    }

    fn name(&self) -> NamedGroup {
        self.0
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }
}

struct RecordedExchange {
    real: Box<dyn ActiveKeyExchange>,
    transcript: Arc<Transcript>,
    index: usize,
}

impl ActiveKeyExchange for RecordedExchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let secret = self.real.complete(peer)?;
        if let Some(share) = self.transcript.recording().shares.get_mut(self.index) {
            share.secret = secret.secret_bytes().to_vec();
        }
        Ok(secret)
    }

    fn pub_key(&self) -> &[u8] {
        self.real.pub_key()
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        self.real.group()
    }
}

struct ReplayedExchange {
    share: KeyShare,
    group: NamedGroup,
}

impl ActiveKeyExchange for ReplayedExchange {
    fn complete(self: Box<Self>, _peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        Ok(SharedSecret::from(&*self.share.secret))
    }

    fn pub_key(&self) -> &[u8] {
        &self.share.public
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        self.group
    }
}

/// A connection whose first received bytes are recorded.
#[derive(Debug)]
struct RecordedSocket {
    socket: BoxSocket,
    /// `None` after the limit is reached.
    transcript: Option<Arc<Transcript>>,
}

impl AsyncRead for RecordedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        if let Some(transcript) = &self.transcript {
            let mut recording = transcript.recording();
            let read = buf.filled().get(before..).unwrap_or_default();
            let room = MAX_RECORDED_BYTES - recording.received.len();
            recording.received.extend_from_slice(read.get(..room).unwrap_or(read));
            let full = recording.received.len() == MAX_RECORDED_BYTES;
            drop(recording);
            if full {
                self.transcript = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for RecordedSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl Socket for RecordedSocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.socket.peer_address()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.socket.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.socket.reset_on_close(reset);
    }

    fn has_unread(&self) -> bool {
        self.socket.has_unread()
    }
}

/// A session store that collects the tickets of a replayed handshake.
#[derive(Debug, Default)]
struct TicketCollector(Mutex<VecDeque<Tls13ClientSessionValue>>);

impl TicketCollector {
    fn take(&self) -> VecDeque<Tls13ClientSessionValue> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientSessionStore for TicketCollector {
    fn insert_tls13_ticket(&self, _server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(ticket);
    }

    fn set_kx_hint(&self, _server: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _server: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _server: ServerName<'static>, _session: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _server: &ServerName<'static>) {}

    fn take_tls13_ticket(&self, _server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

/// Far more than any handshake with its tickets.
const MAX_RECORDED_BYTES: usize = 64 * 1024;
