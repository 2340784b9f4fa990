//! Idle timeout of a connection.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

/// Fails an operation that stays pending longer than the limit. The timer runs only while an operation is pending.
pub(super) struct IdleTimeout {
    limit: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    is_running: bool,
}

impl IdleTimeout {
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { limit, timer: None, is_running: false }
    }

    /// Returns `poll`, or an error of kind `TimedOut` if it has been pending for too long.
    pub(super) fn check<T>(
        &mut self,
        poll: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let Some(limit) = self.limit else { return poll };
        if poll.is_ready() {
            self.is_running = false;
            return poll;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if !std::mem::replace(&mut self.is_running, true) {
            timer.as_mut().reset(Instant::now() + limit);
        }
        ready!(timer.as_mut().poll(cx));
        self.is_running = false;
        let message = format!("no data were transferred for {} s", limit.as_secs_f64());
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, message)))
    }
}
