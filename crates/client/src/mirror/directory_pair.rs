//! Pair of directories to compare, and directories that the target still lacks.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{extraneous::StoredNames, relative_path::RelativePath};
use crate::list::AncestorChain;

/// A directory to compare on both sides.
pub(crate) struct DirectoryPair {
    pub(crate) path: RelativePath,
    /// The directory of the target, if it did not exist.
    pub(crate) missing: Option<Arc<MissingDirectory>>,
    /// Number of symbolic links that were followed on the way to it.
    pub(crate) links_followed: usize,
    pub(crate) ancestors: AncestorChain,
}

impl DirectoryPair {
    pub(crate) fn root(exists: bool) -> Self {
        let path = RelativePath::default();
        let missing = (!exists).then(|| Arc::new(MissingDirectory::new(path.clone(), None, None)));
        Self { path, missing, links_followed: 0, ancestors: AncestorChain::default() }
    }
}

/// A directory that the target lacks. It is created before the first node in it, or never if the filter excludes all
/// its nodes.
pub(crate) struct MissingDirectory {
    pub(crate) path: RelativePath,
    /// The directory that contains it, if that was missing as well.
    above: Option<Arc<Self>>,
    /// The record of its name once it is created; `None` if nothing is deleted in the directory above.
    pub(crate) stored: Option<Arc<StoredNames>>,
    pub(crate) is_created: Mutex<bool>,
}

impl MissingDirectory {
    pub(crate) fn new(
        path: RelativePath,
        above: Option<Arc<Self>>,
        stored: Option<Arc<StoredNames>>,
    ) -> Self {
        Self { path, above, stored, is_created: Mutex::new(false) }
    }

    /// Returns the missing directories on the way to it, and itself, the highest first.
    pub(crate) fn with_missing_parents(&self) -> Vec<&Self> {
        let mut way = vec![self];
        while let Some(above) = way.last().and_then(|directory| directory.above.as_deref()) {
            way.push(above);
        }
        way.reverse();
        way
    }
}
