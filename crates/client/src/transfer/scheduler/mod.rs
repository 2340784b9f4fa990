//! A tree at work: lanes that take what the queue gives, and the report that they write.
//!
//! What listing a directory and moving a file mean is the business of a [`Work`]; in what order they
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
    admission::Governor,
    concurrency::{Growth, Work as Amount},
    pending_write::{Behind, Done, Hand, Place},
    queue::{Next, Queue, Task},
    retry::Tries,
    worker::Lane,
};
use super::{
    attempt::{Attempt, Moved},
    options::{Connections, Order},
};
use crate::{
    Client, Error, Progress, Report, Result,
    deadline::{timed_out, within},
};

/// What is done with the directories and files of a tree.
pub(crate) trait Work: Sync {
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
    ) -> impl Future<Output = Result<Done>> + Send;

    /// Tells whether the whole tree fails with this directory.
    fn is_root(&self, directory: &Self::Directory) -> bool;

    fn directory_name(&self, directory: &Self::Directory) -> String;

    fn file_name(&self, file: &Self::File) -> String;

    fn size(&self, file: &Self::File) -> Option<u64>;
}

/// How a tree is to be gone through.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) order: Order,
    pub(crate) retries: u32,
    pub(crate) max_errors: Option<usize>,
    /// For the whole operation.
    pub(crate) deadline: Option<Duration>,
    pub(crate) connections: Connections,
}

impl Plan {
    /// What is done over this lane unless told otherwise.
    pub(crate) fn of(lane: &Lane<'_>) -> Self {
        Self {
            order: Order::AsFound,
            retries: lane.usual_retries(),
            max_errors: None,
            deadline: lane.config().timeouts.total,
            connections: Connections::default(),
        }
    }

    /// Says which lanes of a tree work.
    pub(crate) fn governor<'a>(&self, lane: &Lane<'a>, progress: &'a dyn Progress) -> Governor<'a> {
        match (self.connections, lane.pool()) {
            (Connections::Auto, Some(pool)) => {
                Governor::measuring(Growth::new(pool.wanted_size()), pool, progress)
            }
            _ => Governor::of_all(progress),
        }
    }
}

/// A tree that is gone through.
pub(crate) struct Walk<'a, W: Work> {
    work: W,
    plan: Plan,
    pub(crate) governor: Governor<'a>,
    pub(crate) begun: Instant,
    state: Mutex<State<W>>,
}

pub(crate) struct State<W: Work> {
    pub(crate) queue: Queue<W::Directory, W::File>,
    report: Report,
    /// What each lane is about.
    pub(crate) in_hand: BTreeMap<Hand, String>,
    lanes: usize,
    /// Why nothing more is begun.
    stop: Option<Error>,
    /// Why there is no tree at all.
    no_root: Option<Error>,
}

impl<'a, W: Work> Walk<'a, W> {
    pub(crate) fn new(work: W, plan: Plan, governor: Governor<'a>, lanes: usize) -> Self {
        let state = State {
            queue: Queue::new(plan.order, lanes),
            report: Report::default(),
            in_hand: BTreeMap::new(),
            lanes,
            stop: None,
            no_root: None,
        };
        Self { work, plan, governor, begun: Instant::now(), state: Mutex::new(state) }
    }

    /// Goes through a whole tree.
    pub(crate) async fn through(
        self,
        root: W::Directory,
        lanes: Vec<Lane<'_>>,
        left: Option<Duration>,
    ) -> Result<Report> {
        self.lock().queue.add_directory(root);
        self.run(lanes, left).await
    }

    /// Moves a single file.
    pub(crate) async fn one(self, file: W::File, lane: Lane<'_>, left: Option<Duration>) -> Result<Report> {
        self.lock().queue.add_file(file, None, |_| String::new());
        self.run(vec![lane], left).await
    }

    async fn run(self, lanes: Vec<Lane<'_>>, left: Option<Duration>) -> Result<Report> {
        let all = async {
            let lanes = lanes.into_iter().enumerate();
            let mut running: FuturesUnordered<_> =
                lanes.map(|(number, lane)| self.drive(number, lane)).collect();
            while running.next().await.is_some() {}
        };
        let in_time = within(left, all).await.is_some();
        self.conclude(in_time)
    }

