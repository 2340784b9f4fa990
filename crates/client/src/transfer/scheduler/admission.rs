//! Which workers may work, by what was measured.
//!
//! [`Concurrency`] decides; a [`AdmissionGate`] has the clock, hears what is moved, and wakes those who wait.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::{Notify, futures::Notified};

use super::concurrency::{Concurrency, WorkAmount};
use crate::{Error, Pool, Progress};

/// Admits workers, each by its number, and passes on how a transfer goes.
#[derive(Debug)]
pub(crate) struct AdmissionGate<'a> {
    progress: &'a dyn Progress,
    /// `None` admits all.
    measured: Option<Measured<'a>>,
    changed: Notify,
}

#[derive(Debug)]
struct Measured<'a> {
    pool: &'a Pool,
    state: Mutex<AdmissionState>,
}

#[derive(Debug)]
struct AdmissionState {
    concurrency: Concurrency,
    /// Lanes that gave up: those behind them move up.
    gone: BTreeSet<usize>,
}

impl<'a> AdmissionGate<'a> {
    /// Admits every worker.
    pub(crate) fn of_all(progress: &'a dyn Progress) -> Self {
        Self { progress, measured: None, changed: Notify::new() }
    }

    /// Admits as many as make it faster.
    pub(crate) fn measuring(concurrency: Concurrency, pool: &'a Pool, progress: &'a dyn Progress) -> Self {
        let state = AdmissionState { concurrency, gone: BTreeSet::new() };
        Self { progress, measured: Some(Measured { pool, state: Mutex::new(state) }), changed: Notify::new() }
    }

    /// Tells whether workers may be kept waiting.
    pub(crate) fn is_measuring(&self) -> bool {
        self.measured.is_some()
    }

    /// Tells whether this worker may work.
    pub(crate) fn admits(&self, worker: usize) -> bool {
        self.measured.as_ref().is_none_or(|measured| {
            let state = measured.lock();
            state.rank(worker) < state.concurrency.allowed()
        })
    }

    /// Tells whether this worker may work, or will if the next step is taken.
    pub(crate) fn may_admit(&self, worker: usize) -> bool {
        self.measured.as_ref().is_none_or(|measured| {
            let state = measured.lock();
            state.rank(worker) < state.concurrency.next_step()
        })
    }

    /// Waits for what may let a worker go on; what changes from here on is noticed.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Has all workers look again.
    pub(crate) fn wake(&self) {
        self.changed.notify_waiters();
    }

    pub(crate) fn found(&self, work: WorkAmount) {
        self.with_growth(|concurrency| concurrency.found(work));
    }

    pub(crate) fn begun(&self, work: WorkAmount) {
        self.with_growth(|concurrency| concurrency.begun(work));
    }

    /// Notes that a worker has a session, and works.
    pub(crate) fn works(&self, worker: usize) {
        let Some(measured) = &self.measured else { return };
        let mut state = measured.lock();
        let rank = state.rank(worker);
        state.concurrency.limit(measured.pool.limit());
        state.concurrency.works(rank, Instant::now());
    }

    /// Notes that a worker gave up.
    pub(crate) fn gone(&self, worker: usize) {
        if let Some(measured) = &self.measured {
            measured.lock().gone.insert(worker);
        }
    }

    pub(crate) fn moved(&self, work: WorkAmount) {
        let changed = self.with_growth(|concurrency| concurrency.moved(work, Instant::now()));
        if changed == Some(true) {
            self.wake();
        }
    }

    fn with_growth<T>(&self, act: impl FnOnce(&mut Concurrency) -> T) -> Option<T> {
        let measured = self.measured.as_ref()?;
        let mut state = measured.lock();
        state.concurrency.limit(measured.pool.limit());
        Some(act(&mut state.concurrency))
    }
}

impl Measured<'_> {
    fn lock(&self) -> MutexGuard<'_, AdmissionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AdmissionState {
    /// Counts the workers before this one that are still there.
    fn rank(&self, worker: usize) -> usize {
        worker - self.gone.range(..worker).count()
    }
}

impl Progress for AdmissionGate<'_> {
    fn file_started(&self, name: &str, size: Option<u64>, offset: u64) {
        self.progress.file_started(name, size, offset);
    }

    fn advanced(&self, bytes: u64) {
        self.moved(WorkAmount::bytes(bytes));
        self.progress.advanced(bytes);
    }

    fn file_advanced(&self, name: &str, bytes: u64) {
        self.moved(WorkAmount::bytes(bytes));
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
