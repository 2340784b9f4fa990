//! Notices that a mirror reports once, independent of the number of files.

use std::sync::atomic::{AtomicBool, Ordering};

/// The notices that were reported already.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    sizes_alone: AtomicBool,
    dot_names: AtomicBool,
    has_seen_dot_names: AtomicBool,
    other_names: AtomicBool,
}

impl Notices {
    /// Reports that files count as unchanged because their sizes are equal and no times can be compared.
    pub(crate) fn sizes_alone(&self) {
        if !self.sizes_alone.swap(true, Ordering::Relaxed) {
            crate::trace::warn!(
                "files of the same size count as unchanged: the server reports no times that can be compared"
            );
        }
    }

    /// Records that a listing has shown a name that begins with a dot.
    pub(crate) fn see_dot_names(&self) {
        self.has_seen_dot_names.store(true, Ordering::Relaxed);
    }

    /// Returns whether a listing has shown a name that begins with a dot.
    pub(crate) fn has_seen_dot_names(&self) -> bool {
        self.has_seen_dot_names.load(Ordering::Relaxed)
    }

    /// Reports that files that the server does not find by their names are sent by each mirror.
    pub(crate) fn other_names(&self) {
        if !self.other_names.swap(true, Ordering::Relaxed) {
            crate::trace::warn!(
                "the next mirror sends files again that the server stored under other names: no records of uploads are kept"
            );
        }
    }

    /// Reports that extraneous names are kept because the source may hide them.
    pub(crate) fn dot_names(&self) {
        if !self.dot_names.swap(true, Ordering::Relaxed) {
            crate::trace::warn!(
                "names that begin with a dot are not deleted: the listings of the server may leave them out"
            );
        }
    }
}
