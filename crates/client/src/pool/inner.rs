//! State shared by the clones of a pool and its sessions: opens sessions, checks idle ones, and keeps their knowledge
//! about the server.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use oxftp_proto::{
    Command, TransferType,
    dialog::{Credentials, Exchange},
};

use super::{
    idle_streams::IdleStreams,
    permits::{Permit, SessionSemaphore},
    ranges::RangeCosts,
    refusal::{is_connection_limit_at_connecting, is_connection_limit_at_login},
};
use crate::{
    Client, Error, Host, Result,
    capabilities::{LoginTimes, ServerCapabilities},
    config::Config,
    deadline::Deadline,
};

/// State shared by the clones of a pool and its sessions.
pub(super) struct PoolInner {
    pub(super) config: Arc<Config>,
    pub(super) host: Host,
    credentials: Credentials,
    /// The number of times that a session outside of the pool is opened again (see
    /// [`ClientBuilder::reconnects`](crate::ClientBuilder)).
    pub(super) reconnects: u32,
    pub(super) permits: Arc<SessionSemaphore<Client>>,
    check_after_ms: AtomicU64,
    /// `u64::MAX` for none.
    lend_timeout_ms: AtomicU64,
    /// The time that the server needs for a login, without the round trips, in microseconds; 0 while it is unknown.
    login_cost_us: AtomicU64,
    /// The logins of this pool's sessions, also of those that were added.
    logins: LoginTimes,
    /// `true` if the limit was reported to an observer.
    pub(super) limit_reported: AtomicBool,
    /// The sessions are used by jobs, whose workers can do with fewer.
    pub(super) serves_jobs: AtomicBool,
    /// A session has responded while another one was open.
    has_further: AtomicBool,
    /// The capabilities of the server, as known to the session that was returned last.
    capabilities: Mutex<ServerCapabilities>,
    pub(super) range_costs: RangeCosts,
    pub(super) idle_streams: IdleStreams,
}

/// Error of opening a session.
pub(super) enum OpenError {
    /// The server allows no session.
    TooManySessions(Error),
    /// The server allows no further session. The limit of the pool was lowered.
    Refused(Error),
    Other(Error),
}

impl PoolInner {
    pub(super) fn new(mut config: Config, host: Host, credentials: Credentials, size: usize) -> Self {
        // Jobs retry by themselves, so sessions of the pool do not reconnect.
        let reconnects = std::mem::take(&mut config.reconnects);
        Self {
            config: config.into(),
            host,
            credentials,
            reconnects,
            permits: Arc::new(SessionSemaphore::new(size)),
            check_after_ms: AtomicU64::new(DEFAULT_CHECK_AFTER_MS),
            lend_timeout_ms: AtomicU64::new(u64::MAX),
            login_cost_us: AtomicU64::new(0),
            logins: LoginTimes::default(),
            limit_reported: AtomicBool::new(false),
            serves_jobs: AtomicBool::new(false),
            has_further: AtomicBool::new(false),
            capabilities: Mutex::default(),
            range_costs: RangeCosts::default(),
            idle_streams: IdleStreams::default(),
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
            reconnects: self.reconnects,
            permits: Arc::new(SessionSemaphore::new(self.permits.size())),
            check_after_ms: AtomicU64::new(self.check_after_ms.load(Ordering::Relaxed)),
            lend_timeout_ms: AtomicU64::new(self.lend_timeout_ms.load(Ordering::Relaxed)),
            login_cost_us: AtomicU64::new(self.login_cost_us.load(Ordering::Relaxed)),
            logins: LoginTimes::default(),
            limit_reported: AtomicBool::new(false),
            serves_jobs: AtomicBool::new(false),
            has_further: AtomicBool::new(false),
            capabilities: Mutex::new(capabilities),
            range_costs: RangeCosts::default(),
            idle_streams: IdleStreams::default(),
        }
    }

    pub(super) fn set_lend_timeout(&self, deadline: Duration) {
        let milliseconds = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        self.lend_timeout_ms.store(milliseconds, Ordering::Relaxed);
    }

    pub(super) fn lend_timeout(&self) -> Option<Duration> {
        let milliseconds = self.lend_timeout_ms.load(Ordering::Relaxed);
        (milliseconds != u64::MAX).then(|| Duration::from_millis(milliseconds))
    }

    pub(super) fn set_check_after(&self, idle: Duration) {
        let idle_ms = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        self.check_after_ms.store(idle_ms, Ordering::Relaxed);
    }

    /// Takes an idle session that is still usable.
    pub(super) async fn take_idle(&self, permit: &Permit<Client>) -> Option<Client> {
        let check_after = Duration::from_millis(self.check_after_ms.load(Ordering::Relaxed));
        loop {
            let mut idle = permit.take_idle()?;
            let probe = idle.idle_time() >= check_after;
            if is_alive(idle.session()?, probe).await {
                return idle.take();
            }
            crate::trace::debug!("an idle session is broken and was closed");
            if idle.take().is_some_and(|broken| self.seems_displaced(&broken)) {
                self.permits.displace();
            }
        }
    }

