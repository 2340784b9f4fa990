//! Scheduler of a tree: workers that execute the tasks of a queue, and the report of their results.
//!
//! A [`JobHandler`] lists a directory or transfers a file. The [`Queue`] decides the order of the tasks, and the
//! [`AdmissionGate`] the number of workers.

pub(crate) mod admission;
pub(crate) mod concurrency;
pub(crate) mod pending_write;
pub(crate) mod prewarm;
pub(crate) mod queue;
pub(crate) mod retry;
pub(crate) mod worker;

use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

use self::{
    admission::AdmissionGate,
    concurrency::WorkAmount,
    pending_write::{FileOutcome, PendingTask, WorkerSlot},
    queue::{FileBatch, Next, Queue, Task},
    retry::{RetryBudget, RetryError, retrying},
    worker::Worker,
};
use super::{
    file_progress::{FileProgress, Transferred},
    options::JobOptions,
};
use crate::{
    Client, Error, Progress, ProgressEvent, Report, Result, TransferredFile, client::FollowUp,
    deadline::Deadline, error::report::CopyLocations, list::unreadable_listing,
};

/// Handler of the directories and files of a tree.
pub(crate) trait JobHandler: Sync {
    type Directory: Send + Sync;
    type File: Send + Sync;

    /// Creates the target of a directory, and finds its contents.
    fn list(
        &self,
        client: &mut Client,
        directory: &Self::Directory,
        found: &mut Found<Self>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Transfers one file.
    fn transfer(
        &self,
        client: &mut Client,
        file: &Self::File,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> impl Future<Output = Result<FileOutcome>> + Send;

    /// Returns whether [`transfer`](Self::transfer) moves the content of files.
    fn moves_data(&self) -> bool {
        true
    }

    /// Returns whether the whole tree fails with this directory.
    fn is_root(&self, directory: &Self::Directory) -> bool;

    fn directory_name(&self, directory: &Self::Directory) -> String;

    fn file_name(&self, file: &Self::File) -> String;

    fn size(&self, file: &Self::File) -> Option<u64>;

    /// Returns the source and the target of a file, for the report; `None` if the handler reports them by itself.
    fn locations(&self, _file: &Self::File) -> Option<CopyLocations> {
        None
    }
}

/// The contents of a directory.
pub(crate) struct Found<H: JobHandler + ?Sized> {
    /// The target of the directory itself was created.
    pub(crate) made: bool,
    pub(crate) directories: Vec<H::Directory>,
    /// The directories are listed before all others.
    pub(crate) is_urgent: bool,
    pub(crate) files: Vec<H::File>,
    /// Further files, which become tasks when their turn comes, and their work.
    pub(crate) batch: Option<(WorkAmount, FileBatch<H::File>)>,
    pub(crate) failures: Vec<(String, Error)>,
    /// Number of symbolic links that are left out.
    pub(crate) skipped_symlinks: u64,
}

impl<H: JobHandler + ?Sized> Default for Found<H> {
    fn default() -> Self {
        Self {
            made: false,
            directories: Vec::new(),
            is_urgent: false,
            files: Vec::new(),
            batch: None,
            failures: Vec::new(),
            skipped_symlinks: 0,
        }
    }
}

/// A running job: a tree or a single file.
pub(crate) struct Scheduler<'a, H: JobHandler> {
    handler: H,
    options: &'a JobOptions,
    pub(crate) admission: AdmissionGate<'a>,
    pub(crate) started: Instant,
    state: Mutex<SchedulerState<H>>,
}

pub(crate) struct SchedulerState<H: JobHandler> {
    pub(crate) queue: Queue<H::Directory, H::File>,
    report: Report,
    /// The directory or file that each worker is busy with.
    pub(crate) active: BTreeMap<WorkerSlot, String>,
    workers: usize,
    /// Workers that wait for a session.
    obtaining: BTreeSet<usize>,
    /// Workers that left.
    gone: BTreeSet<usize>,
    /// The reason why nothing more is started.
    stop: Option<Error>,
    /// The reason why the tree cannot be transferred at all.
    no_root: Option<Error>,
}

impl<'a, H: JobHandler> Scheduler<'a, H> {
    pub(crate) fn new(
        handler: H,
        options: &'a JobOptions,
        admission: AdmissionGate<'a>,
        workers: usize,
    ) -> Self {
        let state = SchedulerState {
            queue: Queue::new(options.order, workers),
            report: Report::default(),
            active: BTreeMap::new(),
            workers,
            obtaining: BTreeSet::new(),
            gone: BTreeSet::new(),
            stop: None,
            no_root: None,
        };
        Self { handler, options, admission, started: Instant::now(), state: Mutex::new(state) }
    }

