//! Counting what is written of a segment.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Running;
use crate::{Progress, transfer::scheduler::concurrency::WorkAmount};

/// Counts the bytes of one transfer for the plan, and passes them on.
///
/// Those told last count only with the next, or when the file is flushed: the block that they came in may
/// still be on its way to the disk.
pub(crate) struct Written<'r> {
    running: &'r Running<'r>,
    name: String,
    index: usize,
    told: AtomicU64,
}

impl<'r> Written<'r> {
    pub(crate) fn new(running: &'r Running<'r>, index: usize) -> Self {
        Self { running, name: running.job.remote.to_string(), index, told: AtomicU64::new(0) }
    }

    /// Counts all that was told.
    pub(crate) fn flushed(&self) {
        self.count(self.told.swap(0, Ordering::Relaxed));
    }

    fn count(&self, bytes: u64) {
        let (counted, has_head) = {
            let mut plan = self.running.plan();
            let had_head = plan.has_head();
            (plan.wrote(self.index, bytes), plan.has_head() && !had_head)
        };
        self.running.admission.begun(WorkAmount::bytes(counted));
        self.running.admission.file_advanced(&self.name, counted);
        if has_head {
            self.running.admission.wake();
        }
    }
}

impl Progress for Written<'_> {
    fn advanced(&self, bytes: u64) {
        self.count(self.told.swap(bytes, Ordering::Relaxed));
    }
}

impl std::fmt::Debug for Written<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").field("index", &self.index).finish_non_exhaustive()
    }
}
