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
use crate::{Result, deadline::in_time};

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

impl ControlChannel {
    /// Leaves a `NOOP` to be sent, unless the server has left too many unanswered.
    pub(crate) fn queue_keep_alive(&mut self) {
        if self.stream.is_some() && self.keep_alives.waiting() < MAX_UNANSWERED {
            self.queue(&Command::new("NOOP"));
            self.keep_alives.sent();
        }
    }

    /// Sends what is queued, as much as goes without waiting. A connection that fails shows it to whoever
    /// awaits the next reply.
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

    /// Reads past the answers that are missing still. Some servers never give them, so a `PWD` is sent
    /// behind: what it is answered answers nothing else.
    pub(super) async fn skip_keep_alive_replies(&mut self) -> Result<()> {
        if self.keep_alives.waiting() == 0 {
            self.keep_alives.clear();
            return Ok(());
        }
        self.queue(&Command::new("PWD"));
        let passed = in_time(self.deadline, async {
            self.flush().await?;
            loop {
                let reply = self.receive_any().await?;
                let reply = self.count(reply)?;
                if reply.code() == Code::PATH || self.outstanding == 0 {
                    return Ok(());
                }
                self.keep_unclaimed(reply);
            }
        })
        .await;
        if passed.is_err() {
            self.mark_broken("the server answers no more after a transfer", None);
        }
        self.keep_alives.clear();
        self.outstanding = 0;
        passed
    }
}

/// How many may be unanswered: some servers read them only when the transfer is over.
const MAX_UNANSWERED: usize = 1000;
