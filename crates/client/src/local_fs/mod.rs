//! The local side of a transfer: where a download is put and an upload is taken from.
//!
//! [`PathIo`] is what the client asks of a file system. [`LocalFs`] is the disk, [`MemoryFs`] keeps
//! everything in memory, [`Timed`] bounds another backend's operations in time, and [`contract::check`]
//! tells whether a backend of your own behaves. Which local name a remote file gets, and whether that name
//! may be used, is the client's matter.
//!
//! ```
//! use oxftp::path_io::{MemoryFs, MkdirOptions, OpenMode, PathIo};
//! use std::path::Path;
//! use tokio::io::AsyncWriteExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fs = MemoryFs::new();
//! fs.mkdir(Path::new("/pub/new"), MkdirOptions { parents: true, exist_ok: true }).await?;
//!
//! let mut file = fs.open(Path::new("/pub/new/readme"), OpenMode::Write).await?;
//! file.write_all(b"hello").await?;
//! file.shutdown().await?;
//!
//! assert_eq!(fs.stat(Path::new("/pub/new/readme")).await?.size, 5);
//! # Ok(())
//! # }
//! ```

mod atomic_write;
pub mod conformance;
#[doc(hidden)]
pub use conformance as contract;
mod forward;
pub(crate) mod hash;
mod local;
mod memory;
mod metadata;
mod open_options;
#[cfg(test)]
mod tests;
mod timeout;
mod whole_file;

pub use self::atomic_write::FinishOptions;
pub use self::local::LocalFs;
pub use self::memory::MemoryFs;
pub use self::metadata::{DirectoryItem, FileKind, Metadata};
pub use self::open_options::{MkdirOptions, OpenMode};
pub use self::timeout::Timed;
pub use self::whole_file::{ReadFile, WholeFile};
pub use crate::error::local_fs::{PathIoError, PathIoResult};

pub use crate::future::BoxFuture;

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite};

