//! Entries that were read before a listing was lost: the listing is resumed only if it begins with the same ones.

use std::hash::{DefaultHasher, Hash, Hasher};

use oxftp_proto::Entry;

/// Number of entries that were read, and a hash of their names in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PassedEntries {
    pub(super) entries: u64,
    hash: u64,
}

impl PassedEntries {
    pub(super) fn add(&mut self, entry: &Entry) {
        let mut hasher = DefaultHasher::new();
        (self.hash, entry.name()).hash(&mut hasher);
        self.hash = hasher.finish();
        self.entries += 1;
    }
}
