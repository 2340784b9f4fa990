//! Name collisions: names of one directory that may be the same on the local file system.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    path::Path,
};

use super::partial_name::folded;
use crate::{Error, Result, local_fs::FileSystem};

/// The names of one directory, compared as a case-insensitive file system does.
pub(crate) struct NameCollisions {
    hasher: RandomState,
    /// Hashes of folded names that several names have in common.
    repeated: HashSet<u64>,
    /// The names that were listed already, by their bytes.
    seen: HashSet<u64>,
}

impl NameCollisions {
    /// Collects all names of a directory.
    pub(crate) fn of(names: impl Iterator<Item: AsRef<[u8]>>) -> Self {
        let mut collisions =
            Self { hasher: RandomState::new(), repeated: HashSet::new(), seen: HashSet::new() };
        let mut hashes: Vec<_> = names.map(|name| collisions.case_fold(name.as_ref())).collect();
        hashes.sort_unstable();
        let same = hashes.windows(2).filter(|pair| pair.first() == pair.last());
        collisions.repeated.extend(same.filter_map(|pair| pair.first()));
        collisions
    }

    /// Returns whether another name may be the same on the local file system.
    pub(crate) fn is_one(&self, name: &[u8]) -> bool {
        !self.repeated.is_empty() && self.repeated.contains(&self.case_fold(name))
    }

    /// Returns whether exactly this name was listed before, and records it.
    pub(crate) fn comes_again(&mut self, name: &[u8]) -> bool {
        self.is_one(name) && !self.seen.insert(self.hasher.hash_one(name))
    }

    /// Drops the differences that a local file system may ignore: two connections must not write one file.
    fn case_fold(&self, name: &[u8]) -> u64 {
        self.hasher.hash_one(folded(name))
    }
}

/// Fails when `path` exists under another spelling: a case-insensitive file system takes both for one file, and
/// one would silently replace the other.
pub(crate) async fn refuse_other_spelling(fs: &dyn FileSystem, path: &Path) -> Result<()> {
    let Some(directory) = path.parent() else { return Ok(()) };
    if fs.metadata(path).await.is_err() {
        return Ok(());
    }
    let has_same_spelling =
        fs.read_dir(directory).await?.iter().any(|item| item.path.file_name() == path.file_name());
    if has_same_spelling {
        return Ok(());
    }
    let why = "this file system takes its name for that of another in the tree";
    Err(Error::Skipped { path: path.display().to_string(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_collide() {
        let names: [&[u8]; 5] = [b"a", b"A", b"b", b"c", "Ä".as_bytes()];
        let collisions = NameCollisions::of(names.into_iter());

        assert_eq!(names.map(|name| collisions.is_one(name)), [true, true, false, false, false]);
    }

    #[test]
    fn only_identical_bytes_repeat_a_name() {
        let names: [&[u8]; 4] = [b"a", b"A", b"a", b"b"];
        let mut collisions = NameCollisions::of(names.into_iter());

        assert_eq!(names.map(|name| collisions.comes_again(name)), [false, false, true, false]);
    }
}
