//! Abort of a transfer (`ABOR`).

use super::{Dialog, DialogError, Event, Step};
use crate::{Code, Command, Reply};

/// Aborts a transfer with `ABOR` (RFC 959, 4.1.3).
///
/// Servers send two replies, one for the transfer and one for `ABOR`, or a single one for both; the codes do
/// not tell which. Therefore a `NOOP` is sent after the first reply as a fence: its `200` cannot be mistaken
/// for a reply to `ABOR`.
#[derive(Debug)]
pub struct Abort {
    transferring: bool,
    fence: Fence,
    state: State,
}

/// Command sent after `ABOR`, whose reply comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    Noop,
    Pwd,
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
    /// No reply has arrived.
    Waiting,
    /// One reply has arrived, and the fence was sent.
    Fenced(Aborted),
    /// Two replies have arrived; the one to the fence is outstanding.
    Draining(Aborted),
}

/// The result of aborting a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aborted {
    /// The server aborted it.
    Interrupted,
    /// The transfer was already complete, or the server found nothing to abort.
    TooLate,
}

impl Abort {
    /// Creates the dialog; `transferring` says whether the reply to a transfer is outstanding.
    #[must_use]
    pub fn new(transferring: bool) -> Self {
        Self { transferring, fence: Fence::Noop, state: State::Starting }
    }

    /// Creates the dialog for a transfer during which `NOOP`s were sent, some of them not yet answered. The
    /// fence is `PWD`, and every reply before its own is skipped.
    #[must_use]
    pub fn fenced_by_pwd(transferring: bool) -> Self {
        Self { fence: Fence::Pwd, ..Self::new(transferring) }
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
    fn abort_synchronizes_after_any_order_of_replies() {
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
    fn late_noop_replies_are_skipped_after_abort() {
        for answers in
            ["200 late\n< 225 aborted\n< 257 \"/\"", "225 aborted\n< 200 late\n< 257 \"/\"", "257 \"/\""]
        {
            let script = format!("> ABOR\n< 426 cut\n> PWD\n< {answers}");
            assert_eq!(replay(Abort::fenced_by_pwd(true), &script), Ok(Aborted::Interrupted), "{script}");
        }
    }

    #[test]
    fn abort_without_transfer_awaits_one_reply() {
        assert_eq!(replay(Abort::new(false), "> ABOR\n< 226 ok"), Ok(Aborted::TooLate));
        assert!(replay(Abort::new(false), "> ABOR\n< 502 what?").is_err());
    }

    #[test]
    fn abort_fails_when_server_closes() {
        assert!(replay(Abort::new(true), "> ABOR\n< 421 bye").is_err());
    }
}
