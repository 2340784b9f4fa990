//! Worker of a job: its session, which is replaced after a failure.

use std::fmt;

use super::retry::{RetryBudget, is_retryable, spoils_session};
use crate::{
    Client, Error, Host, Pool, PooledClient, Result, config::Config, future::BoxFuture,
    transfer::options::JobOptions,
};

/// The source of a transfer's session.
pub(crate) enum Worker<'c> {
    /// The caller's client, which cannot be replaced after it breaks.
    Own(&'c mut Client),
    /// Lent by a pool, which replaces it when needed.
    Lent(LentWorker<'c>),
}

/// A worker whose session is lent by a pool.
pub(crate) struct LentWorker<'c> {
    pool: &'c Pool,
    session: Option<Box<PooledClient>>,
    /// The session was obtained for a task that has not begun. It is kept until then: otherwise several jobs that
    /// wait for one session would pass it on forever.
    is_unused: bool,
    prewarm: Prewarm<'c>,
    /// The session that the pool is about to lend.
    coming: Option<BoxFuture<'c, Result<PooledClient>>>,
}

/// A session that the pool opens for a worker before there is work for it, once.
pub(crate) enum Prewarm<'c> {
    NotNeeded,
    Opening(BoxFuture<'c, ()>),
    Opened,
}

impl<'c> Worker<'c> {
    pub(crate) fn of(pool: &'c Pool) -> Self {
        pool.note_job();
        Self::Lent(LentWorker {
            pool,
            session: None,
            is_unused: false,
            prewarm: Prewarm::NotNeeded,
            coming: None,
        })
    }

