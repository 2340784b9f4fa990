//! Passive mode: the server listens for a data connection.

use std::vec;

use super::{Dialog, DialogError, Event, PassiveAddress, Step};
use crate::{
    Code, Command, Reply,
    address::{AddressError, parse_epsv, parse_pasv},
};

/// Command that makes the server listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PassiveMode {
    /// `EPSV`: returns a port only; works with IPv6 and address translation (RFC 2428).
    Epsv,
    /// `PASV`: returns an IPv4 address and a port (RFC 959).
    Pasv,
}

/// Writes the command.
impl std::fmt::Display for PassiveMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Epsv => "EPSV",
            Self::Pasv => "PASV",
        })
    }
}

impl PassiveMode {
    /// Returns the command.
    #[must_use]
    pub fn command(self) -> Command {
        Command::new(match self {
            Self::Epsv => "EPSV",
            Self::Pasv => "PASV",
        })
    }

    /// Returns whether a reply with this code can belong to no other command.
    pub(super) fn is_answer(self, code: Code) -> bool {
        match self {
            Self::Epsv => code.get() == 229,
            Self::Pasv => matches!(code.get(), 227 | 229),
        }
    }

    /// Reads the address in a reply. Some servers answer `PASV` as they would answer `EPSV`.
    pub(super) fn read(self, reply: Reply) -> Result<PassiveAddress, DialogError> {
        match self {
            _ if self.is_answer(reply.code()) && reply.code().get() == 229 => {
                Ok(PassiveAddress { port: from_any_line(&reply, parse_epsv)?, advertised: None })
            }
            Self::Epsv => Err(reply.unexpected(&["229"]).into()),
            Self::Pasv => {
                let address = match (reply.code(), from_any_line(&reply, parse_pasv)) {
                    // Some servers send the address after another code of success.
                    (code, Ok(address)) if code.class() == 2 => address,
                    (code, Err(error)) if code.get() == 227 => return Err(error.into()),
                    _ => return Err(reply.unexpected(&["227"]).into()),
                };
                Ok(PassiveAddress { port: address.port(), advertised: Some(*address.ip()) })
            }
        }
    }
}

/// Opens a data connection in passive mode; tries each mode in turn.
///
/// The next mode is tried when one is refused, when its reply contains no address, and when the connection to the
/// address fails: many firewalls understand `PASV` only. The last failure is returned, or the one with a `4xx`: this
/// reply of a server that cannot open a port at the moment is more informative than its refusal of a mode that it
/// does not know.
#[derive(Debug)]
pub struct Passive {
    modes: vec::IntoIter<PassiveMode>,
    current: Option<PassiveMode>,
    transient: Option<DialogError>,
    early: EarlyCommand,
}

/// State of the first mode's command before the dialog starts.
#[derive(Debug, Clone, Copy)]
enum EarlyCommand {
    None,
    /// The command was sent; its reply is outstanding.
    Sent,
    /// The reply has arrived, too.
    Answered(PassiveAddress),
}

impl Passive {
    /// Creates the dialog; `modes` must not be empty.
    #[must_use]
    pub fn new(modes: Vec<PassiveMode>) -> Self {
        Self { modes: modes.into_iter(), current: None, transient: None, early: EarlyCommand::None }
    }

    /// Creates the dialog for a server that was already sent the command of the first mode.
    #[must_use]
    pub fn sent(modes: Vec<PassiveMode>) -> Self {
        Self { early: EarlyCommand::Sent, ..Self::new(modes) }
    }

    /// Creates the dialog for a server that has already replied to the command of the first mode.
    #[must_use]
    pub fn answered(modes: Vec<PassiveMode>, address: PassiveAddress) -> Self {
        Self { early: EarlyCommand::Answered(address), ..Self::new(modes) }
    }

    fn begin(&mut self) -> Result<Step<PassiveMode>, DialogError> {
        let first = self.next_mode(DialogError::OutOfTurn)?;
        Ok(match self.early {
            EarlyCommand::None => first,
            EarlyCommand::Sent => Step::AwaitReply,
            EarlyCommand::Answered(address) => Step::Open(address),
        })
    }

    fn next_mode(&mut self, failure: DialogError) -> Result<Step<PassiveMode>, DialogError> {
        self.current = self.modes.next();
        if let Some(mode) = self.current {
            self.transient = Some(failure).filter(is_transient).or(self.transient.take());
            return Ok(Step::Send(mode.command()));
        }
        Err(self.transient.take().filter(|_| !is_transient(&failure)).unwrap_or(failure))
    }
}

