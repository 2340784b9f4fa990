//! Options of a mirror, apart from those that it shares with other transfers.

use super::{compare::Compare, delete::Delete, filter::Filter, step::StepObserver};
use crate::transfer::upload::file::UploadOptions;

/// Options of a mirror.
#[derive(Debug, Default)]
pub(crate) struct MirrorOptions {
    pub(crate) filter: Filter,
    pub(crate) compare: Compare,
    pub(crate) delete: Delete,
    pub(crate) max_deletions: Option<u64>,
    pub(crate) upload: UploadOptions,
    /// Directories are created from which the filter excludes everything.
    pub(crate) empty_directories: bool,
    pub(crate) dry_run: bool,
    pub(crate) observer: Option<StepObserver>,
}
