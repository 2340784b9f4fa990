//! Comparison of two listings of one directory: `LIST -a` with `LIST`.

use std::collections::HashSet;

use oxftp_proto::{Entry, RemotePath};

use super::summary::{ListingSummary, hash};
use crate::capabilities::listing::ListAll;

/// Comparison of `LIST -a` with `LIST`.
pub(super) struct ListAllComparison {
    /// The summary of `LIST`.
    pub(super) first: ListingSummary,
    /// Hashes of the names that `LIST` has shown and `LIST -a` has not.
    pub(super) missing: HashSet<u64>,
    /// Entries that `LIST` has not shown.
    pub(super) new: Vec<Entry>,
}

impl ListAllComparison {
    pub(super) fn add(&mut self, entry: Entry) {
        if !self.missing.remove(&hash(entry.name())) && self.new.len() < MAX_NEW {
            self.new.push(entry);
        }
    }

    /// Returns the effect of `LIST -a` in this directory, or `None` if the two listings do not show it.
    pub(super) fn result(&self, second: &ListingSummary, directory: &RemotePath) -> Option<ListAll> {
        let is_understood = second.shows_itself && !self.first.shows_itself || second.dot_names;
        match self.missing.is_empty() && self.new.len() < MAX_NEW {
            true if is_understood => Some(ListAll::Works),
            true if self.first.entries == 0 => Some(ListAll::Unasked),
            true if self.new.is_empty() => Some(ListAll::same_in(directory)),
            _ => None,
        }
    }
}

/// Maximum number of entries of `LIST -a` that are compared with those of `LIST`.
const MAX_NEW: usize = 10_000;
