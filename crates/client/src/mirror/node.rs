//! Node: an entry of a directory, on either side of a mirror.

use oxftp_proto::{FileName, Timestamp};

use crate::Candidate;

/// An entry of a directory, local or on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: FileName,
    pub(crate) kind: NodeKind,
    pub(crate) facts: NodeFacts,
}

/// Kind of a [`Node`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NodeKind {
    File,
    /// A directory, or a followed symbolic link to one.
    Directory {
        via_symlink: bool,
    },
    /// A symbolic link that is not followed, with the path that it points to, if known.
    Symlink(Option<Box<[u8]>>),
    /// A symbolic link that cannot be followed.
    DanglingSymlink,
    /// A device, socket, pipe or the like.
    Other,
}

impl NodeKind {
    pub(crate) const DIRECTORY: Self = Self::Directory { via_symlink: false };

    pub(crate) fn is_directory(&self) -> bool {
        matches!(self, Self::Directory { .. })
    }
}

impl Node {
    /// Returns the facts of the node that a filter examines.
    pub(crate) fn candidate<'a>(&self, path: &'a str) -> Candidate<'a> {
        let NodeFacts { size, modified, .. } = self.facts;
        Candidate { path, is_dir: self.kind.is_directory(), size, modified }
    }
}

/// The facts of a file at both endpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FactsOfBoth {
    pub(crate) source: NodeFacts,
    pub(crate) target: NodeFacts,
}

/// The facts by which files are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct NodeFacts {
    /// The size in bytes, if it is known exactly.
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Timestamp>,
    /// Unix permission bits, if a server lists them.
    pub(crate) mode: Option<u16>,
}
