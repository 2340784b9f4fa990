//! Path of a node relative to the root of either side.

use std::path::{Path, PathBuf};

use oxftp_proto::{Encoding, FileName, RemotePath};

use crate::Result;
use crate::transfer::local_path::local_name;

/// Names from the root to a node; empty for the root itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct RelativePath(Box<[FileName]>);

impl RelativePath {
    /// Returns the path of a node in this directory.
    pub(crate) fn join(&self, name: &FileName) -> Self {
        Self(self.0.iter().chain([name]).cloned().collect())
    }

    /// Returns the path of the directory that contains it.
    pub(crate) fn parent(&self) -> Self {
        Self(self.0.split_last().map(|(_, parent)| parent.into()).unwrap_or_default())
    }

    /// Returns the last name; `None` for the root.
    pub(crate) fn name(&self) -> Option<&FileName> {
        self.0.last()
    }

    /// Returns the number of names.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Returns the path on a server.
    pub(crate) fn on_server(&self, root: &RemotePath, encoding: Encoding) -> RemotePath {
        self.0.iter().fold(root.clone(), |path, name| path.join_in(name, encoding))
    }

    /// Returns the path on this machine.
    pub(crate) fn on_disk(&self, root: &Path) -> Result<PathBuf> {
        let mut path = root.to_owned();
        for name in &self.0 {
            path.push(local_name(name)?);
        }
        Ok(path)
    }

    /// Returns the path relative to the root, as a [`RemotePath`].
    pub(crate) fn to_remote_path(&self) -> RemotePath {
        self.on_server(&RemotePath::default(), Encoding::UTF_8)
    }

    /// Returns the path relative to the root, as the text that a filter matches.
    pub(crate) fn to_text(&self) -> String {
        let names: Vec<_> = self.0.iter().map(FileName::to_string_lossy).collect();
        names.join("/")
    }
}
