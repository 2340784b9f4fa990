//! A name in a directory that is held open, and what can be done there.

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Component, Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps};

use crate::local_fs::{
    DirectoryItem, FileKind, FinishOptions, Metadata, OpenMode, ReadFile, WholeFile,
    atomic_write::new_file_mode,
};

/// A name in a directory that is held open.
pub(crate) struct DirectoryHandle {
    pub(crate) directory: Held,
    pub(crate) name: PathBuf,
}

/// The root, or a directory below it that was opened for one operation.
pub(crate) enum Held {
    Root(Arc<OnceLock<OwnedFd>>),
    Below(Arc<OwnedFd>),
}

impl DirectoryHandle {
    pub(crate) fn stat(&self) -> io::Result<Stat> {
        Ok(rustix::fs::statat(self.directory.fd()?, &self.name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    pub(crate) fn make(&self, exist_ok: bool) -> io::Result<()> {
        let Err(error) = rustix::fs::mkdirat(self.directory.fd()?, &self.name, DIRECTORY_MODE) else {
            return Ok(());
        };
        // Whatever the error: a read-only disk answers otherwise than AlreadyExists.
        let is_there = exist_ok && self.stat().is_ok_and(|stat| kind(&stat) == FileKind::Directory);
        if is_there { Ok(()) } else { Err(error.into()) }
    }

    pub(crate) fn remove(&self, flags: AtFlags) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(self.directory.fd()?, &self.name, flags)?)
    }

    pub(crate) fn rename(&self, to: &Self) -> io::Result<()> {
        Ok(rustix::fs::renameat(self.directory.fd()?, &self.name, to.directory.fd()?, &to.name)?)
    }

    pub(crate) fn list(&self, given: &Path) -> io::Result<Vec<DirectoryItem>> {
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

    pub(crate) fn open(&self, mode: OpenMode) -> io::Result<std::fs::File> {
        let permissions = if mode == OpenMode::CreatePrivate { PRIVATE_MODE } else { FILE_MODE };
        let opened = rustix::fs::openat(self.directory.fd()?, &self.name, flags(mode), permissions);
        let file = std::fs::File::from(opened.map_err(or_link)?);
        // A pipe or device in a file's place is nothing to write to; what is made is a file.
        if mode == OpenMode::CreateNew || file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::other("it is no regular file"))
        }
    }

    pub(crate) fn write_whole(&self, file: &WholeFile) -> io::Result<bool> {
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
        if file.sync {
            part.sync_all()?;
        }
        drop(part);
        // What cannot get its name, as where a directory has it, is of no use.
        self.rename(&target).inspect_err(|_| drop(self.remove(AtFlags::empty())))?;
        if file.sync {
            self.sync_directory()?;
        }
        Ok(true)
    }

    pub(crate) fn finish(&self, target: &Path, options: FinishOptions) -> io::Result<()> {
        if !options.keep_permissions {
            self.set_permissions(new_file_mode())?;
        }
        if options.sync {
            self.open(OpenMode::Update)?.sync_all()?;
        }
        self.rename(&self.sibling(target)?)?;
        if options.sync { self.sync_directory() } else { Ok(()) }
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(open_readable(self.directory.fd()?, Path::new("."))?)?)
    }

    /// Gives another name in the same directory.
    pub(crate) fn sibling(&self, path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let directory = match &self.directory {
            Held::Root(handle) => Held::Root(Arc::clone(handle)),
            Held::Below(directory) => Held::Below(Arc::clone(directory)),
        };
        Ok(Self { directory, name: name.into() })
    }

    pub(crate) fn read_whole(&self, most: usize) -> io::Result<Option<ReadFile>> {
        let stat = self.stat()?;
        let found = describe(&stat);
        if !found.is_file() || found.size > most as u64 {
            return Ok(None);
        }
        let mut content = Vec::with_capacity(found.size as usize + 1);
        let read = self.open(OpenMode::Read)?.take(most as u64 + 1).read_to_end(&mut content)?;
        Ok((read <= most).then(|| ReadFile { content: content.into(), modified: found.modified }))
    }

    pub(crate) fn read_link(&self) -> io::Result<PathBuf> {
        let says = rustix::fs::readlinkat(self.directory.fd()?, &self.name, Vec::new())?;
        Ok(os_str(says.to_bytes()).into())
    }

    pub(crate) fn make_link(&self, says: &Path) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(says, self.directory.fd()?, &self.name)?)
    }

    pub(crate) fn set_permissions(&self, mode: u32) -> io::Result<()> {
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

    pub(crate) fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        let times = Timestamps { last_access: OMIT, last_modification: timespec(time)? };
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        Ok(rustix::fs::utimensat(self.directory.fd()?, &self.name, &times, flags)?)
    }
}

impl Held {
    pub(crate) fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        match self {
            Self::Root(handle) => handle.get().map(AsFd::as_fd).ok_or_else(|| io::ErrorKind::NotFound.into()),
            Self::Below(directory) => Ok(directory.as_fd()),
        }
    }
}

pub(crate) fn open_directory(within: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
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

pub(crate) fn made(outcome: rustix::io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(rustix::io::Errno::EXIST) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn name(component: Component<'_>) -> io::Result<&OsStr> {
    match component {
        Component::Normal(name) => Ok(name),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path leads up")),
    }
}

fn flags(mode: OpenMode) -> OFlags {
    let access = match mode {
        OpenMode::Read => OFlags::RDONLY,
        OpenMode::Write => OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC,
        OpenMode::CreateNew | OpenMode::CreatePrivate => OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
        OpenMode::Append => OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND,
        OpenMode::Update => OFlags::RDWR,
    };
    // A pipe is not waited for.
    access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC
}

pub(crate) fn describe(stat: &Stat) -> Metadata {
    #[expect(clippy::unnecessary_cast, reason = "the fields have other types on other systems")]
    let (size, seconds, nanoseconds, mode) =
        (stat.st_size as u64, stat.st_mtime as i64, stat.st_mtime_nsec as u32, stat.st_mode as u32);
    let described = Metadata::new(kind(stat), size).with_mode(mode & 0o7777);
    let modified = u64::try_from(seconds).ok();
    let modified = modified.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds)));
    Metadata { modified, ..described }
}

pub(crate) fn kind(stat: &Stat) -> FileKind {
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

pub(crate) const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(SEARCH);

/// To pass through a directory, no permission to read it is needed.
#[cfg(target_os = "linux")]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const SEARCH: OFlags = OFlags::RDONLY;

/// The process's umask takes from these.
pub(crate) const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const PRIVATE_MODE: Mode = Mode::from_raw_mode(0o600);

/// Leaves a time as it is.
const OMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT as _ };
