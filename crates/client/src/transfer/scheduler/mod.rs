//! A tree at work: workers that take what the queue gives, and the report that they write.
//!
//! What listing a directory and moving a file mean is the business of a [`JobHandler`]; in what order they
//! come, that of the [`Queue`].

pub(crate) mod admission;
pub(crate) mod concurrency;
pub(crate) mod pending_write;
pub(crate) mod prewarm;
pub(crate) mod queue;
pub(crate) mod retry;
pub(crate) mod worker;

use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

use self::{
    admission::AdmissionGate,
    concurrency::{Concurrency, WorkAmount},
    pending_write::{FileOutcome, PendingTask, SlotUse, WorkerSlot},
    queue::{Next, Queue, Task},
    retry::RetryBudget,
    worker::Worker,
};
use super::{
    attempt::{Attempt, Transferred},
    options::{Connections, Order},
};
use crate::{
    Client, Error, Progress, Report, Result,
    deadline::{timed_out, within},
};

/// What is done with the directories and files of a tree.
pub(crate) trait JobHandler: Sync {
    type Directory: Send + Sync;
    type File: Send + Sync;

    /// Makes a directory where it is copied to, and finds what is in it.
    fn list(
        &self,
        client: &mut Client,
        directory: &Self::Directory,
        found: &mut Found<Self>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Moves one file.
    fn transfer(
        &self,
        client: &mut Client,
        file: &Self::File,
        attempt: &Attempt<'_>,
    ) -> impl Future<Output = Result<FileOutcome>> + Send;

    /// Tells whether the whole tree fails with this directory.
    fn is_root(&self, directory: &Self::Directory) -> bool;

    fn directory_name(&self, directory: &Self::Directory) -> String;

    fn file_name(&self, file: &Self::File) -> String;

    fn size(&self, file: &Self::File) -> Option<u64>;
}

/// How a tree is to be gone through.
#[derive(Debug, Clone)]
pub(crate) struct JobOptions {
    pub(crate) order: Order,
    pub(crate) retries: u32,
    pub(crate) max_errors: Option<usize>,
    /// For the whole operation.
    pub(crate) deadline: Option<Duration>,
    pub(crate) connections: Connections,
}

impl JobOptions {
    /// What is done over this worker unless told otherwise.
    pub(crate) fn of(worker: &Worker<'_>) -> Self {
        Self {
            order: Order::AsFound,
            retries: worker.usual_retries(),
            max_errors: None,
            deadline: worker.config().timeouts.total,
            connections: Connections::default(),
        }
    }

    /// Says which workers of a tree work.
    pub(crate) fn admission<'a>(&self, worker: &Worker<'a>, progress: &'a dyn Progress) -> AdmissionGate<'a> {
        match (self.connections, worker.pool()) {
            (Connections::Auto, Some(pool)) => {
                AdmissionGate::measuring(Concurrency::new(pool.configured_size()), pool, progress)
            }
            _ => AdmissionGate::of_all(progress),
        }
    }
}

/// A tree that is gone through.
pub(crate) struct Scheduler<'a, W: JobHandler> {
    work: W,
    options: JobOptions,
    pub(crate) admission: AdmissionGate<'a>,
    pub(crate) begun: Instant,
    state: Mutex<SchedulerState<W>>,
}

pub(crate) struct SchedulerState<W: JobHandler> {
    pub(crate) queue: Queue<W::Directory, W::File>,
    report: Report,
    /// What each worker is about.
    pub(crate) active: BTreeMap<WorkerSlot, String>,
    workers: usize,
    /// Why nothing more is begun.
    stop: Option<Error>,
    /// Why there is no tree at all.
    no_root: Option<Error>,
}

impl<'a, W: JobHandler> Scheduler<'a, W> {
    pub(crate) fn new(work: W, options: JobOptions, admission: AdmissionGate<'a>, workers: usize) -> Self {
        let state = SchedulerState {
            queue: Queue::new(options.order, workers),
            report: Report::default(),
            active: BTreeMap::new(),
            workers,
            stop: None,
            no_root: None,
        };
        Self { work, options, admission, begun: Instant::now(), state: Mutex::new(state) }
    }

    /// Goes through a whole tree.
    pub(crate) async fn through(
        self,
        root: W::Directory,
        workers: Vec<Worker<'_>>,
        left: Option<Duration>,
    ) -> Result<Report> {
        self.lock().queue.add_directory(root);
        self.run(workers, left).await
    }

    /// Moves a single file.
    pub(crate) async fn one(
        self,
        file: W::File,
        worker: Worker<'_>,
        left: Option<Duration>,
    ) -> Result<Report> {
        self.lock().queue.add_file(file, None, |_| String::new());
        self.run(vec![worker], left).await
    }

