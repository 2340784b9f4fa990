//! Greeting of the server.

use super::{Dialog, DialogError, Event, Step};
use crate::{Code, Reply};

/// Waits for `220`, and skips `120` (RFC 959, 5.4).
///
/// A greeting of `230` (logged in without a login) is rejected by default: before TLS is established, it would let an
/// attacker skip the encryption.
#[derive(Debug, Default)]
pub struct Greeting {
    accepts_login: bool,
}

impl Greeting {
    /// Creates the dialog for a connection that is encrypted already, or that may stay unencrypted: `230` is accepted
    /// too. Its reply has to be passed to [`Login::greeted_with`](super::Login::greeted_with).
    #[must_use]
    pub fn accepting_login() -> Self {
        Self { accepts_login: true }
    }
}

impl Dialog for Greeting {
    type Output = Reply;

    fn step(&mut self, event: Event) -> Result<Step<Reply>, DialogError> {
        match event {
            Event::Start => Ok(Step::AwaitReply),
            Event::Reply(reply) if reply.code() == Code::READY => Ok(Step::Done(reply)),
            Event::Reply(reply) if reply.code() == Code::LOGGED_IN && self.accepts_login => {
                Ok(Step::Done(reply))
            }
            Event::Reply(reply) => Err(reply.unexpected(&["220"]).into()),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::replay::replay;

    #[test]
    fn greeting_of_230_is_accepted_on_request_only() {
        assert_eq!(replay(Greeting::default(), "< 220 ready").unwrap().code(), Code::READY);
        assert!(replay(Greeting::default(), "< 230 you are in").is_err());
        assert_eq!(replay(Greeting::accepting_login(), "< 230 you are in").unwrap().code(), Code::LOGGED_IN);
        assert_eq!(replay(Greeting::accepting_login(), "< 220 ready").unwrap().code(), Code::READY);
    }

    #[test]
    fn greeting_of_another_code_is_refused() {
        for greeting in ["221 busy", "421 too many users", "500 no", "530 no", "200 hello", "331 password"] {
            assert!(replay(Greeting::accepting_login(), &format!("< {greeting}")).is_err(), "{greeting}");
        }
    }
}
