//! Reading a TLS handshake twice.
//!
//! TLS 1.3 tickets are spent by rustls, and cannot be copied. But a handshake is a function of
//! what this side chose (random bytes, key shares, signatures) and of what the server sent. Both are
//! recorded while the control connection is encrypted; a second reading by another
//! [`ClientConnection`], which talks to nobody, yields the same tickets once more.
//!
//! What is recorded lives as long as the client and holds what the control connection's own keys
//! derive from; nothing is written anywhere.

use std::{
    cell::RefCell,
    collections::VecDeque,
    fmt,
    io::Read,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use rustls::{
    ClientConfig, ClientConnection, NamedGroup,
    client::{Resumption, Tls13ClientSessionValue},
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup,
        aws_lc_rs,
    },
    ffdhe_groups::FfdheGroup,
    pki_types::ServerName,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tickets::Tickets;
use crate::connect::{BoxSocket, Socket};

/// Everything that the handshake of a control connection was made of.
#[derive(Default)]
pub(crate) struct Transcript(Mutex<Parts>);

#[derive(Default, Clone)]
struct Parts {
    random: VecDeque<Vec<u8>>,
    shares: VecDeque<Share>,
    signatures: VecDeque<Vec<u8>>,
    received: Vec<u8>,
}

/// A key share of this side, and the secret that came of it.
#[derive(Clone)]
struct Share {
    public: Vec<u8>,
    secret: Vec<u8>,
}

impl Transcript {
    /// Records what `work` chooses.
    pub(crate) fn record<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        let _scope = Scope::enter(ReplayMode::Record(self.clone()));
        work()
    }

    /// Records what a connection receives, up to a bound that tickets arrive well before.
    pub(crate) fn listen_to(self: &Arc<Self>, socket: BoxSocket) -> BoxSocket {
        Box::new(Overheard { socket, transcript: Some(self.clone()) })
    }

    /// Reads the handshake once more for its tickets; there are none where it was of TLS 1.2 or
    /// cannot be read.
    pub(crate) fn tickets_again(
        &self,
        config: &ClientConfig,
        server: &ServerName<'static>,
    ) -> VecDeque<Tls13ClientSessionValue> {
        let parts = self.parts().clone();
        if parts.received.is_empty() {
            // This is the handshake that is to be recorded.
            return VecDeque::new();
        }
        let tickets = Arc::new(Tickets::new(None));
        let mut config = config.clone();
        config.resumption = Resumption::store(tickets.clone());
        if let Err(error) = read_again(config, server, parts) {
            tracing::debug!(%error, "the handshake could not be read again");
        }
        tickets.take_all()
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows no secret.
impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").field("received", &self.parts().received.len()).finish_non_exhaustive()
    }
}

fn read_again(config: ClientConfig, server: &ServerName<'static>, mut parts: Parts) -> std::io::Result<()> {
    let received = std::mem::take(&mut parts.received);
    let _scope = Scope::enter(ReplayMode::Replay(parts));
    let mut connection =
        ClientConnection::new(Arc::new(config), server.clone()).map_err(std::io::Error::other)?;
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
        let state = connection.process_new_packets().map_err(std::io::Error::other)?;
        dropped.resize(state.plaintext_bytes_to_read(), 0);
        connection.reader().read_exact(&mut dropped)?;
    }
}

/// Makes a provider of cryptography whose choices can be recorded; otherwise that of aws-lc-rs.
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

/// Makes a signature, or gives the recorded one.
pub(crate) fn signature(
    sign: impl FnOnce() -> Result<Vec<u8>, rustls::Error>,
) -> Result<Vec<u8>, rustls::Error> {
    MODE.with_borrow_mut(|mode| match mode {
        Some(ReplayMode::Replay(parts)) => {
            parts.signatures.pop_front().ok_or(rustls::Error::HandshakeNotComplete)
        }
        Some(ReplayMode::Record(transcript)) => {
            let signature = sign()?;
            transcript.parts().signatures.push_back(signature.clone());
            Ok(signature)
        }
        None => sign(),
    })
}

/// What happens to choices that are made on this thread.
enum ReplayMode {
    Record(Arc<Transcript>),
    Replay(Parts),
}

thread_local! {
    static MODE: RefCell<Option<ReplayMode>> = const { RefCell::new(None) };
}

/// The time in which a mode holds: a handshake makes its choices within one call.
struct Scope(Option<ReplayMode>);

impl Scope {
    fn enter(mode: ReplayMode) -> Self {
        Self(MODE.replace(Some(mode)))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        MODE.set(self.0.take());
    }
}

#[derive(Debug)]
struct RecordedRandom;

impl SecureRandom for RecordedRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        MODE.with_borrow_mut(|mode| match mode {
            Some(ReplayMode::Replay(parts)) => {
                let recorded = parts.random.pop_front().filter(|recorded| recorded.len() == bytes.len());
                bytes.copy_from_slice(&recorded.ok_or(GetRandomFailed)?);
                Ok(())
            }
            Some(ReplayMode::Record(transcript)) => {
                aws_lc_rs::default_provider().secure_random.fill(bytes)?;
                transcript.parts().random.push_back(bytes.to_vec());
                Ok(())
            }
            None => aws_lc_rs::default_provider().secure_random.fill(bytes),
        })
    }
}

/// A group whose key shares can be recorded.
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
            Some(ReplayMode::Replay(parts)) => {
                let share = parts.shares.pop_front().ok_or(rustls::Error::FailedToGetRandomBytes)?;
                Ok(Box::new(ReplayedExchange { share, group: self.0 }) as Box<dyn ActiveKeyExchange>)
            }
            Some(ReplayMode::Record(transcript)) => {
                let real = self.real().start()?;
                let mut parts = transcript.parts();
                parts.shares.push_back(Share { public: real.pub_key().to_vec(), secret: Vec::new() });
                let place = parts.shares.len() - 1;
                Ok(Box::new(RecordedExchange { real, transcript: transcript.clone(), place })
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
    place: usize,
}

impl ActiveKeyExchange for RecordedExchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let secret = self.real.complete(peer)?;
        if let Some(share) = self.transcript.parts().shares.get_mut(self.place) {
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
    share: Share,
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
struct Overheard {
    socket: BoxSocket,
    /// `None` once enough is recorded.
    transcript: Option<Arc<Transcript>>,
}

/// Far more than any handshake with its tickets.
const MOST_RECORDED: usize = 64 * 1024;

impl AsyncRead for Overheard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        if let Some(transcript) = &self.transcript {
            let mut parts = transcript.parts();
            let read = buf.filled().get(before..).unwrap_or_default();
            let room = MOST_RECORDED - parts.received.len();
            parts.received.extend_from_slice(read.get(..room).unwrap_or(read));
            let full = parts.received.len() == MOST_RECORDED;
            drop(parts);
            if full {
                self.transcript = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl Socket for Overheard {
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