    async fn run(self, workers: Vec<Worker<'_>>, left: Option<Duration>) -> Result<Report> {
        let all = async {
            let workers = workers.into_iter().enumerate();
            let mut running: FuturesUnordered<_> =
                workers.map(|(number, worker)| self.drive(number, worker)).collect();
            while running.next().await.is_some() {}
        };
        let in_time = within(left, all).await.is_some();
        self.conclude(in_time)
    }

    /// Works until nothing is left to do, or no session is to be had.
    async fn drive(&self, number: usize, mut worker: Worker<'_>) {
        let mut behind = None;
        loop {
            let mut changed = pin!(self.admission.changed());
            // What changes from here on is noticed.
            changed.as_mut().enable();
            let task = match self.next(number) {
                Next::Task(task) => task,
                Next::Wait if behind.is_some() => {
                    self.await_write(number, behind.take()).await;
                    continue;
                }
                Next::Wait => {
                    self.stand_by(number, &mut worker, changed).await;
                    continue;
                }
                Next::End => return self.await_write(number, behind).await,
            };
            match self.act(number, &task, &mut worker, behind.take()).await {
                Ok(None) => self.finish((number, SlotUse::Transfer), &task),
                Ok(Some((name, FileOutcome { moved, pending_write: Some(pending_write) }))) => {
                    behind = Some(self.defer_write(number, PendingTask { task, name, moved, pending_write }));
                }
                Ok(Some((name, FileOutcome { moved, pending_write: None }))) => {
                    self.count(&name, moved);
                    self.finish((number, SlotUse::Transfer), &task);
                }
                Err(no_session) => return self.give_up(number, task, no_session),
            }
        }
    }

    /// Does a task, while what was left behind comes to its end.
    async fn act(
        &self,
        number: usize,
        task: &Task<W::Directory, W::File>,
        worker: &mut Worker<'_>,
        behind: Option<PendingTask<W::Directory, W::File>>,
    ) -> Result<Option<(String, FileOutcome)>> {
        // In its place: it is too large to be moved for each file.
        let work = pin!(async {
            match task {
                Task::List(directory) => self.list(number, directory, worker).await.map(|()| None),
                Task::Transfer(_, file) => self.transfer(number, file, worker).await,
            }
        });
        let (outcome, ()) = tokio::join!(work, self.await_write(number, behind));
        outcome
    }

    fn next(&self, number: usize) -> Next<W::Directory, W::File> {
        let mut state = self.lock();
        if !self.admission.admits(number) {
            return if state.queue.is_over() { Next::End } else { Next::Wait };
        }
        let next = state.queue.next();
        if let Next::Task(task) = &next {
            let name = match task {
                Task::List(directory) => self.work.directory_name(directory),
                Task::Transfer(_, file) => self.work.file_name(file),
            };
            self.admission.begun(self.amount(task));
            state.active.insert((number, SlotUse::Transfer), name);
        }
        next
    }

    pub(crate) fn finish(&self, hand: WorkerSlot, task: &Task<W::Directory, W::File>) {
        let mut state = self.lock();
        state.active.remove(&hand);
        state.queue.done(task);
        drop(state);
        // Its bytes were counted as they came.
        self.admission.moved(WorkAmount::file(0));
        self.admission.wake();
    }

    fn amount(&self, task: &Task<W::Directory, W::File>) -> WorkAmount {
        match task {
            Task::List(_) => WorkAmount::file(0),
            Task::Transfer(_, file) => WorkAmount::file(self.work.size(file).unwrap_or(0)),
        }
    }

    /// Leaves a task to the other workers; the last worker that gives up is the end.
    fn give_up(&self, number: usize, task: Task<W::Directory, W::File>, why: Error) {
        let mut state = self.lock();
        state.active.remove(&(number, SlotUse::Transfer));
        self.admission.found(self.amount(&task));
        self.admission.gone(number);
        state.queue.put_back(task);
        state.workers -= 1;
        // Lanes that were never admitted are no hope for what the others gave up.
        let no_hope = self.admission.is_measuring() && state.active.is_empty();
        if state.workers == 0 || no_hope {
            state.queue.stop();
            state.stop.get_or_insert(why);
        } else {
            tracing::warn!("one connection less: {why}");
        }
        drop(state);
        self.admission.wake();
    }

