//! Which lanes may work, by what was measured.
//!
//! [`Growth`] decides; a [`Governor`] has the clock, hears what is moved, and wakes those who wait.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::{Notify, futures::Notified};

use super::concurrency::{Growth, Work};
use crate::{Error, Pool, Progress};

/// Admits lanes, each by its number, and passes on how a transfer goes.
#[derive(Debug)]
pub(crate) struct Governor<'a> {
    progress: &'a dyn Progress,
    /// `None` admits all.
    measured: Option<Measured<'a>>,
    changed: Notify,
}

#[derive(Debug)]
struct Measured<'a> {
    pool: &'a Pool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    growth: Growth,
    /// Lanes that gave up: those behind them move up.
    gone: BTreeSet<usize>,
}

impl<'a> Governor<'a> {
    /// Admits every lane.
    pub(crate) fn of_all(progress: &'a dyn Progress) -> Self {
        Self { progress, measured: None, changed: Notify::new() }
    }

    /// Admits as many as make it faster.
    pub(crate) fn measuring(growth: Growth, pool: &'a Pool, progress: &'a dyn Progress) -> Self {
        let state = State { growth, gone: BTreeSet::new() };
        Self { progress, measured: Some(Measured { pool, state: Mutex::new(state) }), changed: Notify::new() }
    }

    /// Tells whether lanes may be kept waiting.
    pub(crate) fn is_measuring(&self) -> bool {
        self.measured.is_some()
    }

    /// Tells whether this lane may work.
    pub(crate) fn admits(&self, lane: usize) -> bool {
        self.measured.as_ref().is_none_or(|measured| {
            let state = measured.lock();
            state.rank(lane) < state.growth.allowed()
        })
    }

    /// Tells whether this lane may work, or will if the next step is taken.
    pub(crate) fn may_admit(&self, lane: usize) -> bool {
        self.measured.as_ref().is_none_or(|measured| {
            let state = measured.lock();
            state.rank(lane) < state.growth.next_step()
        })
    }

    /// Waits for what may let a lane go on; what changes from here on is noticed.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Has all lanes look again.
    pub(crate) fn wake(&self) {
        self.changed.notify_waiters();
    }

    pub(crate) fn found(&self, work: Work) {
        self.with_growth(|growth| growth.found(work));
    }

    pub(crate) fn begun(&self, work: Work) {
        self.with_growth(|growth| growth.begun(work));
    }

    /// Notes that a lane has a session, and works.
    pub(crate) fn works(&self, lane: usize) {
        let Some(measured) = &self.measured else { return };
        let mut state = measured.lock();
        let rank = state.rank(lane);
        state.growth.limit(measured.pool.limit());
        state.growth.works(rank, Instant::now());
    }

    /// Notes that a lane gave up.
    pub(crate) fn gone(&self, lane: usize) {
        if let Some(measured) = &self.measured {
            measured.lock().gone.insert(lane);
        }
    }

    pub(crate) fn moved(&self, work: Work) {
        let changed = self.with_growth(|growth| growth.moved(work, Instant::now()));
        if changed == Some(true) {
            self.wake();
        }
    }

    fn with_growth<T>(&self, act: impl FnOnce(&mut Growth) -> T) -> Option<T> {
        let measured = self.measured.as_ref()?;
        let mut state = measured.lock();
        state.growth.limit(measured.pool.limit());
        Some(act(&mut state.growth))
    }
}

impl Measured<'_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts the lanes before this one that are still there.
    fn rank(&self, lane: usize) -> usize {
        lane - self.gone.range(..lane).count()
    }
}

impl Progress for Governor<'_> {
    fn file_started(&self, name: &str, size: Option<u64>, offset: u64) {
        self.progress.file_started(name, size, offset);
    }

    fn advanced(&self, bytes: u64) {
        self.moved(Work::bytes(bytes));
        self.progress.advanced(bytes);
    }

    fn file_advanced(&self, name: &str, bytes: u64) {
        self.moved(Work::bytes(bytes));
        self.progress.file_advanced(name, bytes);
    }

    fn file_retried(&self, name: &str, offset: u64, moved: u64) {
        self.progress.file_retried(name, offset, moved);
    }

    fn file_finished(&self, name: &str) {
        self.progress.file_finished(name);
    }

    fn file_failed(&self, name: &str, error: &Error) {
        self.progress.file_failed(name, error);
    }
}
