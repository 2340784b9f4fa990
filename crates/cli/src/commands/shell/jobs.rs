//! Commands that nobody waits for.

use std::fmt;

use tokio::task::JoinHandle;

use crate::failure::{Exit, Failure, Result};

/// Commands in the background, numbered from 1.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    running: Vec<Job>,
    last: usize,
}

#[derive(Debug)]
struct Job {
    number: usize,
    line: String,
    work: JoinHandle<Result>,
}

/// What came of a job.
#[derive(Debug)]
pub(super) struct Ended {
    job: String,
    pub(super) outcome: Result,
}

impl Jobs {
    /// Starts a command; gives its number.
    pub(super) fn start(&mut self, line: String, work: impl Future<Output = Result> + 'static) -> usize {
        self.last += 1;
        self.running.push(Job { number: self.last, line, work: tokio::task::spawn_local(work) });
        self.last
    }

    /// Tells whether nothing runs.
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Takes those that have ended.
    pub(super) async fn take_ended(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        while let Some(at) = self.running.iter().position(|job| job.work.is_finished()) {
            ended.push(self.running.remove(at).end().await);
        }
        ended
    }

    /// Waits for one, or for the first of all; `None` when there is none.
    pub(super) async fn wait(&mut self, number: Option<usize>) -> Option<Ended> {
        let at = match number {
            Some(number) => self.running.iter().position(|job| job.number == number)?,
            None => (!self.running.is_empty()).then_some(0)?,
        };
        // Whoever stops waiting finds the job where it was.
        let outcome = (&mut self.running.get_mut(at)?.work).await;
        let job = self.running.remove(at);
        Some(Ended { job: job.to_string(), outcome: outcome.unwrap_or(Err(Failure::Interrupted)) })
    }

    /// Breaks one off; tells whether it was there.
    pub(super) async fn kill(&mut self, number: usize) -> bool {
        let Some(at) = self.running.iter().position(|job| job.number == number) else { return false };
        let job = self.running.remove(at);
        job.work.abort();
        // Until it is gone it holds its files and its connection.
        let _ = job.work.await;
        true
    }
}

impl Job {
    async fn end(self) -> Ended {
        let job = self.to_string();
        Ended { job, outcome: self.work.await.unwrap_or(Err(Failure::Interrupted)) }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.number, self.line)
    }
}

/// A line for each that runs.
impl fmt::Display for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.running.iter().try_for_each(|job| writeln!(f, "{job}"))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match &self.outcome {
            Ok(()) => "done",
            Err(failure) if failure.exit() == Some(Exit::Interrupted) => "broken off",
            Err(_) => "failed",
        };
        write!(f, "{}: {how}", self.job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn jobs_are_waited_for_killed_and_told_of() {
        let local = tokio::task::LocalSet::new();
        let run = local.run_until(async {
            let mut jobs = Jobs::default();
            jobs.start("get a".to_owned(), async { Ok(()) });
            jobs.start("get b".to_owned(), std::future::pending());
            jobs.start("get c".to_owned(), async { Err(Failure::Named(Exit::NotFound)) });
            assert_eq!(jobs.to_string(), "[1] get a\n[2] get b\n[3] get c\n");

            assert_eq!(jobs.wait(Some(3)).await.unwrap().to_string(), "[3] get c: failed");
            assert!(jobs.kill(2).await && !jobs.kill(2).await);
            assert_eq!(jobs.wait(None).await.unwrap().to_string(), "[1] get a: done");
            assert!(jobs.is_empty() && jobs.wait(None).await.is_none());
        });
        run.await;
    }
}
