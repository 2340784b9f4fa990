//! The local disk below one directory, reached by handles.
//!
//! Each operation goes down from the handle of the root, one component after the other, and through no link
//! (`openat` with `O_NOFOLLOW`): whatever is moved or linked meanwhile, it cannot end outside.

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Component, Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps};

use super::{
    BoxFuture, DirectoryItem, FileKind, LocalFs, Metadata, MkdirOptions, OpenMode, PathFile, PathIo,
    PathIoResult, SET_PERMISSIONS, WholeFile,
    local::{blocking, opened},
};

/// The local disk, in which nothing below a root is reached through a link.
///
/// The root itself, and what is not below it, is the user's own choice and treated as [`LocalFs`] does.
#[derive(Debug, Clone)]
pub(super) struct Beneath {
    root: PathBuf,
    /// The root's handle, once something below it was reached.
    handle: Arc<OnceLock<OwnedFd>>,
}

/// A name in a directory that is held open.
struct Place {
    directory: Held,
    name: PathBuf,
}

/// The root, or a directory below it that was opened for one operation.
enum Held {
    Root(Arc<OnceLock<OwnedFd>>),
    Below(OwnedFd),
}

impl Beneath {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), handle: Arc::default() }
    }

    fn has(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|below| !below.as_os_str().is_empty())
    }

    /// Goes down to the directory of `path`; with `make`, what is missing on the way is made.
    fn descend(&self, path: &Path, make: bool) -> io::Result<Place> {
        let below = path.strip_prefix(&self.root).map_err(io::Error::other)?;
        let mut directory = self.open_root()?;
        let mut names = below.components().map(name).peekable();
        while let Some(name) = names.next() {
            let name = name?;
            if names.peek().is_none() {
                return Ok(Place { directory, name: name.into() });
            }
            if make {
                made(rustix::fs::mkdirat(directory.fd()?, name, DIRECTORY_MODE))?;
            }
            let next = open_directory(directory.fd()?, name)?;
            directory = Held::Below(next);
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
        work: impl FnOnce(&Place) -> io::Result<T> + Send + 'static,
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

impl PathIo for Beneath {
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
            self.at("write", &part, move |place| place.write_whole(&file)).await
        })
    }

    fn read_whole<'a>(&'a self, path: &'a Path, most: usize) -> BoxFuture<'a, PathIoResult<Option<Bytes>>> {
        if !self.has(path) {
            return LOCAL.read_whole(path, most);
        }
        self.at("read", path, move |place| place.read_whole(most))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<PathBuf>> {
        if !self.has(path) {
            return LOCAL.read_link(path);
        }
        self.at("read the link", path, Place::read_link)
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

impl Place {
    fn stat(&self) -> io::Result<Stat> {
        Ok(rustix::fs::statat(self.directory.fd()?, &self.name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn make(&self, exist_ok: bool) -> io::Result<()> {
        let Err(error) = rustix::fs::mkdirat(self.directory.fd()?, &self.name, DIRECTORY_MODE) else {
            return Ok(());
        };
        // Whatever the error: a read-only disk answers otherwise than AlreadyExists.
        let is_there = exist_ok && self.stat().is_ok_and(|stat| kind(&stat) == FileKind::Directory);
        if is_there { Ok(()) } else { Err(error.into()) }
    }

    fn remove(&self, flags: AtFlags) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(self.directory.fd()?, &self.name, flags)?)
    }

    fn rename(&self, to: &Self) -> io::Result<()> {
        Ok(rustix::fs::renameat(self.directory.fd()?, &self.name, to.directory.fd()?, &to.name)?)
    }

    fn list(&self, given: &Path) -> io::Result<Vec<DirectoryItem>> {
        let directory = open_readable(self.directory.fd()?, &self.name)?;
        let mut items = Vec::new();
        for entry in Dir::new(directory)? {
            let entry = entry?;
            let name = os_str(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                items.push(DirectoryItem::new(given.join(name), kind_of(entry.file_type())));
            }
        }
        Ok(items)
    }

    fn open(&self, mode: OpenMode) -> io::Result<std::fs::File> {
        let opened = rustix::fs::openat(self.directory.fd()?, &self.name, flags(mode), FILE_MODE);
        let file = std::fs::File::from(opened.map_err(or_link)?);
        // A pipe or device in a file's place is nothing to write to.
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
    }

    fn write_whole(&self, file: &WholeFile) -> io::Result<bool> {
        let target = Self::sibling(self, &file.target)?;
        let is_link = |place: &Self| place.stat().is_ok_and(|stat| kind(&stat) == FileKind::Link);
        if is_link(&target) {
            return Ok(false);
        }
        // Made anew, so that nothing that appears meanwhile is written to.
        let part = match self.open(OpenMode::CreateNew) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if is_link(self) {
                    return Ok(false);
                }
                self.remove(AtFlags::empty())?;
                self.open(OpenMode::CreateNew)?
            }
            part => part?,
        };
        (&part).write_all(&file.content)?;
        if let Some(time) = file.modified
            && let Err(error) = part.set_modified(time)
        {
            tracing::warn!("the time of {} is not kept: {error}", file.target.display());
        }
        drop(part);
        self.rename(&target)?;
        Ok(true)
    }

    /// Gives another name in the same directory.
    fn sibling(&self, path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let directory = match &self.directory {
            Held::Root(handle) => Held::Root(Arc::clone(handle)),
            Held::Below(directory) => Held::Below(directory.try_clone()?),
        };
        Ok(Self { directory, name: name.into() })
    }

    fn read_whole(&self, most: usize) -> io::Result<Option<Bytes>> {
        let stat = self.stat()?;
        if kind(&stat) != FileKind::File || describe(&stat).size > most as u64 {
            return Ok(None);
        }
        let mut content = Vec::new();
        let read = self.open(OpenMode::Read)?.take(most as u64 + 1).read_to_end(&mut content)?;
        Ok((read <= most).then(|| content.into()))
    }

    fn read_link(&self) -> io::Result<PathBuf> {
        let says = rustix::fs::readlinkat(self.directory.fd()?, &self.name, Vec::new())?;
        Ok(os_str(says.to_bytes()).into())
    }

    fn make_link(&self, says: &Path) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(says, self.directory.fd()?, &self.name)?)
    }

    fn set_permissions(&self, mode: u32) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;

        let stat = self.stat()?;
        let permissions = std::fs::Permissions::from_mode(mode & 0o7777);
        match kind(&stat) {
            FileKind::File => self.open(OpenMode::Read)?.set_permissions(permissions),
            FileKind::Directory => Ok(rustix::fs::fchmod(
                open_readable(self.directory.fd()?, &self.name)?,
                Mode::from_raw_mode(mode & 0o7777),
            )?),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        let times = Timestamps { last_access: OMIT, last_modification: timespec(time)? };
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        Ok(rustix::fs::utimensat(self.directory.fd()?, &self.name, &times, flags)?)
    }
}

