//! Completion of a transfer.

use super::{Dialog, DialogError, Event, Step};
use crate::Reply;

/// Waits for the final reply to a transfer.
#[derive(Debug)]
pub struct Completion<'m> {
    expected: &'m [&'m str],
    skipped: &'m [&'m str],
}

impl<'m> Completion<'m> {
    /// Creates the dialog: skips replies that match `skipped`, then expects one of `expected`.
    #[must_use]
    pub fn new(expected: &'m [&'m str], skipped: &'m [&'m str]) -> Self {
        Self { expected, skipped }
    }
}

impl Dialog for Completion<'_> {
    type Output = Reply;

    fn step(&mut self, event: Event) -> Result<Step<Reply>, DialogError> {
        match event {
            Event::Start => Ok(Step::AwaitReply),
            Event::Reply(reply) if reply.matches(self.skipped) => Ok(Step::AwaitReply),
            Event::Reply(reply) => Ok(Step::Done(reply.expect(self.expected)?)),
            _ => Err(DialogError::OutOfTurn),
        }
    }

    fn wants_preliminary(&self) -> bool {
        true
    }
}
