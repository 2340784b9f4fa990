//! Names of one directory that are, or may be here, one and the same.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    path::Path,
};

use super::partial_name::folded;
use crate::{Error, Result, local_fs::PathIo};

/// The names of one directory, told apart as the coarsest local file system does: one without case.
pub(crate) struct NameCollisions {
    hasher: RandomState,
    /// How many names are the same once folded.
    folded: HashMap<u64, u32>,
    /// The names that came already, by their bytes.
    seen: HashSet<u64>,
}

impl NameCollisions {
    /// Takes all names in.
    pub(crate) fn of<'n>(names: impl Iterator<Item = &'n [u8]>) -> Self {
        let mut collisions =
            Self { hasher: RandomState::new(), folded: HashMap::new(), seen: HashSet::new() };
        for name in names {
            *collisions.folded.entry(collisions.fold(name)).or_default() += 1;
        }
        collisions
    }

    /// Tells whether another name may be the same here.
    pub(crate) fn is_one(&self, name: &[u8]) -> bool {
        self.folded.get(&self.fold(name)).is_some_and(|count| *count > 1)
    }

    /// Tells whether exactly this name came before, and notes that it did now.
    pub(crate) fn comes_again(&mut self, name: &[u8]) -> bool {
        self.is_one(name) && !self.seen.insert(self.hasher.hash_one(name))
    }

    /// Leaves out what a local file system may leave out: two connections must not write one file.
    fn fold(&self, name: &[u8]) -> u64 {
        self.hasher.hash_one(folded(name))
    }
}

/// Fails when `path` is there under another spelling: a file system without case takes both for one, and
/// one would replace the other without a word.
pub(crate) async fn refuse_other_spelling(fs: &dyn PathIo, path: &Path) -> Result<()> {
    let Some(directory) = path.parent() else { return Ok(()) };
    if fs.stat(path).await.is_err() {
        return Ok(());
    }
    let spelled_so = fs.list(directory).await?.iter().any(|item| item.path.file_name() == path.file_name());
    if spelled_so {
        return Ok(());
    }
    let why = "this file system takes its name for that of another in the tree";
    Err(Error::Skipped { path: path.display().to_string(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_are_twins() {
        let names: [&[u8]; 5] = [b"a", b"A", b"b", b"c", "Ä".as_bytes()];
        let collisions = NameCollisions::of(names.into_iter());

        assert_eq!(names.map(|name| collisions.is_one(name)), [true, true, false, false, false]);
    }

    #[test]
    fn a_name_comes_again_when_each_of_its_bytes_does() {
        let names: [&[u8]; 4] = [b"a", b"A", b"a", b"b"];
        let mut collisions = NameCollisions::of(names.into_iter());

        assert_eq!(names.map(|name| collisions.comes_again(name)), [false, false, true, false]);
    }
}