/// A file system that transfers read from and write to.
///
/// # What holds for every backend
///
/// [`contract::check`] tests these rules, and the client relies on them.
///
/// - Errors carry the [`io::ErrorKind`] named with each method.
/// - [`exists`](Self::exists), [`is_dir`](Self::is_dir), [`is_file`](Self::is_file),
///   [`open`](Self::open), [`set_modified`](Self::set_modified) and
///   [`set_permissions`](Self::set_permissions) follow links; [`stat`](Self::stat),
///   [`list`](Self::list), [`unlink`](Self::unlink) and [`rename`](Self::rename) act on the link itself.
/// - A relative path starts at a directory of the backend's choice, always the same for all methods, and
///   the empty path is that directory. [`LocalFs`] takes the process's current directory, [`MemoryFs`] its root.
/// - Names are taken as they are: blanks, quotes and non-ASCII characters have no meaning.
/// - No method blocks the thread that polls it for longer than a task may take between two waits.
///
/// Dropping a future before it is done does not take the operation back: it may still happen afterwards.
///
/// `Arc<P>` and `Box<P>` are backends too when `P` is one, `P` being `dyn PathIo` included.
pub trait PathIo: Debug + Send + Sync + 'static {
    /// Tells whether something stands at `path`; a link that leads nowhere does not count.
    ///
    /// A path that goes *through* a file is no error, it just doesn't exist.
    ///
    /// # Errors
    ///
    /// When that can't be found out, such as [`PermissionDenied`](io::ErrorKind::PermissionDenied).
    fn exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>>;

    /// Tells whether `path` is a directory, or a link to one; `false` when nothing is there.
    ///
    /// # Errors
    ///
    /// Those of [`exists`](Self::exists).
    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>>;

    /// Tells whether `path` is a regular file, or a link to one; `false` when nothing is there.
    ///
    /// # Errors
    ///
    /// Those of [`exists`](Self::exists).
    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>>;

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists) when `path` is there, unless it is a directory and
    ///   [`exist_ok`](MkdirOptions::exist_ok) is set.
    /// - [`NotFound`](io::ErrorKind::NotFound) when its parent is missing and
    ///   [`parents`](MkdirOptions::parents) is not set.
    fn mkdir<'a>(&'a self, path: &'a Path, options: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>>;

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound); any other kind when `path` is a file or a directory that is
    /// not empty, since systems differ there.
    fn rmdir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>>;

    /// Removes a file, or a link (never what it points at).
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound); any other kind when `path` is a directory, since systems
    /// differ there.
    fn unlink<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>>;

    /// Lists a directory, without `.` and `..`, **in no order**.
    ///
    /// Each item's path is `path` joined with the name.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound), and [`NotADirectory`](io::ErrorKind::NotADirectory) for a file.
    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>>;

    /// Describes what stands at `path`; a link is described itself.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound).
    fn stat<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>>;

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound) when the mode needs a file that is there, or the parent is
    ///   missing.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists) from [`OpenMode::CreateNew`] and [`OpenMode::CreatePrivate`].
    /// - Any kind for a directory, since systems differ there.
    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>>;

    /// Renames a file, a link or a directory; a file at `to` is replaced in one step.
    ///
    /// The error names `from`. Whether an empty directory at `to` is replaced depends on the system.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound) when `from` or the parent of `to` is missing.
    /// - Any kind when a file should replace a directory, or a directory should move into itself.
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, PathIoResult<()>>;

    /// Gives a part file that is whole its final name, as [`rename`](Self::rename) does.
    ///
    /// Defaults to the methods above, one after the other. A backend with permissions gives it those of a new
    /// file (see [`OpenMode::CreatePrivate`]), and one on a disk waits for the directory, too, if asked to.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open) and [`rename`](Self::rename), and what a sync meets.
    fn finish<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: FinishOptions,
    ) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(atomic_write::finish_by_steps(self, part, target, options))
    }

    /// Sets when the content of a file or directory last changed.
    ///
    /// A backend may keep times more coarsely than they are given. One that keeps none need not implement
    /// this: by default it does nothing but fail.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without times,
    /// [`NotFound`](io::ErrorKind::NotFound).
    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, PathIoResult<()>> {
        let _ = time;
        let unsupported = PathIoError::new("set the time of", path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Writes a small file: its content under the name of its part, then renamed to its target, with its time.
    /// Gives `false`, and does nothing, when a symbolic link stands at either name.
    ///
    /// A time that cannot be set is no error. Defaults to the methods above, one after the other; a backend
    /// where each of them costs should do all at once.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open) and [`rename`](Self::rename), and what a write meets.
    fn write_whole<'a>(&'a self, file: WholeFile) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(whole_file::write_by_steps(self, file))
    }

    /// Reads a small file at once; gives `None` when it is no regular file, or has more than `most` bytes.
    ///
    /// Defaults to the methods above, one after the other.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and what a read meets.
    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        most: usize,
    ) -> BoxFuture<'a, PathIoResult<Option<ReadFile>>> {
        Box::pin(whole_file::read_by_steps(self, path, most))
    }

    /// Reads what a symbolic link says. A backend without links need not implement this.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without links,
    /// [`NotFound`](io::ErrorKind::NotFound); any other kind when `path` is no link.
    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<PathBuf>> {
        let unsupported = PathIoError::new("read the link", path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Makes a symbolic link at `path` that says `says`. A backend without links need not implement this.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without links,
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) when something is there.
    fn symlink<'a>(&'a self, says: &'a Path, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        let _ = says;
        let unsupported = PathIoError::new("make the link", path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Sets the Unix permission bits of a file or directory, `0o000` to `0o7777`.
    ///
    /// A backend that keeps none need not implement this: by default it does nothing but fail.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend without permissions,
    /// [`NotFound`](io::ErrorKind::NotFound).
    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, PathIoResult<()>> {
        let _ = mode;
        let unsupported = PathIoError::new(SET_PERMISSIONS, path, io::ErrorKind::Unsupported.into());
        Box::pin(std::future::ready(Err(unsupported)))
    }

    /// Gives a view of this file system in which nothing below `root` is reached through a link, not even
    /// one that is put there meanwhile; what is not below `root` is as it was.
    ///
    /// Downloads write through it. Paths are spelled as before, and the root need not be there yet. Defaults to
    /// `None`, which has the client look for links before each step and so leaves a race to whoever can
    /// write there.
    fn beneath(&self, root: &Path) -> Option<Arc<dyn PathIo>> {
        let _ = root;
        None
    }
}

/// What setting permissions is called in errors.
const SET_PERMISSIONS: &str = "set the permissions of";

/// An open file of a [`PathIo`].
///
/// - A write may be reported before it has happened, so its error may come with a later write. Only after
///   `flush` or `shutdown` has returned `Ok` is all of it in the file; dropping the file instead can
///   lose the last write without a word.
/// - `shutdown` flushes. It does not close: dropping does.
/// - Seeking past the end is allowed; a write there fills the gap with zeros.
/// - Reading a file that was opened for writing only, or the reverse, is an error.
/// - Blocks are handed on as large as they come. With [`LocalFs`] each costs a hop to another thread, so
///   64 KiB and more pay off. The client's own transfers go past that: see
///   [`system_file`](Self::system_file).
///
/// ```
/// use oxftp::path_io::{LocalFs, OpenMode, PathIo};
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
pub trait PathFile: AsyncRead + AsyncWrite + AsyncSeek + Debug + Send + Unpin {
    /// Flushes, and waits until content and metadata have reached the medium (`fsync`).
    ///
    /// Returns `Ok` at once where there is no medium. The name of a new file is not covered: that is
    /// its directory's.
    ///
    /// # Errors
    ///
    /// What an earlier write met, or the sync itself.
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>>;

    /// Makes the file at least this long, with space reserved for it where the system can do that; content
    /// and position stay as they are, and what is new is zeros.
    ///
    /// By default it does nothing but fail: a write past the end makes a file longer, too.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) from a backend that cannot, and what the system says, such
    /// as [`StorageFull`](io::ErrorKind::StorageFull).
    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        let _ = length;
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }

    /// Gives the regular file of the operating system whose bytes these are, with the same position, if
    /// it is no more than that; a transfer then moves them past the methods above, on other threads.
    ///
    /// Defaults to none: every byte goes through the methods.
    fn system_file(&self) -> Option<std::fs::File> {
        None
    }
}
