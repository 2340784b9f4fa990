//! What is uploaded, as it lies here.

use std::path::{Path, PathBuf};

use crate::progress::Scope;

pub(super) fn is_stdin(source: &Path) -> bool {
    source.as_os_str() == "-"
}

/// Gives the bytes of a source that was looked at, for the display.
pub(super) async fn bytes_of(source: &Path, scope: Scope) -> Option<u64> {
    match scope {
        Scope::Tree { bytes } => bytes,
        Scope::File => Some(tokio::fs::metadata(source).await.ok()?.len()),
    }
}

/// `.`, `..`, `/` and `x/.` have no name to put them under: their contents are put.
pub(super) fn has_no_name(source: &Path) -> bool {
    source.file_name().is_none() || source.as_os_str().as_encoded_bytes().ends_with(b"/.")
}

/// Adds up the files of a tree, for the display alone: what cannot be read counts as nothing.
pub(super) async fn bytes_below(root: PathBuf) -> Option<u64> {
    let add_up = move || {
        let mut waiting = vec![root];
        let mut bytes = 0;
        while let Some(directory) = waiting.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                match entry.metadata() {
                    Ok(found) if found.is_dir() => waiting.push(entry.path()),
                    Ok(found) if found.is_file() => bytes += found.len(),
                    _ => {}
                }
            }
        }
        bytes
    };
    tokio::task::spawn_blocking(add_up).await.ok()
}
