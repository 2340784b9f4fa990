//! The local disk.

pub(crate) mod blocking;
pub(crate) mod reserve;
#[cfg(unix)]
pub(crate) mod sandbox;

use crate::local_fs::local::blocking::blocking;
use std::fs::FileType;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::AsyncWriteExt;

#[cfg(unix)]
use self::sandbox::Sandbox;
use self::{blocking::brief, reserve::reserve};
use super::{
    DirectoryItem, FileKind, FinishOptions, Metadata, MkdirOptions, OpenMode, PathFile, PathIo, ReadFile,
    SET_PERMISSIONS, WholeFile,
    atomic_write::{finish_local, sync_directory_of},
};
use crate::error::local_fs::PathIoResult;
use crate::future::BoxFuture;

/// The file system of the machine the program runs on.
///
/// Each operation is one hop to tokio's pool of blocking threads, where it runs to its end: dropping its
/// future abandons the answer, not the operation. Only small files are read and written at once on the thread that
/// polls, and only while that takes less than 0.2 ms. Relative paths start at the process's current directory
/// as it is when the operation runs.
///
/// On Unix an open file stays usable after it was unlinked or replaced. A chain of links that goes in a
/// circle is an error even to [`exists`](PathIo::exists).
///
/// ```
/// use oxftp::path_io::{LocalFs, PathIo};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// let path = dir.path().join("notes");
/// std::fs::write(&path, "hello")?;
///
/// assert_eq!(LocalFs::new().stat(&path).await?.size, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct LocalFs;

impl LocalFs {
    /// Gives the local disk; there is nothing to set up.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl PathIo for LocalFs {
    fn exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        blocking("look for", path, |place| Ok(follow(place)?.is_some()))
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        blocking("look for", path, |place| Ok(follow(place)?.is_some_and(|metadata| metadata.is_dir())))
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        blocking("look for", path, |place| Ok(follow(place)?.is_some_and(|metadata| metadata.is_file())))
    }

    fn mkdir<'a>(&'a self, path: &'a Path, options: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
        blocking("make directory", path, move |place| make_directory(place, options))
    }

    fn rmdir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        blocking("remove directory", path, |place| std::fs::remove_dir(place))
    }

    fn unlink<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        blocking("remove", path, remove_file)
    }

    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
        let given = path.to_owned();
        blocking("list", path, move |place| read_directory(place, &given))
    }

    fn stat<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
        blocking("stat", path, |place| Ok(describe(&std::fs::symlink_metadata(place)?)))
    }

    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
        opened(blocking("open", path, move |place| open_file(place, mode)))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        let to = to.to_owned();
        blocking("rename", from, move |place| std::fs::rename(place, to))
    }

    fn finish<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: FinishOptions,
    ) -> BoxFuture<'a, PathIoResult<()>> {
        let target = target.to_owned();
        blocking("rename", part, move |part| finish_local(part, &target, options))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, PathIoResult<()>> {
        blocking("set the time of", path, move |place| set_modified(place, time))
    }

    fn write_whole<'a>(&'a self, file: WholeFile) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(async move {
            let part = file.part.clone();
            brief("write", &part, move |_| write_whole(&file)).await
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        most: usize,
    ) -> BoxFuture<'a, PathIoResult<Option<ReadFile>>> {
        brief("read", path, move |place| read_whole(place, most))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<PathBuf>> {
        blocking("read the link", path, |place| std::fs::read_link(place))
    }

    fn symlink<'a>(&'a self, says: &'a Path, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        let says = says.to_owned();
        blocking("make the link", path, move |place| make_link(&says, place))
    }

    #[cfg(unix)]
    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, PathIoResult<()>> {
        use std::os::unix::fs::PermissionsExt;

        let permissions = std::fs::Permissions::from_mode(mode & 0o7777);
        blocking(SET_PERMISSIONS, path, move |place| std::fs::set_permissions(place, permissions))
    }

    #[cfg(unix)]
    fn beneath(&self, root: &Path) -> Option<Arc<dyn PathIo>> {
        Some(Arc::new(Sandbox::new(root)))
    }
}

impl PathFile for tokio::fs::File {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            // `sync_all` alone waits for a write under way but keeps its error for the next call.
            self.flush().await?;
            self.sync_all().await
        })
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            self.flush().await?;
            let file = self.try_clone().await?.into_std().await;
            let work = tokio::task::spawn_blocking(move || reserve(&file, length));
            work.await.unwrap_or_else(|failure| Err(io::Error::other(failure)))
        })
    }

    #[cfg(unix)]
    fn system_file(&self) -> Option<std::fs::File> {
        use std::os::fd::AsFd;

        let file = std::fs::File::from(self.as_fd().try_clone_to_owned().ok()?);
        // A pipe may wait for ever, and no thread should with it.
        file.metadata().is_ok_and(|found| found.is_file()).then_some(file)
    }
}

