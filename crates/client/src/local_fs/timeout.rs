//! Deadlines for a file system that may hang.

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

/// A backend each of whose operations must be done within a time, as must each read, write, flush, seek and
/// sync of its files.
///
/// Beyond it stands [`TimedOut`](io::ErrorKind::TimedOut). That ends the waiting, not always the operation:
/// a disk that hangs is not interrupted, and what was begun may still happen later. A file stays usable in
/// so far as the backend's own does.
///
/// The limit is for one step, not for a whole file; a file may be read for hours. A step of a file that is
/// given up while it waits and then begun again counts from its first beginning.
///
/// ```
/// use oxftp::path_io::{LocalFs, PathIo, Timed};
/// use std::path::{Path, PathBuf};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A network mount that may go away.
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
    /// Bounds the operations of `inner`; `limit` is for each one. Needs a tokio runtime with its timer on.
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
        most: usize,
    ) -> BoxFuture<'a, PathIoResult<Option<ReadFile>>> {
        Box::pin(self.bounded("read", path, self.inner.read_whole(path, most)))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<PathBuf>> {
        Box::pin(self.bounded("read the link", path, self.inner.read_link(path)))
    }

    fn symlink<'a>(&'a self, says: &'a Path, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded("make the link", path, self.inner.symlink(says, path)))
    }

    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(self.bounded(SET_PERMISSIONS, path, self.inner.set_permissions(path, mode)))
    }

    fn beneath(&self, root: &Path) -> Option<Arc<dyn PathIo>> {
        Some(Arc::new(Timed::new(self.inner.beneath(root)?, self.limit)))
    }
}

pub(crate) fn timed_out(limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("not done within {limit:?}"))
}

// ==== merged from path_io/timed_file.rs
//- An open file with a deadline for each step.

/// A file of a [`Timed`](super::Timed) backend.
#[derive(Debug)]
pub(crate) struct TimedFile {
    inner: Box<dyn PathFile>,
    deadline: Deadline,
}

impl TimedFile {
    pub(crate) fn new(inner: Box<dyn PathFile>, limit: Duration) -> Self {
        Self { inner, deadline: Deadline { limit, waiting: None, timer: None } }
    }
}

impl AsyncRead for TimedFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.deadline.judge(TimedStep::Read, outcome, cx)
    }
}

impl AsyncWrite for TimedFile {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, data);
        self.deadline.judge(TimedStep::Write, outcome, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, data);
        self.deadline.judge(TimedStep::Write, outcome, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        self.deadline.judge(TimedStep::Flush, outcome, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.deadline.judge(TimedStep::Shutdown, outcome, cx)
    }
}

impl AsyncSeek for TimedFile {
    fn start_seek(mut self: Pin<&mut Self>, target: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.inner).start_seek(target)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let outcome = Pin::new(&mut self.inner).poll_complete(cx);
        self.deadline.judge(TimedStep::Seek, outcome, cx)
    }
}

impl PathFile for TimedFile {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        let limit = self.deadline.limit;
        let work = self.inner.sync();
        Box::pin(
            async move { tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(timed_out(limit))) },
        )
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        let limit = self.deadline.limit;
        let work = self.inner.reserve(length);
        Box::pin(
            async move { tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(timed_out(limit))) },
        )
    }
}

/// The clock of the step under way. It starts when a step is first found pending.
#[derive(Debug)]
struct Deadline {
    limit: Duration,
    waiting: Option<TimedStep>,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimedStep {
    Read,
    Write,
    Flush,
    Shutdown,
    Seek,
}

impl Deadline {
    fn judge<T>(
        &mut self,
        step: TimedStep,
        outcome: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        // Another step than the one waited for: that one was given up.
        if self.waiting != Some(step) {
            self.start(step);
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        std::task::ready!(timer.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(Err(timed_out(self.limit)))
    }

    fn start(&mut self, step: TimedStep) {
        self.waiting = Some(step);
        // A limit too far for the clock is none.
        let Some(end) = Instant::now().checked_add(self.limit) else { return };
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(end),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(end))),
        }
    }
}
