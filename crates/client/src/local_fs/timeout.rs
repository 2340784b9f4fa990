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
    DirectoryItem, FinishOptions, Metadata, MkdirOptions, OpenMode, PathFile, PathIo, ReadFile,
    SET_PERMISSIONS, WholeFile,
};
use crate::error::local_fs::{PathIoError, PathIoResult};
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
/// use oxftp::path_io::{LocalFs, PathIo, Timed};
/// use std::path::{Path, PathBuf};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A network mount that may become unreachable.
/// let fs = Timed::new(LocalFs::new(), Duration::from_secs(5));
///
/// assert!(fs.is_dir(Path::new(".")).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Timed<P> {
    inner: P,
    limit: Duration,
}

impl<P: PathIo> Timed<P> {
    /// Adds a timeout to each operation of `inner`. Requires a tokio runtime with its timer enabled.
    ///
    /// `inner` may be an `Arc<dyn PathIo>`.
    #[must_use]
    pub const fn new(inner: P, limit: Duration) -> Self {
        Self { inner, limit }
    }

    async fn bounded<T>(
        &self,
        operation: &'static str,
        path: &Path,
        work: BoxFuture<'_, PathIoResult<T>>,
    ) -> PathIoResult<T> {
        match tokio::time::timeout(self.limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PathIoError::new(operation, path, timed_out(self.limit))),
        }
    }
}

impl<P: PathIo> PathIo for Timed<P> {
    fn exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(self.bounded("look for", path, self.inner.exists(path)))
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(self.bounded("look for", path, self.inner.is_dir(path)))
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(self.bounded("look for", path, self.inner.is_file(path)))
    }

    fn mkdir<'a>(&'a self, path: &'a Path, options: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("make directory", path, self.inner.mkdir(path, options)))
    }

    fn rmdir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("remove directory", path, self.inner.rmdir(path)))
    }

    fn unlink<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("remove", path, self.inner.unlink(path)))
    }

    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
        Box::pin(self.bounded("list", path, self.inner.list(path)))
    }

    fn stat<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
        Box::pin(self.bounded("stat", path, self.inner.stat(path)))
    }

    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
        Box::pin(async move {
            let file = self.bounded("open", path, self.inner.open(path, mode)).await?;
            Ok(Box::new(TimedFile::new(file, self.limit)) as Box<dyn PathFile>)
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("rename", from, self.inner.rename(from, to)))
    }

    fn finish<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: FinishOptions,
    ) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("rename", part, self.inner.finish(part, target, options)))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("set the time of", path, self.inner.set_modified(path, time)))
    }

    fn write_whole<'a>(&'a self, file: WholeFile) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(async move {
            let part = file.part.clone();
            self.bounded("write", &part, self.inner.write_whole(file)).await
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        max_size: usize,
    ) -> BoxFuture<'a, PathIoResult<Option<ReadFile>>> {
        Box::pin(self.bounded("read", path, self.inner.read_whole(path, max_size)))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<PathBuf>> {
        Box::pin(self.bounded("read the link", path, self.inner.read_link(path)))
    }

    fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("make the link", path, self.inner.symlink(target, path)))
    }

    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded(SET_PERMISSIONS, path, self.inner.set_permissions(path, mode)))
    }

    fn beneath(&self, root: &Path) -> Option<Arc<dyn PathIo>> {
        Some(Arc::new(Timed::new(self.inner.beneath(root)?, self.limit)))
    }
}

/// An open file of a [`Timed`] backend.
#[derive(Debug)]
struct TimedFile {
    inner: Box<dyn PathFile>,
    timer: OperationTimer,
}

impl TimedFile {
    fn new(inner: Box<dyn PathFile>, limit: Duration) -> Self {
        Self { inner, timer: OperationTimer { limit, pending: None, sleep: None } }
    }
}

impl AsyncRead for TimedFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.timer.check(FileOperation::Read, outcome, cx)
    }
}

impl AsyncWrite for TimedFile {
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

impl AsyncSeek for TimedFile {
    fn start_seek(mut self: Pin<&mut Self>, target: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.inner).start_seek(target)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let outcome = Pin::new(&mut self.inner).poll_complete(cx);
        self.timer.check(FileOperation::Seek, outcome, cx)
    }
}

impl PathFile for TimedFile {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(bounded_io(self.timer.limit, self.inner.sync()))
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(bounded_io(self.timer.limit, self.inner.reserve(length)))
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

async fn bounded_io(limit: Duration, operation: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::time::timeout(limit, operation).await.unwrap_or_else(|_| Err(timed_out(limit)))
}

fn timed_out(limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("not completed within {limit:?}"))
}
