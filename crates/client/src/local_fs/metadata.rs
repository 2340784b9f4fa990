//! Metadata of files and directory entries.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::SystemTime;

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, dangling or not.
    Symlink,
    /// A device, socket, pipe or the like, or a file of unknown type.
    Other,
}

/// Metadata of a file, as returned by [`FileSystem::metadata`](super::FileSystem::metadata).
///
/// ```
/// use oxftp::local_fs::{FileKind, Metadata};
/// use std::time::SystemTime;
///
/// let metadata = Metadata::new(FileKind::File, 42).with_modified(SystemTime::UNIX_EPOCH);
/// assert!(metadata.is_file());
/// assert_eq!(metadata.mode, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// File, directory, symbolic link or other.
    pub kind: FileKind,
    /// Size in bytes; meaningful for regular files only.
    pub size: u64,
    /// Modification time, if the backend stores one.
    pub modified: Option<SystemTime>,
    /// Unix permission bits, `0o000` to `0o7777`, if the backend has them.
    pub mode: Option<u32>,
}

impl Metadata {
    /// Creates metadata with only a kind and a size in bytes.
    ///
    /// ```
    /// use oxftp::local_fs::{FileKind, Metadata};
    ///
    /// let file = Metadata::new(FileKind::File, 5);
    /// assert_eq!(file.size, 5);
    /// ```
    #[must_use]
    pub const fn new(kind: FileKind, size: u64) -> Self {
        Self { kind, size, modified: None, mode: None }
    }

    /// Sets the modification time.
    ///
    /// ```
    /// use oxftp::local_fs::{FileKind, Metadata};
    ///
    /// let file = Metadata::new(FileKind::File, 5).with_modified(std::time::SystemTime::now());
    /// ```
    #[must_use]
    pub const fn with_modified(mut self, time: SystemTime) -> Self {
        self.modified = Some(time);
        self
    }

    /// Sets the Unix permission bits, `0o000` to `0o7777`.
    ///
    /// ```
    /// use oxftp::local_fs::{FileKind, Metadata};
    ///
    /// let file = Metadata::new(FileKind::File, 5).with_mode(0o644);
    /// assert_eq!(file.mode, Some(0o644));
    /// ```
    #[must_use]
    pub const fn with_mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Returns whether this is a regular file; `false` for a link to one.
    ///
    /// ```
    /// use oxftp::local_fs::{FileKind, Metadata};
    ///
    /// assert!(Metadata::new(FileKind::File, 5).is_file());
    /// ```
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    /// Returns whether this is a directory; `false` for a link to one.
    ///
    /// ```
    /// use oxftp::local_fs::{FileKind, Metadata};
    ///
    /// assert!(Metadata::new(FileKind::Directory, 0).is_dir());
    /// ```
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Returns whether this is a symbolic link.
    ///
    /// ```
    /// use oxftp::local_fs::{FileKind, Metadata};
    ///
    /// assert!(Metadata::new(FileKind::Symlink, 0).is_symlink());
    /// ```
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.kind == FileKind::Symlink
    }
}

/// One entry of a directory, as returned by [`FileSystem::read_dir`](super::FileSystem::read_dir).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirEntry {
    /// The path that was passed to the listing, joined with the name.
    pub path: PathBuf,
    /// The type of the file; links are not followed. [`FileKind::Other`] if it is unknown.
    pub kind: FileKind,
}

impl DirEntry {
    /// Creates an entry.
    ///
    /// ```
    /// use oxftp::local_fs::{DirEntry, FileKind};
    ///
    /// let entry = DirEntry::new("docs/a.txt", FileKind::File);
    /// assert_eq!(entry.name(), "a.txt");
    /// ```
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, kind: FileKind) -> Self {
        Self { path: path.into(), kind }
    }

    /// Returns the last component of the path.
    ///
    /// ```
    /// use oxftp::local_fs::{DirEntry, FileKind};
    ///
    /// assert_eq!(DirEntry::new("docs/a.txt", FileKind::File).name(), "a.txt");
    /// ```
    #[must_use]
    pub fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }
}