    /// Transfers a whole tree.
    pub(crate) async fn run_tree(
        self,
        root: H::Directory,
        workers: Vec<Worker<'_>>,
        deadline: Deadline,
    ) -> Result<Report> {
        self.lock().queue.add_directory(root);
        self.run(workers, deadline).await
    }

    /// Transfers a single file.
    pub(crate) async fn run_file(
        self,
        file: H::File,
        worker: Worker<'_>,
        deadline: Deadline,
    ) -> Result<Report> {
        self.admission.report_files(WorkAmount::file(self.handler.size(&file).unwrap_or(0)));
        self.lock().queue.add_file(file, None, |_| String::new());
        self.run(vec![worker], deadline).await
    }

    async fn run(self, workers: Vec<Worker<'_>>, deadline: Deadline) -> Result<Report> {
        let all = async {
            let workers = workers.into_iter().enumerate();
            let mut running: FuturesUnordered<_> =
                workers.map(|(number, worker)| self.drive(number, worker)).collect();
            while running.next().await.is_some() {}
            self.admission.report_limit();
            Ok(())
        };
        let outcome = deadline.run(WHAT, all).await;
        self.conclude(outcome, deadline)
    }

    /// Works until nothing is left to do, or no session is available.
    async fn drive(&self, number: usize, mut worker: Worker<'_>) {
        let mut pending = None;
        let mut budget = self.budget();
        loop {
            let mut changed = pin!(self.admission.changed());
            // Register for changes before checking, so that none is missed.
            changed.as_mut().enable();
            let is_ready = worker.has_session();
            if !is_ready && pending.is_none() && self.is_to_obtain(number, &worker) {
                tokio::select! {
                    biased;
                    obtained = self.obtain_session(&mut worker, &mut budget) => match obtained {
                        Ok(()) => {
                            self.lock().obtaining.remove(&number);
                            budget = self.budget();
                        }
                        Err(no_session) => return self.leave(number, None, no_session),
                    },
                    // Another worker may have taken the task meanwhile.
                    () = changed => {}
                }
                continue;
            }
            // A worker without a session must not take a task from the others.
            let next = if is_ready { self.next(number) } else { self.lock().queue.without_task() };
            let task = match next {
                Next::Task(task) => task,
                Next::Wait if pending.is_some() => {
                    self.await_write(number, pending.take()).await;
                    continue;
                }
                Next::Wait => {
                    self.await_work(number, &mut worker, changed).await;
                    continue;
                }
                Next::End => return self.await_write(number, pending).await,
            };
            match self.act(number, &task, &mut worker, pending.take()).await {
                Ok(None) => self.finish(WorkerSlot::transfer(number), &task),
                Ok(Some((name, FileOutcome { moved, pending_write: Some(write) }))) => {
                    self.defer_write(number, &name);
                    pending = Some(PendingTask { task, name, moved, write });
                }
                Ok(Some((name, FileOutcome { moved, pending_write: None }))) => {
                    self.count(&name, &task, moved);
                    self.finish(WorkerSlot::transfer(number), &task);
                }
                Err(no_session) => return self.leave(number, Some(task), no_session),
            }
        }
    }

    /// Carries out a task while the pending write of the one before ends.
    async fn act(
        &self,
        number: usize,
        task: &Task<H::Directory, H::File>,
        worker: &mut Worker<'_>,
        pending: Option<PendingTask<H::Directory, H::File>>,
    ) -> Result<Option<(String, FileOutcome)>> {
        // Pinned in place: the future is too large to be moved for each file.
        let work = pin!(async {
            match task {
                Task::List(directory) => self.list(number, directory, worker).await.map(|()| None),
                Task::Transfer(_, file) => self.transfer(number, file, worker).await,
            }
        });
        let (outcome, ()) = tokio::join!(work, self.await_write(number, pending));
        outcome
    }

