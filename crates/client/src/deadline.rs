//! Deadlines around futures.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Error, Result};

/// The deadline of a whole operation, counted from its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    limit: Option<Duration>,
    started: Instant,
}

impl Deadline {
    /// Starts the clock. Without a limit the deadline never passes.
    pub(crate) fn start(limit: Option<Duration>) -> Self {
        Self { limit, started: Instant::now() }
    }

    /// Returns the time that is left, or `None` without a limit.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.started.elapsed()))
    }

    /// Runs `work` until the deadline; after it, fails with [`Error::Timeout`] that names `what`.
    pub(crate) async fn run<T>(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match within(self.remaining(), work).await {
            Some(result) => result,
            None => Err(self.expired(what)),
        }
    }

    /// Creates the error that `what` did not end in time.
    pub(crate) fn expired(&self, what: &'static str) -> Error {
        timed_out(what, self.limit)
    }
}

/// Runs `work` for at most this long; returns `None` when the time is over.
pub(crate) async fn within<T>(deadline: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

/// Runs `work`, which waits for the server's answer, for at most this long.
pub(crate) async fn in_time<T>(
    deadline: Option<Duration>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    match within(deadline, work).await {
        Some(result) => result,
        None => Err(timed_out("the server's answer", deadline)),
    }
}

/// Creates the error that `what` took longer than `deadline`.
pub(crate) fn timed_out(what: &'static str, deadline: Option<Duration>) -> Error {
    Error::Timeout { what, deadline: deadline.unwrap_or_default() }
}
