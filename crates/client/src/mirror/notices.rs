//! Notices that a mirror reports once, independent of the number of files.

use std::sync::atomic::{AtomicBool, Ordering};

/// The notices that were reported already.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    sizes_alone: AtomicBool,
    dot_names: AtomicBool,
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

    /// Reports that extraneous names are kept because the source may hide them.
    pub(crate) fn dot_names(&self) {
        if !self.dot_names.swap(true, Ordering::Relaxed) {
            crate::trace::warn!(
                "names that begin with a dot are not deleted: the listings of the server may leave them out"
            );
        }
    }
}