    /// Returns whether a worker without a session is to obtain one: no more workers than there are tasks, and than there
    /// may be sessions. The others check again if it no longer is.
    fn is_to_obtain(&self, number: usize, worker: &Worker<'_>) -> bool {
        let mut state = self.lock();
        let was_obtaining = state.obtaining.remove(&number);
        let rank = number - state.gone.range(..number).count();
        let may_have_session = worker.pool().is_none_or(|pool| rank < pool.current_limit());
        let is_needed = state.obtaining.len() < state.queue.tasks();
        let obtains = may_have_session && is_needed && self.admission.admits(number);
        if obtains {
            state.obtaining.insert(number);
        }
        drop(state);
        if was_obtaining && !obtains {
            self.admission.wake();
        }
        obtains
    }

    /// Opens a session for a worker, or waits for one. Retries transient failures.
    async fn obtain_session(&self, worker: &mut Worker<'_>, budget: &mut RetryBudget) -> Result<()> {
        while let Err(error) = worker.client().await.map(drop) {
            worker.recover(error, budget).await?;
        }
        Ok(())
    }

    fn next(&self, number: usize) -> Next<H::Directory, H::File> {
        let mut state = self.lock();
        if !self.admission.admits(number) {
            return state.queue.without_task();
        }
        let next = state.queue.next();
        if let Next::Task(task) = &next {
            let name = match task {
                Task::List(directory) => self.handler.directory_name(directory),
                Task::Transfer(_, file) => self.handler.file_name(file),
            };
            self.admission.started(self.amount(task));
            state.active.insert(WorkerSlot::transfer(number), name);
        }
        next
    }

    pub(crate) fn finish(&self, slot: WorkerSlot, task: &Task<H::Directory, H::File>) {
        let mut state = self.lock();
        state.active.remove(&slot);
        state.queue.done(task);
        drop(state);
        // The bytes of the file were counted when they arrived.
        self.admission.moved(WorkAmount::file(0));
        self.admission.report_limit();
        self.admission.wake();
    }

    fn amount(&self, task: &Task<H::Directory, H::File>) -> WorkAmount {
        match task {
            Task::List(_) => WorkAmount::file(0),
            Task::Transfer(_, file) => WorkAmount::file(self.handler.size(file).unwrap_or(0)),
        }
    }

    /// Leaves the work to the other workers, with the task that this one had. The job stops when the last worker leaves.
    fn leave(&self, number: usize, task: Option<Task<H::Directory, H::File>>, why: Error) {
        let mut state = self.lock();
        state.active.remove(&WorkerSlot::transfer(number));
        state.obtaining.remove(&number);
        state.gone.insert(number);
        self.admission.gone(number);
        if let Some(task) = task {
            self.admission.found(self.amount(&task));
            state.queue.put_back(task);
        }
        state.workers -= 1;
        // Workers that were never admitted cannot take over the task.
        let is_last = self.admission.is_measuring() && state.active.is_empty();
        if state.workers == 0 || is_last {
            state.queue.stop();
            state.stop.get_or_insert(why);
        } else {
            crate::trace::warn!("one connection less: {why}");
        }
        drop(state);
        self.admission.wake();
    }

    /// Lists a directory; fails only when no session is available.
    async fn list(&self, number: usize, directory: &H::Directory, worker: &mut Worker<'_>) -> Result<()> {
        let mut found = Found::default();
        let listed = retrying!(worker, self.budget(), |client| {
            self.admission.works(number);
            // An earlier attempt may have created the directory.
            found = Found { made: found.made, ..Found::default() };
            self.handler.list(client, directory, &mut found).await
        });
        match listed {
            Err(RetryError::NoSession(error)) => return Err(error),
            Err(RetryError::Failed(error)) => self.take(directory, found, Err(error)),
            Ok(()) => self.take(directory, found, Ok(())),
        }
        Ok(())
    }

