//! A session at work on a tree.

use std::fmt;

use super::retry::{RetryBudget, is_passing, spoils_session};
use crate::{Client, Error, Pool, PooledClient, Result, config::Config, future::BoxFuture};

/// Where a transfer has its session from.
pub(crate) enum Worker<'c> {
    /// The user's own; one that breaks cannot be replaced.
    Own(&'c mut Client),
    /// Lent by a pool, anew whenever that is needed.
    Lent { pool: &'c Pool, session: Option<Box<PooledClient>>, prewarm: Prewarm<'c> },
}

/// A session that a worker has the pool open before there is anything to do, once.
pub(crate) enum Prewarm<'c> {
    NotNeeded,
    Opening(BoxFuture<'c, ()>),
    Opened,
}

impl<'c> Worker<'c> {
    pub(crate) fn of(pool: &'c Pool) -> Self {
        Self::Lent { pool, session: None, prewarm: Prewarm::NotNeeded }
    }

    /// Gives as many workers as there may be, this one among them.
    pub(crate) fn with_siblings(self) -> Vec<Self> {
        let siblings = match &self {
            Self::Own(_) => Vec::new(),
            Self::Lent { pool, .. } => (1..pool.configured_size()).map(|_| Worker::of(pool)).collect(),
        };
        std::iter::once(self).chain(siblings).collect()
    }

    /// Gives the pool that sessions are lent by.
    pub(crate) fn pool(&self) -> Option<&'c Pool> {
        match self {
            Self::Own(_) => None,
            Self::Lent { pool, .. } => Some(pool),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        match self {
            Self::Own(client) => client.config(),
            Self::Lent { pool, .. } => pool.config(),
        }
    }

    /// Gives how often is tried again unless told otherwise.
    pub(crate) fn usual_retries(&self) -> u32 {
        match self {
            Self::Own(_) => 0,
            Self::Lent { .. } => RETRIES,
        }
    }

    /// Gives the session, which is opened or waited for if need be.
    pub(crate) async fn client(&mut self) -> Result<&mut Client> {
        match self {
            Self::Own(client) => {
                client.check_usable()?;
                Ok(client)
            }
            Self::Lent { pool, session, prewarm } => {
                prewarm.opened().await;
                // Whoever else waits for a session has his turn between two files.
                session.take_if(|held| held.is_broken() || pool.has_waiters());
                if session.is_none() {
                    *session = Some(Box::new(pool.client().await?));
                }
                session.as_mut().map(|held| &mut ***held).ok_or(Error::PoolClosed)
            }
        }
    }

    /// Has the pool open a session; dropped, it is gone on with the next time.
    pub(crate) async fn get_ready(&mut self) {
        let Self::Lent { pool, prewarm, .. } = self else { return };
        if let Prewarm::NotNeeded = prewarm {
            *prewarm = Prewarm::Opening(Box::pin(pool.prewarm()));
        }
        prewarm.opened().await;
    }

    pub(crate) fn is_opening(&self) -> bool {
        matches!(self, Self::Lent { prewarm: Prewarm::Opening(_), .. })
    }

    /// Gives the session back while there is nothing to do.
    pub(crate) fn rest(&mut self) {
        if let Self::Lent { session, .. } = self {
            *session = None;
        }
    }

    /// Waits until it may be tried again, on another session if need be; gives the error back when
    /// there is no use in it.
    pub(crate) async fn recover(&mut self, error: Error, budget: &mut RetryBudget) -> Result<()> {
        self.leave_after(&error);
        if !is_passing(&error) || self.is_lost() {
            return Err(error);
        }
        let Some(pause) = budget.next_pause() else { return Err(error) };
        tracing::debug!("{error}; it is tried again in {pause:?}");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn leave_after(&mut self, error: &Error) {
        if let Self::Lent { session, .. } = self
            && is_passing(error)
            && let Some(held) = session.take()
            && spoils_session(error)
        {
            held.discard();
        }
    }

    fn is_lost(&self) -> bool {
        matches!(self, Self::Own(client) if client.is_broken())
    }
}

impl Prewarm<'_> {
    /// Waits for what is being opened.
    async fn opened(&mut self) {
        if let Self::Opening(opening) = self {
            opening.await;
            *self = Self::Opened;
        }
    }
}

/// How often files are tried again over a pool.
const RETRIES: u32 = 2;

impl fmt::Debug for Worker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(client) => f.debug_tuple("Own").field(client).finish(),
            Self::Lent { pool, .. } => f.debug_tuple("Lent").field(pool).finish(),
        }
    }
}
