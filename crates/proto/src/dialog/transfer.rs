//! Start of a transfer: `REST` and the transfer command.

use super::{Dialog, DialogError, Event, Step};
use crate::{Code, Command, Reply, StatusCodeError};

/// Starts a transfer: `REST` if an offset is given, then the command itself (RFC 959, 4.1.3; RFC 3659, 5).
///
/// `REST` with an offset needs `350`. After another success, nothing shows where the data would start: a server that
/// ignores `REST` sends the whole file, and overwrites an uploaded one from its start. That is an error before any data
/// move, and the caller transfers the whole file. That transfer has to start with `REST 0`
/// ([`restart_may_be_pending`]), for which every success is good enough.
///
/// `202` (not implemented) and `221` in reply to the command are refusals: no data follow.
#[derive(Debug)]
pub struct Transfer {
    restart: Option<Command>,
    /// The offset is 0.
    from_start: bool,
    command: Option<Command>,
    restarting: bool,
    /// The reply to a `REST` that was sent before.
    restarted: Option<Reply>,
}

impl Transfer {
    /// Creates the dialog for a command such as `RETR`, starting at `offset` bytes.
    ///
    /// An offset of 0 is sent too: it cancels an earlier `REST`. `None` sends no `REST`.
    #[must_use]
    pub fn new(command: Command, offset: Option<u64>) -> Self {
        let restart = offset.map(|offset| Command::with_number("REST", offset));
        Self {
            restart,
            from_start: offset == Some(0),
            command: Some(command),
            restarting: false,
            restarted: None,
        }
    }

    /// Creates the dialog like [`new`](Self::new), after `REST` with this offset got `reply`.
    #[must_use]
    pub fn restarted(command: Command, offset: u64, reply: Reply) -> Self {
        Self {
            restart: None,
            from_start: offset == 0,
            command: Some(command),
            restarting: true,
            restarted: Some(reply),
        }
    }

    fn send(&mut self) -> Result<Step<Started>, DialogError> {
        self.restarting = self.restart.is_some();
        let command = self.restart.take().or_else(|| self.command.take());
        command.map(Step::Send).ok_or(DialogError::OutOfTurn)
    }
}

/// Returns whether this error of a [`Transfer`] is about `REST`.
#[must_use]
pub fn is_restart_refused(error: &StatusCodeError) -> bool {
    error.expected == RESTART_EXPECTED
}

/// Returns whether the server may apply an offset to the next transfer although the [`Transfer`] with this error did
/// not start: `REST` got a success that is not `350`. The next transfer has to send `REST 0`.
#[must_use]
pub fn restart_may_be_pending(error: &StatusCodeError) -> bool {
    is_restart_refused(error) && error.info.code().is_success()
}

/// The first reply of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// A preliminary reply arrived; the final one is outstanding.
    Preliminary(Reply),
    /// The server omitted the preliminary reply and sent the final one at once. The data may still be in
    /// transit.
    Final(Reply),
}

impl Dialog for Transfer {
    type Output = Started;

    fn step(&mut self, event: Event) -> Result<Step<Started>, DialogError> {
        match event {
            Event::Start => match self.restarted.take() {
                Some(reply) => self.step(Event::Reply(reply)),
                None => self.send(),
            },
            Event::Reply(reply) if self.restarting => match reply.code() {
                Code::PENDING => self.send(),
                code if code.is_preliminary() => Ok(Step::AwaitReply),
                code if code.is_success() && code != Code::CLOSING && self.from_start => self.send(),
                _ => Err(reply.unexpected(&RESTART_EXPECTED).into()),
            },
            Event::Reply(reply) => match reply.code() {
                code if code.is_preliminary() => Ok(Step::Done(Started::Preliminary(reply))),
                Code::SUPERFLUOUS | Code::CLOSING => Err(reply.unexpected(&["1xx"]).into()),
                code if code.is_success() => Ok(Step::Done(Started::Final(reply))),
                _ => Err(reply.unexpected(&["1xx"]).into()),
            },
            _ => Err(DialogError::OutOfTurn),
        }
    }

