//! Memory budget of a listing that is collected.

use oxftp_proto::Limits;

use super::entry::PathEntry;
use crate::{Error, Result};

/// Use of the limits by the entries of one collected listing.
#[derive(Debug)]
pub(crate) struct ListingBudget {
    entries: usize,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

impl ListingBudget {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (max_entries, max_bytes) = (limits.listing_entries, limits.listing_memory);
        Self { entries: 0, bytes: 0, max_entries, max_bytes }
    }

    /// Counts one more entry that takes this many bytes of memory.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the listing exceeds [`Limits::listing_entries`] or [`Limits::listing_memory`].
    pub(crate) fn take(&mut self, bytes: usize) -> Result<()> {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.entries > self.max_entries {
            return Err(Error::Limit { what: "entries", limit: self.max_entries });
        }
        if self.bytes > self.max_bytes {
            return Err(Error::Limit { what: "bytes of entries in a listing", limit: self.max_bytes });
        }
        Ok(())
    }

    /// Counts an entry that is kept whole.
    pub(crate) fn take_entry(&mut self, entry: &PathEntry) -> Result<()> {
        // The line is a separate allocation, whose size is rounded.
        self.take(size_of::<PathEntry>() + (entry.entry().raw().len() + 8).next_multiple_of(16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_bytes_are_limited() {
        let mut limits = Limits::default();
        (limits.listing_entries, limits.listing_memory) = (3, 100);

        let mut budget = ListingBudget::new(&limits);
        assert!(budget.take(40).is_ok() && budget.take(60).is_ok());
        assert!(matches!(budget.take(1), Err(Error::Limit { limit: 100, .. })));

        let mut budget = ListingBudget::new(&limits);
        assert!((0..3).all(|_| budget.take(1).is_ok()));
        assert!(matches!(budget.take(1), Err(Error::Limit { limit: 3, .. })));
    }
}
