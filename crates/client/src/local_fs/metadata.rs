//! What a file system says about files and directories.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::SystemTime;

/// What kind of thing stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, wherever it leads.
    Link,
    /// A device, socket, pipe or the like, or something that can't be told.
    Other,
}

/// What [`PathIo::stat`](super::PathIo::stat) says about a path.
///
/// ```
/// use oxftp::path_io::{FileKind, Metadata};
/// use std::time::SystemTime;
///
/// let metadata = Metadata::new(FileKind::File, 42).with_modified(SystemTime::UNIX_EPOCH);
/// assert!(metadata.is_file());
/// assert_eq!(metadata.mode, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// File, directory, link or something else.
    pub kind: FileKind,
    /// Size in bytes; it has a meaning for regular files only.
    pub size: u64,
    /// When the content last changed, where the backend keeps that.
    pub modified: Option<SystemTime>,
    /// Unix permission bits, `0o000` to `0o7777`, where there are any.
    pub mode: Option<u32>,
}

impl Metadata {
    /// Describes something of which only kind and size (in bytes) are known.
    #[must_use]
    pub const fn new(kind: FileKind, size: u64) -> Self {
        Self { kind, size, modified: None, mode: None }
    }

    /// Adds when the content last changed.
    #[must_use]
    pub const fn with_modified(mut self, time: SystemTime) -> Self {
        self.modified = Some(time);
        self
    }

    /// Adds the Unix permission bits, `0o000` to `0o7777`.
    #[must_use]
    pub const fn with_mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Tells whether this is a regular file (a link to one is not).
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    /// Tells whether this is a directory (a link to one is not).
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Tells whether this is a symbolic link.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.kind == FileKind::Link
    }
}

/// One line of what [`PathIo::list`](super::PathIo::list) returns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirectoryItem {
    /// The directory's path as it was given, joined with the name.
    pub path: PathBuf,
    /// What the name stands for, links not followed. [`FileKind::Other`] too when it could not be told.
    pub kind: FileKind,
}

impl DirectoryItem {
    /// Makes an item of a listing.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, kind: FileKind) -> Self {
        Self { path: path.into(), kind }
    }

    /// Tells the last component of the path.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }
}