    /// Creates a worker with the same source of sessions, for another task while this one rests.
    #[cfg(feature = "mirror")]
    pub(crate) fn again(&mut self) -> Worker<'_> {
        match self {
            Self::Own(client) => Worker::Own(client),
            Self::Lent(LentWorker { pool, .. }) => Worker::of(pool),
        }
    }

    /// Returns as many workers as there may be, this one first.
    pub(crate) fn with_siblings(self) -> Vec<Self> {
        let siblings = match &self {
            Self::Own(_) => Vec::new(),
            Self::Lent(LentWorker { pool, .. }) => {
                (1..pool.configured_size()).map(|_| Worker::of(pool)).collect()
            }
        };
        std::iter::once(self).chain(siblings).collect()
    }

    /// Returns the pool that lends the sessions.
    pub(crate) fn pool(&self) -> Option<&'c Pool> {
        match self {
            Self::Own(_) => None,
            Self::Lent(lent) => Some(lent.pool),
        }
    }

    pub(crate) fn host(&self) -> &Host {
        match self {
            Self::Own(client) => client.host(),
            Self::Lent(lent) => lent.pool.host(),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        match self {
            Self::Own(client) => client.config(),
            Self::Lent(lent) => lent.pool.config(),
        }
    }

    /// Returns the options of a job over this worker unless the caller sets others.
    pub(crate) fn default_options(&self) -> JobOptions {
        let retries = match self {
            Self::Own(_) => 0,
            Self::Lent(_) => RETRIES,
        };
        JobOptions::new(retries, self.config().timeouts.total)
    }

    /// Returns the session; opens one or waits for one if necessary. When this future is dropped, the next call
    /// continues.
    pub(crate) async fn client(&mut self) -> Result<&mut Client> {
        match self {
            Self::Own(client) => {
                client.check_usable()?;
                Ok(client)
            }
            Self::Lent(lent) => lent.client().await,
        }
    }

    /// Returns whether the worker has a session. One that is broken, or that another task waits for, is given up.
    pub(crate) fn has_session(&mut self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Lent(lent) => lent.keeps_session(),
        }
    }

    /// Lets the pool open a session. When this future is dropped, the next call continues.
    pub(crate) async fn prewarm(&mut self) {
        if let Self::Lent(LentWorker { coming, .. }) = self
            && let Some(opening) = coming
        {
            drop(opening.await);
            *coming = None;
            return;
        }
        let Self::Lent(LentWorker { pool, prewarm, .. }) = self else { return };
        if let Prewarm::NotNeeded = prewarm {
            *prewarm = Prewarm::Opening(Box::pin(pool.prewarm()));
        }
        prewarm.opened().await;
    }

    pub(crate) fn is_opening(&self) -> bool {
        matches!(
            self,
            Self::Lent(LentWorker { prewarm: Prewarm::Opening(_), .. } | LentWorker { coming: Some(_), .. })
        )
    }

    /// Returns the session to the pool while there is no work. Returns whether there was one.
    pub(crate) fn rest(&mut self) -> bool {
        let Self::Lent(lent) = self else { return false };
        // A session that waits for its permit would make other workers give up theirs.
        lent.coming.take_if(|_| lent.pool.has_waiters());
        lent.session.take().is_some()
    }

    /// Waits for the next attempt, which may use another session; returns the error when a retry is of no use.
    ///
    /// Some failures use up no retry, because the next attempt is made in another way: a session that was lost to an
    /// optional command, which is not sent again; a file that may have been converted, because the server has returned to
    /// `TYPE A` by itself; and a file whose old content the server may have kept.
    pub(crate) async fn recover(&mut self, error: Error, budget: &mut RetryBudget) -> Result<()> {
        if self.is_lost_to_optional() && is_retryable(&error) {
            return match self {
                Self::Own(client) => match client.replace_lost(error).await {
                    Error::Unanswered { .. } => Ok(()),
                    error => Err(error),
                },
                Self::Lent(lent) => {
                    lent.session = None;
                    Ok(())
                }
            };
        }
        if let Self::Lent(LentWorker { session: Some(held), .. }) = self
            && matches!(error, Error::DataConnect(_))
        {
            held.notice_displacement().await;
        }
        if let Self::Lent(LentWorker { session, .. }) = self
            && is_retryable(&error)
            && session.take_if(|held| held.was_displaced()).is_some()
        {
            crate::trace::debug!("the login of another session ended this one: {error}");
            return Ok(());
        }
        if let Self::Lent(LentWorker { session: Some(held), .. }) = self
            && held.learn_stor_effect(&error)
        {
            crate::trace::debug!("{error}; the file is uploaded again");
            return Ok(());
        }
        if let Self::Lent(LentWorker { session: Some(held), .. }) = self
            && error.may_be_converted()
            && held.repeat_type()
        {
            crate::trace::debug!("{error}; TYPE is sent before each transfer from now on");
            return Ok(());
        }
        self.leave_after(&error);
        if !budget.allows(&error) || self.is_lost() {
            return Err(error);
        }
        let Some(pause) = budget.next_pause() else { return Err(error) };
        crate::trace::debug!("{error}; retry in {pause:?}");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn leave_after(&mut self, error: &Error) {
        if let Self::Lent(LentWorker { session, .. }) = self
            && is_retryable(error)
            && let Some(held) = session.take()
            && spoils_session(error)
            && !leaves_session(error, &held)
        {
            held.discard();
        }
    }

    fn is_lost_to_optional(&self) -> bool {
        match self {
            Self::Own(client) => client.is_lost_to_optional(),
            Self::Lent(lent) => lent.session.as_ref().is_some_and(|held| held.is_lost_to_optional()),
        }
    }

    fn is_lost(&self) -> bool {
        matches!(self, Self::Own(client) if client.is_broken())
    }
}

impl LentWorker<'_> {
    async fn client(&mut self) -> Result<&mut Client> {
        self.prewarm.opened().await;
        if self.keeps_session() {
            self.is_unused = false;
        } else {
            let pool = self.pool;
            let coming = self.coming.get_or_insert_with(|| Box::pin(pool.client()));
            let lent = coming.await;
            self.coming = None;
            self.session = Some(Box::new(lent?));
            self.is_unused = true;
        }
        self.session.as_mut().map(|held| &mut ***held).ok_or(Error::PoolClosed)
    }

    fn keeps_session(&mut self) -> bool {
        // Other tasks that wait for a session get theirs between two files.
        let is_unused = self.is_unused;
        self.session.take_if(|held| held.is_broken() || (!is_unused && self.pool.has_waiters()));
        self.session.is_some()
    }
}

impl Prewarm<'_> {
    /// Waits for the session that is being opened.
    async fn opened(&mut self) {
        if let Self::Opening(opening) = self {
            opening.await;
            *self = Self::Opened;
        }
    }
}

/// Returns whether only a data connection was not opened, so that another one may be.
fn leaves_session(error: &Error, client: &Client) -> bool {
    matches!(error, Error::DataConnect(_)) && !client.is_broken() && !client.has_outstanding()
}

/// The number of times that a failure is retried over a pool by default.
const RETRIES: u32 = 2;

impl fmt::Debug for Worker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(client) => f.debug_tuple("Own").field(client).finish(),
            Self::Lent(lent) => f.debug_tuple("Lent").field(lent.pool).finish(),
        }
    }
}
