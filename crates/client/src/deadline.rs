//! Deadlines around futures.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt as _, future::Either};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

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
        self.run(REPLY, work)
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

    /// Runs `work` as [`cut`](Self::cut) does, with a timer that serves many short operations.
    pub(crate) async fn cut_by<T>(
        self,
        timer: &mut ReusedTimer,
        mut work: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        poll_fn(|cx| match (work.as_mut().poll(cx), self.at) {
            (Poll::Ready(output), _) => Poll::Ready(Some(output)),
            (Poll::Pending, Some(at)) => timer.poll_until(at, cx).map(|()| None),
            (Poll::Pending, None) => Poll::Pending,
        })
        .await
    }

    /// Creates the error for an operation `what` that did not end in time.
    pub(crate) fn expired(&self, what: &'static str) -> Error {
        Error::Timeout { what, deadline: self.limit.unwrap_or_default() }
    }
}

/// The operation that the error of a missing reply names.
pub(crate) const REPLY: &str = "the server's answer";

/// A timer for operations that follow each other and mostly end long before their deadlines.
///
/// Setting a timer of the runtime for each of them costs two system calls if it is the next one to fire. This one stays
/// set after an operation: it may fire earlier than the next operation needs, and is set again then.
#[derive(Debug, Default)]
pub(crate) struct ReusedTimer(Option<Pin<Box<Sleep>>>);

impl ReusedTimer {
    fn poll_until(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= at {
                return Poll::Ready(());
            }
            timer.as_mut().reset(at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, pin::pin};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn reused_timer_fires_at_each_deadline() {
        let mut timer = ReusedTimer::default();
        for seconds in [3, 30, 1, 1, 60] {
            let (start, limit) = (Instant::now(), Duration::from_secs(seconds));
            let work = pin!(async {
                tokio::time::sleep(limit / 2).await;
                seconds
            });
            assert_eq!(Deadline::start(Some(limit)).cut_by(&mut timer, work).await, Some(seconds));
            let cut = Deadline::start(Some(limit)).cut_by(&mut timer, pin!(pending::<()>())).await;
            assert_eq!((cut, start.elapsed().as_secs()), (None, seconds + seconds / 2));
        }
        assert_eq!(Deadline::start(None).cut_by(&mut timer, pin!(async { 1 })).await, Some(1));
    }

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
