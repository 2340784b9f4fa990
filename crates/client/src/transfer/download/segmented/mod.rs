//! One large file over several connections.
//!
//! [`plan`] says which part of it is fetched by whom, [`worker`] fetches one, [`status`] records what is
//! written, for a later run. Here it is decided whether a file can be fetched so, and whether it is whole.

mod plan;
mod progress;
mod status;
mod worker;

pub(crate) use self::status::{discard, status_path};

use std::{
    convert::Infallible,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use oxftp_proto::{RemotePath, Timestamp};
use tokio::sync::OnceCell;

use self::{
    plan::SegmentPlan,
    status::{Status, spell},
};
use super::file::{FileDownload, RemoteFile};
use crate::transfer::{
    local_path::refuse_link,
    partial_name::part_path,
    scheduler::{
        admission::AdmissionGate,
        concurrency::WorkAmount,
        retry::{RetryBudget, is_passing},
        worker::Worker,
    },
    verify::Verify,
};
use crate::{
    Client, Error, Pool, Progress, Report, Result,
    error::local_fs::PathIoError,
    local_fs::{OpenMode, PathIo},
};

/// A file that is to be fetched in segments.
pub(crate) struct Segmented<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) fs: &'a Arc<dyn PathIo>,
    pub(crate) remote: &'a RemotePath,
    pub(crate) size: u64,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) target: &'a Path,
    /// Over how many connections at most.
    pub(crate) most: usize,
    /// Begins with as many segments; else with one.
    pub(crate) at_once: bool,
    pub(crate) block: usize,
    pub(crate) resume: bool,
    pub(crate) keep_times: bool,
    pub(crate) keep_permissions: bool,
    /// The file's permissions, where they were listed.
    pub(crate) mode: Option<u32>,
    pub(crate) verify: Verify,
    pub(crate) sync: bool,
    pub(crate) retries: u32,
    pub(crate) progress: &'a dyn Progress,
}

