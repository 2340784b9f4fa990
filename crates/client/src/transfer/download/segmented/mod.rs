//! Download of one large file over several connections.
//!
//! The [`plan`] decides which part of the file each connection downloads, a [`worker`] downloads one part, and
//! [`status`] records the written bytes for a later run. This module decides whether a file can be downloaded in
//! segments, and whether it is complete.

mod plan;
mod progress;
mod status;
mod worker;

use std::{
    path::Path,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::sync::{Mutex as AsyncMutex, Notify, OnceCell};

use self::{
    plan::SegmentPlan,
    status::{Status, spell},
};
use super::{
    file::{FileDownload, RemoteFile},
    partial_file::{PartialFile, discard, remove_remains, remove_status, segments_path},
};
use crate::transfer::{
    backup::LocalBackups,
    file_progress::FileProgress,
    local_path::refuse_link,
    options::{FileOptions, JobOptions},
    partial_name::partial_path,
    resume::OVERLAP,
    scheduler::{
        admission::AdmissionGate,
        concurrency::WorkAmount,
        retry::{RetryBudget, is_retryable, retrying},
        worker::Worker,
    },
    verify::LocalCopy,
};
use crate::{
    Client, Error, Location, Pool, ProgressEvent, Report, Result, TransferredFile,
    client::FollowUp,
    error::local_fs::LocalFsError,
    local_fs::{FileHandle, FileSystem},
};

/// A file that is to be downloaded in segments.
pub(crate) struct Segmented<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) fs: &'a Arc<dyn FileSystem>,
    pub(crate) remote: RemoteFile<'a>,
    pub(crate) size: u64,
    pub(crate) target: &'a Path,
    pub(crate) max_connections: usize,
    /// Starts with that many segments; otherwise with one.
    pub(crate) at_once: bool,
    pub(crate) options: &'a FileOptions,
    pub(crate) backups: Option<&'a LocalBackups>,
    pub(crate) job: &'a JobOptions,
}

/// The partial file that a download starts with.
struct Prepared<'l> {
    plan: SegmentPlan,
    /// The time that the remote file had when the partial file was written.
    time: Option<String>,
    /// The partial file, which is opened again for each segment.
    file: PartialFile<'l>,
    worker: Worker<'l>,
}

