//! The local disk below one root directory, without following symbolic links.
//!
//! Each operation descends from an open handle of the root, one component at a time, and follows no link (`openat`
//! with `O_NOFOLLOW`). It cannot leave the root, whatever is moved or linked while it runs.

mod entry_at;
#[cfg(test)]
mod tests;

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use rustix::fs::{AtFlags, CWD, Mode};

use self::entry_at::{
    DIRECTORY, DIRECTORY_MODE, DirectoryFd, EntryAt, describe, ignore_existing, kind, normal_name,
    open_directory,
};
use super::{
    blocking::{blocking, inline_if_fast},
    dir_reader::BlockingDirReader,
    file::opened,
};
use crate::{
    error::local_fs::LocalFsResult,
    future::BoxFuture,
    local_fs::{
        AtomicWrite, CommitOptions, CreateDirOptions, DirEntry, DirReader, FileHandle, FileKind, FileSystem,
        Metadata, OpenMode, ReadFile, SET_PERMISSIONS,
    },
};

/// A view of the local disk that follows no symbolic link below a root directory.
///
/// The root itself and paths outside it are chosen by the user: they are passed to the backend `outside`.
#[derive(Debug, Clone)]
pub(crate) struct Sandbox {
    outside: Arc<dyn FileSystem>,
    root: PathBuf,
    /// The handle of the root, opened by the first operation below it.
    root_fd: Arc<OnceLock<OwnedFd>>,
}

impl Sandbox {
    pub(crate) fn new(outside: Arc<dyn FileSystem>, root: &Path) -> Self {
        Self { outside, root: root.to_owned(), root_fd: Arc::default() }
    }

    fn contains(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|below| !below.as_os_str().is_empty())
    }

    /// Opens the directory of `path`; with `create`, creates the missing directories above it.
    fn descend(&self, path: &Path, create: bool) -> io::Result<EntryAt> {
        let below = path.strip_prefix(&self.root).map_err(io::Error::other)?;
        let mut directory = self.open_root()?;
        let mut names = below.components().map(normal_name).peekable();
        while let Some(name) = names.next() {
            let name = name?;
            if names.peek().is_none() {
                return Ok(EntryAt { directory, name: name.into() });
            }
            if create {
                ignore_existing(rustix::fs::mkdirat(directory.fd()?, name, DIRECTORY_MODE))?;
            }
            let next = open_directory(directory.fd()?, name)?;
            directory = DirectoryFd::Below(Arc::new(next));
        }
        Err(io::ErrorKind::InvalidInput.into())
    }

    fn open_root(&self) -> io::Result<DirectoryFd> {
        if self.root_fd.get().is_none() {
            let root = if self.root.as_os_str().is_empty() { Path::new(".") } else { &self.root };
            // The root may be a link that the user chose. If two tasks open it, the first handle is used.
            let _ = self.root_fd.set(rustix::fs::openat(CWD, root, DIRECTORY, Mode::empty())?);
        }
        Ok(DirectoryFd::Root(Arc::clone(&self.root_fd)))
    }

    /// Runs `work` for an entry below the root on the blocking thread pool.
    fn at<'a, T: Send + 'static>(
        &self,
        operation: &'static str,
        path: &'a Path,
        work: impl FnOnce(&EntryAt) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'a, LocalFsResult<T>> {
        let this = self.clone();
        blocking(operation, path, move |path| work(&this.descend(path, false)?))
    }

    fn is<'a>(
        &self,
        path: &'a Path,
        matches: impl Fn(FileKind) -> bool + Send + 'static,
    ) -> BoxFuture<'a, LocalFsResult<bool>> {
        let this = self.clone();
        blocking("look for", path, move |path| {
            match this.descend(path, false).and_then(|entry| entry.stat()) {
                Ok(stat) => Ok(matches(kind(&stat))),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
                {
                    Ok(false)
                }
                Err(error) => Err(error),
            }
        })
    }
}

impl FileSystem for Sandbox {
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        if self.contains(path) { self.is(path, |_| true) } else { self.outside.try_exists(path) }
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        if self.contains(path) {
            self.is(path, |kind| kind == FileKind::Directory)
        } else {
            self.outside.is_dir(path)
        }
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        if self.contains(path) {
            self.is(path, |kind| kind == FileKind::File)
        } else {
            self.outside.is_file(path)
        }
    }

    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(path) {
            return self.outside.create_dir(path, options);
        }
        let this = self.clone();
        blocking("make directory", path, move |path| {
            this.descend(path, options.parents)?.create_dir(options.exist_ok)
        })
    }

    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(path) {
            return self.outside.remove_dir(path);
        }
        self.at("remove directory", path, |entry| entry.remove(AtFlags::REMOVEDIR))
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(path) {
            return self.outside.remove_file(path);
        }
        self.at("remove", path, |entry| entry.remove(AtFlags::empty()))
    }

    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        if !self.contains(path) {
            return self.outside.read_dir(path);
        }
        let given = path.to_owned();
        self.at("list", path, move |entry| entry.entries(given)?.collect())
    }

    fn open_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Box<dyn DirReader>>> {
        if !self.contains(path) {
            return self.outside.open_dir(path);
        }
        let given = path.to_owned();
        let opened = self.at("list", path, move |entry| entry.entries(given));
        Box::pin(async move { Ok(BlockingDirReader::boxed(opened.await?, path)) })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        if !self.contains(path) {
            return self.outside.metadata(path);
        }
        self.at("stat", path, |entry| entry.stat().map(|stat| describe(&stat)))
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        if !self.contains(path) {
            return self.outside.open(path, mode);
        }
        opened(self.at("open", path, move |entry| entry.open(mode)))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(from) || !self.contains(to) {
            return self.outside.rename(from, to);
        }
        let (this, to) = (self.clone(), to.to_owned());
        self.at("rename", from, move |from| from.rename(&this.descend(&to, false)?))
    }

    fn commit<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: CommitOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(part) || part.parent() != target.parent() {
            return self.outside.commit(part, target, options);
        }
        let target = target.to_owned();
        self.at("rename", part, move |part| part.commit(&target, options))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(path) {
            return self.outside.set_modified(path, time);
        }
        self.at("set the time of", path, move |entry| entry.set_modified(time))
    }

    fn write_atomic<'a>(&'a self, file: AtomicWrite) -> BoxFuture<'a, LocalFsResult<bool>> {
        if !self.contains(&file.part) || file.part.parent() != file.target.parent() {
            return self.outside.write_atomic(file);
        }
        Box::pin(async move {
            let part = file.part.clone();
            let this = self.clone();
            inline_if_fast("write", &part, move |path| this.descend(path, false)?.write_atomic(&file)).await
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        max_size: usize,
    ) -> BoxFuture<'a, LocalFsResult<Option<ReadFile>>> {
        if !self.contains(path) {
            return self.outside.read_whole(path, max_size);
        }
        let this = self.clone();
        inline_if_fast("read", path, move |path| this.descend(path, false)?.read_whole(max_size))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<PathBuf>> {
        if !self.contains(path) {
            return self.outside.read_link(path);
        }
        self.at("read the link", path, EntryAt::read_link)
    }

    fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(path) {
            return self.outside.symlink(target, path);
        }
        let target = target.to_owned();
        self.at("make the link", path, move |entry| entry.create_link(&target))
    }

    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, LocalFsResult<()>> {
        if !self.contains(path) {
            return self.outside.set_permissions(path, mode);
        }
        self.at(SET_PERMISSIONS, path, move |entry| entry.set_permissions(mode))
    }
}
