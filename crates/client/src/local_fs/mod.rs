//! Local file systems: the targets of downloads and the sources of uploads.
//!
//! [`FileSystem`] is the interface that the client uses. [`LocalFs`] is the disk, [`MemoryFs`] keeps
//! everything in memory, [`TimeoutFs`] adds a timeout to another backend, and [`conformance::check`] tests a
//! custom backend. The client, not the backend, chooses the local name of a remote file and checks that it
//! is safe.
//!
//! ```
//! use oxftp::local_fs::{MemoryFs, CreateDirOptions, OpenMode, FileSystem};
//! use std::path::Path;
//! use tokio::io::AsyncWriteExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fs = MemoryFs::new();
//! fs.create_dir(Path::new("/pub/new"), CreateDirOptions { parents: true, exist_ok: true }).await?;
//!
//! let mut file = fs.open(Path::new("/pub/new/readme"), OpenMode::Write).await?;
//! file.write_all(b"hello").await?;
//! file.shutdown().await?;
//!
//! assert_eq!(fs.metadata(Path::new("/pub/new/readme")).await?.size, 5);
//! # Ok(())
//! # }
//! ```

mod atomic_write;
pub mod conformance;
mod dir_reader;
mod forward;
pub(crate) mod hash;
pub(crate) mod local;
pub(crate) mod locked_file;
mod memory;
mod metadata;
mod open_options;
mod small_file;
#[cfg(test)]
mod tests;
mod timeout;

pub use self::atomic_write::CommitOptions;
pub use self::dir_reader::DirReader;
pub use self::local::LocalFs;
pub use self::memory::MemoryFs;
pub use self::metadata::{DirEntry, FileKind, Metadata};
pub use self::open_options::{CreateDirOptions, OpenMode};
pub use self::small_file::{AtomicWrite, ReadFile};
pub use self::timeout::TimeoutFs;
pub use crate::error::local_fs::{LocalFsError, LocalFsResult};
pub use crate::future::BoxFuture;

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite};

