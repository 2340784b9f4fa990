//! Deadlines around futures.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{Error, Result};

/// The deadline of an operation, counted from its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    limit: Option<Duration>,
    at: Option<Instant>,
}

impl Deadline {
    /// Starts the clock. Without a limit, or with a limit beyond the range of the clock, the deadline never passes.
    pub(crate) fn start(limit: Option<Duration>) -> Self {
        Self { limit, at: limit.and_then(|limit| Instant::now().checked_add(limit)) }
    }

    /// Runs `work` until the deadline; after it, fails with [`Error::Timeout`] that names `what`.
    pub(crate) async fn run<T>(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match self.cut(work).await {
            Some(result) => result,
            None => Err(self.expired(what)),
        }
    }

    /// Runs `work`, which waits for a reply of the server, until the deadline.
    pub(crate) async fn await_reply<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.run("the server's answer", work).await
    }

    /// Runs `work` until the deadline; after it, drops `work` and returns `None`.
    pub(crate) async fn cut<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.at {
            Some(at) => timeout_at(at, work).await.ok(),
            None => Some(work.await),
        }
    }

    /// Creates the error for an operation `what` that did not end in time.
    pub(crate) fn expired(&self, what: &'static str) -> Error {
        Error::Timeout { what, deadline: self.limit.unwrap_or_default() }
    }
}
