//! The end of a transfer.

use super::{Dialog, DialogError, Event, Step};
use crate::Reply;

/// Waits for the final reply to a transfer that was started.
#[derive(Debug)]
pub struct Completion<'m> {
    expected: &'m [&'m str],
    waited_past: &'m [&'m str],
}

impl<'m> Completion<'m> {
    /// Makes the dialog: waits past replies that match `waited_past`, then expects one of
    /// `expected`.
    #[must_use]
    pub fn new(expected: &'m [&'m str], waited_past: &'m [&'m str]) -> Self {
        Self { expected, waited_past }
    }
}

impl Dialog for Completion<'_> {
    type Output = Reply;

    fn step(&mut self, event: Event) -> Result<Step<Reply>, DialogError> {
        match event {
            Event::Start => Ok(Step::AwaitReply),
            Event::Reply(reply) if reply.matches(self.waited_past) => Ok(Step::AwaitReply),
            Event::Reply(reply) => Ok(Step::Done(reply.expect(self.expected)?)),
            _ => Err(DialogError::OutOfTurn),
        }
    }

    fn wants_preliminary(&self) -> bool {
        true
    }
}
