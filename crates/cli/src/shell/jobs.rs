//! Background jobs.

use std::fmt;

use tokio::task::JoinHandle;

use crate::{
    failure::{Exit, Failure, Result},
    progress::JobProgress,
};

/// Commands in the background, numbered from 1.
#[derive(Debug, Default)]
pub(super) struct BackgroundJobs {
    running: Vec<Job>,
    last: usize,
}

#[derive(Debug)]
struct Job {
    number: usize,
    line: String,
    progress: JobProgress,
    work: JoinHandle<Result>,
}

/// A finished job and its outcome.
#[derive(Debug)]
pub(super) struct FinishedJob {
    job: String,
    pub(super) outcome: Result,
}

impl BackgroundJobs {
    /// Starts a command and returns its number.
    pub(super) fn start(
        &mut self,
        line: String,
        progress: JobProgress,
        work: impl Future<Output = Result> + 'static,
    ) -> usize {
        self.last += 1;
        self.running.push(Job { number: self.last, line, progress, work: tokio::task::spawn_local(work) });
        self.last
    }

    /// Returns whether no job is running.
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Removes and returns finished jobs.
    pub(super) async fn take_ended(&mut self) -> Vec<FinishedJob> {
        let mut ended = Vec::new();
        while let Some(at) = self.running.iter().position(|job| job.work.is_finished()) {
            ended.push(self.running.remove(at).end().await);
        }
        ended
    }

    /// Waits for a job, or for the oldest; returns `None` if there is none.
    pub(super) async fn wait(&mut self, number: Option<usize>) -> Option<FinishedJob> {
        let at = match number {
            Some(number) => self.running.iter().position(|job| job.number == number)?,
            None => (!self.running.is_empty()).then_some(0)?,
        };
        // The job stays in the list if the caller stops waiting.
        let outcome = (&mut self.running.get_mut(at)?.work).await;
        let job = self.running.remove(at);
        Some(FinishedJob { job: job.to_string(), outcome: outcome.unwrap_or(Err(Failure::Interrupted)) })
    }

    /// Aborts a job; returns whether it existed.
    pub(super) async fn kill(&mut self, number: usize) -> bool {
        let Some(at) = self.running.iter().position(|job| job.number == number) else { return false };
        let job = self.running.remove(at);
        job.work.abort();
        // Wait until it has released its files and its connection.
        let _ = job.work.await;
        true
    }
}

impl Job {
    async fn end(self) -> FinishedJob {
        let job = self.to_string();
        FinishedJob { job, outcome: self.work.await.unwrap_or(Err(Failure::Interrupted)) }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.number, self.line)
    }
}

/// One line per running job, and one for its progress.
impl fmt::Display for BackgroundJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.running.iter().try_for_each(|job| {
            writeln!(f, "{job}")?;
            job.progress.line().map_or(Ok(()), |progress| writeln!(f, "    {progress}"))
        })
    }
}

impl fmt::Display for FinishedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match &self.outcome {
            Ok(()) => "done",
            Err(failure) if failure.exit() == Some(Exit::Interrupted) => "interrupted",
            Err(_) => "failed",
        };
        write!(f, "{}: {how}", self.job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn jobs_can_be_listed_awaited_and_killed() {
        let local = tokio::task::LocalSet::new();
        let run = local.run_until(async {
            let mut jobs = BackgroundJobs::default();
            jobs.start("get a".to_owned(), JobProgress::default(), async { Ok(()) });
            jobs.start("get b".to_owned(), JobProgress::default(), std::future::pending());
            let failed = async { Err(Failure::AlreadyReported(Exit::NotFound)) };
            jobs.start("get c".to_owned(), JobProgress::default(), failed);
            assert_eq!(jobs.to_string(), "[1] get a\n[2] get b\n[3] get c\n");

            assert_eq!(jobs.wait(Some(3)).await.unwrap().to_string(), "[3] get c: failed");
            assert!(jobs.kill(2).await && !jobs.kill(2).await);
            assert_eq!(jobs.wait(None).await.unwrap().to_string(), "[1] get a: done");
            assert!(jobs.is_empty() && jobs.wait(None).await.is_none());
        });
        run.await;
    }
}
