//! Pipelining between transfers: the next `EPSV` or `PASV`, and queries about the current file, sent after
//! the data and before the final reply has arrived.

use std::time::Duration;

use oxftp_proto::{
    Command, Reply,
    dialog::{Completed, Dialog, Endpoint, Event, PassiveMode, PassiveReply, PipelinedCompletion, Step},
};

use super::ControlChannel;
use crate::{Result, deadline::Deadline};

/// State of the passive command of the next transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PipelinedPassive {
    #[default]
    None,
    /// To be sent after the data.
    Scheduled(PassiveMode),
    /// Sent; the reply is outstanding.
    Sent(PassiveMode),
    /// Accepted; the server listens.
    Listening(PassiveMode, Endpoint),
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
        let queries = std::mem::take(&mut self.queries.scheduled);
        self.queries.sent = queries.len();
        queries.iter().for_each(|query| self.queue(query));
        self.queue(&mode.command());
        Deadline::start(self.deadline).await_reply(self.flush()).await
    }

    /// Returns the state of the passive command, and resets it. The state is only usable if no other reply
    /// is outstanding; otherwise the next reply cannot be attributed.
    pub(crate) fn take_pipelined(&mut self) -> PipelinedPassive {
        match std::mem::take(&mut self.pipelined) {
            PipelinedPassive::Sent(mode) if self.outstanding() == 1 && self.abort.is_none() => {
                PipelinedPassive::Sent(mode)
            }
            PipelinedPassive::Listening(mode, endpoint) if self.outstanding() == 0 => {
                PipelinedPassive::Listening(mode, endpoint)
            }
            PipelinedPassive::Refused => PipelinedPassive::Refused,
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
                    PassiveReply::Listening(endpoint) => PipelinedPassive::Listening(mode, endpoint),
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
