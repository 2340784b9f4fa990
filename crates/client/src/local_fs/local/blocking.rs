//! Blocking operations: on the blocking thread pool, or inline while the disk is fast.
//!
//! Sending a file of a few kilobytes to another thread and awaiting the result takes longer than writing the file
//! if the write only copies to the page cache. After a slow operation, the next one runs on the thread pool.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::{
    error::local_fs::{LocalFsError, LocalFsResult},
    future::BoxFuture,
};

/// Runs `work` on the blocking thread pool; the empty path becomes `.`.
pub(crate) fn blocking<'a, T: Send + 'static>(
    operation: &'static str,
    path: &'a Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> BoxFuture<'a, LocalFsResult<T>> {
    let path_or_dot = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    Box::pin(async move {
        let task = tokio::task::spawn_blocking(move || work(&path_or_dot));
        let outcome = task.await.unwrap_or_else(|failure| Err(io::Error::other(failure)));
        outcome.map_err(|source| LocalFsError::new(operation, path, source))
    })
}

/// Runs a short operation on the current thread if the latest one was fast, else on the blocking thread pool.
pub(crate) fn inline_if_fast<'a, T: Send + 'static>(
    operation: &'static str,
    path: &'a Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> BoxFuture<'a, LocalFsResult<T>> {
    let timed = move |path: &Path| {
        let start = Instant::now();
        let outcome = work(path);
        INLINE_LATENCY.record(start.elapsed());
        outcome
    };
    Box::pin(async move {
        if INLINE_LATENCY.is_fast() {
            return timed(path).map_err(|source| LocalFsError::new(operation, path, source));
        }
        blocking(operation, path, timed).await
    })
}

/// The duration of the latest short operation, in nanoseconds.
struct InlineLatency(AtomicU64);

impl InlineLatency {
    fn record(&self, elapsed: Duration) {
        let nanoseconds = elapsed.as_nanos().try_into().unwrap_or(u64::MAX);
        self.0.store(nanoseconds, Ordering::Relaxed);
    }

    fn is_fast(&self) -> bool {
        Duration::from_nanos(self.0.load(Ordering::Relaxed)) <= MAX_INLINE_LATENCY
    }
}

static INLINE_LATENCY: InlineLatency = InlineLatency(AtomicU64::new(u64::MAX));

/// The time that an operation may block the polling thread.
const MAX_INLINE_LATENCY: Duration = Duration::from_micros(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_io_starts_after_a_fast_operation() {
        let latency = InlineLatency(AtomicU64::new(u64::MAX));
        assert!(!latency.is_fast());
        latency.record(Duration::from_micros(30));
        assert!(latency.is_fast());
    }

    #[test]
    fn inline_io_stops_after_a_slow_operation() {
        let latency = InlineLatency(AtomicU64::new(0));
        latency.record(Duration::from_millis(3));
        assert!(!latency.is_fast());
    }
}
