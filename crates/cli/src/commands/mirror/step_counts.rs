//! Counts of the steps of a mirror that are reported at its end.

use std::sync::atomic::{AtomicU64, Ordering};

use oxftp::mirror::{Action, Reason, Step};

use crate::{commands::support::summary::warn_of_skipped_symlinks, terminal::warn, units::count};

/// Numbers of steps by kind.
#[derive(Debug, Default)]
pub(super) struct StepCounts {
    changes: AtomicU64,
    symlinks: AtomicU64,
    special_files: AtomicU64,
}

impl StepCounts {
    pub(super) fn count(&self, step: &Step) {
        let counter = match (step.action, step.why) {
            (Action::Skip, Reason::IsLink) => &self.symlinks,
            (Action::Skip, _) => &self.special_files,
            _ => &self.changes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of steps that change the target.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Warns of entries that were left out without a flag that says so.
    pub(super) fn report_skipped(&self) {
        warn_of_skipped_symlinks(self.symlinks.load(Ordering::Relaxed));
        let special_files = self.special_files.load(Ordering::Relaxed);
        if special_files > 0 {
            let special_files = count(special_files, "special file", "special files");
            warn(format_args!("{special_files} skipped: neither files nor directories"));
        }
    }
}
