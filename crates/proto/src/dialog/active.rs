//! Active mode: the server connects to the client.

use std::net::SocketAddr;

use super::{Dialog, DialogError, Event, SUCCESS, Step};
use crate::{
    Command,
    address::{format_eprt, format_port},
};

/// Sends the address at which the client listens: `EPRT`, then `PORT` if that is refused (RFC 2428, 2; RFC
/// 959, 4.1.2).
///
/// `PORT` supports IPv4 only.
#[derive(Debug, Default)]
pub struct Active {
    address: Option<SocketAddr>,
    skips_eprt: bool,
    tried_port: bool,
}

/// Command that sent the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActiveCommand {
    /// `EPRT`.
    Eprt,
    /// `PORT`; the server does not know `EPRT`.
    Port,
}

impl ActiveCommand {
    /// Returns whether `EPRT` can be skipped from now on.
    #[must_use]
    pub fn refuses_eprt(self) -> bool {
        self == Self::Port
    }
}

impl Active {
    /// Creates the dialog for a server that has refused `EPRT` before: an IPv4 address is sent by `PORT`
    /// only.
    #[must_use]
    pub fn port_only() -> Self {
        Self { skips_eprt: true, ..Self::default() }
    }

    fn port(&mut self) -> Option<Command> {
        let SocketAddr::V4(address) = self.address? else { return None };
        if std::mem::replace(&mut self.tried_port, true) {
            return None;
        }
        Command::with_argument("PORT", format_port(address)).ok()
    }
}

impl Dialog for Active {
    type Output = ActiveCommand;

    fn step(&mut self, event: Event) -> Result<Step<ActiveCommand>, DialogError> {
        match event {
            Event::Start => Ok(Step::Listen),
            Event::Listening(address) => {
                self.address = Some(address);
                if let Some(port) = self.skips_eprt.then(|| self.port()).flatten() {
                    return Ok(Step::Send(port));
                }
                Ok(Step::Send(Command::with_argument("EPRT", format_eprt(address))?))
            }
            Event::Reply(reply) if reply.code().is_success() && self.tried_port => {
                Ok(Step::Done(ActiveCommand::Port))
            }
            Event::Reply(reply) if reply.code().is_success() => Ok(Step::Done(ActiveCommand::Eprt)),
            Event::Reply(reply) => {
                self.port().map(Step::Send).ok_or_else(|| reply.unexpected(SUCCESS).into())
            }
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    #[test]
    fn server_without_eprt_gets_port() {
        let script =
            "= listen 10.0.0.1:1075\n> EPRT |1|10.0.0.1|1075|\n< 500 what?\n> PORT 10,0,0,1,4,51\n< 200 ok";
        assert!(replay(Active::default(), script).unwrap().refuses_eprt());
        let again = "= listen 10.0.0.1:1075\n> PORT 10,0,0,1,4,51\n< 200 ok";
        assert!(replay(Active::port_only(), again).unwrap().refuses_eprt());
    }

    #[test]
    fn ipv6_is_never_sent_by_port() {
        assert!(replay(Active::default(), "= listen [::1]:21\n> EPRT |2|::1|21|\n< 500 what?").is_err());
    }
}
