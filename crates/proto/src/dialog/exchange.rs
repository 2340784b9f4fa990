//! One command and its reply.

use super::{Dialog, DialogError, Event, Step};
use crate::{Command, Reply};

/// Sends one command and expects its final reply to match one of the masks.
#[derive(Debug)]
pub struct Exchange<'m> {
    command: Option<Command>,
    expected: &'m [&'m str],
}

impl<'m> Exchange<'m> {
    /// Creates the dialog. Masks are those of [`Code::matches`](crate::Code::matches).
    #[must_use]
    pub fn new(command: Command, expected: &'m [&'m str]) -> Self {
        Self { command: Some(command), expected }
    }
}

impl Dialog for Exchange<'_> {
    type Output = Reply;

    fn step(&mut self, event: Event) -> Result<Step<Reply>, DialogError> {
        match event {
            Event::Start => Ok(Step::Send(self.command.take().ok_or(DialogError::OutOfTurn)?)),
            Event::Reply(reply) => Ok(Step::Done(reply.expect(self.expected)?)),
            _ => Err(DialogError::OutOfTurn),
        }
    }
}
