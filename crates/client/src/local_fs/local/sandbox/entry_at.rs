//! Operations on an entry of an open directory (`openat` and the like).

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Component, Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RawMode, Stat, Timespec, Timestamps};

use crate::local_fs::{
    AtomicWrite, CommitOptions, DirEntry, FileKind, Metadata, OpenMode, ReadFile,
    atomic_write::new_file_mode,
    local::lock::{PartialEntry, is_same},
};

/// A name in an open directory.
pub(crate) struct EntryAt {
    pub(crate) directory: DirectoryFd,
    pub(crate) name: PathBuf,
}

/// The handle of the root, or of a directory below it that was opened for one operation.
pub(crate) enum DirectoryFd {
    Root(Arc<OnceLock<OwnedFd>>),
    Below(Arc<OwnedFd>),
}

impl EntryAt {
    pub(crate) fn stat(&self) -> io::Result<Stat> {
        Ok(rustix::fs::statat(self.directory.fd()?, &self.name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    pub(crate) fn create_dir(&self, exist_ok: bool) -> io::Result<()> {
        let Err(error) = rustix::fs::mkdirat(self.directory.fd()?, &self.name, DIRECTORY_MODE) else {
            return Ok(());
        };
        // Any error counts: a read-only disk returns another error than AlreadyExists.
        let exists_already = exist_ok && self.stat().is_ok_and(|stat| kind(&stat) == FileKind::Directory);
        if exists_already { Ok(()) } else { Err(error.into()) }
    }

    pub(crate) fn remove(&self, flags: AtFlags) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(self.directory.fd()?, &self.name, flags)?)
    }

    pub(crate) fn rename(&self, to: &Self) -> io::Result<()> {
        Ok(rustix::fs::renameat(self.directory.fd()?, &self.name, to.directory.fd()?, &to.name)?)
    }

    /// Returns the entries of this directory; `given` is its path.
    pub(crate) fn entries(
        &self,
        given: PathBuf,
    ) -> io::Result<impl Iterator<Item = io::Result<DirEntry>> + use<>> {
        let directory = open_readable(self.directory.fd()?, &self.name)?;
        Ok(Dir::new(directory)?.filter_map(move |entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            let name = os_str(entry.file_name().to_bytes());
            let is_child = name != "." && name != "..";
            is_child.then(|| Ok(DirEntry::new(given.join(name), kind_of(entry.file_type()))))
        }))
    }