    fn take(&self, directory: &H::Directory, found: Found<H>, outcome: Result<()>) {
        let mut state = self.lock();
        state.report.directories += u64::from(found.made);
        state.report.skipped_symlinks += found.skipped_symlinks;
        found.directories.iter().for_each(|_| self.admission.found(WorkAmount::file(0)));
        match found.is_urgent {
            true => state.queue.put_first(found.directories),
            false => found.directories.into_iter().for_each(|below| state.queue.add_directory(below)),
        }
        for file in found.files {
            let size = self.handler.size(&file);
            self.admission.found_files(WorkAmount::file(size.unwrap_or(0)));
            state.queue.add_file(file, size, |file| self.handler.file_name(file));
        }
        if let Some((work, batch)) = found.batch {
            self.admission.found_files(work);
            state.queue.add_batch(batch, |file| self.handler.size(file), |file| self.handler.file_name(file));
        }
        for (name, error) in found.failures {
            self.fail(&mut state, name, error);
        }
        match outcome {
            Ok(()) => {}
            Err(error) if self.handler.is_root(directory) => {
                state.queue.stop();
                state.no_root = Some(error);
            }
            Err(error) => {
                state.report.failed_directories += 1;
                self.fail(&mut state, self.handler.directory_name(directory), error);
            }
        }
    }

    /// Transfers a file; returns its name with the outcome unless it failed. Fails only when no session is
    /// available.
    async fn transfer(
        &self,
        number: usize,
        file: &H::File,
        worker: &mut Worker<'_>,
    ) -> Result<Option<(String, FileOutcome)>> {
        let name = self.handler.file_name(file);
        let progress = FileProgress::new(&self.admission);
        let transferred = retrying!(
            worker,
            self.budget(),
            |client| {
                let is_surrounded = client.surrounds_transfers() && self.handler.moves_data();
                let follow_up = FollowUp::transfer_if(!is_surrounded && self.lock().queue.has_more());
                self.admission.works(number);
                if is_surrounded {
                    client.before_transfer().await?;
                }
                // Pinned in place: the future is too large to be moved for each file.
                let outcome = pin!(self.handler.transfer(client, file, follow_up, &progress)).await?;
                if is_surrounded {
                    client.after_transfer().await?;
                }
                Ok(outcome)
            },
            before = progress.retry(&name)
        );
        match transferred {
            Ok(outcome) => {
                let moved = progress.total(outcome.moved);
                Ok(Some((name, FileOutcome { moved, ..outcome })))
            }
            Err(RetryError::NoSession(error)) => Err(error),
            Err(RetryError::Failed(error)) => {
                self.fail(&mut self.lock(), name, error);
                Ok(None)
            }
        }
    }

    fn budget(&self) -> RetryBudget {
        RetryBudget::new(self.options.retries)
    }

    pub(crate) fn count(&self, name: &str, task: &Task<H::Directory, H::File>, moved: Transferred) {
        let mut state = self.lock();
        state.report.add_transferred(|| {
            let Task::Transfer(_, file) = task else { return None };
            let CopyLocations { source, target } = self.handler.locations(file)?;
            Some(TransferredFile { source, target, bytes: moved.bytes, resumed: moved.resumed })
        });
        state.report.files += 1;
        state.report.bytes += moved.bytes;
        state.report.resumed += moved.resumed;
        drop(state);
        self.admission.on_event(ProgressEvent::FileFinished { name });
    }

    pub(crate) fn fail(&self, state: &mut SchedulerState<H>, name: String, error: Error) {
        self.admission.on_event(ProgressEvent::FileFailed { name: &name, error: &error });
        state.report.note(name, error);
        if let Some(limit) = self.options.max_errors.filter(|limit| state.report.failures.len() > *limit) {
            state.queue.stop();
            state.stop.get_or_insert(Error::TooManyFailures { limit });
        }
    }

    fn conclude(self, outcome: Result<()>, deadline: Deadline) -> Result<Report> {
        let mut state = self.lock();
        if let lost @ 1.. = state.queue.lost() {
            self.fail(&mut state, format!("{lost} files"), unreadable_listing());
        }
        if let Err(expired) = outcome {
            for name in std::mem::take(&mut state.active).into_values() {
                self.fail(&mut state, name, deadline.expired(WHAT));
            }
            state.stop = Some(expired);
        }
        let report = std::mem::take(&mut state.report);
        match (state.no_root.take(), state.stop.take()) {
            (Some(error), _) => Err(error),
            (None, Some(source)) => Err(report.stopped(source)),
            (None, None) => report.into_result(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, SchedulerState<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operation that the error of an expired deadline names.
const WHAT: &str = "the transfer";