    /// Opens a new session, and logs in. The caller has a permit.
    ///
    /// While other sessions are open, a server may leave a further one without a greeting or a login: each of these
    /// waits is limited to the time for a connection.
    pub(super) async fn open(&self) -> Result<Client, OpenError> {
        let is_further = self.permits.has_open_sessions();
        let opening = self.permits.opening();
        let config = if is_further { self.hurried_config() } else { self.config.clone() };
        let connect = Deadline::start(config.timeouts.connect.filter(|_| is_further));
        let connected = connect.run("connecting", Client::open(config, self.host.clone())).await;
        let mut client = connected.map_err(|error| {
            // The login of a session that is opened at the same time may have ended this one.
            let has_others =
                self.permits.has_open_sessions() || self.permits.has_others() && self.has_logged_in();
            match is_connection_limit_at_connecting(&error, has_others, self.has_logged_in()) {
                true => OpenError::TooManySessions(error),
                false => OpenError::Other(error),
            }
        })?;
        if let Err(error) = client.login(self.credentials.clone()).await {
            return Err(
                match is_connection_limit_at_login(&error, self.permits.has_others() && self.has_logged_in())
                {
                    true => OpenError::TooManySessions(error),
                    false => OpenError::Other(error),
                },
            );
        }
        drop(opening);
        let is_beside = self.permits.has_others() && self.has_logged_in();
        self.note_login(&client);
        client.configure(self.config.clone());
        client.capabilities_mut().learn(&self.capabilities.lock().unwrap_or_else(PoisonError::into_inner));
        if is_beside && self.serves_jobs.load(Ordering::Relaxed) {
            self.check_further(&mut client).await?;
        }
        Ok(client)
    }

    /// Checks that the server responds to the first session that is open beside another one: some devices log it in, and then
    /// serve the older session only. `TYPE I` would be sent before its first transfer anyway.
    async fn check_further(&self, client: &mut Client) -> Result<(), OpenError> {
        if self.has_further.load(Ordering::Relaxed) {
            return Ok(());
        }
        let timeout = self.config.timeouts.command;
        let deadline =
            Deadline::start(timeout.map_or(Some(MAX_CHECK), |timeout| Some(timeout.min(MAX_CHECK))));
        match deadline.run("a further session", client.set_type(TransferType::Image)).await {
            // A server that refuses the type refuses it again before a transfer.
            Ok(()) | Err(Error::StatusCode(_) | Error::Unsupported { .. }) => {
                self.has_further.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error @ Error::Timeout { .. }) => Err(OpenError::TooManySessions(error)),
            // The caller notices that the session is lost.
            Err(_) => Ok(()),
        }
    }

    /// Returns the configuration for a session that the server may have no room for.
    fn hurried_config(&self) -> Arc<Config> {
        let mut config = (*self.config).clone();
        let timeouts = &mut config.timeouts;
        timeouts.command = timeouts.command.into_iter().chain(timeouts.connect).min();
        config.into()
    }

    /// Returns whether a session seems to have been ended by the server because another one logged in: it is lost
    /// during or shortly after another login that was not over when its own began, also one that failed, or that of a
    /// session that opened itself again. (The replies to two concurrent
    /// logins may be read in another order than the server processed them.) Replies that were read since then may
    /// have been sent earlier.
    ///
    /// Some servers end each session after a listing. Once this was observed, a lost session is not a sign of
    /// displacement.
    pub(super) fn seems_displaced(&self, client: &Client) -> bool {
        client.is_broken()
            && client.was_closed_by_server()
            && !client.ends_after_listings()
            && self.has_newer_login(client)
    }

    /// Returns whether another session is logging in, or logged in a short time ago.
    pub(super) fn has_newer_login(&self, client: &Client) -> bool {
        let (began, own) = (client.login_began(), client.logged_in_at());
        let all = &client.capabilities().commands.logins;
        self.permits.is_opening() || self.logins.has_newer(began, own) || all.has_newer(began, own)
    }

    /// Records that a session was logged in.
    pub(super) fn note_login(&self, client: &Client) {
        client.logged_in_at().into_iter().for_each(|at| self.logins.add(at));
        let cost = u64::try_from(client.login_cost().as_micros()).unwrap_or(u64::MAX);
        // Later logins are not measured: concurrent transfers slow them down.
        let _ = self.login_cost_us.compare_exchange(0, cost, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Returns the time that the server needs for a login, without the round trips.
    pub(super) fn login_cost(&self) -> Duration {
        Duration::from_micros(self.login_cost_us.load(Ordering::Relaxed))
    }

    /// Returns whether a session was logged in before.
    fn has_logged_in(&self) -> bool {
        !self.logins.is_empty()
    }

    /// Stores the knowledge of a session about the server, for sessions that are opened later.
    pub(super) fn remember(&self, client: &Client) {
        self.capabilities.lock().unwrap_or_else(PoisonError::into_inner).learn(client.capabilities());
    }
}

/// Returns whether an idle session is still usable: processes the data that arrived in the meantime, and if `probe`
/// is set, sends `NOOP`.
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
            false => control.settle_for_transfer().await,
        }
    };
    let checked = Deadline::start(Some(deadline)).cut(check).await;
    if checked.is_none() && client.has_outstanding() && !probe {
        client.control_mut().abort_unanswered();
    }
    checked.is_some_and(|alive| alive.is_ok()) && !client.is_broken()
}

/// The time that a session may be idle before it is checked by `NOOP`, in milliseconds. Routers drop idle connections
/// after minutes.
const DEFAULT_CHECK_AFTER_MS: u64 = 15_000;

/// The time that the check of an idle or a further session may take.
const MAX_CHECK: Duration = Duration::from_secs(5);
