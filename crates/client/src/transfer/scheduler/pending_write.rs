//! Writes of files that have arrived, which run while their session transfers the next file.

use std::path::PathBuf;

use tokio::task::JoinHandle;

use super::{JobHandler, Scheduler, queue::Task};
use crate::{
    Error, Result,
    transfer::{file_progress::Transferred, local_path::link_in_place},
};

/// A file that has arrived completely and is being written to its final name.
pub(crate) struct PendingWrite {
    writing: JoinHandle<Result<bool>>,
    target: PathBuf,
}

impl PendingWrite {
    /// Creates a pending write from a task that returns `false` if `target` is a symbolic link.
    pub(crate) fn new(writing: JoinHandle<Result<bool>>, target: PathBuf) -> Self {
        Self { writing, target }
    }

    /// Waits until the file has its final name.
    pub(crate) async fn end(self) -> Result<()> {
        match self.writing.await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(link_in_place(&self.target)),
            Ok(Err(error)) => Err(error),
            Err(failure) => Err(Error::Data { reply: None, source: failure.into() }),
        }
    }
}

/// A file that was transferred.
#[derive(Default)]
pub(crate) struct FileOutcome {
    pub(crate) moved: Transferred,
    /// The write that is still running.
    pub(crate) pending_write: Option<PendingWrite>,
}

/// A task that is done but for its pending write.
pub(crate) struct PendingTask<D, F> {
    pub(crate) task: Task<D, F>,
    pub(crate) name: String,
    pub(crate) moved: Transferred,
    pub(crate) write: PendingWrite,
}

/// One of the two activities that a worker may perform at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkerSlot {
    worker: usize,
    usage: SlotUsage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SlotUsage {
    Transfer,
    Write,
}

impl WorkerSlot {
    pub(crate) fn transfer(worker: usize) -> Self {
        Self { worker, usage: SlotUsage::Transfer }
    }

    pub(crate) fn write(worker: usize) -> Self {
        Self { worker, usage: SlotUsage::Write }
    }
}

impl<H: JobHandler> Scheduler<'_, H> {
    /// Notes that a worker's session is free again while its file is being written.
    pub(crate) fn defer_write(&self, worker: usize, name: &str) {
        let mut state = self.lock();
        state.active.remove(&WorkerSlot::transfer(worker));
        state.active.insert(WorkerSlot::write(worker), name.to_owned());
    }

    /// Waits for a pending write, if there is one.
    pub(crate) async fn await_write(
        &self,
        worker: usize,
        pending: Option<PendingTask<H::Directory, H::File>>,
    ) {
        let Some(PendingTask { task, name, moved, write }) = pending else { return };
        match write.end().await {
            Ok(()) => self.count(&name, &task, moved),
            Err(error) => self.fail(&mut self.lock(), name, error),
        }
        self.finish(WorkerSlot::write(worker), &task);
    }
}
