//! `ABOR`: aborts a transfer.

use std::time::Duration;

use oxftp_proto::{
    Reply,
    dialog::{Abort, Aborted, Dialog, Event, Step},
};

use super::ControlChannel;
use crate::{Result, capabilities::optional_commands::OptionalCommand, deadline::Deadline};

impl ControlChannel {
    /// Sends `ABOR`. [`finish_abort`](Self::finish_abort) reads the replies to it.
    pub(crate) async fn begin_abort(&mut self) -> Result<()> {
        self.check_usable()?;
        self.schedule_abort()?;
        Deadline::start(self.deadline).await_reply(self.flush()).await
    }

    /// Schedules `ABOR` to be sent before the next command, for callers that cannot await. The connection is closed
    /// instead if this server did not answer `ABOR` before.
    pub(crate) fn schedule_abort(&mut self) -> Result<()> {
        if self.abort.is_none() && self.commands.avoids(OptionalCommand::ABOR) {
            self.lose_to_abort();
            return Err(self.unusable());
        }
        if self.abort.is_none() {
            let transferring = self.outstanding() > self.keep_alives.waiting();
            let mut abort = match self.keep_alives.waiting() {
                0 => Abort::new(transferring),
                // A reply to one of them may look like the reply to the usual fence.
                _ => Abort::fenced_by_pwd(transferring),
            };
            if let Step::Send(command) = abort.step(Event::Start)? {
                self.queue(&command);
            }
            self.abort = Some(abort);
        }
        Ok(())
    }

    /// Reads the replies to the aborted transfer and to `ABOR`.
    pub(crate) async fn finish_abort(&mut self) -> Result<Aborted> {
        self.check_usable()?;
        let reply_timeout = OptionalCommand::ABOR.reply_timeout(self.deadline);
        loop {
            let had_preliminary = self.had_preliminary;
            let reply = match self.next_reply(reply_timeout).await {
                Ok(reply) => reply,
                Err(error) => {
                    if error.is_timeout() {
                        self.abort_unanswered();
                    }
                    self.mark_broken("the server did not reply to ABOR", None);
                    return Err(error);
                }
            };
            if reply.code().is_preliminary() {
                // The first one was not awaited. Pure-FTPd ends a download by a second one.
                if had_preliminary {
                    self.forget_download();
                }
                continue;
            }
            let Some(abort) = &mut self.abort else { return Ok(Aborted::TooLate) };
            match abort.step(Event::Reply(reply)) {
                Ok(Step::Send(command)) => self.queue(&command),
                Ok(Step::Synchronised(aborted) | Step::Done(aborted)) => {
                    self.abort = None;
                    self.late_reply = std::mem::take(&mut self.awaited).len() > self.keep_alives.waiting();
                    self.keep_alives.clear();
                    if aborted == Aborted::TooLate {
                        let deadline = Deadline::start(Some(LATE_REPLY_TIMEOUT));
                        deadline.cut(self.await_late_reply()).await.unwrap_or(Ok(()))?;
                    }
                    return Ok(aborted);
                }
                Ok(_) => {}
                Err(error) => {
                    self.abort = None;
                    return Err(error.into());
                }
            }
        }
    }

    /// Sends `ABOR` for a download whose stream was dropped and whose final reply does not arrive, and reads the
    /// replies. `had_second_preliminary` says that a second preliminary reply came in place of the final one.
    pub(super) async fn abort_abandoned(&mut self, had_second_preliminary: bool) -> Result<()> {
        crate::trace::debug!("the server does not end a download whose data connection was closed");
        self.schedule_abort()?;
        if had_second_preliminary {
            self.forget_download();
        }
        self.finish_abort().await.map(drop)
    }

    /// Awaits no final reply to the download that is the oldest outstanding command.
    fn forget_download(&mut self) {
        if self.awaited.front().is_some_and(|oldest| oldest.is_download) {
            self.awaited.pop_front();
        }
    }

    /// Records that the server does not answer `ABOR`, or not the transfer that was ended early, and closes the connection.
    pub(crate) fn abort_unanswered(&mut self) {
        self.commands.avoid(OptionalCommand::ABOR);
        self.lose_to_abort();
    }

    fn lose_to_abort(&mut self) {
        self.lost_to_abort = true;
        self.mark_broken("a transfer was aborted, and the server does not answer ABOR", None);
    }

    /// Waits for the second of two replies, if only `ABOR` seems to have been answered.
    async fn await_late_reply(&mut self) -> Result<()> {
        while self.late_reply {
            let reply = self.receive_any().await?;
            if !self.is_late_reply(&reply) {
                return Err(self.desynchronised(reply.to_string()));
            }
            self.keep_unclaimed(reply);
        }
        Ok(())
    }

    /// Returns whether a reply is the late second reply to an aborted transfer.
    ///
    /// libunftp replies to `ABOR` at once, and to the transfer after its own task has noticed.
    pub(super) fn is_late_reply(&mut self, reply: &Reply) -> bool {
        // 451 may answer any command. The other codes answer only transfers and `ABOR`.
        let of_transfer = matches!(reply.code().get(), 225 | 226 | 426) && self.abort.is_none();
        of_transfer && std::mem::take(&mut self.late_reply)
    }

    /// Marks the start of a transfer: replies that would have been late now belong to it.
    pub(crate) fn begin_transfer(&mut self) {
        self.late_reply = false;
        self.had_preliminary = false;
    }

    /// Returns whether a preliminary reply has arrived since the latest transfer began.
    pub(crate) fn had_preliminary(&self) -> bool {
        self.had_preliminary
    }
}

/// Maximum time between the reply to `ABOR` and the reply to the transfer before it.
const LATE_REPLY_TIMEOUT: Duration = Duration::from_millis(500);
