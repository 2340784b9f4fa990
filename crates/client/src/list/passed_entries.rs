//! Entries that were read before a listing was lost: the listing is resumed only if it begins with the same ones.

use oxftp_proto::Entry;

use super::summary::hash;

/// Number of entries that were read, and a hash of their names in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PassedEntries {
    pub(super) entries: u64,
    hash: u64,
}

impl PassedEntries {
    pub(super) fn add(&mut self, entry: &Entry) {
        self.hash = (self.hash.rotate_left(5) ^ hash(entry.name())).wrapping_mul(GOLDEN);
        self.entries += 1;
    }
}

/// 2^64 divided by the golden ratio: an odd number that mixes all bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
