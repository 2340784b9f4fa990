//! Keeping the control connection known to routers while data flow.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::ControlChannel;

/// Sends `NOOP` from time to time, and leaves the answers to whoever reads replies next.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    /// `None` is never.
    every: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl KeepAlive {
    pub(crate) fn new(every: Option<Duration>) -> Self {
        Self { every, timer: None }
    }

    /// Awaits a transfer.
    pub(crate) async fn during<T>(
        &mut self,
        control: &mut ControlChannel,
        transfer: impl Future<Output = T>,
    ) -> T {
        let mut transfer = pin!(transfer);
        poll_fn(|cx| {
            let moved = transfer.as_mut().poll(cx);
            if moved.is_pending() {
                self.poll(control, cx);
            }
            moved
        })
        .await
    }

    /// Sends what is due.
    pub(crate) fn poll(&mut self, control: &mut ControlChannel, cx: &mut Context<'_>) {
        let Some(every) = self.every else { return };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(every)));
        while let Poll::Ready(()) = timer.as_mut().poll(cx) {
            control.queue_keep_alive();
            timer.as_mut().reset(Instant::now() + every);
        }
        control.poll_send(cx);
    }
}
