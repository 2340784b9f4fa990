//! Deadlines for a file system that may hang.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::timed_file::TimedFile;
use super::{
    BoxFuture, DirectoryItem, FinishOptions, Metadata, MkdirOptions, OpenMode, PathFile, PathIo, PathIoError,
    PathIoResult, ReadFile, SET_PERMISSIONS, WholeFile,
};

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

pub(super) fn timed_out(limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("not done within {limit:?}"))
}
