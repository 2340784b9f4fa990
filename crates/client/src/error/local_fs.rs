//! Errors of local file systems.

use std::io;
use std::path::PathBuf;

/// The result of the methods of [`FileSystem`](crate::local_fs::FileSystem).
pub type LocalFsResult<T> = Result<T, LocalFsError>;

/// A failed operation of a [`FileSystem`](crate::local_fs::FileSystem), with its path.
///
/// `Display` shows the operation and the path; the cause is the [`source`](std::error::Error::source).
///
/// ```
/// use oxftp::local_fs::LocalFsError;
/// use std::{error::Error, io};
///
/// let error = LocalFsError::new("open", "dir/a \"b\"", io::ErrorKind::NotFound.into());
/// assert_eq!(error.to_string(), r#"cannot open "dir/a \"b\"""#);
/// assert_eq!(error.source().unwrap().to_string(), "entity not found");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {path:?}")]
#[non_exhaustive]
pub struct LocalFsError {
    /// The operation as a verb that follows "cannot", such as `open` or `set the time of`.
    pub operation: &'static str,
    /// The path, as passed to the operation.
    pub path: PathBuf,
    /// The I/O error.
    pub source: io::Error,
}

impl LocalFsError {
    /// Creates an error from an I/O error, for backends and for reads and writes of an open file.
    ///
    /// ```
    /// use std::io;
    /// use oxftp::local_fs::LocalFsError;
    ///
    /// let error = LocalFsError::new("open", "a.txt", io::ErrorKind::NotFound.into());
    /// assert!(error.to_string().contains("a.txt"));
    /// ```
    #[must_use]
    pub fn new(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { operation, path: path.into(), source }
    }

    /// Returns the kind of the I/O error.
    ///
    /// ```
    /// use std::io;
    /// use oxftp::local_fs::LocalFsError;
    ///
    /// let error = LocalFsError::new("open", "a.txt", io::ErrorKind::NotFound.into());
    /// assert_eq!(error.kind(), io::ErrorKind::NotFound);
    /// ```
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}
