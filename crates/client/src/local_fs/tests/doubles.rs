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

impl FileSystem for HangingFs {
    fn try_exists<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        never()
    }
    fn is_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        never()
    }
    fn is_file<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        never()
    }
    fn create_dir<'a>(&'a self, _: &'a Path, _: CreateDirOptions) -> BoxFuture<'a, LocalFsResult<()>> {
        never()
    }
    fn remove_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        never()
    }
    fn remove_file<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        never()
    }
    fn read_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        never()
    }
    fn metadata<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        never()
    }
    fn open<'a>(&'a self, _: &'a Path, _: OpenMode) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        Box::pin(async { Ok(Box::new(Self) as Box<dyn FileHandle>) })
    }
    fn rename<'a>(&'a self, _: &'a Path, _: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
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

impl FileHandle for HangingFs {
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
    CreateDirAcceptsExisting,
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

impl FileSystem for FaultyFs {
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.fs.try_exists(path)
    }
    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.fs.is_dir(path)
    }
    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.fs.is_file(path)
    }
    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        let exist_ok = options.exist_ok || self.fault == Fault::CreateDirAcceptsExisting;
        self.fs.create_dir(path, CreateDirOptions { exist_ok, ..options })
    }
    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.fs.remove_dir(path)
    }
    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.fs.remove_file(path)
    }
    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        self.fs.read_dir(path)
    }
    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        self.fs.metadata(path)
    }
    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        let mode = match self.fault {
            Fault::Opens(requested, actual) if requested == mode => actual,
            _ => mode,
        };
        self.fs.open(path, mode)
    }
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        if self.fault == Fault::RenameReplacesNothing && self.fs.read(to).is_some() {
            return Box::pin(async { Ok(()) });
        }
        self.fs.rename(from, to)
    }
}
