//! What listing a directory of a tree gives.

use super::walk::Work;
use crate::Error;

/// What was found in a directory.
pub(super) struct Found<W: Work + ?Sized> {
    /// The directory itself was made.
    pub(super) made: bool,
    pub(super) directories: Vec<W::Directory>,
    /// These directories go before all others.
    pub(super) is_urgent: bool,
    pub(super) files: Vec<W::File>,
    pub(super) failures: Vec<(String, Error)>,
}

impl<W: Work + ?Sized> Default for Found<W> {
    fn default() -> Self {
        Self {
            made: false,
            directories: Vec::new(),
            is_urgent: false,
            files: Vec::new(),
            failures: Vec::new(),
        }
    }
}