    /// Lists a directory; fails only when there is no session to do it with.
    async fn list(&self, number: usize, directory: &W::Directory, worker: &mut Worker<'_>) -> Result<()> {
        let mut budget = RetryBudget::again(self.options.retries);
        loop {
            let client = match worker.client().await {
                Ok(client) => client,
                Err(error) => {
                    worker.recover(error, &mut budget).await?;
                    continue;
                }
            };
            client.expect_more(true);
            self.admission.works(number);
            let mut found = Found::default();
            let listed = self.work.list(client, directory, &mut found).await;
            let outcome = match listed {
                Ok(()) => Ok(()),
                Err(error) => match worker.recover(error, &mut budget).await {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                },
            };
            self.take(directory, found, outcome);
            return Ok(());
        }
    }

    fn take(&self, directory: &W::Directory, found: Found<W>, outcome: Result<()>) {
        let mut state = self.lock();
        state.report.directories += u64::from(found.made);
        found.directories.iter().for_each(|_| self.admission.found(WorkAmount::file(0)));
        match found.is_urgent {
            true => state.queue.put_first(found.directories),
            false => found.directories.into_iter().for_each(|below| state.queue.add_directory(below)),
        }
        for file in found.files {
            let size = self.work.size(&file);
            self.admission.found(WorkAmount::file(size.unwrap_or(0)));
            state.queue.add_file(file, size, |file| self.work.file_name(file));
        }
        for (name, error) in found.failures {
            self.fail(&mut state, name, error);
        }
        match outcome {
            Ok(()) => {}
            Err(error) if self.work.is_root(directory) => {
                state.queue.stop();
                state.no_root = Some(error);
            }
            Err(error) => self.fail(&mut state, self.work.directory_name(directory), error),
        }
    }

    /// Moves a file, and gives it with its name, unless it failed; fails only when there is no session to
    /// do it with.
    async fn transfer(
        &self,
        number: usize,
        file: &W::File,
        worker: &mut Worker<'_>,
    ) -> Result<Option<(String, FileOutcome)>> {
        let name = self.work.file_name(file);
        let attempt = Attempt::new(&self.admission);
        let mut budget = RetryBudget::again(self.options.retries);
        loop {
            let client = match worker.client().await {
                Ok(client) => client,
                Err(error) => {
                    worker.recover(error, &mut budget).await?;
                    continue;
                }
            };
            client.expect_more(self.lock().queue.has_more());
            self.admission.works(number);
            match self.work.transfer(client, file, &attempt).await {
                Ok(done) => {
                    let moved = attempt.whole(done.moved);
                    return Ok(Some((name, FileOutcome { moved, ..done })));
                }
                Err(error) => match worker.recover(error, &mut budget).await {
                    Ok(()) => attempt.again(&name),
                    Err(error) => {
                        self.fail(&mut self.lock(), name, error);
                        return Ok(None);
                    }
                },
            }
        }
    }

    pub(crate) fn count(&self, name: &str, moved: Transferred) {
        let mut state = self.lock();
        state.report.files += 1;
        state.report.bytes += moved.bytes;
        state.report.resumed += moved.resumed;
        drop(state);
        self.admission.file_finished(name);
    }

    pub(crate) fn fail(&self, state: &mut SchedulerState<W>, name: String, error: Error) {
        self.admission.file_failed(&name, &error);
        state.report.note(name, error);
        if let Some(limit) = self.options.max_errors.filter(|most| state.report.failures.len() > *most) {
            state.queue.stop();
            state.stop.get_or_insert(Error::TooManyFailures { limit });
        }
    }

    fn conclude(self, in_time: bool) -> Result<Report> {
        let mut state = self.lock();
        let too_late = || timed_out("the transfer", self.options.deadline);
        if !in_time {
            for name in std::mem::take(&mut state.active).into_values() {
                self.fail(&mut state, name, too_late());
            }
            state.stop = Some(too_late());
        }
        let report = std::mem::take(&mut state.report);
        match (state.no_root.take(), state.stop.take()) {
            (Some(error), _) => Err(error),
            (None, Some(source)) => Err(report.stopped(source)),
            (None, None) => report.into_result(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, SchedulerState<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ==== merged from tree/found.rs
//- What listing a directory of a tree gives.

/// What was found in a directory.
pub(crate) struct Found<W: JobHandler + ?Sized> {
    /// The directory itself was made.
    pub(crate) made: bool,
    pub(crate) directories: Vec<W::Directory>,
    /// These directories go before all others.
    pub(crate) is_urgent: bool,
    pub(crate) files: Vec<W::File>,
    pub(crate) failures: Vec<(String, Error)>,
}

impl<W: JobHandler + ?Sized> Default for Found<W> {
    fn default() -> Self {
        Self {
            made: false,
            directories: Vec::new(),
            is_urgent: false,
            files: Vec::new(),
            failures: Vec::new(),
        }
    }
}
