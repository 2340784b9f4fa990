//! Telling of one file that may be tried several times.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use crate::Progress;

/// Passes on how a file goes, and knows what is to be taken back when it is tried again.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    progress: &'a dyn Progress,
    name: OnceLock<String>,
    /// Where the first try began.
    first_offset: OnceLock<u64>,
    /// Where the present try began, and what it moved.
    offset: AtomicU64,
    moved: AtomicU64,
}

/// What went over the wire of a file, and what was there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transferred {
    pub(crate) bytes: u64,
    pub(crate) resumed: u64,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            name: OnceLock::new(),
            first_offset: OnceLock::new(),
            offset: AtomicU64::new(0),
            moved: AtomicU64::new(0),
        }
    }

    /// Tells whether data were to flow once, so that what lies there is of this transfer.
    pub(crate) fn has_begun(&self) -> bool {
        self.first_offset.get().is_some()
    }

    /// Takes back what was told of a try that failed.
    pub(crate) fn again(&self, name: &str) {
        let moved = self.moved.swap(0, Ordering::Relaxed);
        if self.has_begun() {
            self.progress.file_retried(name, self.offset.swap(0, Ordering::Relaxed), moved);
        }
    }

    /// Counts what earlier budget moved, and the last one went on behind, as moved.
    pub(crate) fn whole(&self, last: Transferred) -> Transferred {
        let there = self.first_offset.get().copied().unwrap_or(last.resumed).min(last.resumed);
        Transferred { bytes: last.bytes + last.resumed - there, resumed: there }
    }
}

impl Progress for Attempt<'_> {
    fn file_started(&self, name: &str, size: Option<u64>, offset: u64) {
        self.name.get_or_init(|| name.to_owned());
        self.first_offset.get_or_init(|| offset);
        self.offset.store(offset, Ordering::Relaxed);
        self.progress.file_started(name, size, offset);
    }

    fn advanced(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
        match self.name.get() {
            Some(name) => self.progress.file_advanced(name, bytes),
            None => self.progress.advanced(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counter;

    #[test]
    fn what_a_try_goes_on_behind_counts_as_moved() {
        let counter = Counter::default();
        let attempt = Attempt::new(&counter);
        attempt.file_started("a", Some(100), 10);
        attempt.advanced(50);

        attempt.again("a");
        attempt.file_started("a", Some(100), 60);
        attempt.advanced(40);

        assert_eq!(counter.bytes(), 90);
        assert_eq!(
            attempt.whole(Transferred { bytes: 40, resumed: 60 }),
            Transferred { bytes: 90, resumed: 10 }
        );
        assert_eq!(
            attempt.whole(Transferred { bytes: 100, resumed: 0 }),
            Transferred { bytes: 100, resumed: 0 }
        );
    }
}