impl Dialog for Passive {
    /// The mode that worked.
    type Output = PassiveMode;

    fn step(&mut self, event: Event) -> Result<Step<PassiveMode>, DialogError> {
        match (event, self.current) {
            (Event::Start, _) => self.begin(),
            (Event::Reply(reply), _) if reply.code() == Code::SERVICE_CLOSING => {
                Err(reply.unexpected(&["227", "229"]).into())
            }
            (Event::Reply(reply), Some(mode)) => match mode.read(reply) {
                Ok(address) => Ok(Step::Open(address)),
                Err(failure) => self.next_mode(failure),
            },
            (Event::Opened, Some(mode)) => Ok(Step::Done(mode)),
            (Event::NotOpened, _) => self.next_mode(DialogError::NotOpened),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

fn is_transient(failure: &DialogError) -> bool {
    matches!(failure, DialogError::StatusCode(refused) if refused.info.code().class() == 4)
}

/// Parses the last line that contains an address: of several lines, servers put it on any.
fn from_any_line<T>(
    reply: &Reply,
    parse: impl Fn(&[u8]) -> Result<T, AddressError>,
) -> Result<T, AddressError> {
    let last = parse(reply.last_line());
    last.or_else(|error| reply.lines().rev().find_map(|line| parse(line).ok()).ok_or(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    fn run(script: &str) -> Result<PassiveMode, DialogError> {
        replay(Passive::new(vec![PassiveMode::Epsv, PassiveMode::Pasv]), script)
    }

    #[test]
    fn first_passive_mode_that_opens_is_used() {
        assert_eq!(run("> EPSV\n< 229 ok (|||21|)\n= open 21"), Ok(PassiveMode::Epsv));
    }

    #[test]
    fn failed_passive_mode_falls_back_to_the_next() {
        for first in ["< 500 what?", "< 522 use 1", "< 229 no port", "< 229 (|||21|)\n= fail 21"] {
            let script = format!("> EPSV\n{first}\n> PASV\n< 227 (127,0,0,1,0,22)\n= open 22");
            assert_eq!(run(&script), Ok(PassiveMode::Pasv), "{first}");
        }
    }

    #[test]
    fn pasv_answered_like_epsv_is_understood() {
        assert_eq!(run("> EPSV\n< 500 no\n> PASV\n< 229 ok (|||22|)\n= open 22"), Ok(PassiveMode::Pasv));
        assert!(run("> EPSV\n< 500 no\n> PASV\n< 229 nowhere").is_err());
    }

    #[test]
    fn last_passive_failure_is_returned() {
        let error = run("> EPSV\n< 500 no\n> PASV\n< 425 no ports").unwrap_err();
        assert!(
            matches!(error, DialogError::StatusCode(error) if error.received == [Code::CANNOT_OPEN_DATA])
        );
    }

    #[test]
    fn transient_passive_refusal_is_returned_first() {
        for script in
            ["> EPSV\n< 425 no ports\n> PASV\n< 500 no", "> EPSV\n< 425 no ports\n> PASV\n< 227 nothing"]
        {
            let error = run(script).unwrap_err();
            assert!(
                matches!(error, DialogError::StatusCode(error) if error.received == [Code::CANNOT_OPEN_DATA]),
                "{script}"
            );
        }
    }

    #[test]
    fn early_passive_command_is_not_repeated() {
        let modes = || vec![PassiveMode::Epsv, PassiveMode::Pasv];
        let here = PassiveAddress { port: 21, advertised: None };

        assert_eq!(replay(Passive::sent(modes()), "< 229 ok (|||21|)\n= open 21"), Ok(PassiveMode::Epsv));
        assert_eq!(
            replay(Passive::sent(modes()), "< 500 no\n> PASV\n< 227 (127,0,0,1,0,22)\n= open 22"),
            Ok(PassiveMode::Pasv)
        );
        assert_eq!(replay(Passive::answered(modes(), here), "= open 21"), Ok(PassiveMode::Epsv));
    }

    #[test]
    fn passive_dialog_stops_when_server_closes() {
        assert!(run("> EPSV\n< 421 bye").is_err());
    }
}
