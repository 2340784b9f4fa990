//! Files that a session has moved and is not kept waiting for.

use super::{
    attempt::Moved,
    queue::Task,
    small::Landing,
    walk::{Walk, Work},
};

/// A file that was moved.
pub(super) struct Done {
    pub(super) moved: Moved,
    /// It has still to be written to its place, which the session need not wait for.
    pub(super) landing: Option<Landing>,
}

/// A file that is on its way to its place while its session moves the next one.
pub(super) struct Behind<D, F> {
    pub(super) task: Task<D, F>,
    pub(super) name: String,
    pub(super) moved: Moved,
    pub(super) landing: Landing,
}

/// A lane, with what it moves or with what it has behind it.
pub(super) type Hand = (usize, Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Moving,
    Behind,
}

impl<W: Work> Walk<'_, W> {
    pub(super) fn leave_behind(
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
    pub(super) async fn land(&self, number: usize, behind: Option<Behind<W::Directory, W::File>>) {
        let Some(Behind { task, name, moved, landing }) = behind else { return };
        match landing.end().await {
            Ok(()) => self.count(&name, moved),
            Err(error) => self.fail(&mut self.lock(), name, error),
        }
        self.finish((number, Place::Behind), &task);
    }
}
