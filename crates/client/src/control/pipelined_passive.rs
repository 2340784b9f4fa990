//! Pipelining between transfers: the next `EPSV` or `PASV`, and queries about the current file, sent after
//! the data and before the final reply has arrived.

use std::time::Duration;

use oxftp_proto::{
    Command, Reply,
    dialog::{
        ClosedDownload, Completed, Dialog, Event, PassiveAddress, PassiveMode, PassiveReply,
        PipelinedCompletion, Step,
    },
};
use tokio::time::Instant;

use super::{ABANDONED_TIMEOUT, ControlChannel};
use crate::{Result, capabilities::optional_commands::OptionalCommand, deadline::Deadline};

/// State of the passive command of the next transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PipelinedPassive {
    #[default]
    None,
    /// To be sent after the data.
    Scheduled(PassiveMode),
    /// Sent; the reply is outstanding.
    Sent(PassiveMode),
    /// Sent for a download that was ended early; the replies to both are outstanding.
    SentAfterClose(PassiveMode),
    /// Accepted; the server listens.
    Listening(PassiveMode, PassiveAddress),
    /// The server refused it at this point.
    Refused,
}

/// Queries about the file of the current transfer.
#[derive(Debug, Default)]
pub(crate) struct PipelinedQueries {
    scheduled: Vec<Command>,
    /// Number of queries sent after the data of the latest transfer.
    sent: usize,
}

/// Maximum age of a passive command whose port is connected to. Firewalls forget the port of a reply after a while.
const MAX_PASSIVE_AGE: Duration = Duration::from_secs(5);

/// Replies to a successful transfer.
const SUCCESS: &[&str] = &["2xx"];

impl ControlChannel {
    /// Schedules queries about the current file, followed by the passive command of the next transfer, to
    /// be sent after the data of the current transfer.
    pub(crate) fn schedule_pipelined(&mut self, mode: PassiveMode, queries: Vec<Command>) {
        self.pipelined = PipelinedPassive::Scheduled(mode);
        self.queries.scheduled = queries;
    }

    /// Sends the scheduled commands, if this server allows pipelining.
    pub(crate) async fn send_pipelined(&mut self) -> Result<()> {
        let PipelinedPassive::Scheduled(mode) = self.pipelined else { return Ok(()) };
        if self.forbids_pipelining() {
            self.pipelined = PipelinedPassive::None;
            return Ok(());
        }
        self.pipelined = PipelinedPassive::Sent(mode);
        self.pipelined_at = Instant::now();
        let queries = std::mem::take(&mut self.queries.scheduled);
        self.queries.sent = queries.len();
        self.is_unproven_batch = !queries.is_empty() && !self.has_answered_batch;
        queries.iter().for_each(|query| self.queue(query));
        self.queue(&mode.command());
        Deadline::start(self.deadline).await_reply(self.flush()).await
    }

    /// Sends the passive command of the next transfer for a download that ends early: after its data connection was closed,
    /// or together with `ABOR`. [`await_closed_download`](Self::await_closed_download) reads the replies. Returns `false`
    /// if nothing was sent.
    pub(crate) async fn send_pipelined_after_close(
        &mut self,
        mode: PassiveMode,
        abort: bool,
    ) -> Result<bool> {
        self.check_usable()?;
        let avoids_abort = abort && self.commands.avoids(OptionalCommand::ABOR);
        if self.forbids_pipelining() || self.outstanding() != 1 || self.abort.is_some() || avoids_abort {
            return Ok(false);
        }
        self.pipelined = PipelinedPassive::SentAfterClose(mode);
        self.pipelined_at = Instant::now();
        if abort {
            self.queue(&Command::new("ABOR"));
        }
        self.queue(&mode.command());
        Deadline::start(self.deadline).await_reply(self.flush()).await?;
        Ok(true)
    }

    /// Reads the replies to a download that was ended early, and to the passive command after it.
    pub(crate) async fn await_closed_download(&mut self) -> Result<()> {
        let PipelinedPassive::SentAfterClose(mode) = self.pipelined else { return Ok(()) };
        let dialog = ClosedDownload::new(mode, self.outstanding().saturating_sub(1));
        let answered = self.resume(dialog, Some(ABANDONED_TIMEOUT)).await;
        self.pipelined = match answered {
            Ok(PassiveReply::Listening(address)) => PipelinedPassive::Listening(mode, address),
            // The next transfer sends it again.
            _ => PipelinedPassive::None,
        };
        match answered {
            Err(error) if !error.is_timeout() => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads the outstanding replies as [`settle`](Self::settle) does, and keeps a passive command for the next transfer.
    pub(crate) async fn settle_for_transfer(&mut self) -> Result<()> {
        self.await_closed_download().await?;
        let outstanding = match self.pipelined {
            PipelinedPassive::Listening(..) | PipelinedPassive::Refused => Some(0),
            PipelinedPassive::Sent(_) => Some(1),
            _ => None,
        };
        let is_recent = self.pipelined_at.elapsed() <= MAX_PASSIVE_AGE;
        if is_recent && self.abort.is_none() && outstanding == Some(self.outstanding()) {
            return self.check_usable();
        }
        self.settle().await
    }

    /// Returns the state of the passive command, and resets it. The state is only usable if no other reply
    /// is outstanding, as the next reply cannot be attributed otherwise, and if the command was sent a short time ago.
    pub(crate) fn take_pipelined(&mut self) -> PipelinedPassive {
        match std::mem::take(&mut self.pipelined) {
            PipelinedPassive::Refused => PipelinedPassive::Refused,
            _ if self.pipelined_at.elapsed() > MAX_PASSIVE_AGE => PipelinedPassive::None,
            PipelinedPassive::Sent(mode) if self.outstanding() == 1 && self.abort.is_none() => {
                PipelinedPassive::Sent(mode)
            }
            PipelinedPassive::Listening(mode, address) if self.outstanding() == 0 => {
                PipelinedPassive::Listening(mode, address)
            }
            _ => PipelinedPassive::None,
        }
    }

    /// Returns the mode of the passive command whose reply is outstanding besides that of the transfer.
    pub(crate) fn pipelined_mode(&self) -> Option<PassiveMode> {
        match self.pipelined {
            PipelinedPassive::Sent(mode) => Some(mode),
            _ => None,
        }
    }

    /// Waits for the final reply of a transfer after which `mode` was sent, and for the replies to the
    /// queries about its file.
    pub(crate) async fn complete_pipelined(
        &mut self,
        mode: PassiveMode,
        deadline: Option<Duration>,
    ) -> Result<(Reply, Vec<Reply>)> {
        self.check_usable()?;
        let mut completion = PipelinedCompletion::new(mode).queries(self.queries.sent);
        let mut step = completion.step(Event::Start)?;
        loop {
            if let Step::Done(Completed { transfer, query_replies, passive }) = step {
                self.pipelined = match passive {
                    PassiveReply::Outstanding => PipelinedPassive::Sent(mode),
                    PassiveReply::Listening(address) => PipelinedPassive::Listening(mode, address),
                    PassiveReply::Refused => PipelinedPassive::Refused,
                };
                return Ok((transfer?, query_replies));
            }
            // A transfer may take longer than a command.
            let deadline = if completion.transfer().is_some() { self.deadline } else { deadline };
            step = match (self.next_reply(deadline).await, completion.transfer()) {
                (Ok(reply), _) => completion.step(Event::Reply(reply))?,
                // The transfer has completed, even if the connection has failed since.
                (Err(_), Some(transfer)) => return Ok((transfer.clone().expect(SUCCESS)?, Vec::new())),
                (Err(error), None) => return Err(error),
            };
        }
    }
}
