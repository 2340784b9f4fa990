//! Brief work on the local disk: done on the spot while the disk is quick.
//!
//! To hand a file of some kilobytes to another thread, and to hear of it, takes longer than to write it where
//! writing means to copy it to memory. A disk that was slow the last time gets its work from another thread.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::{
    error::local_fs::{PathIoError, PathIoResult},
    future::BoxFuture,
};

/// Runs `work`, which a quick disk does in no time: here if the last was such, else on a thread that may block.
pub(crate) fn brief<'a, T: Send + 'static>(
    operation: &'static str,
    path: &'a Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> BoxFuture<'a, PathIoResult<T>> {
    let timed = move |path: &Path| {
        let begun = Instant::now();
        let outcome = work(path);
        LATEST.note(begun.elapsed());
        outcome
    };
    Box::pin(async move {
        if LATEST.was_quick() {
            return timed(path).map_err(|source| PathIoError::new(operation, path, source));
        }
        blocking(operation, path, timed).await
    })
}

/// How long the latest brief work took, in nanoseconds.
struct Latest(AtomicU64);

impl Latest {
    fn note(&self, taken: Duration) {
        let nanoseconds = taken.as_nanos().try_into().unwrap_or(u64::MAX);
        self.0.store(nanoseconds, Ordering::Relaxed);
    }

    fn was_quick(&self) -> bool {
        Duration::from_nanos(self.0.load(Ordering::Relaxed)) <= QUICK
    }
}

static LATEST: Latest = Latest(AtomicU64::new(u64::MAX));

/// What a task may take without keeping others waiting.
const QUICK: Duration = Duration::from_micros(200);

/// Runs `work` on a thread that may block.
pub(crate) fn blocking<'a, T: Send + 'static>(
    operation: &'static str,
    path: &'a Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> BoxFuture<'a, PathIoResult<T>> {
    let place = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    Box::pin(async move {
        let task = tokio::task::spawn_blocking(move || work(&place));
        let outcome = task.await.unwrap_or_else(|failure| Err(io::Error::other(failure)));
        outcome.map_err(|source| PathIoError::new(operation, path, source))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_quick_until_it_was_seen_to_be() {
        let latest = Latest(AtomicU64::new(u64::MAX));
        assert!(!latest.was_quick());
        latest.note(Duration::from_micros(30));
        assert!(latest.was_quick());
    }

    #[test]
    fn a_disk_that_was_slow_is_waited_for_elsewhere() {
        let latest = Latest(AtomicU64::new(0));
        latest.note(Duration::from_millis(3));
        assert!(!latest.was_quick());
    }
}
