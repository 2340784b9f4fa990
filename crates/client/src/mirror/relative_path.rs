//! Where something is, seen from the roots of both sides.

use std::path::{Path, PathBuf};

use oxftp_proto::{Encoding, FileName, RemotePath};

use crate::Result;
use crate::transfer::local_path::local_name;

/// The names that lead from a root to a thing: none for the root itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RelativePath(Box<[FileName]>);

impl RelativePath {
    /// Gives the place of a name in this directory.
    pub(crate) fn below(&self, name: &FileName) -> Self {
        Self(self.0.iter().chain([name]).cloned().collect())
    }

    /// Gives the directory that it is in.
    pub(crate) fn above(&self) -> Self {
        Self(self.0.split_last().map(|(_, above)| above.into()).unwrap_or_default())
    }

    /// Counts the directories between it and the root, itself among them.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Gives the path on a server.
    pub(crate) fn remote(&self, root: &RemotePath, encoding: Encoding) -> RemotePath {
        self.0.iter().fold(root.clone(), |path, name| path.join_in(name, encoding))
    }

    /// Gives the path on this machine.
    pub(crate) fn local(&self, root: &Path) -> Result<PathBuf> {
        let mut path = root.to_owned();
        for name in &self.0 {
            path.push(local_name(name)?);
        }
        Ok(path)
    }

    /// Gives the path seen from the root.
    pub(crate) fn relative(&self) -> RemotePath {
        self.remote(&RemotePath::default(), Encoding::UTF_8)
    }

    /// Gives the path seen from the root as a filter reads it.
    pub(crate) fn text(&self) -> String {
        let names: Vec<_> = self.0.iter().map(FileName::to_string_lossy).collect();
        names.join("/")
    }
}
