//! Greeting of the server.

use super::{Dialog, DialogError, Event, Step};
use crate::{Code, Reply};

/// Waits for `220`, and skips `120` (RFC 959, 5.4).
///
/// A greeting of `230` (logged in without a login) is rejected: before TLS is established, it would let an
/// attacker skip the encryption.
#[derive(Debug, Default)]
pub struct Greeting(());

impl Dialog for Greeting {
    type Output = Reply;

    fn step(&mut self, event: Event) -> Result<Step<Reply>, DialogError> {
        match event {
            Event::Start => Ok(Step::AwaitReply),
            Event::Reply(reply) if reply.code() == Code::READY => Ok(Step::Done(reply)),
            Event::Reply(reply) => Err(reply.unexpected(&["220"]).into()),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}