impl Segmented<'_> {
    /// Tells whether a file of this size is worth it.
    pub(crate) fn is_worth_it(size: u64, at_once: bool) -> bool {
        size >= if at_once { 2 * LEAST_BYTES } else { LARGE_BYTES }
    }

    /// Fetches the file; `None` when only a single connection can, from the start.
    pub(crate) async fn fetch(
        &self,
        worker: Worker<'_>,
        admission: AdmissionGate<'_>,
    ) -> Result<Option<Report>> {
        let part = part_path(self.target);
        let status = status_path(&part);
        for path in [self.target, &part, &status] {
            refuse_link(&**self.fs, path).await?;
        }
        let (plan, time, worker) = self.prepare(worker, &part).await?;
        let resumed = self.size - plan.left();
        self.progress.file_started(&self.remote.to_string(), Some(self.size), resumed);
        admission.found(WorkAmount::bytes(plan.left()));
        let running = Running {
            job: self,
            part: &part,
            plan: Mutex::new(plan),
            admission,
            begun: OnceCell::new_with(time.map(Some)),
        };
        running.run(self.workers(worker)).await?;
        if running.plan().is_hopeless() {
            let moved = self.size - running.plan().left() - resumed;
            self.progress.file_retried(&self.remote.to_string(), resumed, moved);
            discard(&**self.fs, &part).await?;
            return Ok(None);
        }
        self.conclude(&part, running.begun.get().cloned().flatten()).await?;
        self.progress.file_finished(&self.remote.to_string());
        let bytes = self.size - resumed;
        Ok(Some(Report { files: 1, bytes, resumed, ..Report::default() }))
    }

    fn workers<'l>(&self, worker: Worker<'l>) -> Vec<Worker<'l>>
    where
        Self: 'l,
    {
        let mut workers = worker.with_siblings();
        workers.truncate(self.most);
        workers
    }

    /// Finds what is there already, and the time that the file had when that was written.
    async fn prepare<'l>(
        &self,
        mut worker: Worker<'l>,
        part: &Path,
    ) -> Result<(SegmentPlan, Option<String>, Worker<'l>)> {
        let segments = if self.at_once { self.most } else { 1 };
        let fresh = |there| SegmentPlan::new(there, self.size, segments, LEAST_BYTES);
        let found = self.fs.stat(part).await.ok().filter(|found| self.resume && found.is_file());
        let recorded = self.fs.exists(&status_path(part)).await?;
        match found {
            Some(found) if recorded && found.size == self.size => {
                let status = Status::load(&**self.fs, part).await.filter(|status| status.size == self.size);
                let time = status.as_ref().and_then(|status| status.modified.clone());
                if let (Some(status), Some(time)) = (status, time)
                    && self.time(&mut worker).await? == Some(time.clone())
                {
                    return Ok((
                        SegmentPlan::resumed(self.size, status.claims, LEAST_BYTES),
                        Some(time),
                        worker,
                    ));
                }
            }
            Some(found) if !recorded && found.size <= self.size => {
                return Ok((fresh(found.size), None, worker));
            }
            _ => {}
        }
        discard(&**self.fs, part).await?;
        self.fs.open(part, OpenMode::CreatePrivate).await?;
        Ok((fresh(0), None, worker))
    }

    async fn time(&self, worker: &mut Worker<'_>) -> Result<Option<String>> {
        let mut budget = RetryBudget::again(self.retries);
        loop {
            let outcome = match worker.client().await {
                Ok(client) => self.ask_time(client).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(time) => return Ok(time),
                Err(error) => worker.recover(error, &mut budget).await?,
            }
        }
    }

    /// Asks for the time that the file has now, if the server tells it.
    async fn ask_time(&self, client: &mut Client) -> Result<Option<String>> {
        match client.modified(self.remote).await {
            Ok(time) => Ok(Some(spell(time))),
            Err(error) if is_passing(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Gives the file its name, if it is what the server has.
    async fn conclude(&self, part: &Path, time: Option<String>) -> Result<()> {
        let mut worker = Worker::of(self.pool);
        let mut budget = RetryBudget::again(self.retries);
        loop {
            let outcome = match worker.client().await {
                Ok(client) => self.check(client, part, time.as_deref()).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => break,
                Err(error) => worker.recover(error, &mut budget).await?,
            }
        }
        self.fetching().finish(self.mode, part, self.target).await?;
        let status = status_path(part);
        if time.is_some() || self.fs.exists(&status).await? {
            self.fs.unlink(&status).await?;
        }
        if let Ok(client) = worker.client().await {
            let (path, size) = (self.remote, Some(self.size));
            let wanted = RemoteFile { path, size, modified: self.modified, mode: self.mode };
            self.fetching().keep_time(client, &wanted, None, self.target).await;
        }
        Ok(())
    }

    async fn check(&self, client: &mut Client, part: &Path, time: Option<&str>) -> Result<()> {
        match client.size_if_told(self.remote).await? {
            Some(now) if now != self.size => {
                return Err(Error::SizeMismatch { expected: now, transferred: self.size });
            }
            _ => {}
        }
        if let Some(time) = time
            && self.ask_time(client).await?.is_some_and(|now| now != time)
        {
            return Err(Error::Changed { path: self.remote.to_string() });
        }
        self.verify.check(client, (&**self.fs, part), self.size, self.remote).await
    }

    fn fetching(&self) -> FileDownload<'_> {
        FileDownload {
            fs: self.fs,
            block: self.block,
            resume: self.resume,
            ascii: false,
            keep_times: self.keep_times,
            keep_permissions: self.keep_permissions,
            verify: self.verify,
            sync: self.sync,
            progress: self.progress,
        }
    }
}

/// A file that is being fetched in segments.
struct Running<'a> {
    job: &'a Segmented<'a>,
    part: &'a Path,
    plan: Mutex<SegmentPlan>,
    admission: AdmissionGate<'a>,
    /// Set once the part file has its full length, and a status beside it: to the file's time on the server.
    begun: OnceCell<Option<String>>,
}

