//! What came of an operation on many files.

use crate::Error;

/// What an upload, a download, a removal or a mirror did.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let report = client.upload("site").to("/www").await?;
/// println!("{} files, {} bytes", report.files, report.bytes);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Files that were transferred or removed.
    pub files: u64,
    /// Directories that were made or removed.
    pub directories: u64,
    /// Bytes that went over data connections.
    pub bytes: u64,
    /// Bytes that were there already and were not transferred again.
    pub resumed: u64,
    /// Files and directories that a mirror deleted.
    pub deleted: u64,
    /// Files that a mirror found to be the same on both sides.
    pub unchanged: u64,
    /// What failed, and why; the rest is done.
    pub failures: Vec<Failure>,
}

/// One thing that failed among many.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// if let Err(oxftp::Error::SomeFailed { report }) = client.download("photos").await {
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
    /// What it was, as the user would name it.
    pub name: String,
    /// Why.
    pub error: Error,
}

impl Report {
    /// Notes a failure.
    pub(crate) fn note(&mut self, name: String, error: Error) {
        tracing::warn!("{name}: {error}");
        self.failures.push(Failure { name, error });
    }

    /// Gives the error of something that could not go on. A single failure of a single thing is itself.
    pub(crate) fn stopped(mut self, source: Error) -> Error {
        if self.files == 0 && self.directories == 0 && self.failures.len() <= 1 {
            return self.failures.pop().map_or(source, |failure| failure.error);
        }
        Error::Stopped { report: Box::new(self), source: Box::new(source) }
    }

    /// Gives the report, or the error that it is with the name of each failure.
    pub(crate) fn into_named_result(self) -> Result<Self, Error> {
        if self.failures.is_empty() { Ok(self) } else { Err(Error::SomeFailed { report: Box::new(self) }) }
    }

    /// Gives the report, or the error that it is. A single failure of a single thing is itself.
    pub(crate) fn into_result(mut self) -> Result<Self, Error> {
        match self.failures.len() {
            0 => Ok(self),
            1 if self.files == 0 && self.directories == 0 => match self.failures.pop() {
                Some(failure) => Err(failure.error),
                None => Ok(self),
            },
            _ => Err(Error::SomeFailed { report: Box::new(self) }),
        }
    }
}
