//! Admission of workers: lets as many workers run as measured throughput justifies.
//!
//! [`Concurrency`] decides; the [`AdmissionGate`] reads the clock, counts bytes and files, and wakes workers.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, futures::Notified};

use super::concurrency::{Concurrency, WorkAmount};
use crate::{
    Pool, Progress, ProgressEvent,
    transfer::options::{Connections, JobOptions},
};

/// Admits workers by their numbers, and forwards progress events.
#[derive(Debug)]
pub(crate) struct AdmissionGate<'a> {
    progress: &'a dyn Progress,
    /// The pool whose sessions the workers use.
    pool: Option<&'a Pool>,
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
    /// Workers that gave up; those with higher numbers move up.
    gone: BTreeSet<usize>,
}

impl<'a> AdmissionGate<'a> {
    /// Admits the workers of a tree as its options say.
    pub(crate) fn new(options: &'a JobOptions, pool: Option<&'a Pool>) -> Self {
        match (options.connections, pool) {
            (Connections::Auto, Some(pool)) => {
                Self::measuring(Concurrency::new(pool.configured_size()), pool, &*options.progress)
            }
            (_, pool) => Self { pool, ..Self::of_all(&*options.progress) },
        }
    }

    /// Admits every worker.
    pub(crate) fn of_all(progress: &'a dyn Progress) -> Self {
        Self { progress, pool: None, measured: None, changed: Notify::new() }
    }

    /// Admits as many workers as `concurrency` allows.
    pub(crate) fn measuring(concurrency: Concurrency, pool: &'a Pool, progress: &'a dyn Progress) -> Self {
        let state = AdmissionState { concurrency, gone: BTreeSet::new() };
        let measured = Some(Measured { pool, state: Mutex::new(state) });
        Self { progress, pool: Some(pool), measured, changed: Notify::new() }
    }

    /// Returns whether workers may have to wait.
    pub(crate) fn is_measuring(&self) -> bool {
        self.measured.is_some()
    }

    /// Returns whether this worker may work.
    pub(crate) fn admits(&self, worker: usize) -> bool {
        self.measured.as_ref().is_none_or(|measured| {
            let state = measured.lock();
            state.rank(worker) < state.concurrency.allowed()
        })
    }

    /// Returns whether this worker may work, or will be allowed to by the next step.
    pub(crate) fn may_admit(&self, worker: usize) -> bool {
        self.measured.as_ref().is_none_or(|measured| {
            let state = measured.lock();
            state.rank(worker) < state.concurrency.next_step()
        })
    }

    /// Reports once that the server allows fewer sessions than the pool may have.
    pub(crate) fn report_limit(&self) {
        if let Some(connections) = self.pool.and_then(Pool::take_limit_notice) {
            self.progress.on_event(ProgressEvent::ConnectionsLimited { connections });
        }
    }

    /// Returns whether a login is known to be so cheap that it may be made before it is known to be needed.
    pub(crate) fn may_log_in_early(&self) -> bool {
        self.measured.as_ref().is_none_or(|measured| {
            let cost = measured.pool.login_cost();
            // Unknown until the first session has logged in.
            cost > Duration::ZERO && cost <= CHEAP_LOGIN
        })
    }

    /// Waits for a change that may admit a worker or give it work.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Makes all waiting workers check again.
    pub(crate) fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Counts files that were found, and reports them.
    pub(crate) fn found_files(&self, work: WorkAmount) {
        self.found(work);
        self.report_files(work);
    }

    /// Reports files that were found.
    pub(crate) fn report_files(&self, WorkAmount { files, bytes }: WorkAmount) {
        if files > 0 {
            self.progress.on_event(ProgressEvent::FilesFound { files, bytes });
        }
    }

    /// Counts work that was found.
    pub(crate) fn found(&self, work: WorkAmount) {
        self.with_concurrency(|concurrency| concurrency.found(work));
    }

    /// Counts work that was started.
    pub(crate) fn started(&self, work: WorkAmount) {
        self.with_concurrency(|concurrency| concurrency.started(work));
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

    /// Counts work that was done.
    pub(crate) fn moved(&self, work: WorkAmount) {
        let changed = self.with_concurrency(|concurrency| concurrency.moved(work, Instant::now()));
        if changed == Some(true) {
            self.wake();
        }
    }

    fn with_concurrency<T>(&self, act: impl FnOnce(&mut Concurrency) -> T) -> Option<T> {
        let measured = self.measured.as_ref()?;
        let mut state = measured.lock();
        state.concurrency.limit(measured.pool.limit());
        state.concurrency.login_costs(measured.pool.login_cost());
        Some(act(&mut state.concurrency))
    }
}

/// The maximum server time of a login that is made before it is known to be needed.
const CHEAP_LOGIN: Duration = Duration::from_millis(50);

impl Measured<'_> {
    fn lock(&self) -> MutexGuard<'_, AdmissionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AdmissionState {
    /// Returns the number of workers before this one that are still running.
    fn rank(&self, worker: usize) -> usize {
        worker - self.gone.range(..worker).count()
    }
}

impl Progress for AdmissionGate<'_> {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { bytes, .. } = event {
            self.moved(WorkAmount::bytes(bytes));
        }
        self.progress.on_event(event);
    }
}
