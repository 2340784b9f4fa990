//! Commands ahead of their time: once the data of a transfer have ended, `EPSV` or `PASV` of the next is
//! sent, and before it what is asked of this one's file, while its final reply is on its way.

use std::time::Duration;

use oxftp_proto::{
    Command, Reply,
    dialog::{Completed, Dialog, Endpoint, Event, PassiveMode, PassiveReply, PipelinedCompletion, Step},
};

use super::{ControlChannel, Hands};
use crate::{Result, timeouts::in_time};

/// The passive command of the next transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ahead {
    #[default]
    None,
    /// It is to be sent when the data have ended.
    Planned(PassiveMode),
    /// Its reply is owed.
    Sent(PassiveMode),
    Listening(PassiveMode, Endpoint),
    /// The server did not take it here.
    Refused,
}

/// What is asked of a file behind its transfer.
#[derive(Debug, Default)]
pub(super) struct Questions {
    planned: Vec<Command>,
    /// How many were sent behind the latest transfer.
    sent: usize,
}

/// What a transfer that succeeded is answered.
const SUCCESS: &[&str] = &["2xx"];

impl ControlChannel {
    /// Has the passive command of the next transfer sent at the end of this one, and before it what is asked of
    /// its file.
    pub(crate) fn plan_ahead(&mut self, mode: PassiveMode, questions: Vec<Command>) {
        self.ahead = Ahead::Planned(mode);
        self.questions.planned = questions;
    }

    /// Sends what was planned.
    pub(crate) async fn send_ahead(&mut self) -> Result<()> {
        let Ahead::Planned(mode) = self.ahead else { return Ok(()) };
        self.ahead = Ahead::Sent(mode);
        let questions = std::mem::take(&mut self.questions.planned);
        self.questions.sent = questions.len();
        questions.iter().for_each(|question| self.queue(question));
        self.queue(&mode.command());
        in_time(self.deadline, self.flush()).await
    }

    /// Gives what is known of the passive command, and forgets it. It counts only while no other reply is
    /// owed, for then it is known whose the next one is.
    pub(crate) fn take_ahead(&mut self) -> Ahead {
        match std::mem::take(&mut self.ahead) {
            Ahead::Sent(mode) if self.owed == 1 && self.abort.is_none() => Ahead::Sent(mode),
            Ahead::Listening(mode, endpoint) if self.owed == 0 => Ahead::Listening(mode, endpoint),
            Ahead::Refused => Ahead::Refused,
            _ => Ahead::None,
        }
    }

    /// Tells whether the reply to a command ahead of its time is owed besides that of the transfer.
    pub(crate) fn mode_ahead(&self) -> Option<PassiveMode> {
        match self.ahead {
            Ahead::Sent(mode) => Some(mode),
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
        let mut completion = PipelinedCompletion::new(mode).queries(self.questions.sent);
        let mut step = completion.step(Event::Start)?;
        loop {
            if let Step::Done(Completed { transfer, query_replies, passive }) = step {
                self.ahead = match passive {
                    PassiveReply::Outstanding => Ahead::Sent(mode),
                    PassiveReply::Listening(endpoint) => Ahead::Listening(mode, endpoint),
                    PassiveReply::Refused => Ahead::Refused,
                };
                return Ok((transfer?, query_replies));
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

    /// Runs a dialog that opens a data connection and awaits what is owed already.
    pub(crate) async fn resume_with<D: Dialog>(
        &mut self,
        dialog: D,
        hands: Hands<'_, '_>,
    ) -> Result<D::Output> {
        self.check_usable()?;
        self.drive(dialog, hands, self.deadline).await
    }
}
