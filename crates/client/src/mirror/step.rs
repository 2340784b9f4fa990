//! One step of a mirror, as its user sees it.

use std::fmt;

use oxftp_proto::RemotePath;

/// One thing that a mirror does, or would do.
///
/// ```no_run
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.mirror_up("dist", "/www").dry_run(true).on_step(|step| println!("{step}")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// To what, seen from the roots of both sides.
    pub path: RemotePath,
    /// Reason.
    pub why: Reason,
    /// The size of the source in bytes, where a file is transferred and its size known.
    pub size: Option<u64>,
}

impl Step {
    pub(crate) fn new(action: Action, path: RemotePath, why: Reason) -> Self {
        Self { action, path, why, size: None }
    }
}

/// Shows the step as `transfer a/b (size differs: 3, 5)`, control characters escaped.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.action.as_str(), self.path, self.why)
    }
}

/// What a [`Step`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// A directory is made.
    MakeDirectory,
    /// A file is transferred.
    Transfer,
    /// A symbolic link is made.
    Link,
    /// A file or a link is deleted at the target.
    Delete,
    /// An empty directory is deleted at the target.
    DeleteDirectory,
    /// Something at the source is left out.
    Skip,
}

impl Action {
    /// Names the action in one word: `mkdir`, `transfer`, `link`, `delete`, `rmdir` or `skip`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MakeDirectory => "mkdir",
            Self::Transfer => "transfer",
            Self::Link => "link",
            Self::Delete => "delete",
            Self::DeleteDirectory => "rmdir",
            Self::Skip => "skip",
        }
    }
}

/// Reason a [`Step`] is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The target does not have it.
    Missing,
    /// The sizes differ.
    Size {
        /// Bytes at the source.
        source: u64,
        /// Bytes at the target.
        target: u64,
    },
    /// The source is newer.
    Newer,
    /// The source is older, and the times are to be the same.
    Older,
    /// The hashes differ, or for links what they say.
    Content,
    /// Nothing is known that shows both to be the same.
    Unknown,
    /// The source does not have it.
    NotInSource,
    /// Something else is to stand in its place.
    InTheWay,
    /// It is a symbolic link.
    IsLink,
    /// It is neither a file nor a directory.
    IsSpecial,
}

impl Reason {
    /// Names the reason in one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Size { .. } => "size",
            Self::Newer => "newer",
            Self::Older => "older",
            Self::Content => "content",
            Self::Unknown => "unknown",
            Self::NotInSource => "not-in-source",
            Self::InTheWay => "in-the-way",
            Self::IsLink => "link",
            Self::IsSpecial => "special",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size { source, target } => return write!(f, "size differs: {source}, {target}"),
            Self::Missing => "missing",
            Self::Newer => "source is newer",
            Self::Older => "source is older",
            Self::Content => "content differs",
            Self::Unknown => "may differ",
            Self::NotInSource => "not in the source",
            Self::InTheWay => "something else takes its place",
            Self::IsLink => "symbolic link",
            Self::IsSpecial => "neither file nor directory",
        })
    }
}
