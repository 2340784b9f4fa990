//! Timeouts for a file system that may hang.

use std::{
    io::{self, SeekFrom},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::{
    AtomicWrite, CommitOptions, CreateDirOptions, DirEntry, DirReader, FileHandle, FileSystem, Metadata,
    OpenMode, ReadFile, SET_PERMISSIONS,
};
use crate::error::local_fs::{LocalFsError, LocalFsResult};
use crate::future::BoxFuture;

/// A backend with a timeout for each operation, and for each read, write, flush, seek and sync of its files.
///
/// An operation that exceeds the timeout fails with [`TimedOut`](io::ErrorKind::TimedOut). This ends the wait,
/// but not always the operation: a hanging disk is not interrupted, and the operation may still complete later. A
/// file stays usable if the backend's own file does.
///
/// The timeout applies to one operation, not to a whole file; reading a file may take hours. If a pending
/// operation of a file is dropped and then started again, its time counts from the first start.
///
/// ```
/// use oxftp::local_fs::{LocalFs, FileSystem, TimeoutFs};
/// use std::path::{Path, PathBuf};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A network mount that may become unreachable.
/// let fs = TimeoutFs::new(LocalFs::new(), Duration::from_secs(5));
///
/// assert!(fs.is_dir(Path::new(".")).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TimeoutFs<P> {
    inner: P,
    limit: Duration,
}

impl<P: FileSystem> TimeoutFs<P> {
    /// Adds a timeout to each operation of `inner`. Requires a tokio runtime with its timer enabled.
    ///
    /// `inner` may be an `Arc<dyn FileSystem>`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use oxftp::local_fs::{LocalFs, TimeoutFs};
    ///
    /// let fs = TimeoutFs::new(LocalFs::new(), Duration::from_secs(5));
    /// ```
    #[must_use]
    pub const fn new(inner: P, limit: Duration) -> Self {
        Self { inner, limit }
    }

    async fn bounded<T>(
        &self,
        operation: &'static str,
        path: &Path,
        work: BoxFuture<'_, LocalFsResult<T>>,
    ) -> LocalFsResult<T> {
        match tokio::time::timeout(self.limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(LocalFsError::new(operation, path, timed_out(self.limit))),
        }
    }
}

impl<P: FileSystem> FileSystem for TimeoutFs<P> {
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(self.bounded("look for", path, self.inner.try_exists(path)))
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(self.bounded("look for", path, self.inner.is_dir(path)))
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(self.bounded("look for", path, self.inner.is_file(path)))
    }

    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded("make directory", path, self.inner.create_dir(path, options)))
    }

    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded("remove directory", path, self.inner.remove_dir(path)))
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded("remove", path, self.inner.remove_file(path)))
    }

    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        Box::pin(self.bounded("list", path, self.inner.read_dir(path)))
    }

    fn open_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Box<dyn DirReader>>> {
        Box::pin(async move {
            let inner = self.bounded("list", path, self.inner.open_dir(path)).await?;
            Ok(Box::new(TimeoutDir { inner, path: path.to_owned(), limit: self.limit }) as Box<dyn DirReader>)
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        Box::pin(self.bounded("stat", path, self.inner.metadata(path)))
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        Box::pin(async move {
            let file = self.bounded("open", path, self.inner.open(path, mode)).await?;
            Ok(Box::new(TimeoutFile::new(file, self.limit)) as Box<dyn FileHandle>)
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded("rename", from, self.inner.rename(from, to)))
    }

    fn commit<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: CommitOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded("rename", part, self.inner.commit(part, target, options)))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded("set the time of", path, self.inner.set_modified(path, time)))
    }

    fn write_atomic<'a>(&'a self, file: AtomicWrite) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(async move {
            let part = file.part.clone();
            self.bounded("write", &part, self.inner.write_atomic(file)).await
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        max_size: usize,
    ) -> BoxFuture<'a, LocalFsResult<Option<ReadFile>>> {
        Box::pin(self.bounded("read", path, self.inner.read_whole(path, max_size)))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<PathBuf>> {
        Box::pin(self.bounded("read the link", path, self.inner.read_link(path)))
    }

    fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded("make the link", path, self.inner.symlink(target, path)))
    }

    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(self.bounded(SET_PERMISSIONS, path, self.inner.set_permissions(path, mode)))
    }

    fn sandbox(&self, root: &Path) -> Option<Arc<dyn FileSystem>> {
        Some(Arc::new(TimeoutFs::new(self.inner.sandbox(root)?, self.limit)))
    }
}

