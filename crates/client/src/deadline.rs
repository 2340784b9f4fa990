//! Deadlines around futures.

use std::time::Duration;

use futures_util::{FutureExt as _, future::Either};
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

    // These are combinators instead of `async fn`s: an `async fn` has each argument twice in its future, so each of them
    // would double the size of the future that it is given.

    /// Runs `work` until the deadline; after it, fails with [`Error::Timeout`] that names `what`.
    pub(crate) fn run<T, F: Future<Output = Result<T>>>(
        self,
        what: &'static str,
        work: F,
    ) -> impl Future<Output = Result<T>> + use<T, F> {
        self.cut(work).map(move |outcome| outcome.unwrap_or_else(|| Err(self.expired(what))))
    }

    /// Runs `work`, which waits for a reply of the server, until the deadline.
    pub(crate) fn await_reply<T, F: Future<Output = Result<T>>>(
        self,
        work: F,
    ) -> impl Future<Output = Result<T>> + use<T, F> {
        self.run("the server's answer", work)
    }

    /// Runs `work` until the deadline; after it, drops `work` and returns `None`.
    pub(crate) fn cut<T, F: Future<Output = T>>(
        self,
        work: F,
    ) -> impl Future<Output = Option<T>> + use<T, F> {
        match self.at {
            Some(at) => Either::Left(timeout_at(at, work).map(Result::ok)),
            None => Either::Right(work.map(Some)),
        }
    }

    /// Creates the error for an operation `what` that did not end in time.
    pub(crate) fn expired(&self, what: &'static str) -> Error {
        Error::Timeout { what, deadline: self.limit.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn deadline_hardly_enlarges_its_future() {
        let work = async {
            let large = [1_u8; 4096];
            tokio::task::yield_now().await;
            Ok(large.iter().filter(|byte| **byte == 1).count())
        };
        let small = size_of_val(&work);
        let bounded = Deadline::start(Some(Duration::from_secs(60))).run("a test", work);
        assert!(size_of_val(&bounded) < small + 400, "{} and {small}", size_of_val(&bounded));
        assert_eq!(bounded.await.unwrap(), 4096);
    }
}
