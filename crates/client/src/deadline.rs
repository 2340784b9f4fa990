//! Deadlines around futures.

use crate::{Error, Result};
use std::time::Duration;

/// Runs `work` under a deadline; `None` when it passed.
pub(crate) async fn within<T>(deadline: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

/// Runs what awaits an answer of the server under a deadline.
pub(crate) async fn in_time<T>(
    deadline: Option<Duration>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    match within(deadline, work).await {
        Some(result) => result,
        None => Err(timed_out("the server's answer", deadline)),
    }
}

pub(crate) fn timed_out(what: &'static str, deadline: Option<Duration>) -> Error {
    Error::Timeout { what, deadline: deadline.unwrap_or_default() }
}