    fn wants_preliminary(&self) -> bool {
        true
    }
}

const RESTART_EXPECTED: [&str; 1] = ["350"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::{
        DialogError,
        replay::{replay, reply},
    };

    fn restart_error(script: &str) -> StatusCodeError {
        match replay(retr(1), script) {
            Err(DialogError::StatusCode(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    fn retr(offset: u64) -> Transfer {
        Transfer::new(Command::with_argument("RETR", "x").unwrap(), (offset > 0).then_some(offset))
    }

    #[test]
    fn reply_to_earlier_rest_decides_the_start() {
        let restarted = |offset: u64, text: &str| {
            let command = Command::with_argument("RETR", "x").unwrap();
            Transfer::restarted(command, offset, reply(text))
        };
        assert!(replay(restarted(5, "350 go"), "> RETR x\n< 150 here").is_ok());
        assert!(replay(restarted(0, "200 fine"), "> RETR x\n< 150 here").is_ok());
        for text in ["502 no", "200 fine"] {
            let Err(DialogError::StatusCode(error)) = replay(restarted(5, text), "") else {
                panic!("{text}")
            };
            assert!(is_restart_refused(&error), "{text}");
        }
    }

    #[test]
    fn resume_offset_is_sent_before_the_command() {
        let started =
            replay(retr(5_000_000_000), "> REST 5000000000\n< 350 go\n> RETR x\n< 150 here").unwrap();
        assert!(matches!(started, Started::Preliminary(_)));
    }

    #[test]
    fn refused_resume_offset_starts_no_transfer() {
        for refusal in ["502 no", "501 no", "450 no", "331 no"] {
            let error = restart_error(&format!("> REST 1\n< {refusal}"));
            assert!(is_restart_refused(&error) && !restart_may_be_pending(&error), "{refusal}");
        }
        let error = restart_error("> REST 1\n< 350 go\n> RETR x\n< 550 no");
        assert!(!is_restart_refused(&error) && !restart_may_be_pending(&error));
    }

    #[test]
    fn resume_offset_without_350_starts_no_transfer() {
        for reply in ["200 ok", "250 ok", "202 Command not implemented"] {
            let error = restart_error(&format!("> REST 1\n< {reply}"));
            assert!(is_restart_refused(&error) && restart_may_be_pending(&error), "{reply}");
        }
    }

    #[test]
    fn cancelling_a_resume_offset_accepts_any_success() {
        let from_start = || Transfer::new(Command::with_argument("RETR", "x").unwrap(), Some(0));
        for reply in ["350 go", "200 ok", "250 ok", "202 superfluous"] {
            let script = format!("> REST 0\n< {reply}\n> RETR x\n< 150 here");
            assert!(matches!(replay(from_start(), &script), Ok(Started::Preliminary(_))), "{reply}");
        }
        assert!(replay(from_start(), "> REST 0\n< 502 no").is_err());
        assert!(replay(from_start(), "> REST 0\n< 221 bye").is_err());
    }

    #[test]
    fn transfer_answered_202_or_221_is_refused() {
        for verb in ["RETR", "STOR", "APPE", "LIST", "NLST", "MLSD"] {
            for refusal in ["202 Command not implemented, superfluous at this site.", "221 Goodbye."] {
                let transfer = Transfer::new(Command::with_argument(verb, "x").unwrap(), None);
                assert!(replay(transfer, &format!("> {verb} x\n< {refusal}")).is_err(), "{verb} {refusal}");
            }
        }
    }

    #[test]
    fn missing_preliminary_reply_is_accepted() {
        let started = replay(retr(0), "> RETR x\n< 226 done").unwrap();
        assert!(matches!(started, Started::Final(_)));
    }
}
