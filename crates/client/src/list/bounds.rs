//! Bounds of a recursive listing: the entries that are returned.

use oxftp_proto::RemotePath;

use super::entry::PathEntry;
use crate::{Candidate, Selection};

/// The entries of a tree that are returned.
pub(super) struct Bounds {
    pub(super) selection: Option<Selection>,
    pub(super) max_depth: usize,
}

impl Bounds {
    pub(super) fn accepts(&self, entry: &PathEntry, root: &RemotePath) -> bool {
        let Some(selection) = &self.selection else { return true };
        let path = entry.path();
        let below = path.as_bytes().strip_prefix(root.as_bytes()).unwrap_or(path.as_bytes());
        let relative = String::from_utf8_lossy(below.strip_prefix(b"/").unwrap_or(below));
        selection.accepts(&Candidate {
            path: &relative,
            is_dir: entry.is_dir(),
            size: entry.exact_size().filter(|_| entry.is_file()),
            modified: entry.modified,
        })
    }
}