    pub(crate) fn open(&self, mode: OpenMode) -> io::Result<std::fs::File> {
        let permissions = if mode == OpenMode::CreatePrivate { PRIVATE_MODE } else { FILE_MODE };
        let opened = rustix::fs::openat(self.directory.fd()?, &self.name, flags(mode), permissions);
        let file = std::fs::File::from(opened.map_err(explain_link)?);
        // A pipe or device is rejected; a newly created file is always regular.
        if mode == OpenMode::CreateNew || file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::other("not a regular file"))
        }
    }

    pub(crate) fn write_atomic(&self, file: &AtomicWrite) -> io::Result<bool> {
        let target = self.sibling(&file.target)?;
        let is_link = |entry: &Self| entry.stat().is_ok_and(|stat| kind(&stat) == FileKind::Symlink);
        if is_link(&target) {
            return Ok(false);
        }
        // Created exclusively, so that a file or link that appears in the meantime is not written to.
        let entry = PartialEntry {
            open: |mode| self.open(mode),
            metadata: || self.stat().map(|stat| describe(&stat)),
            is_at: |stale: &std::fs::File| is_same(&rustix::fs::fstat(stale)?, self.stat()),
            remove: || self.remove(AtFlags::empty()),
        };
        let Some(part) = entry.create_locked()? else { return Ok(false) };
        (&part).write_all(&file.content)?;
        if let Some(time) = file.modified
            && let Err(error) = part.set_modified(time)
        {
            crate::trace::warn!("cannot set the time of {}: {error}", file.target.display());
        }
        if file.sync {
            part.sync_all()?;
        }
        // The lock is held until the file is renamed. It is removed if it cannot be renamed, for example because the
        // target is a directory.
        self.rename(&target).inspect_err(|_| drop(self.remove(AtFlags::empty())))?;
        drop(part);
        if file.sync {
            self.sync_directory()?;
        }
        Ok(true)
    }

    pub(crate) fn commit(&self, target: &Path, options: CommitOptions) -> io::Result<()> {
        if !options.preserve_mode {
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

    /// Returns another name in the same directory.
    fn sibling(&self, path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let directory = match &self.directory {
            DirectoryFd::Root(handle) => DirectoryFd::Root(Arc::clone(handle)),
            DirectoryFd::Below(directory) => DirectoryFd::Below(Arc::clone(directory)),
        };
        Ok(Self { directory, name: name.into() })
    }

    pub(crate) fn read_whole(&self, max_size: usize) -> io::Result<Option<ReadFile>> {
        let stat = self.stat()?;
        let found = describe(&stat);
        if !found.is_file() || found.size > max_size as u64 {
            return Ok(None);
        }
        let mut content = Vec::with_capacity(found.size as usize + 1);
        let read = self.open(OpenMode::Read)?.take(max_size as u64 + 1).read_to_end(&mut content)?;
        Ok((read <= max_size).then(|| ReadFile { content: content.into(), modified: found.modified }))
    }

    pub(crate) fn read_link(&self) -> io::Result<PathBuf> {
        let target = rustix::fs::readlinkat(self.directory.fd()?, &self.name, Vec::new())?;
        Ok(os_str(target.to_bytes()).into())
    }

    pub(crate) fn create_link(&self, target: &Path) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, self.directory.fd()?, &self.name)?)
    }

    pub(crate) fn set_permissions(&self, mode: u32) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;

        let stat = self.stat()?;
        let permissions = std::fs::Permissions::from_mode(mode & 0o7777);
        match kind(&stat) {
            FileKind::File => self.open(OpenMode::Read)?.set_permissions(permissions),
            FileKind::Directory => Ok(rustix::fs::fchmod(
                open_readable(self.directory.fd()?, &self.name)?,
                Mode::from_raw_mode((mode & 0o7777) as RawMode),
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

impl DirectoryFd {
    pub(crate) fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        match self {
            Self::Root(handle) => handle.get().map(AsFd::as_fd).ok_or_else(|| io::ErrorKind::NotFound.into()),
            Self::Below(directory) => Ok(directory.as_fd()),
        }
    }
}

pub(crate) fn open_directory(within: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    rustix::fs::openat(within, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()).map_err(explain_link)
}

/// Opens a directory for reading its entries, not only for passing through it.
fn open_readable(within: impl AsFd, name: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(within, name, flags, Mode::empty()).map_err(explain_link)
}

/// Names the symbolic link as the cause: systems report it with several errors, none of which says so.
fn explain_link(error: rustix::io::Errno) -> io::Error {
    match error {
        rustix::io::Errno::LOOP | rustix::io::Errno::MLINK => {
            io::Error::new(io::ErrorKind::NotADirectory, "it is a symbolic link, which is not followed")
        }
        error => error.into(),
    }
}

/// Treats an existing directory as success.
pub(crate) fn ignore_existing(outcome: rustix::io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(rustix::io::Errno::EXIST) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Returns the name of a path component, or an error for `..`.
pub(crate) fn normal_name(component: Component<'_>) -> io::Result<&OsStr> {
    match component {
        Component::Normal(name) => Ok(name),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path contains `..`")),
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
    // NONBLOCK: opening a pipe must not block.
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
        FileType::Symlink => FileKind::Symlink,
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

/// Passing through a directory needs no permission to read it.
#[cfg(target_os = "linux")]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const SEARCH: OFlags = OFlags::RDONLY;

// The process's umask is applied to these modes.
pub(crate) const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const PRIVATE_MODE: Mode = Mode::from_raw_mode(0o600);

/// Keeps the current time stamp.
const OMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT as _ };
