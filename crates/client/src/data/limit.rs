//! Limit of the bytes that are read from a data connection.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The end of a byte range. It may be moved during the transfer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limit {
    /// The offset in the file at which the transfer began.
    start: u64,
    /// `None` is the end of the data.
    end: Option<Arc<AtomicU64>>,
}

impl Limit {
    pub(crate) fn new(start: u64, end: Arc<AtomicU64>) -> Self {
        Self { start, end: Some(end) }
    }

    /// Returns how many of `wanted` bytes may be read after the first `transferred` bytes.
    pub(crate) fn most(&self, transferred: u64, wanted: usize) -> usize {
        let Some(end) = &self.end else { return wanted };
        let left = end.load(Ordering::Relaxed).saturating_sub(self.start + transferred);
        usize::try_from(left).map_or(wanted, |left| left.min(wanted))
    }
}
