//! Selection: decides which files and directories of a tree a job takes part in.

use std::{fmt, sync::Arc};

use oxftp_proto::Timestamp;

/// A file or directory that a [`Selection`] accepts or rejects.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The path relative to the root of the job, without a `/` at either end; for a job of a single file, its name.
    pub path: &'a str,
    /// `true` if it is a directory. A rejected directory is not entered.
    pub is_dir: bool,
    /// The size in bytes, if it is known exactly.
    pub size: Option<u64>,
    /// The modification time, if known.
    pub modified: Option<Timestamp>,
}

/// A condition for the files and directories of a transfer.
///
/// Rejected entries are neither transferred nor reported. Directories are created only when they are to contain a file,
/// unless [`empty_directories`](Self::empty_directories) is set.
///
/// ```
/// use oxftp::{Candidate, Selection};
///
/// let small = Selection::new(|found| found.is_dir || found.size.is_some_and(|size| size < 1000));
/// assert!(small.accepts(&Candidate { path: "a/b", is_dir: false, size: Some(5), modified: None }));
/// ```
#[derive(Clone)]
pub struct Selection {
    accepts: Arc<Condition>,
    empty_directories: bool,
}

type Condition = dyn Fn(&Candidate<'_>) -> bool + Send + Sync;

impl Selection {
    /// Creates a selection of the entries for which `accepts` returns `true`.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Selection;
    ///
    /// let small = Selection::new(|found| found.is_dir || found.size < Some(1_000_000));
    /// client.download("photos").select(small).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(accepts: impl Fn(&Candidate<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self { accepts: Arc::new(accepts), empty_directories: false }
    }

    /// Sets whether directories without selected files are created. Defaults to `false`.
    ///
    /// ```
    /// use oxftp::Selection;
    ///
    /// let texts = Selection::new(|found| found.path.ends_with(".txt")).empty_directories(true);
    /// ```
    #[must_use]
    pub fn empty_directories(mut self, create: bool) -> Self {
        self.empty_directories = create;
        self
    }

    /// Returns whether the entry is selected.
    ///
    /// ```
    /// use oxftp::{Candidate, Selection};
    ///
    /// let texts = Selection::new(|found| found.path.ends_with(".txt"));
    /// assert!(texts.accepts(&Candidate { path: "a/b.txt", is_dir: false, size: None, modified: None }));
    /// ```
    #[must_use]
    pub fn accepts(&self, candidate: &Candidate<'_>) -> bool {
        (self.accepts)(candidate)
    }

    /// Returns whether directories without selected files are left out.
    pub(crate) fn leaves_out_empty(&self) -> bool {
        !self.empty_directories
    }
}

impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selection")
            .field("empty_directories", &self.empty_directories)
            .finish_non_exhaustive()
    }
}
