//! Reports of operations on many files.

use std::{fmt, path::PathBuf};

use oxftp_proto::RemotePath;

use crate::Error;

/// The result of an upload, a download, a removal or a mirror.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let report = client.upload("site").to("/www").await?;
/// println!("{report}"); // 12 files, 3400 bytes
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Number of files that were transferred or removed.
    pub files: u64,
    /// Number of directories that were created or removed.
    pub directories: u64,
    /// Number of bytes that were transferred over data connections.
    pub bytes: u64,
    /// Number of bytes that already existed and were not transferred again.
    pub resumed: u64,
    /// Number of files and directories that a mirror deleted.
    pub deleted: u64,
    /// Number of files that a mirror found equal on both sides.
    pub unchanged: u64,
    /// Number of symbolic links that were left out because of [`Links::Skip`](crate::Links::Skip) in a download or an
    /// upload.
    pub skipped_symlinks: u64,
    /// The first [`MAX_TRANSFERRED`](Self::MAX_TRANSFERRED) files that were transferred, with the place where each is
    /// now. [`files`](Self::files) counts all of them, and [`Progress`](crate::Progress) observes all of them. Empty after a
    /// removal.
    pub transferred: Vec<TransferredFile>,
    /// The failures; all other entries are complete, except the contents of [directories that
    /// failed](Self::failed_directories).
    pub failures: Vec<Failure>,
    /// Number of failures that are directories which could not be listed or created. Nothing in them was transferred, and
    /// it is not counted.
    pub failed_directories: u64,
}

/// A file that was transferred.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// for file in client.download("photos").to("backup").await?.transferred {
///     println!("{} -> {}: {} bytes", file.source, file.target, file.bytes + file.resumed);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferredFile {
    /// The location of the source.
    pub source: Location,
    /// The location of the copy.
    pub target: Location,
    /// Number of bytes that were transferred.
    pub bytes: u64,
    /// Number of bytes that were there already.
    pub resumed: u64,
}

/// The source and the target of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyLocations {
    pub(crate) source: Location,
    pub(crate) target: Location,
}

/// The place of a file.
///
/// `Display` writes the path.
///
/// ```
/// use oxftp::Location;
///
/// let place = Location::Local("backup/a.jpg".into());
/// assert_eq!(place.to_string(), "backup/a.jpg");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// In the local file system. Relative paths begin at the working directory of the process.
    Local(PathBuf),
    /// On a server. Relative paths begin at the login directory.
    Remote(RemotePath),
}

impl Location {
    /// Returns the local path; `None` if the file is on a server.
    ///
    /// ```
    /// use oxftp::Location;
    ///
    /// assert!(Location::Local("a.jpg".into()).local().is_some());
    /// assert!(Location::Remote("a.jpg".into()).local().is_none());
    /// ```
    #[must_use]
    pub fn local(&self) -> Option<&std::path::Path> {
        match self {
            Self::Local(path) => Some(path),
            Self::Remote(_) => None,
        }
    }

    /// Returns the path on the server; `None` if the file is local.
    ///
    /// ```
    /// use oxftp::Location;
    ///
    /// assert!(Location::Remote("a.jpg".into()).remote().is_some());
    /// ```
    #[must_use]
    pub fn remote(&self) -> Option<&RemotePath> {
        match self {
            Self::Local(_) => None,
            Self::Remote(path) => Some(path),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Remote(path) => path.fmt(f),
        }
    }
}

/// A failure of one entry of an operation on many.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// if let Err(oxftp::Error::PartialFailure { report }) = client.download("photos").await {
///     for failure in &report.failures {
///         println!("{}: {}", failure.name, failure.error);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The path of the source, for display: of the remote entry for downloads and removals, of the local one for uploads.
    pub name: String,
    /// The error.
    pub error: Error,
}

/// Writes the numbers of files, bytes and failures, such as `2 files, 120 bytes, 1 failed`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = if self.files == 1 { "file" } else { "files" };
        write!(f, "{} {files}, {} bytes", self.files, self.bytes)?;
        match self.failures.len() {
            0 => Ok(()),
            failed => write!(f, ", {failed} failed"),
        }
    }
}

impl crate::trace::SpanOutcome for Report {
    fn record(&self, span: &crate::trace::Span) {
        crate::trace::set(span, "bytes", self.bytes);
        crate::trace::set(span, "files", self.files);
        crate::trace::set(span, "failures", self.failures.len());
    }
}

impl Report {
    /// Maximum length of [`transferred`](Self::transferred).
    pub const MAX_TRANSFERRED: usize = 10_000;

    /// Records a transferred file, unless there are too many.
    pub(crate) fn add_transferred(&mut self, file: impl FnOnce() -> Option<TransferredFile>) {
        if self.transferred.len() < Self::MAX_TRANSFERRED {
            self.transferred.extend(file());
        }
    }

    /// Describes how many entries failed.
    pub(crate) fn failed(&self) -> String {
        let counted = |number: u64, one, many| format!("{number} {}", if number == 1 { one } else { many });
        let (directories, all) = (self.failed_directories, self.failures.len() as u64);
        match (directories, all.saturating_sub(directories)) {
            (0, files) => format!("{files} of the tree's files failed"),
            (directories, 0) => {
                let directories = counted(directories, "directory", "directories");
                format!("{directories} of the tree failed, with everything below")
            }
            (directories, files) => {
                let files = counted(files, "file", "files");
                let directories = counted(directories, "directory", "directories");
                format!("{files} of the tree and {directories} failed, the latter with everything below")
            }
        }
    }

    /// Records a failure.
    pub(crate) fn note(&mut self, name: String, error: Error) {
        // Programs filter by the name of the target.
        crate::trace::warn!(target: "oxftp::report", "{name}: {error}");
        self.failures.push(Failure { name, error });
    }

    /// Returns the error of an operation that could not continue. If a single entry failed, returns its error.
    pub(crate) fn stopped(mut self, source: Error) -> Error {
        if self.files == 0 && self.directories == 0 && self.failures.len() <= 1 {
            return self.failures.pop().map_or(source, |failure| failure.error);
        }
        Error::Stopped { report: Box::new(self), source: Box::new(source) }
    }

    /// Returns the report, or an error with the name of each failure.
    pub(crate) fn into_named_result(self) -> Result<Self, Error> {
        if self.failures.is_empty() {
            Ok(self)
        } else {
            Err(Error::PartialFailure { report: Box::new(self) })
        }
    }

    /// Returns the report, or an error if there are failures. If a single entry failed, returns its error.
    pub(crate) fn into_result(mut self) -> Result<Self, Error> {
        match self.failures.len() {
            0 => Ok(self),
            1 if self.files == 0 && self.directories == 0 => match self.failures.pop() {
                Some(failure) => Err(failure.error),
                None => Ok(self),
            },
            _ => Err(Error::PartialFailure { report: Box::new(self) }),
        }
    }
}
