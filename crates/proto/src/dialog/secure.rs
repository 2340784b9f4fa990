//! TLS: `AUTH TLS`, `PBSZ` and `PROT`.

use super::{Dialog, DialogError, Event, SUCCESS, Step};
use crate::{Code, Command, Reply};

/// Encrypts the control connection: `AUTH TLS`, then the handshake (RFC 4217, 4).
///
/// Data connections are protected by a separate dialog, [`Protection`].
#[derive(Debug, Default)]
pub struct Secure(());

/// Result of the request to encrypt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secured {
    /// The control connection is encrypted.
    Yes,
    /// The server does not offer TLS. Contains its reply.
    Refused(Reply),
}

impl Dialog for Secure {
    type Output = Secured;

    fn step(&mut self, event: Event) -> Result<Step<Secured>, DialogError> {
        match event {
            Event::Start => Ok(Step::Send(Command::with_argument("AUTH", "TLS")?)),
            Event::Reply(reply) => match reply.code() {
                // 334 is the code of drafts of RFC 2228. Some servers still send it.
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
/// Explicit and implicit TLS both need it. The result is `false` if the server requires a login first; the
/// dialog has to be repeated after that.
#[derive(Debug, Default)]
pub struct Protection {
    pipelined: bool,
    /// The reply to `PBSZ`.
    pbsz_reply: Option<Reply>,
}

impl Protection {
    /// Sends both commands before the first reply, which saves a round trip. By default the second command
    /// waits.
    #[must_use]
    pub fn pipelined() -> Self {
        Self { pipelined: true, pbsz_reply: None }
    }

    fn take(&mut self, reply: Reply) -> Result<Step<bool>, DialogError> {
        if let Some(pbsz_reply) = self.pbsz_reply.take() {
            return conclude([pbsz_reply, reply]);
        }
        if self.pipelined {
            self.pbsz_reply = Some(reply);
            return Ok(Step::AwaitReply);
        }
        if !reply.matches(SUCCESS) {
            return conclude([reply]);
        }
        self.pbsz_reply = Some(reply);
        Ok(Step::Send(protect()?))
    }
}

impl Dialog for Protection {
    type Output = bool;

    fn step(&mut self, event: Event) -> Result<Step<bool>, DialogError> {
        let size = || Command::with_argument("PBSZ", "0");
        match event {
            Event::Start if self.pipelined => Ok(Step::Queue(size()?)),
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

fn conclude(replies: impl IntoIterator<Item = Reply>) -> Result<Step<bool>, DialogError> {
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
    fn tls_handshake_follows_234_only() {
        assert_eq!(replay(Secure::default(), "> AUTH TLS\n< 234 go\n= secure"), Ok(Secured::Yes));
        assert!(matches!(replay(Secure::default(), "> AUTH TLS\n< 502 no"), Ok(Secured::Refused(_))));
        assert!(replay(Secure::default(), "> AUTH TLS\n< 421 bye").is_err());
    }

    #[test]
    fn refused_data_protection_is_an_error() {
        assert_eq!(replay(Protection::default(), "> PBSZ 0\n< 200 ok\n> PROT P\n< 200 ok"), Ok(true));
        assert!(replay(Protection::default(), "> PBSZ 0\n< 200 ok\n> PROT P\n< 536 no").is_err());
        assert!(replay(Protection::default(), "> PBSZ 0\n< 502 no").is_err());
    }

    #[test]
    fn data_protection_may_require_login_first() {
        assert_eq!(replay(Protection::default(), "> PBSZ 0\n< 530 log in"), Ok(false));
    }

    #[test]
    fn pipelined_protection_reads_both_replies_first() {
        let outcome = |first: &str, second: &str| {
            replay(Protection::pipelined(), &format!("+ PBSZ 0\n> PROT P\n< {first}\n< {second}"))
        };

        assert_eq!(outcome("200 ok", "200 ok"), Ok(true));
        assert_eq!(outcome("530 log in", "530 log in"), Ok(false));
        assert_eq!(outcome("200 ok", "530 log in"), Ok(false));
        assert!(outcome("200 ok", "536 no").is_err());
        assert!(outcome("502 what", "503 PBSZ first").is_err());
    }
}
