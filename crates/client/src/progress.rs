//! Being told how transfers go.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Is told how a transfer of files goes; handed down when it starts.
///
/// Calls come from the task that transfers, so they should be short. Over several connections, the
/// calls about several files mingle.
///
/// ```
/// #[derive(Debug)]
/// struct Print;
///
/// impl oxftp::Progress for Print {
///     fn file_started(&self, name: &str, size: Option<u64>, offset: u64) {
///         println!("{name}: {size:?} bytes, from {offset}");
///     }
/// }
/// ```
pub trait Progress: std::fmt::Debug + Send + Sync {
    /// A file of this size, where it is known, begins at `offset`.
    fn file_started(&self, name: &str, size: Option<u64>, offset: u64) {
        let _ = (name, size, offset);
    }

    /// This many bytes more are through.
    fn advanced(&self, bytes: u64) {
        let _ = bytes;
    }

    /// This many bytes more of this file are through. Defaults to [`advanced`](Self::advanced), which is
    /// called no more where this is implemented.
    fn file_advanced(&self, name: &str, bytes: u64) {
        let _ = name;
        self.advanced(bytes);
    }

    /// A file that began at `offset` failed and is tried again. The `moved` bytes that were told of it count
    /// no more; as far as they are of use, they come back in the next offset.
    fn file_retried(&self, name: &str, offset: u64, moved: u64) {
        let _ = (name, offset, moved);
    }

    /// A file is whole.
    fn file_finished(&self, name: &str) {
        let _ = name;
    }

    /// A file failed, or is not transferred for what it is.
    fn file_failed(&self, name: &str, error: &crate::Error) {
        let _ = (name, error);
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Silent;

impl Progress for Silent {}

/// Counts, for those who only want to look from time to time; bytes that went twice count twice.
///
/// ```
/// use std::sync::Arc;
/// use oxftp::{Counter, Progress};
///
/// let counter = Arc::new(Counter::default());
/// counter.advanced(10);
/// assert_eq!(counter.bytes(), 10);
/// ```
#[derive(Debug, Default)]
pub struct Counter {
    bytes: AtomicU64,
    files: AtomicU64,
}

impl Counter {
    /// Gives the number of bytes that are through.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Gives the number of files that are whole.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }
}

impl Progress for Counter {
    fn advanced(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn file_finished(&self, _name: &str) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }
}

impl<P: Progress + ?Sized> Progress for Arc<P> {
    fn file_started(&self, name: &str, size: Option<u64>, offset: u64) {
        (**self).file_started(name, size, offset);
    }

    fn advanced(&self, bytes: u64) {
        (**self).advanced(bytes);
    }

    fn file_advanced(&self, name: &str, bytes: u64) {
        (**self).file_advanced(name, bytes);
    }

    fn file_retried(&self, name: &str, offset: u64, moved: u64) {
        (**self).file_retried(name, offset, moved);
    }

    fn file_finished(&self, name: &str) {
        (**self).file_finished(name);
    }

    fn file_failed(&self, name: &str, error: &crate::Error) {
        (**self).file_failed(name, error);
    }
}
