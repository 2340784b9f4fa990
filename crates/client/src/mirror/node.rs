//! What stands on one side of a mirror.

use oxftp_proto::{FileName, Timestamp};

/// One thing in a directory, wherever the directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: FileName,
    pub(crate) kind: NodeKind,
    pub(crate) facts: NodeFacts,
}

/// What kind of thing it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NodeKind {
    File,
    /// A directory, perhaps behind a link that is followed.
    Directory {
        by_link: bool,
    },
    /// A symbolic link that is not followed, and what it says where that is known.
    Link(Option<Box<[u8]>>),
    /// A link that was to be followed and leads nowhere.
    Dangling,
    /// A device, socket, pipe or the like.
    Other,
}

impl NodeKind {
    pub(crate) const DIRECTORY: Self = Self::Directory { by_link: false };

    pub(crate) fn is_directory(&self) -> bool {
        matches!(self, Self::Directory { .. })
    }
}

/// What is compared of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct NodeFacts {
    /// In bytes, where it is known to the byte.
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Timestamp>,
}
