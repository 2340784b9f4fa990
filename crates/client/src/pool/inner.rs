//! State shared by the clones of a pool and its sessions: opens sessions, checks idle ones, and remembers what they
//! learned about the server.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use oxftp_proto::{
    Command,
    dialog::{Credentials, Exchange},
};

use super::{
    permits::{Permit, SessionSemaphore},
    refusal::{is_full, is_full_at_connecting},
};
use crate::{Client, Error, Host, Result, client::ServerCapabilities, config::Config, deadline::Deadline};

/// State shared by the clones of a pool and its sessions.
pub(super) struct PoolInner {
    pub(super) config: Config,
    pub(super) host: Host,
    credentials: Credentials,
    pub(super) permits: Arc<SessionSemaphore<Client>>,
    check_after_ms: AtomicU64,
    /// Number of sessions that are being opened. Each has a permit.
    opening: AtomicUsize,
    /// What the session that was returned last knows about the server.
    capabilities: Mutex<ServerCapabilities>,
}

/// Why a session could not be opened.
pub(super) enum OpenError {
    /// The server allows no further session.
    TooManySessions(Error),
    Other(Error),
}

impl PoolInner {
    pub(super) fn new(config: Config, host: Host, credentials: Credentials, size: usize) -> Self {
        Self {
            config,
            host,
            credentials,
            permits: Arc::new(SessionSemaphore::new(size)),
            check_after_ms: AtomicU64::new(DEFAULT_CHECK_AFTER_MS),
            opening: AtomicUsize::new(0),
            capabilities: Mutex::default(),
        }
    }

    /// Creates the state of a pool with the same settings and size, without sessions.
    pub(super) fn fork(&self) -> Self {
        let mut capabilities = ServerCapabilities::default();
        capabilities.learn(&self.capabilities.lock().unwrap_or_else(PoisonError::into_inner));
        Self {
            config: self.config.clone(),
            host: self.host.clone(),
            credentials: self.credentials.clone(),
            permits: Arc::new(SessionSemaphore::new(self.permits.size())),
            check_after_ms: AtomicU64::new(self.check_after_ms.load(Ordering::Relaxed)),
            opening: AtomicUsize::new(0),
            capabilities: Mutex::new(capabilities),
        }
    }

    pub(super) fn set_check_after(&self, idle: Duration) {
        let idle_ms = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        self.check_after_ms.store(idle_ms, Ordering::Relaxed);
    }

    /// Takes an idle session that is still usable.
    pub(super) async fn take_idle(&self, permit: &Permit<Client>) -> Option<Client> {
        let check_after = Duration::from_millis(self.check_after_ms.load(Ordering::Relaxed));
        loop {
            let (mut client, idle) = permit.take_idle()?;
            if is_alive(&mut client, idle >= check_after).await {
                return Some(client);
            }
            tracing::debug!("an idle session is broken and was closed");
        }
    }

    /// Opens a new session with a permit, and logs in.
    pub(super) async fn open(&self) -> Result<Client, OpenError> {
        let opening = Opening::count(&self.opening);
        let mut client = match Client::open(self.config.clone(), self.host.clone()).await {
            Ok(client) => client,
            Err(error) if is_full_at_connecting(&error, self.has_open_sessions()) => {
                return Err(OpenError::TooManySessions(error));
            }
            Err(error) => return Err(OpenError::Other(error)),
        };
        match client.login(self.credentials.clone()).await {
            Ok(_) => {}
            Err(error) if is_full(&error) => return Err(OpenError::TooManySessions(error)),
            Err(error) => return Err(OpenError::Other(error)),
        }
        drop(opening);
        client.capabilities_mut().learn(&self.capabilities.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(client)
    }

    /// Returns whether a session is open, apart from those that are being opened.
    fn has_open_sessions(&self) -> bool {
        self.permits.sessions() > self.opening.load(Ordering::Relaxed)
    }

    /// Stores what a session learned about the server, for sessions that are opened later.
    pub(super) fn remember(&self, client: &Client) {
        self.capabilities.lock().unwrap_or_else(PoisonError::into_inner).learn(client.capabilities());
    }
}

/// Counts a session while it is being opened.
struct Opening<'p>(&'p AtomicUsize);

impl<'p> Opening<'p> {
    fn count(opening: &'p AtomicUsize) -> Self {
        opening.fetch_add(1, Ordering::Relaxed);
        Self(opening)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns whether an idle session is still usable: processes what the server sent meanwhile, and if `probe` is set,
/// sends `NOOP`.
async fn is_alive(client: &mut Client, probe: bool) -> bool {
    let deadline = client.config().timeouts.command.map_or(MAX_CHECK, |deadline| deadline.min(MAX_CHECK));
    let check = async {
        let control = client.control_mut();
        match probe {
            // Any reply but 421 shows that the session is alive.
            true => match control.run(Exchange::new(Command::new("NOOP"), &["2xx"])).await {
                Err(Error::StatusCode(_)) => Ok(()),
                outcome => outcome.map(drop),
            },
            false => control.settle().await,
        }
    };
    Deadline::start(Some(deadline)).cut(check).await.is_some_and(|alive| alive.is_ok()) && !client.is_broken()
}

/// How long a session may be idle before it is checked by `NOOP`. Routers drop idle connections after minutes.
const DEFAULT_CHECK_AFTER_MS: u64 = 15_000;

/// How long the check of an idle session may take.
const MAX_CHECK: Duration = Duration::from_secs(5);
