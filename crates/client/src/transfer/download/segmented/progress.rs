//! Progress of one segment.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use super::Running;
use crate::{Progress, ProgressEvent, transfer::scheduler::concurrency::WorkAmount};

/// Counts the bytes of one segment in the plan, and forwards them.
///
/// The bytes reported last are counted only with the next event, or when the file is flushed: their block may still
/// be on its way to the disk.
pub(crate) struct SegmentProgress<'r, 'a> {
    running: &'r Running<'a>,
    name: String,
    index: usize,
    uncounted: AtomicU64,
}

impl<'r, 'a> SegmentProgress<'r, 'a> {
    pub(crate) fn new(running: &'r Running<'a>, index: usize) -> Self {
        Self { running, name: running.job.remote.path.to_string(), index, uncounted: AtomicU64::new(0) }
    }

    /// Counts all bytes that were reported.
    pub(crate) fn flushed(&self) {
        self.count(self.uncounted.swap(0, Ordering::Relaxed));
    }

    fn count(&self, bytes: u64) {
        let (bytes, has_head) = {
            let mut plan = self.running.plan();
            let had_head = plan.has_head();
            (plan.wrote(self.index, bytes, Instant::now()), plan.has_head() && !had_head)
        };
        self.running.admission.started(WorkAmount::bytes(bytes));
        self.running.admission.on_event(ProgressEvent::Advanced { name: Some(&self.name), bytes });
        if has_head {
            self.running.admission.wake();
        }
    }
}

impl Progress for SegmentProgress<'_, '_> {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { bytes, .. } = event {
            self.count(self.uncounted.swap(bytes, Ordering::Relaxed));
        }
    }
}
