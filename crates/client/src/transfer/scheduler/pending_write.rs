//! Files that a session has moved and is not kept waiting for.

use super::{JobHandler, Scheduler, queue::Task};
use crate::transfer::{attempt::Transferred, download::small_file::PendingWrite};

/// A file that was moved.
pub(crate) struct FileOutcome {
    pub(crate) moved: Transferred,
    /// It has still to be written to its place, which the session need not wait for.
    pub(crate) pending_write: Option<PendingWrite>,
}

/// A file that is on its way to its place while its session moves the next one.
pub(crate) struct PendingTask<D, F> {
    pub(crate) task: Task<D, F>,
    pub(crate) name: String,
    pub(crate) moved: Transferred,
    pub(crate) pending_write: PendingWrite,
}

/// A worker, with what it moves or with what it has behind it.
pub(crate) type WorkerSlot = (usize, SlotUse);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SlotUse {
    Transfer,
    Write,
}

impl<W: JobHandler> Scheduler<'_, W> {
    pub(crate) fn defer_write(
        &self,
        number: usize,
        behind: PendingTask<W::Directory, W::File>,
    ) -> PendingTask<W::Directory, W::File> {
        let mut state = self.lock();
        state.active.remove(&(number, SlotUse::Transfer));
        state.active.insert((number, SlotUse::Write), behind.name.clone());
        behind
    }

    /// Waits for a file that was left behind.
    pub(crate) async fn await_write(
        &self,
        number: usize,
        behind: Option<PendingTask<W::Directory, W::File>>,
    ) {
        let Some(PendingTask { task, name, moved, pending_write }) = behind else { return };
        match pending_write.end().await {
            Ok(()) => self.count(&name, moved),
            Err(error) => self.fail(&mut self.lock(), name, error),
        }
        self.finish((number, SlotUse::Write), &task);
    }
}
