//! Session pool: many sessions of one login.
//!
//! [`Pool`] lends and prewarms sessions, and can be forked. [`permits`] counts the sessions and queues the callers,
//! [`inner`] opens and checks sessions, [`opening`] does so in tasks, and [`pooled`] returns them. [`operations`], [`streams`], [`entries`] and
//! [`ranges`] each use a session for one file or listing. [`suspendable`] lends the sessions of streams that are not
//! read, and [`refusal`] recognizes the replies of servers with a session limit.

mod entries;
mod idle_streams;
mod inner;
mod opening;
mod operations;
mod permits;
mod pooled;
mod ranges;
mod refusal;
mod streams;
mod suspendable;

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use oxftp_proto::{TransferType, dialog::Credentials};

pub use self::entries::EntryStream;
use self::inner::{OpenError, PoolInner};
pub(crate) use self::operations::RECONNECTS;
pub use self::pooled::PooledClient;
pub use self::suspendable::PoolStream;
use crate::{Client, ClientBuilder, Error, Host, Result, Throttle, config::Config, deadline::Deadline};

/// Pool of sessions with the same login on one server. Sessions are opened on demand.
///
/// [`client`](Self::client) lends an idle session, or opens a new one, or waits until one is returned;
/// callers are served in the order of their calls. A session that was idle for long is checked first
/// (`NOOP`). Broken sessions are replaced.
///
/// When the server has no room for a further session, the pool continues with the sessions that it has, and tries to
/// open one more after a minute at the earliest. While a session is open, every failure to open another one counts as
/// such a refusal: a reply with any code, silence, a closed or refused connection, and a login that ends another
/// session. A caller that waits for a session to be opened also gets one that becomes idle in the meantime. All
/// sessions share one [`Throttle`]; each has its own TLS sessions. Knowledge of one session about the server, such as
/// a missing `MLSD`, is passed on to sessions opened later.
///
/// Clones refer to the same pool. Dropping the last one closes idle sessions without `QUIT`;
/// [`close`](Self::close) sends `QUIT` first.
///
/// ```no_run
/// use oxftp::{Client, Credentials, Pool};
///
/// # async fn example() -> oxftp::Result<()> {
/// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous()).size(8);
/// let report = pool.download("/pub/photos").to("photos").write_into(true).await?;
/// println!("{} files", report.files);
///
/// let mut client = pool.client().await?;
/// let size = client.size("/pub/readme.txt").await?;
/// drop(client); // returns it to the pool
/// pool.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pool {
    inner: Arc<PoolInner>,
}

impl Pool {
    /// Creates a pool of at most [`DEFAULT_SIZE`](Self::DEFAULT_SIZE) sessions. Opens none yet.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
    /// ```
    #[must_use]
    pub fn new(builder: ClientBuilder, host: impl Into<Host>, credentials: Credentials) -> Self {
        let inner = PoolInner::new(builder.into_config(), host.into(), credentials, Self::DEFAULT_SIZE);
        Self { inner: Arc::new(inner) }
    }

    /// Maximum number of sessions, unless [`size`](Self::size) sets another.
    pub const DEFAULT_SIZE: usize = 4;

