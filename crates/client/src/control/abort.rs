//! Breaking a transfer off.

use std::time::Duration;

use oxftp_proto::{
    Reply,
    dialog::{Abort, Aborted, Dialog, Event, Step},
};

use super::ControlChannel;
use crate::{
    Result,
    timeouts::{in_time, within},
};

impl ControlChannel {
    /// Sends `ABOR`; [`finish_abort`](Self::finish_abort) reads what it is answered.
    pub(crate) async fn begin_abort(&mut self) -> Result<()> {
        self.check_usable()?;
        self.plan_abort()?;
        in_time(self.deadline, self.flush()).await
    }

    /// Leaves `ABOR` to be sent before the next command, for those who cannot wait.
    pub(crate) fn plan_abort(&mut self) -> Result<()> {
        if self.abort.is_none() {
            let transferring = self.owed > self.keep_alives.waiting();
            let mut abort = match self.keep_alives.waiting() {
                0 => Abort::new(transferring),
                // Each of them may be answered like the usual fence.
                _ => Abort::fenced_by_pwd(transferring),
            };
            if let Step::Send(command) = abort.step(Event::Start)? {
                self.queue(&command);
            }
            self.abort = Some(abort);
        }
        Ok(())
    }

    pub(crate) async fn finish_abort(&mut self) -> Result<Aborted> {
        self.check_usable()?;
        loop {
            let reply = self.next_reply(self.deadline).await.inspect_err(|_| {
                self.give_up("ABOR was not answered", None);
            })?;
            if reply.code().is_preliminary() {
                // The transfer's own beginning, where it was not awaited.
                continue;
            }
            let Some(abort) = &mut self.abort else { return Ok(Aborted::TooLate) };
            match abort.step(Event::Reply(reply)) {
                Ok(Step::Send(command)) => self.queue(&command),
                Ok(Step::Synchronised(aborted) | Step::Done(aborted)) => {
                    self.abort = None;
                    self.straggler = std::mem::take(&mut self.owed) > self.keep_alives.waiting();
                    self.keep_alives.clear();
                    if aborted == Aborted::TooLate {
                        within(Some(GRACE), self.await_straggler()).await.unwrap_or(Ok(()))?;
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

    /// Waits for the second of two answers, where `ABOR` alone seems to have been answered.
    async fn await_straggler(&mut self) -> Result<()> {
        while self.straggler {
            let reply = self.receive_any().await?;
            if !self.is_straggler(&reply) {
                return Err(self.desynchronised(reply.to_string()));
            }
            self.keep(reply);
        }
        Ok(())
    }

    /// Tells whether a reply is the late second answer to a transfer that was broken off.
    ///
    /// libunftp answers `ABOR` at once, and the transfer when its own task has noticed.
    pub(super) fn is_straggler(&mut self, reply: &Reply) -> bool {
        // 451 may answer any command; the others answer none but transfers and ABOR.
        let of_transfer = matches!(reply.code().get(), 225 | 226 | 426) && self.abort.is_none();
        of_transfer && std::mem::take(&mut self.straggler)
    }

    /// From here on such replies belong to a new transfer.
    pub(crate) fn begin_transfer(&mut self) {
        self.straggler = false;
    }
}

/// How long a server may take to answer a transfer after it has answered the `ABOR` behind it.
const GRACE: Duration = Duration::from_millis(500);