/// Makes a file of one that the system opened.
pub(crate) fn opened<'a>(
    file: BoxFuture<'a, PathIoResult<std::fs::File>>,
) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
    Box::pin(async move {
        let mut file = tokio::fs::File::from_std(file.await?);
        file.set_max_buf_size(MAX_BLOCK_BYTES);
        Ok(Box::new(file) as Box<dyn PathFile>)
    })
}

fn follow(place: &Path) -> io::Result<Option<std::fs::Metadata>> {
    match std::fs::metadata(place) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn make_directory(place: &Path, options: MkdirOptions) -> io::Result<()> {
    let Err(error) = make_below(place, options.parents) else { return Ok(()) };
    // Whatever the error: a root or a read-only disk answers otherwise than AlreadyExists.
    if options.exist_ok && place.is_dir() { Ok(()) } else { Err(error) }
}

fn make_below(place: &Path, parents: bool) -> io::Result<()> {
    match (std::fs::create_dir(place), place.parent()) {
        (Err(error), Some(parent)) if parents && error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(parent)?;
            std::fs::create_dir(place)
        }
        (outcome, _) => outcome,
    }
}

#[cfg(not(windows))]
fn remove_file(place: &Path) -> io::Result<()> {
    std::fs::remove_file(place)
}

// Windows has two kinds of link; one to a directory is removed like a directory.
#[cfg(windows)]
fn remove_file(place: &Path) -> io::Result<()> {
    use std::os::windows::fs::FileTypeExt;

    if std::fs::symlink_metadata(place)?.file_type().is_symlink_dir() {
        return std::fs::remove_dir(place);
    }
    std::fs::remove_file(place)
}

#[cfg(unix)]
fn make_link(says: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(says, place)
}

// Windows has two kinds of link, and makes neither without a privilege.
#[cfg(not(unix))]
fn make_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn read_directory(place: &Path, given: &Path) -> io::Result<Vec<DirectoryItem>> {
    let item = |entry: std::fs::DirEntry| {
        // The type costs nothing on most systems. On others a file that has just gone has none.
        let kind = entry.file_type().map_or(FileKind::Other, kind_of);
        DirectoryItem::new(given.join(entry.file_name()), kind)
    };
    std::fs::read_dir(place)?.map(|entry| entry.map(item)).collect()
}

fn open_file(place: &Path, mode: OpenMode) -> io::Result<std::fs::File> {
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
        .open(place)?;
    // Unix opens a directory for reading and fails at the first read only.
    if mode == OpenMode::Read && file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

fn write_whole(file: &WholeFile) -> io::Result<bool> {
    let is_link = |place: &Path| std::fs::symlink_metadata(place).is_ok_and(|found| found.is_symlink());
    if is_link(&file.target) {
        return Ok(false);
    }
    // Made anew, so that no link that appears meanwhile is written through.
    let part = match open_file(&file.part, OpenMode::CreateNew) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if is_link(&file.part) {
                return Ok(false);
            }
            std::fs::remove_file(&file.part)?;
            open_file(&file.part, OpenMode::CreateNew)?
        }
        opened => opened?,
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
    std::fs::rename(&file.part, &file.target).inspect_err(|_| drop(std::fs::remove_file(&file.part)))?;
    if file.sync {
        sync_directory_of(&file.target)?;
    }
    Ok(true)
}

fn read_whole(place: &Path, most: usize) -> io::Result<Option<ReadFile>> {
    // Opening a pipe could wait for ever.
    let found = std::fs::metadata(place)?;
    if !found.is_file() || found.len() > most as u64 {
        return Ok(None);
    }
    let mut content = Vec::with_capacity(found.len() as usize + 1);
    let read = std::fs::File::open(place)?.take(most as u64 + 1).read_to_end(&mut content)?;
    Ok((read <= most).then(|| ReadFile { content: content.into(), modified: found.modified().ok() }))
}

fn set_modified(place: &Path, time: SystemTime) -> io::Result<()> {
    // Opening a pipe could wait for ever.
    let metadata = std::fs::metadata(place)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    open_for_times(place)?.set_modified(time)
}

// The owner may set times on a file opened either way, but may lack one of the permissions.
#[cfg(not(windows))]
fn open_for_times(place: &Path) -> io::Result<std::fs::File> {
    match std::fs::File::open(place) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            std::fs::OpenOptions::new().write(true).open(place)
        }
        outcome => outcome,
    }
}

#[cfg(windows)]
fn open_for_times(place: &Path) -> io::Result<std::fs::File> {
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
    // Without it a directory can't be opened.
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    std::fs::OpenOptions::new()
        .access_mode(FILE_WRITE_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(place)
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
        FileKind::Link
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_file() {
        FileKind::File
    } else {
        FileKind::Other
    }
}

/// The most that goes to a blocking thread in one hop; also the most an open file holds.
const MAX_BLOCK_BYTES: usize = 1024 * 1024;