    /// Sets the maximum number of sessions, at least one. Defaults to
    /// [`DEFAULT_SIZE`](Self::DEFAULT_SIZE).
    ///
    /// ```
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous()).size(8);
    /// assert_eq!(pool.limit(), 8);
    /// ```
    #[must_use]
    pub fn size(self, sessions: usize) -> Self {
        self.inner.permits.set_size(sessions.max(1));
        self
    }

    /// Sets how long a session may be idle before it is checked by `NOOP` when it is lent again. Defaults to 15
    /// seconds.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous())
    ///     .check_after(std::time::Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn check_after(self, idle: Duration) -> Self {
        self.inner.set_check_after(idle);
        self
    }

    /// Sets how long [`client`](Self::client) and the operations of the pool wait for a session while all are in use.
    /// Defaults to no limit. Trees wait without a limit for the sessions of their workers.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous())
    ///     .size(1)
    ///     .lend_timeout(Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn lend_timeout(self, deadline: Duration) -> Self {
        self.inner.set_lend_timeout(deadline);
        self
    }

    /// Returns the current maximum number of sessions: the [size](Self::size), or fewer if the server refused
    /// more.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
    /// assert_eq!(pool.limit(), Pool::DEFAULT_SIZE);
    /// ```
    #[must_use]
    pub fn limit(&self) -> usize {
        self.inner.permits.limit()
    }

    /// Returns the throttle of all sessions. Its limits may be changed while transfers run.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
    /// pool.throttle().set_read_limit(Some(1_000_000));
    /// ```
    #[must_use]
    pub fn throttle(&self) -> &Throttle {
        &self.inner.config.throttle
    }

    /// Lends a session; opens one if needed (`USER`, `PASS`; `NOOP` if it was idle for long).
    ///
    /// Waits while all sessions are in use. Dropping this future leaves the queue; a session that it was opening becomes
    /// idle when its login is complete.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut session = pool.client().await?;
    /// session.upload("report.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`ClientBuilder::connect`] and [`Client::login`]; [`Error::TooManySessions`] when
    /// the server refuses the only session; [`Error::Timeout`] after [`lend_timeout`](Self::lend_timeout);
    /// [`Error::PoolClosed`].
    pub async fn client(&self) -> Result<PooledClient> {
        let permits = &self.inner.permits;
        let ticket = permits.ticket();
        let deadline = Deadline::start(self.inner.lend_timeout());
        loop {
            let permit = deadline.cut(permits.permit(ticket)).await;
            let permit = permit.ok_or_else(|| deadline.expired("the wait for a free session"))?;
            let permit = permit.ok_or(Error::PoolClosed)?;
            if let Some(client) = self.inner.take_idle(&permit).await {
                return Ok(PooledClient::new(client, permit, self.inner.clone()));
            }
            match self.inner.open_or_take_idle(permit).await {
                Ok(client) => return Ok(client),
                Err(OpenError::Refused(source)) => {
                    crate::trace::debug!("the server refused one more session: {source}")
                }
                Err(OpenError::TooManySessions(source)) => {
                    return Err(Error::TooManySessions { source: source.into() });
                }
                Err(OpenError::Other(error)) => return Err(error),
            }
        }
    }

    /// Lends an idle session, if there is one (`NOOP` if it was idle for long). Opens none, and waits for none.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// if let Some(mut session) = pool.idle_client().await {
    ///     println!("{}", session.size("image.iso").await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn idle_client(&self) -> Option<PooledClient> {
        let permit = self.inner.permits.try_idle_permit()?;
        let client = self.inner.take_idle(&permit).await?;
        Some(PooledClient::new(client, permit, self.inner.clone()))
    }

    /// Adds an existing session that is logged in with the same credentials. If the pool is full, the session
    /// is closed.
    ///
    /// ```no_run
    /// # async fn example(pool: oxftp::Pool, mut client: oxftp::Client) -> oxftp::Result<()> {
    /// client.login(oxftp::Credentials::anonymous()).await?;
    /// pool.add(client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add(&self, mut client: Client) {
        client.set_reconnects(0);
        client.busy_retries = 0;
        self.inner.remember(&client);
        self.inner.note_login(&client);
        drop(self.inner.permits.add(client));
    }

    /// Closes the pool: sends `QUIT` on each idle session and closes it without waiting for the reply.
    ///
    /// Sessions in use are closed the same way when they are returned. Calls of [`client`](Self::client) fail from
    /// now on.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.upload("site").await?;
    /// pool.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        let sessions = self.inner.permits.close().into_iter();
        let mut leaving: FuturesUnordered<_> = sessions.map(Client::quit_without_reply).collect();
        while leaving.next().await.is_some() {}
    }

    /// Records that the workers of a job use the sessions.
    pub(crate) fn note_job(&self) {
        self.inner.serves_jobs.store(true, Ordering::Relaxed);
    }

    /// Opens an idle session ahead of need (`TYPE I`).
    ///
    /// Waits for no other session, and does nothing if the pool is full. Errors are not returned: a caller that needs
    /// a session tries again and gets its own error.
    pub(crate) async fn prewarm(&self) {
        let Some(permit) = self.inner.permits.try_permit() else { return };
        match self.inner.begin_open(permit).await {
            // The result is ignored: a server that refuses the type refuses it again before a transfer.
            Ok(Ok(mut prewarmed)) => _ = prewarmed.set_type(TransferType::Image).await,
            Ok(Err(
                OpenError::TooManySessions(error) | OpenError::Refused(error) | OpenError::Other(error),
            )) => {
                crate::trace::debug!("no session was prewarmed: {error}")
            }
            // The runtime ends.
            Err(_) => {}
        }
    }

    /// Creates a pool of the same login and size with separate sessions, for callers that hold a session of this pool
    /// while they wait for another.
    pub(crate) fn fork(&self) -> Self {
        Self { inner: Arc::new(self.inner.fork()) }
    }

    /// Returns whether both are clones of one pool.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Returns the host and port of the server, as given by the user.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
    /// assert_eq!(pool.host().to_string(), "ftp.example.org");
    /// ```
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.inner.host
    }

    pub(crate) fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Returns the size that the user set, even if the server allows fewer sessions.
    pub(crate) fn configured_size(&self) -> usize {
        self.inner.permits.size()
    }

    /// Returns how many sessions may be open at present; rises again some time after a refusal.
    pub(crate) fn current_limit(&self) -> usize {
        self.inner.permits.current_limit()
    }

    /// Returns the time that the server needs for a login, without the round trips; zero before the first one.
    pub(crate) fn login_cost(&self) -> Duration {
        self.inner.login_cost()
    }

    /// Returns the limit, once, if the server allows fewer sessions than the size.
    pub(crate) fn take_limit_notice(&self) -> Option<usize> {
        let limit = self.limit();
        let is_lowered = limit < self.configured_size() && !self.inner.permits.is_opening();
        (is_lowered && !self.inner.limit_reported.swap(true, Ordering::Relaxed)).then_some(limit)
    }

    /// Returns whether a caller waits for a session.
    pub(crate) fn has_waiters(&self) -> bool {
        self.inner.permits.has_waiters()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("host", &self.inner.host)
            .field("limit", &self.limit())
            .finish_non_exhaustive()
    }
}
