//! Progress events of transfers, and observers that receive them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::Error;

/// An event of a transfer of files.
///
/// Over several connections, the events of several files are interleaved.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ProgressEvent<'a> {
    /// Files were found that are to be transferred, in a tree while it is listed.
    FilesFound {
        /// The number of additional files.
        files: u64,
        /// Their sizes in bytes, as far as they are known.
        bytes: u64,
    },
    /// The transfer of a file starts.
    FileStarted {
        /// The path of the source.
        name: &'a str,
        /// The size of the whole file, where it is known.
        size: Option<u64>,
        /// The position from which the file is transferred; bytes before it are there already.
        offset: u64,
    },
    /// Bytes were transferred.
    Advanced {
        /// The path of the file they belong to; `None` where that is not known.
        name: Option<&'a str>,
        /// The number of additional bytes that were transferred.
        bytes: u64,
    },
    /// The transfer of a file failed and is retried.
    ///
    /// The `moved` bytes that were reported for it no longer count. Those that can be used are part of
    /// the next offset.
    FileRetried {
        /// The path of the source.
        name: &'a str,
        /// The position from which the failed attempt transferred the file.
        offset: u64,
        /// The number of bytes that the failed attempt reported.
        moved: u64,
    },
    /// A file is complete.
    FileFinished {
        /// The path of the source.
        name: &'a str,
    },
    /// The server has no room for as many sessions as the pool may open. The transfer continues with fewer. Reported once
    /// for each pool.
    ConnectionsLimited {
        /// The number of sessions that are used from now on.
        connections: usize,
    },
    /// A file failed, or is skipped because it cannot be transferred.
    FileFailed {
        /// The path of the source.
        name: &'a str,
        /// Why.
        error: &'a Error,
    },
}

impl ProgressEvent<'_> {
    /// Creates the event that bytes of a file whose name the sender does not know were transferred.
    pub(crate) fn advanced(bytes: u64) -> Self {
        Self::Advanced { name: None, bytes }
    }
}

/// Observer of transfers; passed to a transfer before it starts.
///
/// The task that transfers makes the calls, so they should be short. Closures are observers, too:
///
/// ```no_run
/// use oxftp::ProgressEvent;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let print = |event: ProgressEvent<'_>| match event {
///     ProgressEvent::FileStarted { name, size, offset } => println!("{name}: {size:?} bytes, from {offset}"),
///     ProgressEvent::FileFinished { name } => println!("{name}: done"),
///     _ => {}
/// };
/// client.download("pub").progress(print).await?;
/// # Ok(())
/// # }
/// ```
pub trait Progress: Send + Sync {
    /// Receives an event.
    fn on_event(&self, event: ProgressEvent<'_>);
}

impl<F: Fn(ProgressEvent<'_>) + Send + Sync> Progress for F {
    fn on_event(&self, event: ProgressEvent<'_>) {
        self(event);
    }
}

impl<P: Progress + ?Sized> Progress for Arc<P> {
    fn on_event(&self, event: ProgressEvent<'_>) {
        (**self).on_event(event);
    }
}

impl fmt::Debug for dyn Progress + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

/// Observer that ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn on_event(&self, _event: ProgressEvent<'_>) {}
}

/// Observer that counts files and bytes, to be read from time to time. Bytes that are transferred twice
/// count twice.
///
/// ```
/// use std::sync::Arc;
/// use oxftp::{Counter, Progress, ProgressEvent};
///
/// let counter = Arc::new(Counter::default());
/// counter.on_event(ProgressEvent::Advanced { name: None, bytes: 10 });
/// assert_eq!(counter.bytes(), 10);
/// ```
#[derive(Debug, Default)]
pub struct Counter {
    bytes: AtomicU64,
    files: AtomicU64,
}

impl Counter {
    /// Returns the number of bytes transferred.
    ///
    /// ```
    /// assert_eq!(oxftp::Counter::default().bytes(), 0);
    /// ```
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns the number of files that are complete.
    ///
    /// ```
    /// assert_eq!(oxftp::Counter::default().files(), 0);
    /// ```
    #[must_use]
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }
}

impl Progress for Counter {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::Advanced { bytes, .. } => {
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            ProgressEvent::FileFinished { .. } => {
                self.files.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}