/// A file system that transfers read from and write to.
///
/// # Contract
///
/// Every backend follows these rules. The client relies on them, and [`conformance::check`] tests them.
///
/// - Errors carry the [`io::ErrorKind`] named with each method.
/// - [`try_exists`](Self::try_exists), [`is_dir`](Self::is_dir), [`is_file`](Self::is_file),
///   [`open`](Self::open), [`set_modified`](Self::set_modified) and
///   [`set_permissions`](Self::set_permissions) follow links; [`metadata`](Self::metadata),
///   [`read_dir`](Self::read_dir), [`remove_file`](Self::remove_file) and [`rename`](Self::rename) act on the link itself.
/// - Relative paths start at a base directory, which is the same for all methods. The empty path is that
///   directory. It is the process's current directory for [`LocalFs`] and the root for [`MemoryFs`].
/// - Names are used literally: spaces, quotes and non-ASCII characters have no special meaning.
/// - No method blocks the polling thread for longer than a task may run without yielding.
///
/// Dropping a future does not cancel the operation: it may still complete later.
///
/// `Arc<P>` and `Box<P>` implement this trait when `P` does, including `P = dyn FileSystem`.
pub trait FileSystem: Debug + Send + Sync + 'static {
    /// Returns whether `path` exists; `false` for a dangling symbolic link.
    ///
    /// A path that goes *through* a file does not exist; it is not an error.
    ///
    /// # Errors
    ///
    /// Returns an error if existence cannot be determined, for example
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied).
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>>;

    /// Returns whether `path` is a directory, or a symbolic link to one; `false` if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`try_exists`](Self::try_exists).
    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>>;

    /// Returns whether `path` is a regular file, or a symbolic link to one; `false` if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`try_exists`](Self::try_exists).
    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>>;

    /// Creates a directory.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists) if `path` exists, unless it is a directory and
    ///   [`exist_ok`](CreateDirOptions::exist_ok) is set.
    /// - [`NotFound`](io::ErrorKind::NotFound) if its parent is missing and
    ///   [`parents`](CreateDirOptions::parents) is not set.
    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>>;

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if `path` does not exist. If it is a file or a directory that
    /// is not empty, the error kind depends on the system.
    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>>;

    /// Removes a file, or a symbolic link itself (never its target).
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if `path` does not exist. If it is a directory, the error kind
    /// depends on the system.
    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>>;

    /// Returns the entries of a directory, without `.` and `..`, **in no particular order**.
    ///
    /// The path of each entry is `path` joined with its name.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if `path` does not exist, and
    /// [`NotADirectory`](io::ErrorKind::NotADirectory) if it is a file.
    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>>;

    /// Opens a directory to read its entries in parts, so that those of a large directory are never all in memory.
    ///
    /// The entries are those of [`read_dir`](Self::read_dir), whose contract applies. The default implementation calls
    /// that method and returns all entries as one part.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`read_dir`](Self::read_dir).
    fn open_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Box<dyn DirReader>>> {
        Box::pin(dir_reader::read_whole_dir(self, path))
    }

    /// Returns the metadata of `path`, without following a symbolic link.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if `path` does not exist.
    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>>;

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound) if the mode requires an existing file, or the parent is missing.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists) from [`OpenMode::CreateNew`] and [`OpenMode::CreatePrivate`].
    /// - An error whose kind depends on the system if `path` is a directory.
    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>>;

    /// Renames a file, a symbolic link or a directory; replaces a file at `to` atomically.
    ///
    /// The error names `from`. Whether an empty directory at `to` is replaced depends on the system.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound) if `from` or the parent of `to` is missing.
    /// - An error of any kind if `from` is a file and `to` a directory, or if a directory would be moved into
    ///   itself.
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>>;

    /// Renames a completed partial file to its final name, as [`rename`](Self::rename) does.
    ///
    /// The default implementation calls the methods above in turn. A backend with permissions also sets those of
    /// a new file (see [`OpenMode::CreatePrivate`]); a backend on a disk also syncs the directory if requested.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open) and [`rename`](Self::rename), and those of the sync.
    fn commit<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: CommitOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(atomic_write::commit_by_steps(self, part, target, options))
    }

    /// Sets the modification time of a file or directory.
    ///
    /// A backend may store times with a coarser resolution. The default implementation always fails.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without times,
    /// [`NotFound`](io::ErrorKind::NotFound) if `path` does not exist.
    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, LocalFsResult<()>> {
        let _ = time;
        let unsupported = LocalFsError::new("set the time of", path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Writes a small file: writes the content to the partial file, renames it to the target and sets its time.
    /// Returns `false`, and does nothing, if either name is a symbolic link.
    ///
    /// A time that cannot be set is not an error. The default implementation calls the methods above in turn; a
    /// backend with a cost per call should do everything in one call.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock) if the partial file is [locked](FileHandle::try_lock): another
    ///   download is writing it.
    /// - The errors of [`open`](Self::open) and [`rename`](Self::rename), and those of a write.
    fn write_atomic<'a>(&'a self, file: AtomicWrite) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(small_file::write_by_steps(self, file))
    }

    /// Reads a small file; returns `None` if it is not a regular file or has more than `max_size` bytes.
    ///
    /// The default implementation calls the methods above in turn.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open), and those of a read.
    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        max_size: usize,
    ) -> BoxFuture<'a, LocalFsResult<Option<ReadFile>>> {
        Box::pin(small_file::read_by_steps(self, path, max_size))
    }

    /// Returns the target of a symbolic link. A backend without links need not implement this.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without links,
    /// [`NotFound`](io::ErrorKind::NotFound) if `path` does not exist, and an error of any kind if it is not a link.
    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<PathBuf>> {
        let unsupported = LocalFsError::new("read the link", path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Creates a symbolic link at `path` that points to `target`. A backend without links need not implement this.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without links,
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if `path` exists.
    fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        let _ = target;
        let unsupported = LocalFsError::new("make the link", path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Sets the Unix permission bits of a file or directory, `0o000` to `0o7777`.
    ///
    /// The default implementation always fails.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without permissions,
    /// [`NotFound`](io::ErrorKind::NotFound) if `path` does not exist.
    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, LocalFsResult<()>> {
        let _ = mode;
        let unsupported = LocalFsError::new(SET_PERMISSIONS, path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Returns a view of this file system that follows no symbolic link below `root`, not even one that is
    /// created while an operation runs. Paths outside `root` behave as before.
    ///
    /// Downloads write through this view. Paths are written as before, and `root` need not exist yet. Defaults
    /// to `None`: the client then checks for links before each operation, which leaves a race to other
    /// processes that can write below `root`.
    fn sandbox(&self, root: &Path) -> Option<Arc<dyn FileSystem>> {
        let _ = root;
        None
    }
}

/// The name of the operation in errors.
const SET_PERMISSIONS: &str = "set the permissions of";

/// An open file of a [`FileSystem`].
///
/// - A write may return before it has been performed, and its error may be returned by a later write. All
///   data are in the file only after `flush` or `shutdown` has returned `Ok`; dropping the file without
///   them can lose the last write silently.
/// - `shutdown` flushes. It does not close the file: dropping it does.
/// - Seeking past the end is allowed; a write there fills the gap with zeros.
/// - Reading a file that was opened for writing only, or the reverse, is an error.
/// - Each read or write is passed on as one block. With [`LocalFs`] each block is sent to another thread, so
///   blocks of 64 KiB and more are faster. The client's own transfers avoid this: see
///   [`system_file`](Self::system_file).
///
/// ```
/// use oxftp::local_fs::{LocalFs, OpenMode, FileSystem};
/// use std::io::SeekFrom;
/// use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("part");
/// # std::fs::write(&path, b"0123456789")?;
/// let mut file = LocalFs::new().open(&path, OpenMode::Update).await?;
/// file.seek(SeekFrom::Start(4)).await?;
/// file.write_all(b"____").await?;
/// file.sync().await?;
///
/// file.rewind().await?;
/// let mut text = String::new();
/// file.read_to_string(&mut text).await?;
/// assert_eq!(text, "0123____89");
/// # Ok(())
/// # }
/// ```
pub trait FileHandle: AsyncRead + AsyncWrite + AsyncSeek + Debug + Send + Unpin {
    /// Flushes, and waits until content and metadata have reached the storage device (`fsync`).
    ///
    /// Returns `Ok` immediately for a backend without a device. The name of a new file is not synced: it is part
    /// of the directory.
    ///
    /// # Errors
    ///
    /// Returns the error of an earlier write or of the sync itself.
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>>;

    /// Extends the file to at least this length, and reserves the space if the system can. Content and position
    /// do not change, and the new bytes are zeros.
    ///
    /// The default implementation always fails; a write past the end extends a file as well.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend that cannot reserve space, and errors of the
    /// system such as [`StorageFull`](io::ErrorKind::StorageFull).
    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        let _ = length;
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }

    /// Locks the file for this handle alone, without waiting; returns `false` if another handle holds the lock. The
    /// lock ends when the handle is dropped.
    ///
    /// The lock is advisory: the file can still be read, written, renamed and removed by others. A download locks
    /// its partial file, so that no other download writes or replaces it.
    ///
    /// The default implementation always returns `true`, as a backend without locks does. [`LocalFs`] has no locks
    /// on Windows and on file systems that do not support them.
    ///
    /// # Errors
    ///
    /// Returns the errors of the system, except that locks are not supported.
    fn try_lock(&mut self) -> BoxFuture<'_, io::Result<bool>> {
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Returns whether `path`, which is the path that was opened, still names this file. It does not if the file was
    /// removed, renamed or replaced.
    ///
    /// The default implementation always returns `true`. A backend with locks must implement it.
    ///
    /// # Errors
    ///
    /// Returns the errors of the system, except that `path` does not exist.
    fn is_at<'a>(&'a mut self, path: &'a Path) -> BoxFuture<'a, io::Result<bool>> {
        let _ = path;
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Returns the regular file of the operating system that this is, with the same position, if there is one. A
    /// transfer then reads and writes that file directly, on other threads.
    ///
    /// Defaults to `None`: every byte goes through the methods above.
    fn system_file(&self) -> Option<std::fs::File> {
        None
    }
}
