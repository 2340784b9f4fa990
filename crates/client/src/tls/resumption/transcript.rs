//! Transcript of a TLS handshake: recorded, and replayed to obtain its tickets again.
//!
//! rustls uses each TLS 1.3 ticket once and does not allow copies. But the result of a handshake depends only on
//! the client's choices (random bytes, key shares, signatures) and on the bytes from the server. Both are recorded
//! during the handshake of the control connection. Replaying them with a second [`ClientConnection`], without
//! network, yields the same tickets again. TLS 1.2 needs none of this, so its transcripts are dropped at once.
//!
//! The transcript contains the secrets from which the keys of the control connection are derived, and is never written to a
//! file or log. It is dropped with the client. With servers that are known to renew tickets, nothing is recorded.

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
    ClientConfig, ClientConnection, NamedGroup, ProtocolVersion, SupportedProtocolVersion,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup,
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
    is_discarded: bool,
}

/// A key share of the client, and the resulting shared secret.
#[derive(Clone)]
struct KeyShare {
    public: Vec<u8>,
    /// The classical part of a post-quantum hybrid, which is offered on its own, too.
    hybrid_component: Option<(NamedGroup, Vec<u8>)>,
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

    /// Forgets the secrets, and records no more: TLS 1.2 sessions can be resumed as often as needed.
    pub(crate) fn discard(&self) {
        *self.recording() = Recording { is_discarded: true, ..Recording::default() };
    }

    /// Returns whether nothing is recorded.
    pub(crate) fn is_discarded(&self) -> bool {
        self.recording().is_discarded
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
            crate::trace::debug!(%error, "cannot replay the TLS handshake");
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

/// Returns a cryptography provider whose choices can be recorded and replayed, with the same groups.
pub(crate) fn recordable(real: &CryptoProvider) -> CryptoProvider {
    CryptoProvider {
        kx_groups: real
            .kx_groups
            .iter()
            .map(|group| recorded_group(*group) as &dyn SupportedKxGroup)
            .collect(),
        secure_random: recorded_random(real.secure_random),
        ..real.clone()
    }
}

/// Returns the recordable form of a group. rustls takes groups for static, so each form is made once and kept.
fn recorded_group(real: &'static dyn SupportedKxGroup) -> &'static RecordedGroup {
    static KNOWN: Mutex<Vec<&'static RecordedGroup>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match known.iter().find(|known| is_same(known.0, real)) {
        Some(known) => known,
        None => {
            let new: &'static RecordedGroup = Box::leak(Box::new(RecordedGroup(real)));
            known.push(new);
            new
        }
    }
}

/// Returns the recordable form of a source of random bytes, as for groups.
fn recorded_random(real: &'static dyn SecureRandom) -> &'static RecordedRandom {
    static KNOWN: Mutex<Vec<&'static RecordedRandom>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match known.iter().find(|known| std::ptr::addr_eq(known.0, real) && same_text(&known.0, &real)) {
        Some(known) => known,
        None => {
            let new: &'static RecordedRandom = Box::leak(Box::new(RecordedRandom(real)));
            known.push(new);
            new
        }
    }
}

/// Returns whether two groups are the same value. Values without size may share an address.
fn is_same(one: &'static dyn SupportedKxGroup, other: &'static dyn SupportedKxGroup) -> bool {
    std::ptr::addr_eq(one, other) && one.name() == other.name() && same_text(&one, &other)
}

fn same_text(one: &dyn fmt::Debug, other: &dyn fmt::Debug) -> bool {
    format!("{one:?}") == format!("{other:?}")
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

/// Recording or replay of the choices on this thread.
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
struct RecordedRandom(&'static dyn SecureRandom);

impl SecureRandom for RecordedRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        MODE.with_borrow_mut(|mode| match mode {
            Some(ReplayMode::Replay(recording)) => {
                let recorded = recording.random.pop_front().filter(|recorded| recorded.len() == bytes.len());
                bytes.copy_from_slice(&recorded.ok_or(GetRandomFailed)?);
                Ok(())
            }
            Some(ReplayMode::Record(transcript)) => {
                self.0.fill(bytes)?;
                transcript.recording().random.push_back(bytes.to_vec());
                Ok(())
            }
            None => self.0.fill(bytes),
        })
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

/// A key exchange group whose key shares can be recorded and replayed.
#[derive(Debug)]
struct RecordedGroup(&'static dyn SupportedKxGroup);

impl SupportedKxGroup for RecordedGroup {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        MODE.with_borrow_mut(|mode| match mode {
            Some(ReplayMode::Replay(recording)) => {
                let share = recording.shares.pop_front().ok_or(rustls::Error::FailedToGetRandomBytes)?;
                Ok(Box::new(ReplayedExchange { share, group: self.0.name() }) as Box<dyn ActiveKeyExchange>)
            }
            Some(ReplayMode::Record(transcript)) => {
                let real = self.0.start()?;
                let hybrid_component = real.hybrid_component().map(|(group, share)| (group, share.to_vec()));
                let public = real.pub_key().to_vec();
                let mut recording = transcript.recording();
                recording.shares.push_back(KeyShare { public, hybrid_component, secret: Vec::new() });
                let index = recording.shares.len() - 1;
                Ok(Box::new(RecordedExchange { real, transcript: transcript.clone(), index })
                    as Box<dyn ActiveKeyExchange>)
            }
            None => self.0.start(),
        })
    }

    fn name(&self) -> NamedGroup {
        self.0.name()
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        self.0.usable_for_version(version)
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        self.0.ffdhe_group()
    }
}

struct RecordedExchange {
    real: Box<dyn ActiveKeyExchange>,
    transcript: Arc<Transcript>,
    index: usize,
}

impl RecordedExchange {
    fn keep(transcript: &Transcript, index: usize, secret: &SharedSecret) {
        if let Some(share) = transcript.recording().shares.get_mut(index) {
            share.secret = secret.secret_bytes().to_vec();
        }
    }
}

impl ActiveKeyExchange for RecordedExchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let secret = self.real.complete(peer)?;
        Self::keep(&self.transcript, self.index, &secret);
        Ok(secret)
    }

    fn complete_for_tls_version(
        self: Box<Self>,
        peer: &[u8],
        version: &SupportedProtocolVersion,
    ) -> Result<SharedSecret, rustls::Error> {
        let secret = self.real.complete_for_tls_version(peer, version)?;
        Self::keep(&self.transcript, self.index, &secret);
        Ok(secret)
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        self.real.hybrid_component()
    }

    fn complete_hybrid_component(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let secret = self.real.complete_hybrid_component(peer)?;
        Self::keep(&self.transcript, self.index, &secret);
        Ok(secret)
    }

    fn pub_key(&self) -> &[u8] {
        self.real.pub_key()
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        self.real.ffdhe_group()
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

    fn complete_for_tls_version(
        self: Box<Self>,
        peer: &[u8],
        _version: &SupportedProtocolVersion,
    ) -> Result<SharedSecret, rustls::Error> {
        self.complete(peer)
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        self.share.hybrid_component.as_ref().map(|(group, share)| (*group, share.as_slice()))
    }

    fn complete_hybrid_component(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        self.complete(peer)
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
            if !recording.is_discarded {
                recording.received.extend_from_slice(read.get(..room).unwrap_or(read));
            }
            let full = recording.received.len() == MAX_RECORDED_BYTES || recording.is_discarded;
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
