//! Failures among many.

use super::{Exit, Failure, Result};
use crate::terminal::Terminal;

/// Names failures as they come, so that one of many does not stop the others.
#[derive(Debug)]
pub(crate) struct Tally<'t> {
    terminal: &'t Terminal,
    wanted: usize,
    exits: Vec<Exit>,
}

impl<'t> Tally<'t> {
    /// Starts to count failures among so many.
    pub(crate) fn of(wanted: usize, terminal: &'t Terminal) -> Self {
        Self { terminal, wanted, exits: Vec::new() }
    }

    /// Names a failure and goes on, unless it is the only thing wanted or the user has had enough.
    pub(crate) fn note(&mut self, outcome: Result) -> Result {
        let Err(failure) = outcome else { return Ok(()) };
        match failure.exit() {
            Some(exit) if self.wanted > 1 && exit != Exit::Interrupted => {
                self.terminal.failure(&failure);
                self.exits.push(exit);
                Ok(())
            }
            _ => Err(failure),
        }
    }

    /// Gives what all of it came to: where everything failed alike, that.
    pub(crate) fn finish(self) -> Result {
        match self.exits.split_first() {
            None => Ok(()),
            Some((first, others))
                if self.exits.len() == self.wanted && others.iter().all(|exit| exit == first) =>
            {
                Err(Failure::Named(*first))
            }
            Some(_) => Err(Failure::Named(Exit::SomeFailed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> Result {
        Err(Failure::Named(Exit::NotFound))
    }

    fn tally(outcomes: Vec<Result>) -> Option<Exit> {
        let terminal = Terminal::new(false);
        let mut tally = Tally::of(outcomes.len(), &terminal);
        for outcome in outcomes {
            if let Err(failure) = tally.note(outcome) {
                return failure.exit();
            }
        }
        tally.finish().err().and_then(|failure| failure.exit())
    }

    #[test]
    fn some_of_many_is_a_code_of_its_own() {
        assert_eq!(tally(vec![Ok(()), missing()]), Some(Exit::SomeFailed));
        assert_eq!(tally(vec![Err(Failure::Named(Exit::Denied)), missing()]), Some(Exit::SomeFailed));
        assert_eq!(tally(vec![Ok(()), Ok(())]), None);
    }

    #[test]
    fn what_fails_alike_in_everything_is_that() {
        assert_eq!(tally(vec![missing()]), Some(Exit::NotFound));
        assert_eq!(tally(vec![missing(), missing()]), Some(Exit::NotFound));
    }

    #[test]
    fn an_interruption_stops_the_others() {
        assert_eq!(tally(vec![Err(Failure::Interrupted), missing()]), Some(Exit::Interrupted));
    }
}
