//! `NOOP` while data flow, and what it is answered.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Buf;
use oxftp_proto::{Code, Command};
use tokio::io::AsyncWrite;

use super::ControlChannel;
use crate::{Result, deadline::in_time};

impl ControlChannel {
    /// Leaves a `NOOP` to be sent, unless the server has left too many unanswered.
    pub(crate) fn queue_keep_alive(&mut self) {
        if self.stream.is_some() && self.keep_alives.waiting() < MOST_WAITING {
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
    pub(super) async fn pass_keep_alives(&mut self) -> Result<()> {
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
                self.keep(reply);
            }
        })
        .await;
        if passed.is_err() {
            self.give_up("the server answers no more after a transfer", None);
        }
        self.keep_alives.clear();
        self.outstanding = 0;
        passed
    }
}

/// How many may be unanswered: some servers read them only when the transfer is over.
const MOST_WAITING: usize = 1000;
