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
    fence: Fence,
    state: State,
}

/// What is sent behind `ABOR`, to be answered last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    Noop,
    Directory,
}

impl Fence {
    fn command(self) -> Command {
        Command::new(if self == Self::Noop { "NOOP" } else { "PWD" })
    }

    fn is_answered_by(self, code: Code) -> bool {
        code == if self == Self::Noop { Code::OK } else { Code::PATH }
    }
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
        Self { transferring, fence: Fence::Noop, state: State::Starting }
    }

    /// Makes the dialog for a transfer during which `NOOP` was sent, some of which are not answered: `PWD`
    /// is the fence then, and whatever comes before its answer is waited past.
    #[must_use]
    pub fn fenced_by_directory(transferring: bool) -> Self {
        Self { fence: Fence::Directory, ..Self::new(transferring) }
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
                Ok(Step::Send(self.fence.command()))
            }
            State::Waiting if reply.code().is_success() => Ok(Step::Synchronised(Aborted::TooLate)),
            State::Waiting => Err(reply.unexpected(&["225", "226"]).into()),
            State::Fenced(aborted) if self.fence.is_answered_by(reply.code()) => {
                Ok(Step::Synchronised(aborted))
            }
            State::Fenced(aborted) => {
                self.state = State::Draining(aborted);
                Ok(Step::AwaitReply)
            }
            State::Draining(aborted)
                if self.fence == Fence::Noop || self.fence.is_answered_by(reply.code()) =>
            {
                Ok(Step::Synchronised(aborted))
            }
            State::Draining(_) => Ok(Step::AwaitReply),
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
    fn what_noops_are_answered_late_is_waited_past() {
        for answers in
            ["200 late\n< 225 aborted\n< 257 \"/\"", "225 aborted\n< 200 late\n< 257 \"/\"", "257 \"/\""]
        {
            let script = format!("> ABOR\n< 426 cut\n> PWD\n< {answers}");
            assert_eq!(
                replay(Abort::fenced_by_directory(true), &script),
                Ok(Aborted::Interrupted),
                "{script}"
            );
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
