//! The local disk below one directory, reached by handles.
//!
//! Each operation goes down from the handle of the root, one component after the other, and through no link
//! (`openat` with `O_NOFOLLOW`): whatever is moved or linked meanwhile, it cannot end outside.

mod directory_handle;
#[cfg(test)]
mod tests;

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use self::directory_handle::{
    DIRECTORY, DIRECTORY_MODE, DirectoryHandle, Held, describe, kind, made, name, open_directory,
};
use rustix::fs::{AtFlags, CWD, Mode};

use super::{
    blocking::{blocking, brief},
    opened,
};
use crate::{
    error::local_fs::PathIoResult,
    future::BoxFuture,
    local_fs::{
        DirectoryItem, FileKind, FinishOptions, LocalFs, Metadata, MkdirOptions, OpenMode, PathFile, PathIo,
        ReadFile, SET_PERMISSIONS, WholeFile,
    },
};

/// The local disk, in which nothing below a root is reached through a link.
///
/// The root itself, and what is not below it, is the user's own choice and treated as [`LocalFs`] does.
#[derive(Debug, Clone)]
pub(crate) struct Sandbox {
    root: PathBuf,
    /// The root's handle, once something below it was reached.
    handle: Arc<OnceLock<OwnedFd>>,
}

impl Sandbox {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), handle: Arc::default() }
    }

    fn has(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|below| !below.as_os_str().is_empty())
    }

    /// Goes down to the directory of `path`; with `make`, what is missing on the way is made.
    fn descend(&self, path: &Path, make: bool) -> io::Result<DirectoryHandle> {
        let below = path.strip_prefix(&self.root).map_err(io::Error::other)?;
        let mut directory = self.open_root()?;
        let mut names = below.components().map(name).peekable();
        while let Some(name) = names.next() {
            let name = name?;
            if names.peek().is_none() {
                return Ok(DirectoryHandle { directory, name: name.into() });
            }
            if make {
                made(rustix::fs::mkdirat(directory.fd()?, name, DIRECTORY_MODE))?;
            }
            let next = open_directory(directory.fd()?, name)?;
            directory = Held::Below(Arc::new(next));
        }
        Err(io::ErrorKind::InvalidInput.into())
    }

    fn open_root(&self) -> io::Result<Held> {
        if self.handle.get().is_none() {
            let root = if self.root.as_os_str().is_empty() { Path::new(".") } else { &self.root };
            // The user may have named a link here. Whoever comes second loses nothing.
            let _ = self.handle.set(rustix::fs::openat(CWD, root, DIRECTORY, Mode::empty())?);
        }
        Ok(Held::Root(Arc::clone(&self.handle)))
    }

    /// Runs `work` at a place below the root on a thread that may block.
    fn at<'a, T: Send + 'static>(
        &self,
        operation: &'static str,
        path: &'a Path,
        work: impl FnOnce(&DirectoryHandle) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'a, PathIoResult<T>> {
        let this = self.clone();
        blocking(operation, path, move |path| work(&this.descend(path, false)?))
    }

    fn is<'a>(
        &self,
        path: &'a Path,
        right: impl Fn(FileKind) -> bool + Send + 'static,
    ) -> BoxFuture<'a, PathIoResult<bool>> {
        let this = self.clone();
        blocking("look for", path, move |path| {
            match this.descend(path, false).and_then(|place| place.stat()) {
                Ok(stat) => Ok(right(kind(&stat))),
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

impl PathIo for Sandbox {
    fn exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        if self.has(path) { self.is(path, |_| true) } else { LOCAL.exists(path) }
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        if self.has(path) { self.is(path, |kind| kind == FileKind::Directory) } else { LOCAL.is_dir(path) }
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        if self.has(path) { self.is(path, |kind| kind == FileKind::File) } else { LOCAL.is_file(path) }
    }

    fn mkdir<'a>(&'a self, path: &'a Path, options: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(path) {
            return LOCAL.mkdir(path, options);
        }
        let this = self.clone();
        blocking("make directory", path, move |path| {
            this.descend(path, options.parents)?.make(options.exist_ok)
        })
    }

    fn rmdir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(path) {
            return LOCAL.rmdir(path);
        }
        self.at("remove directory", path, |place| place.remove(AtFlags::REMOVEDIR))
    }

    fn unlink<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(path) {
            return LOCAL.unlink(path);
        }
        self.at("remove", path, |place| place.remove(AtFlags::empty()))
    }

    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
        if !self.has(path) {
            return LOCAL.list(path);
        }
        let given = path.to_owned();
        self.at("list", path, move |place| place.list(&given))
    }

    fn stat<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
        if !self.has(path) {
            return LOCAL.stat(path);
        }
        self.at("stat", path, |place| place.stat().map(|stat| describe(&stat)))
    }

    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
        if !self.has(path) {
            return LOCAL.open(path, mode);
        }
        opened(self.at("open", path, move |place| place.open(mode)))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(from) || !self.has(to) {
            return LOCAL.rename(from, to);
        }
        let (this, to) = (self.clone(), to.to_owned());
        self.at("rename", from, move |from| from.rename(&this.descend(&to, false)?))
    }

    fn finish<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: FinishOptions,
    ) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(part) || part.parent() != target.parent() {
            return LOCAL.finish(part, target, options);
        }
        let target = target.to_owned();
        self.at("rename", part, move |part| part.finish(&target, options))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(path) {
            return LOCAL.set_modified(path, time);
        }
        self.at("set the time of", path, move |place| place.set_modified(time))
    }

    fn write_whole<'a>(&'a self, file: WholeFile) -> BoxFuture<'a, PathIoResult<bool>> {
        if !self.has(&file.part) || file.part.parent() != file.target.parent() {
            return LOCAL.write_whole(file);
        }
        Box::pin(async move {
            let part = file.part.clone();
            let this = self.clone();
            brief("write", &part, move |path| this.descend(path, false)?.write_whole(&file)).await
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        most: usize,
    ) -> BoxFuture<'a, PathIoResult<Option<ReadFile>>> {
        if !self.has(path) {
            return LOCAL.read_whole(path, most);
        }
        let this = self.clone();
        brief("read", path, move |path| this.descend(path, false)?.read_whole(most))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<PathBuf>> {
        if !self.has(path) {
            return LOCAL.read_link(path);
        }
        self.at("read the link", path, DirectoryHandle::read_link)
    }

    fn symlink<'a>(&'a self, says: &'a Path, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(path) {
            return LOCAL.symlink(says, path);
        }
        let says = says.to_owned();
        self.at("make the link", path, move |place| place.make_link(&says))
    }

    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, PathIoResult<()>> {
        if !self.has(path) {
            return LOCAL.set_permissions(path, mode);
        }
        self.at(SET_PERMISSIONS, path, move |place| place.set_permissions(mode))
    }
}

const LOCAL: &LocalFs = &LocalFs::new();
