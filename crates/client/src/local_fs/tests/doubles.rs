//! Backends with faults.

use std::io::SeekFrom;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use crate::local_fs::*;

/// Opens files; every other operation hangs.
#[derive(Debug)]
pub(crate) struct HangingFs;

fn never<'a, T: Send + 'a>() -> BoxFuture<'a, T> {
    Box::pin(std::future::pending())
}

impl PathIo for HangingFs {
    fn exists<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        never()
    }
    fn is_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        never()
    }
    fn is_file<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        never()
    }
    fn mkdir<'a>(&'a self, _: &'a Path, _: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
        never()
    }
    fn rmdir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        never()
    }
    fn unlink<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        never()
    }
    fn list<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
        never()
    }
    fn stat<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
        never()
    }
    fn open<'a>(&'a self, _: &'a Path, _: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
        Box::pin(async { Ok(Box::new(Self) as Box<dyn PathFile>) })
    }
    fn rename<'a>(&'a self, _: &'a Path, _: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        never()
    }
}

impl AsyncRead for HangingFs {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for HangingFs {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncSeek for HangingFs {
    fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> io::Result<()> {
        Ok(())
    }
    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Pending
    }
}

impl PathFile for HangingFs {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        never()
    }
}

/// A memory file system without times, and with one fault.
#[derive(Debug)]
pub(crate) struct FaultyFs {
    fs: MemoryFs,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Accepts an existing directory.
    MkdirAcceptsExisting,
    /// Opens with another mode than requested.
    Opens(OpenMode, OpenMode),
    /// Keeps an existing target.
    RenameReplacesNothing,
}

impl FaultyFs {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fs: MemoryFs::new(), fault }
    }
}

impl PathIo for FaultyFs {
    fn exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        self.fs.exists(path)
    }
    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        self.fs.is_dir(path)
    }
    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        self.fs.is_file(path)
    }
    fn mkdir<'a>(&'a self, path: &'a Path, options: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
        let exist_ok = options.exist_ok || self.fault == Fault::MkdirAcceptsExisting;
        self.fs.mkdir(path, MkdirOptions { exist_ok, ..options })
    }
    fn rmdir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        self.fs.rmdir(path)
    }
    fn unlink<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        self.fs.unlink(path)
    }
    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
        self.fs.list(path)
    }
    fn stat<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
        self.fs.stat(path)
    }
    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
        let mode = match self.fault {
            Fault::Opens(requested, actual) if requested == mode => actual,
            _ => mode,
        };
        self.fs.open(path, mode)
    }
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        if self.fault == Fault::RenameReplacesNothing && self.fs.read(to).is_some() {
            return Box::pin(async { Ok(()) });
        }
        self.fs.rename(from, to)
    }
}