    /// Works until nothing is left to do, or no session is to be had.
    async fn drive(&self, number: usize, mut lane: Lane<'_>) {
        let mut behind = None;
        loop {
            let mut changed = pin!(self.governor.changed());
            // What changes from here on is noticed.
            changed.as_mut().enable();
            let task = match self.next(number) {
                Next::Task(task) => task,
                Next::Wait if behind.is_some() => {
                    self.land(number, behind.take()).await;
                    continue;
                }
                Next::Wait => {
                    self.stand_by(number, &mut lane, changed).await;
                    continue;
                }
                Next::End => return self.land(number, behind).await,
            };
            match self.act(number, &task, &mut lane, behind.take()).await {
                Ok(None) => self.finish((number, Place::Moving), &task),
                Ok(Some((name, Done { moved, landing: Some(landing) }))) => {
                    behind = Some(self.leave_behind(number, Behind { task, name, moved, landing }));
                }
                Ok(Some((name, Done { moved, landing: None }))) => {
                    self.count(&name, moved);
                    self.finish((number, Place::Moving), &task);
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
        lane: &mut Lane<'_>,
        behind: Option<Behind<W::Directory, W::File>>,
    ) -> Result<Option<(String, Done)>> {
        // In its place: it is too large to be moved for each file.
        let work = pin!(async {
            match task {
                Task::List(directory) => self.list(number, directory, lane).await.map(|()| None),
                Task::Transfer(_, file) => self.transfer(number, file, lane).await,
            }
        });
        let (outcome, ()) = tokio::join!(work, self.land(number, behind));
        outcome
    }

    fn next(&self, number: usize) -> Next<W::Directory, W::File> {
        let mut state = self.lock();
        if !self.governor.admits(number) {
            return if state.queue.is_over() { Next::End } else { Next::Wait };
        }
        let next = state.queue.next();
        if let Next::Task(task) = &next {
            let name = match task {
                Task::List(directory) => self.work.directory_name(directory),
                Task::Transfer(_, file) => self.work.file_name(file),
            };
            self.governor.begun(self.amount(task));
            state.in_hand.insert((number, Place::Moving), name);
        }
        next
    }

    pub(crate) fn finish(&self, hand: Hand, task: &Task<W::Directory, W::File>) {
        let mut state = self.lock();
        state.in_hand.remove(&hand);
        state.queue.done(task);
        drop(state);
        // Its bytes were counted as they came.
        self.governor.moved(Amount::file(0));
        self.governor.wake();
    }

    fn amount(&self, task: &Task<W::Directory, W::File>) -> Amount {
        match task {
            Task::List(_) => Amount::file(0),
            Task::Transfer(_, file) => Amount::file(self.work.size(file).unwrap_or(0)),
        }
    }

    /// Leaves a task to the other lanes; the last lane that gives up is the end.
    fn give_up(&self, number: usize, task: Task<W::Directory, W::File>, why: Error) {
        let mut state = self.lock();
        state.in_hand.remove(&(number, Place::Moving));
        self.governor.found(self.amount(&task));
        self.governor.gone(number);
        state.queue.put_back(task);
        state.lanes -= 1;
        // Lanes that were never admitted are no hope for what the others gave up.
        let no_hope = self.governor.is_measuring() && state.in_hand.is_empty();
        if state.lanes == 0 || no_hope {
            state.queue.stop();
            state.stop.get_or_insert(why);
        } else {
            tracing::warn!("one connection less: {why}");
        }
        drop(state);
        self.governor.wake();
    }

    /// Lists a directory; fails only when there is no session to do it with.
    async fn list(&self, number: usize, directory: &W::Directory, lane: &mut Lane<'_>) -> Result<()> {
        let mut tries = Tries::again(self.plan.retries);
        loop {
            let client = match lane.client().await {
                Ok(client) => client,
                Err(error) => {
                    lane.recover(error, &mut tries).await?;
                    continue;
                }
            };
            client.expect_more(true);
            self.governor.works(number);
            let mut found = Found::default();
            let listed = self.work.list(client, directory, &mut found).await;
            let outcome = match listed {
                Ok(()) => Ok(()),
                Err(error) => match lane.recover(error, &mut tries).await {
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
        found.directories.iter().for_each(|_| self.governor.found(Amount::file(0)));
        match found.is_urgent {
            true => state.queue.put_first(found.directories),
            false => found.directories.into_iter().for_each(|below| state.queue.add_directory(below)),
        }
        for file in found.files {
            let size = self.work.size(&file);
            self.governor.found(Amount::file(size.unwrap_or(0)));
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
        lane: &mut Lane<'_>,
    ) -> Result<Option<(String, Done)>> {
        let name = self.work.file_name(file);
        let attempt = Attempt::new(&self.governor);
        let mut tries = Tries::again(self.plan.retries);
        loop {
            let client = match lane.client().await {
                Ok(client) => client,
                Err(error) => {
                    lane.recover(error, &mut tries).await?;
                    continue;
                }
            };
            client.expect_more(self.lock().queue.has_more());
            self.governor.works(number);
            match self.work.transfer(client, file, &attempt).await {
                Ok(done) => {
                    let moved = attempt.whole(done.moved);
                    return Ok(Some((name, Done { moved, ..done })));
                }
                Err(error) => match lane.recover(error, &mut tries).await {
                    Ok(()) => attempt.again(&name),
                    Err(error) => {
                        self.fail(&mut self.lock(), name, error);
                        return Ok(None);
                    }
                },
            }
        }
    }

    pub(crate) fn count(&self, name: &str, moved: Moved) {
        let mut state = self.lock();
        state.report.files += 1;
        state.report.bytes += moved.bytes;
        state.report.resumed += moved.resumed;
        drop(state);
        self.governor.file_finished(name);
    }

    pub(crate) fn fail(&self, state: &mut State<W>, name: String, error: Error) {
        self.governor.file_failed(&name, &error);
        state.report.note(name, error);
        if let Some(limit) = self.plan.max_errors.filter(|most| state.report.failures.len() > *most) {
            state.queue.stop();
            state.stop.get_or_insert(Error::TooManyFailures { limit });
        }
    }

    fn conclude(self, in_time: bool) -> Result<Report> {
        let mut state = self.lock();
        let too_late = || timed_out("the transfer", self.plan.deadline);
        if !in_time {
            for name in std::mem::take(&mut state.in_hand).into_values() {
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

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ==== merged from tree/found.rs
//- What listing a directory of a tree gives.

/// What was found in a directory.
pub(crate) struct Found<W: Work + ?Sized> {
    /// The directory itself was made.
    pub(crate) made: bool,
    pub(crate) directories: Vec<W::Directory>,
    /// These directories go before all others.
    pub(crate) is_urgent: bool,
    pub(crate) files: Vec<W::File>,
    pub(crate) failures: Vec<(String, Error)>,
}

impl<W: Work + ?Sized> Default for Found<W> {
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
