//! Step of a mirror: one change, as it is reported to the user.

use std::fmt;

use oxftp_proto::RemotePath;

/// One change that a mirror makes, or would make if it were not a dry run.
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
    /// The action.
    pub action: Action,
    /// The path of the entry, relative to the roots of both sides.
    pub path: RemotePath,
    /// The reason.
    pub why: Reason,
    /// The size of the source in bytes, if a file is transferred and its size is known.
    pub size: Option<u64>,
}

impl Step {
    pub(crate) fn new(action: Action, path: RemotePath, why: Reason) -> Self {
        Self { action, path, why, size: None }
    }
}

/// Formats the step as `transfer a/b (size differs: 3, 5)`, with control characters escaped. The root is `.`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.action.as_str())?;
        match self.path.is_empty() {
            true => f.write_str(".")?,
            false => self.path.fmt(f)?,
        }
        write!(f, " ({})", self.why)
    }
}

/// Action of a [`Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// A directory is created.
    MakeDirectory,
    /// A file is transferred.
    Transfer,
    /// A symbolic link is created.
    Link,
    /// A file or a symbolic link is deleted at the target.
    Delete,
    /// An empty directory is deleted at the target.
    DeleteDirectory,
    /// An entry of the source is left out.
    Skip,
    /// A file of the source is removed, or moved away.
    RemoveSource,
}

/// Writes the action as one word.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Action {
    /// Returns the action as one word: `mkdir`, `transfer`, `link`, `delete`, `rmdir`, `skip` or
    /// `remove-source`.
    ///
    /// ```
    /// assert_eq!(oxftp::mirror::Action::Transfer.as_str(), "transfer");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MakeDirectory => "mkdir",
            Self::Transfer => "transfer",
            Self::Link => "link",
            Self::Delete => "delete",
            Self::DeleteDirectory => "rmdir",
            Self::Skip => "skip",
            Self::RemoveSource => "remove-source",
        }
    }
}

/// Reason of a [`Step`].
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
    /// The source is older, and the times must be equal.
    Older,
    /// The hashes differ.
    Content,
    /// No known fact shows that both are equal.
    Unknown,
    /// The source does not have it.
    NotInSource,
    /// It is replaced by an entry of another kind.
    InTheWay,
    /// It is a symbolic link.
    IsLink,
    /// It is neither a file nor a directory.
    IsSpecial,
    /// Its copy is complete and verified.
    Copied,
}

impl Reason {
    /// Returns the reason as one word.
    ///
    /// ```
    /// assert!(!oxftp::mirror::Reason::Unknown.as_str().is_empty());
    /// ```
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
            Self::Copied => "copied",
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
            Self::InTheWay => "replaced by another kind of entry",
            Self::IsLink => "symbolic link",
            Self::IsSpecial => "neither file nor directory",
            Self::Copied => "its copy is complete",
        })
    }
}

/// Observer that receives each step.
pub(crate) struct StepObserver(Box<dyn Fn(&Step) + Send + Sync>);

impl StepObserver {
    pub(crate) fn new(observer: impl Fn(&Step) + Send + Sync + 'static) -> Self {
        Self(Box::new(observer))
    }

    pub(crate) fn notify(&self, step: &Step) {
        (self.0)(step);
    }
}

impl fmt::Debug for StepObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepObserver").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_of_mirror_is_displayed_as_dot() {
        let step = |path: &str| Step::new(Action::MakeDirectory, path.into(), Reason::Missing).to_string();

        assert_eq!(step(""), "mkdir . (missing)");
        assert_eq!(step("a/b"), "mkdir a/b (missing)");
    }
}
