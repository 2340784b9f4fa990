//! Turning encryption on.

use super::{Dialog, DialogError, Event, SUCCESS, Step};
use crate::{Code, Command, Reply};

/// Encrypts the control connection: `AUTH TLS`, then the handshake (RFC 4217, 4).
///
/// What protects the data connections is another conversation, [`Protection`].
#[derive(Debug, Default)]
pub struct Secure(());

/// What became of the request to encrypt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secured {
    /// The control connection is encrypted.
    Yes,
    /// The server offers no TLS; it said this.
    Refused(Reply),
}

impl Dialog for Secure {
    type Output = Secured;

    fn step(&mut self, event: Event) -> Result<Step<Secured>, DialogError> {
        match event {
            Event::Start => Ok(Step::Send(Command::with_argument("AUTH", "TLS")?)),
            Event::Reply(reply) => match reply.code() {
                // 334 is the answer of drafts of RFC 2228 that some servers still give.
                Code::SECURITY_ACCEPTED => Ok(Step::Secure),
                code if code.get() == 334 => Ok(Step::Secure),
                Code::SERVICE_CLOSING => Err(reply.unexpected(&["234"]).into()),
                _ => Ok(Step::Done(Secured::Refused(reply))),
            },
            Event::Secured => Ok(Step::Done(Secured::Yes)),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

/// Encrypts the data connections: `PBSZ 0`, `PROT P` (RFC 4217, 8 and 9).
///
/// Explicit and implicit TLS need it alike. Yields `false` where the server wants a login first;
/// it is to be run again then.
#[derive(Debug, Default)]
pub struct Protection {
    at_once: bool,
    /// The reply to `PBSZ`.
    sized: Option<Reply>,
}

impl Protection {
    /// Sends both commands before the first is answered, which saves a round trip; by default the second waits.
    #[must_use]
    pub fn at_once() -> Self {
        Self { at_once: true, sized: None }
    }

    fn take(&mut self, reply: Reply) -> Result<Step<bool>, DialogError> {
        if let Some(sized) = self.sized.take() {
            return judge([sized, reply]);
        }
        if self.at_once {
            self.sized = Some(reply);
            return Ok(Step::AwaitReply);
        }
        if !reply.matches(SUCCESS) {
            return judge([reply]);
        }
        self.sized = Some(reply);
        Ok(Step::Send(protect()?))
    }
}

impl Dialog for Protection {
    type Output = bool;

    fn step(&mut self, event: Event) -> Result<Step<bool>, DialogError> {
        let size = || Command::with_argument("PBSZ", "0");
        match event {
            Event::Start if self.at_once => Ok(Step::Queue(size()?)),
            Event::Start => Ok(Step::Send(size()?)),
            Event::Queued => Ok(Step::Send(protect()?)),
            Event::Reply(reply) => self.take(reply),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

fn protect() -> Result<Command, DialogError> {
    Ok(Command::with_argument("PROT", "P")?)
}

fn judge(replies: impl IntoIterator<Item = Reply>) -> Result<Step<bool>, DialogError> {
    for reply in replies {
        if reply.code() == Code::NOT_LOGGED_IN {
            return Ok(Step::Done(false));
        }
        reply.expect(SUCCESS)?;
    }
    Ok(Step::Done(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    #[test]
    fn the_handshake_follows_234_and_nothing_else() {
        assert_eq!(replay(Secure::default(), "> AUTH TLS\n< 234 go\n= secure"), Ok(Secured::Yes));
        assert!(matches!(replay(Secure::default(), "> AUTH TLS\n< 502 no"), Ok(Secured::Refused(_))));
        assert!(replay(Secure::default(), "> AUTH TLS\n< 421 bye").is_err());
    }

    #[test]
    fn a_server_that_refuses_to_protect_data_is_an_error() {
        assert_eq!(replay(Protection::default(), "> PBSZ 0\n< 200 ok\n> PROT P\n< 200 ok"), Ok(true));
        assert!(replay(Protection::default(), "> PBSZ 0\n< 200 ok\n> PROT P\n< 536 no").is_err());
        assert!(replay(Protection::default(), "> PBSZ 0\n< 502 no").is_err());
    }

    #[test]
    fn a_server_that_wants_a_login_first_is_asked_later() {
        assert_eq!(replay(Protection::default(), "> PBSZ 0\n< 530 log in"), Ok(false));
    }

    #[test]
    fn at_once_both_replies_are_taken_before_either_is_judged() {
        let outcome = |first: &str, second: &str| {
            replay(Protection::at_once(), &format!("+ PBSZ 0\n> PROT P\n< {first}\n< {second}"))
        };

        assert_eq!(outcome("200 ok", "200 ok"), Ok(true));
        assert_eq!(outcome("530 log in", "530 log in"), Ok(false));
        assert_eq!(outcome("200 ok", "530 log in"), Ok(false));
        assert!(outcome("200 ok", "536 no").is_err());
        assert!(outcome("502 what", "503 PBSZ first").is_err());
    }
}
