//! Local files: creating and listing them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// Creates a file and its missing parent directories.
pub(crate) fn create_file(root: &Path, file: &str, content: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Returns the sorted paths of all files below a directory; an empty directory is listed with a trailing slash.
pub(crate) fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        let items: Vec<PathBuf> =
            fs::read_dir(&directory).unwrap().map(|item| item.unwrap().path()).collect();
        let below = directory.strip_prefix(root).unwrap().display();
        if items.is_empty() && directory != root {
            found.push(format!("{below}/"));
        }
        for item in items {
            if item.is_dir() {
                waiting.push(item);
            } else {
                found.push(item.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Creates a directory with two files of five bytes.
pub(crate) fn two_files() -> (TempDir, PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let tree = local.path().join("t");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("a"), b"hello").unwrap();
    fs::write(tree.join("b"), b"world").unwrap();
    (local, tree)
}
