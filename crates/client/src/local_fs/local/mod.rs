//! The local disk.

pub(crate) mod blocking;
pub(crate) mod dir_reader;
pub(crate) mod file;
pub(crate) mod lock;
pub(crate) mod reserve;
#[cfg(unix)]
pub(crate) mod sandbox;

#[cfg(unix)]
use std::sync::Arc;
use std::{
    fs::FileType,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

#[cfg(unix)]
use self::sandbox::Sandbox;
use self::{
    blocking::{blocking, inline_if_fast},
    dir_reader::BlockingDirReader,
    file::opened,
    lock::PartialEntry,
};
use super::{
    AtomicWrite, CommitOptions, CreateDirOptions, DirEntry, DirReader, FileHandle, FileKind, FileSystem,
    Metadata, OpenMode, ReadFile,
    atomic_write::{commit_local, sync_directory_of},
};
use crate::{error::local_fs::LocalFsResult, future::BoxFuture};

/// The file system of the machine the program runs on.
///
/// Each operation runs on tokio's pool of blocking threads, to its end: dropping its future discards the
/// result, but does not cancel the operation. Only small files are read and written directly on the polling
/// thread, and only while that takes less than 0.2 ms. Relative paths start at the process's current directory
/// at the time of the operation.
///
/// On Unix, an open file stays usable after it was removed or replaced. A symbolic link loop is an error, even
/// for [`try_exists`](FileSystem::try_exists).
///
/// ```
/// use oxftp::local_fs::{LocalFs, FileSystem};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// let path = dir.path().join("notes");
/// std::fs::write(&path, "hello")?;
///
/// assert_eq!(LocalFs::new().metadata(&path).await?.size, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct LocalFs;

impl LocalFs {
    /// Creates the backend; it has no settings.
    ///
    /// ```
    /// use oxftp::local_fs::LocalFs;
    ///
    /// let builder = oxftp::Client::builder().file_system(LocalFs::new());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl FileSystem for LocalFs {
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        blocking("look for", path, |path| Ok(follow(path)?.is_some()))
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        blocking("look for", path, |path| Ok(follow(path)?.is_some_and(|metadata| metadata.is_dir())))
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        blocking("look for", path, |path| Ok(follow(path)?.is_some_and(|metadata| metadata.is_file())))
    }

    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        blocking("make directory", path, move |path| make_directory(path, options))
    }

    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        blocking("remove directory", path, |path| std::fs::remove_dir(path))
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        blocking("remove", path, remove_file)
    }

    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        let given = path.to_owned();
        blocking("list", path, move |path| entries_of(path, given)?.collect())
    }

    fn open_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Box<dyn DirReader>>> {
        let given = path.to_owned();
        let opened = blocking("list", path, move |path| entries_of(path, given));
        Box::pin(async move { Ok(BlockingDirReader::boxed(opened.await?, path)) })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        blocking("stat", path, |path| Ok(describe(&std::fs::symlink_metadata(path)?)))
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        opened(blocking("open", path, move |path| open_file(path, mode)))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        let to = to.to_owned();
        blocking("rename", from, move |path| std::fs::rename(path, to))
    }

    fn commit<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: CommitOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        let target = target.to_owned();
        blocking("rename", part, move |part| commit_local(part, &target, options))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, LocalFsResult<()>> {
        blocking("set the time of", path, move |path| set_modified(path, time))
    }

    fn write_atomic<'a>(&'a self, file: AtomicWrite) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(async move {
            let part = file.part.clone();
            inline_if_fast("write", &part, move |_| write_atomic(&file)).await
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        max_size: usize,
    ) -> BoxFuture<'a, LocalFsResult<Option<ReadFile>>> {
        inline_if_fast("read", path, move |path| read_whole(path, max_size))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<PathBuf>> {
        blocking("read the link", path, |path| std::fs::read_link(path))
    }

    fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        let target = target.to_owned();
        blocking("make the link", path, move |path| make_link(&target, path))
    }

    #[cfg(unix)]
    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, LocalFsResult<()>> {
        use std::os::unix::fs::PermissionsExt;

        let permissions = std::fs::Permissions::from_mode(mode & 0o7777);
        blocking(super::SET_PERMISSIONS, path, move |path| std::fs::set_permissions(path, permissions))
    }

    #[cfg(unix)]
    fn sandbox(&self, root: &Path) -> Option<Arc<dyn FileSystem>> {
        Some(Arc::new(Sandbox::new(Arc::new(*self), root)))
    }
}

fn follow(path: &Path) -> io::Result<Option<std::fs::Metadata>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn make_directory(path: &Path, options: CreateDirOptions) -> io::Result<()> {
    let Err(error) = create_below(path, options.parents) else { return Ok(()) };
    // Any error counts: a root directory or a read-only disk returns another error than AlreadyExists.
    if options.exist_ok && path.is_dir() { Ok(()) } else { Err(error) }
}

