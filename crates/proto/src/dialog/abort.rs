//! Breaking a transfer off.

use super::{Dialog, DialogError, Event, Step};
use crate::{Code, Command, Reply};

/// Breaks a transfer off with `ABOR` (RFC 959, 4.1.3).
///
/// Servers answer with two replies, one for the transfer and one for `ABOR`, or with a single one
/// for both; the codes do not tell which. So a `NOOP` is sent behind the first reply as a fence:
/// its `200` cannot be mistaken for an answer to `ABOR`.
#[derive(Debug)]
pub struct Abort {
    transferring: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Starting,
    /// Nothing is answered yet.
    Waiting,
    /// One reply came, and `NOOP` was sent.
    Fenced(Aborted),
    /// Two replies came, that to `NOOP` is still to come.
    Draining(Aborted),
}

/// How a transfer ended that was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aborted {
    /// The server broke it off.
    Interrupted,
    /// The server was done, or saw nothing to break off.
    TooLate,
}

impl Abort {
    /// Makes the dialog; `transferring` tells whether the reply to a transfer is still owed.
    #[must_use]
    pub fn new(transferring: bool) -> Self {
        Self { transferring, state: State::Starting }
    }

    fn reply(&mut self, reply: Reply) -> Result<Step<Aborted>, DialogError> {
        if reply.code() == Code::SERVICE_CLOSING {
            return Err(reply.unexpected(&["226", "426"]).into());
        }
        match self.state {
            State::Starting => Err(DialogError::OutOfTurn),
            State::Waiting if self.transferring => {
                let success = reply.code().is_success();
                self.state = State::Fenced(if success { Aborted::TooLate } else { Aborted::Interrupted });
                Ok(Step::Send(Command::new("NOOP")))
            }
            State::Waiting if reply.code().is_success() => Ok(Step::Synchronised(Aborted::TooLate)),
            State::Waiting => Err(reply.unexpected(&["225", "226"]).into()),
            State::Fenced(aborted) if reply.code() == Code::OK => Ok(Step::Synchronised(aborted)),
            State::Fenced(aborted) => {
                self.state = State::Draining(aborted);
                Ok(Step::AwaitReply)
            }
            State::Draining(aborted) => Ok(Step::Synchronised(aborted)),
        }
    }
}

impl Dialog for Abort {
    type Output = Aborted;

    fn step(&mut self, event: Event) -> Result<Step<Aborted>, DialogError> {
        match event {
            Event::Start => {
                self.state = State::Waiting;
                Ok(Step::Send(Command::new("ABOR")))
            }
            Event::Reply(reply) => self.reply(reply),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    #[test]
    fn every_order_of_answers_ends_in_step() {
        let scripts = [
            ("426 cut\n> NOOP\n< 226 aborted\n< 200 ok", Aborted::Interrupted),
            ("426 cut\n> NOOP\n< 225 nothing to abort\n< 200 ok", Aborted::Interrupted),
            ("426 for both\n> NOOP\n< 200 ok", Aborted::Interrupted),
            ("451 cut\n> NOOP\n< 502 what?\n< 200 ok", Aborted::Interrupted),
            ("226 complete\n> NOOP\n< 225 nothing\n< 200 ok", Aborted::TooLate),
            ("226 complete\n> NOOP\n< 226 aborted\n< 200 ok", Aborted::TooLate),
            ("226 complete\n> NOOP\n< 502 what?\n< 200 ok", Aborted::TooLate),
            ("226 for both\n> NOOP\n< 200 ok", Aborted::TooLate),
            ("225 for both\n> NOOP\n< 200 ok", Aborted::TooLate),
        ];
        for (script, outcome) in scripts {
            let script = format!("> ABOR\n< {script}");
            assert_eq!(replay(Abort::new(true), &script), Ok(outcome), "{script}");
        }
    }

    #[test]
    fn without_a_transfer_one_answer_is_all() {
        assert_eq!(replay(Abort::new(false), "> ABOR\n< 226 ok"), Ok(Aborted::TooLate));
        assert!(replay(Abort::new(false), "> ABOR\n< 502 what?").is_err());
    }

    #[test]
    fn a_server_that_closes_is_an_error() {
        assert!(replay(Abort::new(true), "> ABOR\n< 421 bye").is_err());
    }
}