impl Running<'_> {
    /// Fetches all that is missing, or finds out that it cannot be done in this way.
    async fn run(&self, workers: Vec<Worker<'_>>) -> Result<()> {
        if self.is_over() {
            return Ok(());
        }
        let outcome = tokio::select! {
            outcome = self.all(workers) => outcome,
            never = self.record() => match never {},
        };
        if outcome.is_err() {
            self.note().await;
        }
        outcome
    }

    async fn all(&self, workers: Vec<Worker<'_>>) -> Result<()> {
        let workers = workers.into_iter().enumerate();
        let mut working: FuturesUnordered<_> =
            workers.map(|(number, worker)| self.work(number, worker)).collect();
        let mut failure = Error::PoolClosed;
        while let Some(outcome) = working.next().await {
            if self.is_over() {
                return Ok(());
            }
            match outcome {
                Ok(()) => {}
                // Others go on with what one left.
                Err(error) if is_passing(&error) => failure = error,
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }

    /// Fetches one segment after the other.
    async fn work(&self, number: usize, mut worker: Worker<'_>) -> Result<()> {
        let mut budget = RetryBudget::again(self.job.retries);
        loop {
            let mut changed = pin!(self.admission.changed());
            // What changes from here on is noticed.
            changed.as_mut().enable();
            if self.is_over() {
                return Ok(());
            }
            if !self.admission.admits(number) || !self.plan().has_work() {
                worker.rest();
                changed.await;
                continue;
            }
            match self.turn(number, &mut worker).await {
                Ok(true) => budget = RetryBudget::again(self.job.retries),
                Ok(false) => changed.await,
                Err(error) => {
                    if let Err(error) = worker.recover(error, &mut budget).await {
                        self.admission.gone(number);
                        self.admission.wake();
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Fetches a segment; gives false when there is none at present.
    async fn turn(&self, number: usize, worker: &mut Worker<'_>) -> Result<bool> {
        let client = worker.client().await?;
        let Some(taken) = self.plan().take() else { return Ok(false) };
        self.admission.works(number);
        let outcome = self.fetch(client, &taken).await;
        self.plan().release(taken.index);
        self.admission.wake();
        outcome.map(|()| true)
    }

    /// Gives the part file its full length; before that, a status that says that this means nothing.
    async fn begin(&self, client: &mut Client) -> Result<()> {
        let begin = async || {
            let time = self.job.ask_time(client).await?;
            self.status(time.clone()).save(self.job.fs, self.part).await?;
            let mut file = self.job.fs.open(self.part, OpenMode::Update).await?;
            match file.reserve(self.job.size).await {
                Err(error) if error.kind() != std::io::ErrorKind::Unsupported => {
                    Err(PathIoError::new("reserve space for", self.part, error).into())
                }
                _ => Ok(time),
            }
        };
        self.begun.get_or_try_init(begin).await.map(drop)
    }

    /// Records what is written, again and again.
    async fn record(&self) -> Infallible {
        loop {
            tokio::time::sleep(RECORDED_EVERY).await;
            self.note().await;
        }
    }

    async fn note(&self) {
        let Some(time) = self.begun.get() else { return };
        // What is written meanwhile is not claimed yet.
        let status = self.status(time.clone());
        if let Err(error) = self.save(status).await {
            tracing::warn!("what is written of a file cannot be recorded: {error}");
        }
    }

    /// Saves a status once what it claims has reached the disk: after a power failure the file has its full
    /// length, and zeros where nothing was written yet.
    async fn save(&self, status: Status) -> Result<(), PathIoError> {
        let mut file = self.job.fs.open(self.part, OpenMode::Update).await?;
        // Other backends may hold back more than the last block.
        if file.system_file().is_none() {
            return Ok(());
        }
        file.sync().await.map_err(|source| PathIoError::new("write", self.part, source))?;
        status.save(self.job.fs, self.part).await
    }

    fn status(&self, modified: Option<String>) -> Status {
        let plan = self.plan();
        Status { size: plan.size(), modified, claims: plan.claims() }
    }

    fn is_over(&self) -> bool {
        let plan = self.plan();
        plan.is_whole() || plan.is_hopeless()
    }

    fn plan(&self) -> MutexGuard<'_, SegmentPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No segment is smaller than this, as a connection takes some round trips to get up to speed.
const LEAST_BYTES: u64 = 4 * 1024 * 1024;

/// From this size on it is tried whether a file comes faster in segments.
const LARGE_BYTES: u64 = 64 * 1024 * 1024;

/// A killed download loses no more than what came in this time.
const RECORDED_EVERY: Duration = Duration::from_secs(1);
