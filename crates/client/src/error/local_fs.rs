//! What goes wrong on the local side.

use std::io;
use std::path::PathBuf;

/// What a [`PathIo`](crate::local_fs::PathIo) method returns.
pub type PathIoResult<T> = Result<T, PathIoError>;

/// An operation of a [`PathIo`](crate::local_fs::PathIo) that failed, with the path it was about.
///
/// `Display` says what could not be done; why is the [`source`](std::error::Error::source).
///
/// ```
/// use oxftp::path_io::PathIoError;
/// use std::{error::Error, io};
///
/// let error = PathIoError::new("open", "dir/a \"b\"", io::ErrorKind::NotFound.into());
/// assert_eq!(error.to_string(), r#"cannot open "dir/a \"b\"""#);
/// assert_eq!(error.source().unwrap().to_string(), "entity not found");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {path:?}")]
#[non_exhaustive]
pub struct PathIoError {
    /// A verb to stand after "cannot", such as `open` or `set the time of`.
    pub operation: &'static str,
    /// The path as it was given.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

impl PathIoError {
    /// Joins an I/O error with what was being done, for backends and for reads and writes of an open file.
    #[must_use]
    pub fn new(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { operation, path: path.into(), source }
    }

    /// Tells the kind of the I/O error inside.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}
