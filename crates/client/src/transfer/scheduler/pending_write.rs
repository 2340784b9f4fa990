//! Files that a session has moved and is not kept waiting for.

use super::{Walk, Work, queue::Task};
use crate::transfer::{attempt::Moved, download::small_file::Landing};

/// A file that was moved.
pub(crate) struct Done {
    pub(crate) moved: Moved,
    /// It has still to be written to its place, which the session need not wait for.
    pub(crate) landing: Option<Landing>,
}

/// A file that is on its way to its place while its session moves the next one.
pub(crate) struct Behind<D, F> {
    pub(crate) task: Task<D, F>,
    pub(crate) name: String,
    pub(crate) moved: Moved,
    pub(crate) landing: Landing,
}

/// A lane, with what it moves or with what it has behind it.
pub(crate) type Hand = (usize, Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Moving,
    Behind,
}

impl<W: Work> Walk<'_, W> {
    pub(crate) fn leave_behind(
        &self,
        number: usize,
        behind: Behind<W::Directory, W::File>,
    ) -> Behind<W::Directory, W::File> {
        let mut state = self.lock();
        state.in_hand.remove(&(number, Place::Moving));
        state.in_hand.insert((number, Place::Behind), behind.name.clone());
        behind
    }

    /// Waits for a file that was left behind.
    pub(crate) async fn land(&self, number: usize, behind: Option<Behind<W::Directory, W::File>>) {
        let Some(Behind { task, name, moved, landing }) = behind else { return };
        match landing.end().await {
            Ok(()) => self.count(&name, moved),
            Err(error) => self.fail(&mut self.lock(), name, error),
        }
        self.finish((number, Place::Behind), &task);
    }
}
