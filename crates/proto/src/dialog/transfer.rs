//! Start of a transfer: `REST` and the transfer command.

use super::{Dialog, DialogError, Event, Step};
use crate::{Code, Command, Reply};

/// Starts a transfer: `REST` if an offset is given, then the command itself (RFC 959, 4.1.3; RFC 3659, 5).
#[derive(Debug)]
pub struct Transfer {
    restart: Option<Command>,
    command: Option<Command>,
    restarting: bool,
}

impl Transfer {
    /// Creates the dialog for a command such as `RETR`, starting at `offset` bytes.
    ///
    /// An offset of 0 is sent too: it cancels an earlier `REST`. `None` sends no `REST`.
    #[must_use]
    pub fn new(command: Command, offset: Option<u64>) -> Self {
        let restart = offset.map(|offset| Command::with_number("REST", offset));
        Self { restart, command: Some(command), restarting: false }
    }

    fn send(&mut self) -> Result<Step<Started>, DialogError> {
        self.restarting = self.restart.is_some();
        let command = self.restart.take().or_else(|| self.command.take());
        command.map(Step::Send).ok_or(DialogError::OutOfTurn)
    }
}

/// How a transfer started.
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
            Event::Start => self.send(),
            Event::Reply(reply) if self.restarting => match reply.code() {
                Code::PENDING => self.send(),
                code if code.is_preliminary() => Ok(Step::AwaitReply),
                _ => Err(reply.unexpected(&["350"]).into()),
            },
            Event::Reply(reply) => match reply.code().class() {
                1 => Ok(Step::Done(Started::Preliminary(reply))),
                2 => Ok(Step::Done(Started::Final(reply))),
                _ => Err(reply.unexpected(&["1xx"]).into()),
            },
            _ => Err(DialogError::OutOfTurn),
        }
    }

    fn wants_preliminary(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    fn retr(offset: u64) -> Transfer {
        Transfer::new(Command::with_argument("RETR", "x").unwrap(), (offset > 0).then_some(offset))
    }

    #[test]
    fn resume_offset_is_sent_before_the_command() {
        let started =
            replay(retr(5_000_000_000), "> REST 5000000000\n< 350 go\n> RETR x\n< 150 here").unwrap();
        assert!(matches!(started, Started::Preliminary(_)));
    }

    #[test]
    fn refused_resume_offset_starts_no_transfer() {
        assert!(replay(retr(1), "> REST 1\n< 502 no").is_err());
    }

    #[test]
    fn missing_preliminary_reply_is_accepted() {
        let started = replay(retr(0), "> RETR x\n< 226 done").unwrap();
        assert!(matches!(started, Started::Final(_)));
    }
}
