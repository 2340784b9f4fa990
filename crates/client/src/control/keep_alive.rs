//! Keep-alive: `NOOP` on the control connection while data flow, and the replies to it.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Buf;
use oxftp_proto::{Code, Command};
use tokio::{
    io::AsyncWrite,
    time::{Instant, Sleep},
};

use super::ControlChannel;
use crate::{Result, deadline::Deadline};

/// Timer that sends `NOOP` during a transfer. The replies are read after the transfer.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    /// The interval; `None` disables the timer.
    every: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl KeepAlive {
    pub(crate) fn new(every: Option<Duration>) -> Self {
        Self { every, timer: None }
    }

    /// Awaits a transfer, and sends `NOOP` at intervals.
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

    /// Sends `NOOP` if it is due.
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

impl ControlChannel {
    /// Queues a `NOOP`, unless the server has left too many unanswered.
    pub(crate) fn queue_keep_alive(&mut self) {
        if self.stream.is_some() && self.keep_alives.waiting() < MAX_UNANSWERED {
            self.queue(&Command::new("NOOP"));
            self.keep_alives.sent();
        }
    }

    /// Sends queued bytes without blocking. If the connection fails, reading the next reply returns the
    /// error.
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>) {
        let Some(stream) = &mut self.stream else { return };
        if self.outgoing.is_empty() {
            return;
        }
        while !self.outgoing.is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, &self.outgoing) {
                Poll::Ready(Ok(written @ 1..)) => self.outgoing.advance(written),
                _ => return,
            }
        }
        let _ = Pin::new(stream).poll_flush(cx);
    }

    /// Skips the outstanding replies to `NOOP`. Some servers never send them, so `PWD` is sent as a fence:
    /// no `NOOP` is answered like it.
    pub(super) async fn skip_keep_alive_replies(&mut self) -> Result<()> {
        if self.keep_alives.waiting() == 0 {
            self.keep_alives.clear();
            return Ok(());
        }
        self.queue(&Command::new("PWD"));
        let deadline = Deadline::start(self.deadline);
        let passed = deadline
            .await_reply(async {
                self.flush().await?;
                loop {
                    let reply = self.receive_any().await?;
                    let reply = self.count(reply)?;
                    if reply.code() == Code::PATH || self.outstanding() == 0 {
                        return Ok(());
                    }
                    self.keep_unclaimed(reply);
                }
            })
            .await;
        if passed.is_err() {
            self.mark_broken("the server stopped replying after a transfer", None);
        }
        self.keep_alives.clear();
        self.awaited.clear();
        passed
    }
}

/// Maximum number of unanswered `NOOP`s. Some servers read them only after the transfer.
const MAX_UNANSWERED: usize = 1000;
