//! Commands pipelined of their time: once the data of a transfer have ended, `EPSV` or `PASV` of the next is
//! sent, and before it what is asked of this one's file, while its final reply is on its way.

use std::time::Duration;

use oxftp_proto::{
    Command, Reply,
    dialog::{Answer, Completed, Dialog, Endpoint, Event, PassiveMode, PipelinedCompletion, Step},
};

use super::ControlChannel;
use crate::{Result, deadline::in_time};

/// The passive command of the next transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PipelinedPassive {
    #[default]
    None,
    /// It is to be sent when the data have ended.
    Scheduled(PassiveMode),
    /// Its reply is outstanding.
    Sent(PassiveMode),
    Listening(PassiveMode, Endpoint),
    /// The server did not take it here.
    Refused,
}

/// What is asked of a file behind its transfer.
#[derive(Debug, Default)]
pub(crate) struct PipelinedQueries {
    scheduled: Vec<Command>,
    /// How many were sent behind the latest transfer.
    sent: usize,
}

/// What a transfer that succeeded is answered.
const SUCCESS: &[&str] = &["2xx"];

impl ControlChannel {
    /// Has the passive command of the next transfer sent at the end of this one, and before it what is asked of
    /// its file.
    pub(crate) fn schedule_pipelined(&mut self, mode: PassiveMode, queries: Vec<Command>) {
        self.pipelined = PipelinedPassive::Scheduled(mode);
        self.queries.scheduled = queries;
    }

    /// Sends what was planned.
    pub(crate) async fn send_pipelined(&mut self) -> Result<()> {
        let PipelinedPassive::Scheduled(mode) = self.pipelined else { return Ok(()) };
        self.pipelined = PipelinedPassive::Sent(mode);
        let queries = std::mem::take(&mut self.queries.scheduled);
        self.queries.sent = queries.len();
        queries.iter().for_each(|query| self.queue(query));
        self.queue(&mode.command());
        in_time(self.deadline, self.flush()).await
    }

    /// Gives what is known of the passive command, and forgets it. It counts only while no other reply is
    /// outstanding, for then it is known whose the next one is.
    pub(crate) fn take_pipelined(&mut self) -> PipelinedPassive {
        match std::mem::take(&mut self.pipelined) {
            PipelinedPassive::Sent(mode) if self.outstanding == 1 && self.abort.is_none() => {
                PipelinedPassive::Sent(mode)
            }
            PipelinedPassive::Listening(mode, endpoint) if self.outstanding == 0 => {
                PipelinedPassive::Listening(mode, endpoint)
            }
            PipelinedPassive::Refused => PipelinedPassive::Refused,
            _ => PipelinedPassive::None,
        }
    }

    /// Tells whether the reply to a command pipelined of its time is outstanding besides that of the transfer.
    pub(crate) fn pipelined_mode(&self) -> Option<PassiveMode> {
        match self.pipelined {
            PipelinedPassive::Sent(mode) => Some(mode),
            _ => None,
        }
    }

    /// Awaits the final reply of a transfer behind which `mode` was sent, and what is answered of its file.
    pub(crate) async fn complete_pipelined(
        &mut self,
        mode: PassiveMode,
        deadline: Option<Duration>,
    ) -> Result<(Reply, Vec<Reply>)> {
        self.check_usable()?;
        let mut completion = PipelinedCompletion::new(mode).questions(self.queries.sent);
        let mut step = completion.step(Event::Start)?;
        loop {
            if let Step::Done(Completed { transfer, answers, passive }) = step {
                self.pipelined = match passive {
                    Answer::Owed => PipelinedPassive::Sent(mode),
                    Answer::Listening(endpoint) => PipelinedPassive::Listening(mode, endpoint),
                    Answer::Refused => PipelinedPassive::Refused,
                };
                return Ok((transfer?, answers));
            }
            // An answer is not waited for as a transfer is.
            let deadline = if completion.transfer().is_some() { self.deadline } else { deadline };
            step = match (self.next_reply(deadline).await, completion.transfer()) {
                (Ok(reply), _) => completion.step(Event::Reply(reply))?,
                // The transfer is done, whatever became of the connection since.
                (Err(_), Some(transfer)) => return Ok((transfer.clone().expect(SUCCESS)?, Vec::new())),
                (Err(error), None) => return Err(error),
            };
        }
    }
}
