//! Failures of several operands.

use std::fmt;

use super::{Exit, Failure, Result};

/// Reports failures as they occur, so that one operand that fails does not stop the others.
pub(crate) struct FailureCollector<'a> {
    report: Box<dyn Fn(&Failure) + 'a>,
    operands: usize,
    exits: Vec<Exit>,
}

impl<'a> FailureCollector<'a> {
    /// Creates a collector for this number of operands; `report` is called with each failure.
    pub(crate) fn new(operands: usize, report: impl Fn(&Failure) + 'a) -> Self {
        Self { report: Box::new(report), operands, exits: Vec::new() }
    }

    /// Reports a failure, so that the next operand can follow.
    ///
    /// Returns the failure where there is no other operand, after Ctrl-C, and when stdout was closed.
    pub(crate) fn record(&mut self, outcome: Result) -> Result {
        let Err(failure) = outcome else { return Ok(()) };
        match failure.exit() {
            Some(exit) if self.operands > 1 && exit != Exit::Interrupted => {
                (self.report)(&failure);
                self.exits.push(exit);
                Ok(())
            }
            _ => Err(failure),
        }
    }

    /// Returns the overall outcome: the common exit code if everything failed in the same way, else "some failed".
    pub(crate) fn finish(self) -> Result {
        match self.exits.split_first() {
            None => Ok(()),
            Some((first, others))
                if self.exits.len() == self.operands && others.iter().all(|exit| exit == first) =>
            {
                Err(Failure::AlreadyReported(*first))
            }
            Some(_) => Err(Failure::AlreadyReported(Exit::PartialFailure)),
        }
    }
}

impl fmt::Debug for FailureCollector<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureCollector")
            .field("operands", &self.operands)
            .field("exits", &self.exits)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> Result {
        Err(Failure::AlreadyReported(Exit::NotFound))
    }

    fn collected(outcomes: Vec<Result>) -> Option<Exit> {
        let mut failures = FailureCollector::new(outcomes.len(), |_| {});
        for outcome in outcomes {
            if let Err(failure) = failures.record(outcome) {
                return failure.exit();
            }
        }
        failures.finish().err().and_then(|failure| failure.exit())
    }

    #[test]
    fn partial_failure_has_its_own_exit_code() {
        assert_eq!(collected(vec![Ok(()), missing()]), Some(Exit::PartialFailure));
        assert_eq!(
            collected(vec![Err(Failure::AlreadyReported(Exit::Denied)), missing()]),
            Some(Exit::PartialFailure)
        );
        assert_eq!(collected(vec![Ok(()), Ok(())]), None);
    }

    #[test]
    fn equal_failures_keep_their_exit_code() {
        assert_eq!(collected(vec![missing()]), Some(Exit::NotFound));
        assert_eq!(collected(vec![missing(), missing()]), Some(Exit::NotFound));
    }

    #[test]
    fn interruption_stops_the_remaining_operands() {
        assert_eq!(collected(vec![Err(Failure::Interrupted), missing()]), Some(Exit::Interrupted));
    }
}