impl Segmented<'_> {
    /// Returns whether several connections are worthwhile for a file of this size.
    pub(crate) fn is_worth_it(size: u64, at_once: bool) -> bool {
        size >= if at_once { 2 * MIN_SEGMENT } else { MIN_SPLIT }
    }

    /// Downloads the file; returns `None` if only a single connection can download it, from the start.
    pub(crate) async fn download(
        &self,
        worker: Worker<'_>,
        admission: AdmissionGate<'_>,
    ) -> Result<Option<Report>> {
        let partial = partial_path(self.target);
        let status = segments_path(&partial);
        for path in [self.target, &partial, &status] {
            refuse_link(&**self.fs, path).await?;
        }
        let Prepared { plan, time, file, worker } = self.prepare(worker, &partial).await?;
        let resumed = self.size - plan.left();
        let name = &self.remote.path.to_string();
        admission.report_files(WorkAmount::file(self.size));
        self.report(ProgressEvent::FileStarted { name, size: Some(self.size), offset: resumed });
        admission.found(WorkAmount::bytes(plan.left()));
        let is_end_written = plan.holds(self.size.saturating_sub(1), self.size);
        let running = Running {
            job: self,
            partial: &partial,
            plan: Mutex::new(plan),
            admission,
            file: AsyncMutex::new(file),
            time: OnceCell::new_with(time.map(Some)),
            is_end_checked: AtomicBool::new(is_end_written),
        };
        running.run(self.workers(worker)).await?;
        if running.plan().is_hopeless() {
            let moved = self.size - running.plan().left() - resumed;
            self.report(ProgressEvent::FileRetried { name, offset: resumed, moved });
            discard(&**self.fs, &partial).await?;
            return Ok(None);
        }
        let time = running.time.get().cloned().flatten();
        self.conclude(running.file.into_inner(), &partial, time).await?;
        self.report(ProgressEvent::FileFinished { name });
        let bytes = self.size - resumed;
        let (source, target) =
            (Location::Remote(self.remote.path.clone()), Location::Local(self.target.into()));
        let transferred = vec![TransferredFile { source, target, bytes, resumed }];
        Ok(Some(Report { files: 1, bytes, resumed, transferred, ..Report::default() }))
    }

    fn report(&self, event: ProgressEvent<'_>) {
        self.job.progress.on_event(event);
    }

    fn workers<'l>(&self, worker: Worker<'l>) -> Vec<Worker<'l>>
    where
        Self: 'l,
    {
        let mut workers = worker.with_siblings();
        workers.truncate(self.max_connections);
        workers
    }

    /// Finds the bytes of an earlier run, or creates an empty partial file.
    async fn prepare<'l>(&'l self, mut worker: Worker<'l>, partial: &Path) -> Result<Prepared<'l>> {
        let segments = if self.at_once { self.max_connections } else { 1 };
        let new_plan = |there| SegmentPlan::new(there, self.size, segments, MIN_SEGMENT);
        let resume = self.options.resume;
        let mut earlier = if resume { PartialFile::open(self.fs, partial).await? } else { None };
        let found = if earlier.is_some() { self.fs.metadata(partial).await.ok() } else { None };
        let has_status = self.fs.try_exists(&segments_path(partial)).await?;
        match found {
            Some(found) if has_status && found.size == self.size => {
                let status =
                    Status::load(&**self.fs, partial).await.filter(|status| status.size == self.size);
                let time = status.as_ref().and_then(|status| status.modified.clone());
                if let (Some(status), Some(time)) = (status, time)
                    && self.time(&mut worker).await? == Some(time.clone())
                    && let Some(file) = earlier.take()
                {
                    let plan = SegmentPlan::resumed(self.size, status.segments, MIN_SEGMENT);
                    return Ok(Prepared { plan, time: Some(time), file, worker });
                }
                let name = self.remote.path;
                crate::trace::warn!(
                    "{name} is not resumed: it has changed, or the server does not report its time"
                );
            }
            Some(found) if !has_status && (OVERLAP..=self.size).contains(&found.size) => {
                let is_of_other = match self.remote.token() {
                    Some(token) => token.differs(&**self.fs, partial).await,
                    None => false,
                };
                if let Some(file) = earlier.take_if(|_| !is_of_other) {
                    return Ok(Prepared { plan: new_plan(found.size), time: None, file, worker });
                }
            }
            _ => {}
        }
        let file = PartialFile::create(self.fs, partial, earlier).await?;
        remove_status(&**self.fs, partial).await?;
        Ok(Prepared { plan: new_plan(0), time: None, file, worker })
    }

    fn budget(&self) -> RetryBudget {
        RetryBudget::new(self.job.retries)
    }

    async fn time(&self, worker: &mut Worker<'_>) -> Result<Option<String>> {
        Ok(retrying!(worker, self.budget(), |client| self.query_time(client).await)?)
    }

    /// Queries the time that the file has now, if the server reports it.
    async fn query_time(&self, client: &mut Client) -> Result<Option<String>> {
        match client.modified(self.remote.path).await {
            Ok(time) => Ok(Some(spell(time))),
            Err(error) if is_retryable(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Renames the file to its final name if it equals the server's.
    async fn conclude(&self, file: PartialFile<'_>, partial: &Path, time: Option<String>) -> Result<()> {
        let mut worker = Worker::of(self.pool);
        let time = time.as_deref();
        retrying!(&mut worker, self.budget(), |client| self.check(client, partial, time).await)?;
        let download = FileDownload {
            fs: self.fs,
            options: self.options,
            resume: self.options.resume,
            backups: self.backups,
            continues_final: false,
            follow_up: FollowUp::Nothing,
            progress: &FileProgress::new(&*self.job.progress),
        };
        // The status is removed before the rename, which ends the lock: after it, the status may belong to another
        // download. A partial file without a status counts as completely written, which is true at this point.
        remove_status(&**self.fs, partial).await?;
        download.commit(&self.remote, file, self.target).await?;
        remove_remains(self.fs, partial, None).await;
        if let Ok(client) = worker.client().await {
            download.set_time(client, &self.remote, None, self.target).await;
        }
        Ok(())
    }

    async fn check(&self, client: &mut Client, partial: &Path, time: Option<&str>) -> Result<()> {
        match client.size_if_reported(self.remote.path).await? {
            Some(now) if now != self.size => {
                return Err(Error::SizeMismatch { expected: now, transferred: self.size });
            }
            _ => {}
        }
        if let Some(time) = time
            && self.query_time(client).await?.is_some_and(|now| now != time)
        {
            return Err(Error::Changed { path: self.remote.path.to_string() });
        }
        let local = LocalCopy { fs: &**self.fs, path: partial, size: self.size };
        self.options.verify.check(client, local, self.remote.path).await
    }
}

/// A file that is being downloaded in segments.
struct Running<'a> {
    job: &'a Segmented<'a>,
    partial: &'a Path,
    plan: Mutex<SegmentPlan>,
    admission: AdmissionGate<'a>,
    /// The partial file, locked as long as it is written.
    file: AsyncMutex<PartialFile<'a>>,
    /// The file's time on the server; set once the partial file has its full length and a status.
    time: OnceCell<Option<String>>,
    /// A transfer to the end of the file has ended, or the end was written by an earlier run.
    is_end_checked: AtomicBool,
}

impl Running<'_> {
    /// Downloads all missing bytes, or finds out that the server cannot do it this way.
    async fn run(&self, workers: Vec<Worker<'_>>) -> Result<()> {
        if self.is_over() {
            return Ok(());
        }
        let over = Notify::new();
        let run = async {
            let outcome = self.run_all(workers).await;
            over.notify_one();
            outcome
        };
        let (outcome, ()) = tokio::join!(run, self.save_until(&over));
        if outcome.is_err() {
            self.save_status().await;
        }
        outcome
    }

    async fn run_all(&self, workers: Vec<Worker<'_>>) -> Result<()> {
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
                // The other workers take over the segment.
                Err(error) if is_retryable(&error) => failure = error,
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }

    /// Downloads one segment after the other.
    async fn work(&self, number: usize, mut worker: Worker<'_>) -> Result<()> {
        let mut budget = self.job.budget();
        loop {
            let mut changed = pin!(self.admission.changed());
            // Register for changes before checking, so that none is missed.
            changed.as_mut().enable();
            if self.is_over() {
                return Ok(());
            }
            if !self.admission.admits(number) || !self.plan().has_work(Instant::now()) {
                worker.rest();
                self.wait(changed).await;
                continue;
            }
            match self.download_next(number, &mut worker).await {
                Ok(true) => budget = self.job.budget(),
                Ok(false) => self.wait(changed).await,
                Err(error) => {
                    // The segment is not retried here: after the pause, the plan may have no work for this worker.
                    if let Err(error) = worker.recover(error, &mut budget).await {
                        self.admission.gone(number);
                        self.admission.wake();
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Waits for a change, or until the rates of the other connections may have changed.
    async fn wait(&self, changed: impl Future<Output = ()>) {
        let _ = tokio::time::timeout(RECHECK, changed).await;
    }

    /// Downloads a segment; returns false when there is none at present, or when it is left to be taken again.
    async fn download_next(&self, number: usize, worker: &mut Worker<'_>) -> Result<bool> {
        let client = worker.client().await?;
        let Some(taken) = self.plan().take(Instant::now()) else { return Ok(false) };
        self.admission.works(number);
        let outcome = self.download_segment(client, &taken).await;
        if outcome.is_err() && self.plan().is_complete() {
            // Nothing is left to be transferred again.
            self.is_end_checked.store(true, Ordering::Relaxed);
        }
        let is_complete = self.plan().is_segment_complete(taken.index);
        self.plan().release(taken.index, Instant::now());
        self.admission.wake();
        // The retry budget is renewed only if there was progress.
        outcome.map(|()| is_complete)
    }

    /// Extends the partial file to its full length. A status is saved before, because the length is meaningless
    /// afterwards.
    async fn extend(&self, client: &mut Client) -> Result<()> {
        let extend = async || {
            let time = self.job.query_time(client).await?;
            self.status(time.clone()).save(&**self.job.fs, self.partial).await?;
            let mut file = self.open_partial().await?;
            match file.reserve(self.job.size).await {
                Err(error) if error.kind() != std::io::ErrorKind::Unsupported => {
                    Err(LocalFsError::new("reserve space for", self.partial, error).into())
                }
                _ => Ok(time),
            }
        };
        self.time.get_or_try_init(extend).await.map(drop)
    }

    /// Saves the status repeatedly. A started save is completed: an interrupted one would leave a file.
    async fn save_until(&self, over: &Notify) {
        loop {
            tokio::select! {
                biased;
                () = over.notified() => return,
                () = tokio::time::sleep(SAVE_INTERVAL) => self.save_status().await,
            }
        }
    }

    async fn save_status(&self) {
        let Some(time) = self.time.get() else { return };
        // The status is taken before the file is synced, so that it includes no bytes written later.
        let status = self.status(time.clone());
        if let Err(error) = self.save(status).await {
            crate::trace::warn!("the status of a segmented download cannot be saved: {error}");
        }
    }

    /// Saves a status after the bytes that it lists have reached the disk. After a power failure, the file has its
    /// full length, with zeros where nothing was written yet.
    async fn save(&self, status: Status) -> Result<(), LocalFsError> {
        let mut file = self.open_partial().await?;
        // Other backends may buffer more than the last block.
        if file.system_file().is_none() {
            return Ok(());
        }
        file.sync().await.map_err(|source| LocalFsError::new("write", self.partial, source))?;
        status.save(&**self.job.fs, self.partial).await
    }

    /// Opens the partial file again. Fails if another program has replaced it.
    async fn open_partial(&self) -> Result<Box<dyn FileHandle>, LocalFsError> {
        self.file.lock().await.reopen().await
    }

    fn status(&self, modified: Option<String>) -> Status {
        let plan = self.plan();
        Status { size: plan.size(), modified, segments: plan.records() }
    }

    fn is_over(&self) -> bool {
        let plan = self.plan();
        plan.is_hopeless() || plan.is_complete() && self.is_end_checked.load(Ordering::Relaxed)
    }

    fn plan(&self) -> MutexGuard<'_, SegmentPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The minimum size of a segment: a connection takes some round trips to reach its full speed.
const MIN_SEGMENT: u64 = 4 * 1024 * 1024;

/// The minimum size at which it is measured whether segments are faster.
const MIN_SPLIT: u64 = 64 * 1024 * 1024;

/// The interval at which a connection without a segment looks for one that is worth splitting.
const RECHECK: Duration = Duration::from_millis(500);

/// A killed download loses at most the bytes of this time.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);