impl Held {
    fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        match self {
            Self::Root(handle) => handle.get().map(AsFd::as_fd).ok_or_else(|| io::ErrorKind::NotFound.into()),
            Self::Below(directory) => Ok(directory.as_fd()),
        }
    }
}

fn open_directory(within: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    rustix::fs::openat(within, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()).map_err(or_link)
}

/// Opens a directory for more than passing through it.
fn open_readable(within: impl AsFd, name: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(within, name, flags, Mode::empty()).map_err(or_link)
}

/// A link is refused by one of several errors, none of which says so.
fn or_link(error: rustix::io::Errno) -> io::Error {
    match error {
        rustix::io::Errno::LOOP | rustix::io::Errno::MLINK => io::Error::new(
            io::ErrorKind::NotADirectory,
            "a symbolic link is in its place, and is not followed",
        ),
        error => error.into(),
    }
}

fn made(outcome: rustix::io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(rustix::io::Errno::EXIST) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn name(component: Component<'_>) -> io::Result<&OsStr> {
    match component {
        Component::Normal(name) => Ok(name),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path leads up")),
    }
}

fn flags(mode: OpenMode) -> OFlags {
    let access = match mode {
        OpenMode::Read => OFlags::RDONLY,
        OpenMode::Write => OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC,
        OpenMode::CreateNew => OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
        OpenMode::Append => OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND,
        OpenMode::Update => OFlags::RDWR,
    };
    // A pipe is not waited for.
    access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC
}

fn describe(stat: &Stat) -> Metadata {
    #[expect(clippy::unnecessary_cast, reason = "the fields have other types on other systems")]
    let (size, seconds, nanoseconds, mode) =
        (stat.st_size as u64, stat.st_mtime as i64, stat.st_mtime_nsec as u32, stat.st_mode as u32);
    let described = Metadata::new(kind(stat), size).with_mode(mode & 0o7777);
    let modified = u64::try_from(seconds).ok();
    let modified = modified.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds)));
    Metadata { modified, ..described }
}

fn kind(stat: &Stat) -> FileKind {
    kind_of(FileType::from_raw_mode(stat.st_mode))
}

fn kind_of(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    }
}

fn timespec(time: SystemTime) -> io::Result<Timespec> {
    let since = time.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let seconds = since.as_secs().try_into().map_err(io::Error::other)?;
    Ok(Timespec { tv_sec: seconds, tv_nsec: since.subsec_nanos().into() })
}

fn os_str(bytes: &[u8]) -> &OsStr {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(bytes)
}

const LOCAL: &LocalFs = &LocalFs::new();

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(SEARCH);

/// To pass through a directory, no permission to read it is needed.
#[cfg(target_os = "linux")]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const SEARCH: OFlags = OFlags::RDONLY;

/// The process's umask takes from these.
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);

/// Leaves a time as it is.
const OMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT as _ };

#[cfg(test)]
mod tests;
