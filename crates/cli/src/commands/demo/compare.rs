//! Comparison of two trees, byte by byte.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Compares two trees and returns the first difference.
pub(super) fn trees(left: &Path, right: &Path) -> io::Result<Option<String>> {
    let (left_files, right_files) = (walk(left)?, walk(right)?);
    for (path, is_dir) in &left_files {
        match right_files.get(path) {
            None => return Ok(Some(format!("{path:?} was not downloaded"))),
            Some(other) if other != is_dir => {
                return Ok(Some(format!("{path:?} was downloaded with another type")));
            }
            Some(_) if *is_dir => {}
            Some(_) if same_bytes(&left.join(path), &right.join(path))? => {}
            Some(_) => return Ok(Some(format!("{path:?} was downloaded with different bytes"))),
        }
    }
    let more = right_files.keys().find(|path| !left_files.contains_key(*path));
    Ok(more.map(|path| format!("{path:?} was downloaded but never uploaded")))
}

/// Returns all paths in a directory tree, and whether each is a directory.
fn walk(root: &Path) -> io::Result<BTreeMap<PathBuf, bool>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(root.join(&directory))? {
            let entry = entry?;
            let path = directory.join(entry.file_name());
            let is_dir = entry.file_type()?.is_dir();
            if is_dir {
                waiting.push(path.clone());
            }
            found.insert(path, is_dir);
        }
    }
    Ok(found)
}

fn same_bytes(left: &Path, right: &Path) -> io::Result<bool> {
    let (mut left, mut right) = (File::open(left)?, File::open(right)?);
    if left.metadata()?.len() != right.metadata()?.len() {
        return Ok(false);
    }
    let (mut left_block, mut right_block) = (vec![0; BLOCK], vec![0; BLOCK]);
    loop {
        let read = left.read(&mut left_block)?;
        if read == 0 {
            return Ok(true);
        }
        right.read_exact(&mut right_block[..read])?;
        if left_block[..read] != right_block[..read] {
            return Ok(false);
        }
    }
}

const BLOCK: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_difference_is_found() {
        let home = tempfile::tempdir().unwrap();
        let [left, right] = ["left", "right"].map(|name| home.path().join(name));
        for tree in [&left, &right] {
            fs::create_dir_all(tree.join("d")).unwrap();
            fs::write(tree.join("d/f"), "same").unwrap();
        }
        let difference = || trees(&left, &right).unwrap().unwrap_or_default();
        assert_eq!(difference(), "");

        fs::write(right.join("d/f"), "Same").unwrap();
        assert_eq!(difference(), r#""d/f" was downloaded with different bytes"#);
        fs::remove_file(right.join("d/f")).unwrap();
        assert_eq!(difference(), r#""d/f" was not downloaded"#);
        fs::create_dir(right.join("d/f")).unwrap();
        assert_eq!(difference(), r#""d/f" was downloaded with another type"#);
        fs::remove_dir(right.join("d/f")).unwrap();
        fs::write(right.join("d/f"), "same").unwrap();
        fs::write(right.join("x"), "").unwrap();
        assert_eq!(difference(), r#""x" was downloaded but never uploaded"#);
    }
}
