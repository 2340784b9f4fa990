//! Asking the server to listen for a data connection.

use std::vec;

use super::{Dialog, DialogError, Endpoint, Event, Step};
use crate::{
    Code, Command, Reply,
    address::{AddressError, parse_epsv, parse_pasv},
};

/// A command that makes the server listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PassiveMode {
    /// `EPSV`: names a port only, works over IPv6 and address translation (RFC 2428).
    Epsv,
    /// `PASV`: names an IPv4 address and a port (RFC 959).
    Pasv,
}

impl PassiveMode {
    /// Gives the command.
    #[must_use]
    pub fn command(self) -> Command {
        Command::new(match self {
            Self::Epsv => "EPSV",
            Self::Pasv => "PASV",
        })
    }

    /// Tells whether a reply can be to no other command.
    pub(super) fn is_answer(self, code: Code) -> bool {
        code.get()
            == match self {
                Self::Epsv => 229,
                Self::Pasv => 227,
            }
    }

    pub(super) fn read(self, reply: Reply) -> Result<Endpoint, DialogError> {
        match self {
            Self::Epsv => {
                let reply = reply.expect(&["229"])?;
                Ok(Endpoint { port: from_any_line(&reply, parse_epsv)?, advertised: None })
            }
            Self::Pasv => {
                let reply = reply.expect(&["227"])?;
                let address = from_any_line(&reply, parse_pasv)?;
                Ok(Endpoint { port: address.port(), advertised: Some(*address.ip()) })
            }
        }
    }
}

/// Opens a data connection in passive mode, trying each mode in turn.
///
/// The next mode is tried when one is refused, when its reply names no address, and when nothing
/// answers at the address: many a firewall knows only `PASV`. The last failure counts.
#[derive(Debug)]
pub struct Passive {
    modes: vec::IntoIter<PassiveMode>,
    current: Option<PassiveMode>,
    asked: Asked,
}

/// What was said of the first mode before the dialog began.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Nothing,
    /// The command was sent; its reply is still to come.
    Sent,
    /// The reply came, too.
    Answered(Endpoint),
}

impl Passive {
    /// Makes the dialog; `modes` must not be empty.
    #[must_use]
    pub fn new(modes: Vec<PassiveMode>) -> Self {
        Self { modes: modes.into_iter(), current: None, asked: Asked::Nothing }
    }

    /// Makes the dialog for a server that was sent the command of the first mode ahead of time.
    #[must_use]
    pub fn asked(modes: Vec<PassiveMode>) -> Self {
        Self { asked: Asked::Sent, ..Self::new(modes) }
    }

    /// Makes the dialog for a server that has answered the command of the first mode, too.
    #[must_use]
    pub fn answered(modes: Vec<PassiveMode>, endpoint: Endpoint) -> Self {
        Self { asked: Asked::Answered(endpoint), ..Self::new(modes) }
    }

    fn begin(&mut self) -> Result<Step<PassiveMode>, DialogError> {
        let first = self.next_mode(DialogError::OutOfTurn)?;
        Ok(match self.asked {
            Asked::Nothing => first,
            Asked::Sent => Step::AwaitReply,
            Asked::Answered(endpoint) => Step::Open(endpoint),
        })
    }

    fn next_mode(&mut self, failure: DialogError) -> Result<Step<PassiveMode>, DialogError> {
        self.current = self.modes.next();
        self.current.map(|mode| Step::Send(mode.command())).ok_or(failure)
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
                Ok(endpoint) => Ok(Step::Open(endpoint)),
                Err(failure) => self.next_mode(failure),
            },
            (Event::Opened, Some(mode)) => Ok(Step::Done(mode)),
            (Event::NotOpened, _) => self.next_mode(DialogError::NotOpened),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

/// Reads the last line that can be read; of several, servers put the address on any.
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
    fn the_first_mode_that_opens_wins() {
        assert_eq!(run("> EPSV\n< 229 ok (|||21|)\n= open 21"), Ok(PassiveMode::Epsv));
    }

    #[test]
    fn a_refusal_a_bad_reply_and_a_dead_port_lead_to_the_next_mode() {
        for first in ["< 500 what?", "< 522 use 1", "< 229 no port", "< 229 (|||21|)\n= fail 21"] {
            let script = format!("> EPSV\n{first}\n> PASV\n< 227 (127,0,0,1,0,22)\n= open 22");
            assert_eq!(run(&script), Ok(PassiveMode::Pasv), "{first}");
        }
    }

    #[test]
    fn the_last_failure_counts() {
        let error = run("> EPSV\n< 500 no\n> PASV\n< 425 no ports").unwrap_err();
        assert!(
            matches!(error, DialogError::StatusCode(error) if error.received == [Code::CANNOT_OPEN_DATA])
        );
    }

    #[test]
    fn what_was_asked_ahead_of_time_is_not_asked_again() {
        let modes = || vec![PassiveMode::Epsv, PassiveMode::Pasv];
        let here = Endpoint { port: 21, advertised: None };

        assert_eq!(replay(Passive::asked(modes()), "< 229 ok (|||21|)\n= open 21"), Ok(PassiveMode::Epsv));
        assert_eq!(
            replay(Passive::asked(modes()), "< 500 no\n> PASV\n< 227 (127,0,0,1,0,22)\n= open 22"),
            Ok(PassiveMode::Pasv)
        );
        assert_eq!(replay(Passive::answered(modes(), here), "= open 21"), Ok(PassiveMode::Epsv));
    }

    #[test]
    fn a_closing_server_is_not_asked_again() {
        assert!(run("> EPSV\n< 421 bye").is_err());
    }
}