fn create_below(path: &Path, parents: bool) -> io::Result<()> {
    match (std::fs::create_dir(path), path.parent()) {
        (Err(error), Some(parent)) if parents && error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(parent)?;
            std::fs::create_dir(path)
        }
        (outcome, _) => outcome,
    }
}

#[cfg(not(windows))]
fn remove_file(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

// Windows has two kinds of links; a link to a directory is removed like a directory.
#[cfg(windows)]
fn remove_file(path: &Path) -> io::Result<()> {
    use std::os::windows::fs::FileTypeExt;

    if std::fs::symlink_metadata(path)?.file_type().is_symlink_dir() {
        return std::fs::remove_dir(path);
    }
    std::fs::remove_file(path)
}

#[cfg(unix)]
fn make_link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

// Windows has two kinds of links, and creating either needs a privilege.
#[cfg(not(unix))]
fn make_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn entries_of(path: &Path, given: PathBuf) -> io::Result<impl Iterator<Item = io::Result<DirEntry>> + use<>> {
    let item = move |entry: std::fs::DirEntry| {
        // Most systems return the type with the name. On others, a file that was just removed has no type.
        let kind = entry.file_type().map_or(FileKind::Other, kind_of);
        DirEntry::new(given.join(entry.file_name()), kind)
    };
    Ok(std::fs::read_dir(path)?.map(move |entry| entry.map(&item)))
}

fn open_file(path: &Path, mode: OpenMode) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    if mode == OpenMode::CreatePrivate {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let file = options
        .read(mode.reads())
        .write(mode.writes() && mode != OpenMode::Append)
        .append(mode == OpenMode::Append)
        .create(mode.creates())
        .create_new(mode.is_exclusive())
        .truncate(mode == OpenMode::Write)
        .open(path)?;
    // Unix opens a directory for reading and fails only at the first read.
    if mode == OpenMode::Read && file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

fn write_atomic(file: &AtomicWrite) -> io::Result<bool> {
    let is_link = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if is_link(&file.target) {
        return Ok(false);
    }
    // Created exclusively, so that a link that appears in the meantime is not followed.
    let entry = PartialEntry {
        open: |mode| open_file(&file.part, mode),
        metadata: || Ok(describe(&std::fs::symlink_metadata(&file.part)?)),
        is_at: |stale: &_| lock::is_at(stale, &file.part),
        remove: || std::fs::remove_file(&file.part),
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
    std::fs::rename(&file.part, &file.target).inspect_err(|_| drop(std::fs::remove_file(&file.part)))?;
    drop(part);
    if file.sync {
        sync_directory_of(&file.target)?;
    }
    Ok(true)
}

fn read_whole(path: &Path, max_size: usize) -> io::Result<Option<ReadFile>> {
    // Opening a pipe could block forever.
    let found = std::fs::metadata(path)?;
    if !found.is_file() || found.len() > max_size as u64 {
        return Ok(None);
    }
    let mut content = Vec::with_capacity(found.len() as usize + 1);
    let read = std::fs::File::open(path)?.take(max_size as u64 + 1).read_to_end(&mut content)?;
    Ok((read <= max_size).then(|| ReadFile { content: content.into(), modified: found.modified().ok() }))
}

fn set_modified(path: &Path, time: SystemTime) -> io::Result<()> {
    // Opening a pipe could block forever.
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    open_for_times(path)?.set_modified(time)
}

// The owner may set the time of a file opened for reading or writing, but may lack one of these permissions.
#[cfg(not(windows))]
fn open_for_times(path: &Path) -> io::Result<std::fs::File> {
    match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            std::fs::OpenOptions::new().write(true).open(path)
        }
        outcome => outcome,
    }
}

#[cfg(windows)]
fn open_for_times(path: &Path) -> io::Result<std::fs::File> {
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
    // Needed to open a directory.
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    std::fs::OpenOptions::new()
        .access_mode(FILE_WRITE_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)
}

fn describe(metadata: &std::fs::Metadata) -> Metadata {
    let described = Metadata::new(kind_of(metadata.file_type()), metadata.len());
    Metadata { modified: metadata.modified().ok(), mode: permission_bits(metadata), ..described }
}

#[cfg(unix)]
fn permission_bits(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    Some(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn permission_bits(_: &std::fs::Metadata) -> Option<u32> {
    None
}

fn kind_of(kind: FileType) -> FileKind {
    if kind.is_symlink() {
        FileKind::Symlink
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_file() {
        FileKind::File
    } else {
        FileKind::Other
    }
}