/// An open directory of a [`TimeoutFs`] backend.
struct TimeoutDir {
    inner: Box<dyn DirReader>,
    path: PathBuf,
    limit: Duration,
}

impl DirReader for TimeoutDir {
    fn next_entries(&mut self) -> BoxFuture<'_, LocalFsResult<Option<Vec<DirEntry>>>> {
        Box::pin(async move {
            match tokio::time::timeout(self.limit, self.inner.next_entries()).await {
                Ok(entries) => entries,
                Err(_) => Err(LocalFsError::new("list", &self.path, timed_out(self.limit))),
            }
        })
    }
}

/// An open file of a [`TimeoutFs`] backend.
#[derive(Debug)]
struct TimeoutFile {
    inner: Box<dyn FileHandle>,
    timer: OperationTimer,
}

impl TimeoutFile {
    fn new(inner: Box<dyn FileHandle>, limit: Duration) -> Self {
        Self { inner, timer: OperationTimer { limit, pending: None, sleep: None } }
    }
}

impl AsyncRead for TimeoutFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.timer.check(FileOperation::Read, outcome, cx)
    }
}

impl AsyncWrite for TimeoutFile {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, data);
        self.timer.check(FileOperation::Write, outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, data);
        self.timer.check(FileOperation::Write, outcome, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        self.timer.check(FileOperation::Flush, outcome, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.timer.check(FileOperation::Shutdown, outcome, cx)
    }
}

impl AsyncSeek for TimeoutFile {
    fn start_seek(mut self: Pin<&mut Self>, target: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.inner).start_seek(target)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let outcome = Pin::new(&mut self.inner).poll_complete(cx);
        self.timer.check(FileOperation::Seek, outcome, cx)
    }
}

impl FileHandle for TimeoutFile {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(bounded_io(self.timer.limit, self.inner.sync()))
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(bounded_io(self.timer.limit, self.inner.reserve(length)))
    }

    fn try_lock(&mut self) -> BoxFuture<'_, io::Result<bool>> {
        Box::pin(bounded_io(self.timer.limit, self.inner.try_lock()))
    }

    fn is_at<'a>(&'a mut self, path: &'a Path) -> BoxFuture<'a, io::Result<bool>> {
        Box::pin(bounded_io(self.timer.limit, self.inner.is_at(path)))
    }
}

/// Timer of the pending operation of a file. It starts when the operation first returns `Pending`.
#[derive(Debug)]
struct OperationTimer {
    limit: Duration,
    pending: Option<FileOperation>,
    sleep: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileOperation {
    Read,
    Write,
    Flush,
    Shutdown,
    Seek,
}

impl OperationTimer {
    fn check<T>(
        &mut self,
        operation: FileOperation,
        outcome: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.pending = None;
            return outcome;
        }
        // A different operation than the pending one: that one was dropped.
        if self.pending != Some(operation) {
            self.start(operation);
        }
        let Some(sleep) = &mut self.sleep else { return Poll::Pending };
        std::task::ready!(sleep.as_mut().poll(cx));
        self.pending = None;
        Poll::Ready(Err(timed_out(self.limit)))
    }

    fn start(&mut self, operation: FileOperation) {
        self.pending = Some(operation);
        // A limit beyond the range of the clock means no timeout.
        let Some(end) = Instant::now().checked_add(self.limit) else { return };
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(end),
            None => self.sleep = Some(Box::pin(tokio::time::sleep_until(end))),
        }
    }
}

async fn bounded_io<T>(limit: Duration, operation: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(limit, operation).await.unwrap_or_else(|_| Err(timed_out(limit)))
}

fn timed_out(limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("not completed within {limit:?}"))
}
