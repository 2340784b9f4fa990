//! Local sources of an upload.

use std::path::{Path, PathBuf};

use crate::progress::Scope;

pub(crate) fn is_stdin(source: &Path) -> bool {
    source.as_os_str() == "-"
}

/// Returns the local path with these bytes.
#[cfg(unix)]
pub(crate) fn path_of(name: Vec<u8>) -> PathBuf {
    <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(name).into()
}

#[cfg(not(unix))]
pub(crate) fn path_of(name: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&name).into_owned().into()
}

/// Returns the size of a source, for the progress display.
pub(crate) async fn bytes_of(source: &Path, scope: Scope) -> Option<u64> {
    match scope {
        Scope::Tree { bytes } => bytes,
        Scope::File => Some(tokio::fs::metadata(source).await.ok()?.len()),
    }
}

/// Returns whether the source has no name of its own (`.`, `..`, `/`, `x/.`): then its contents are uploaded.
pub(crate) fn has_no_name(source: &Path) -> bool {
    source.file_name().is_none() || source.as_os_str().as_encoded_bytes().ends_with(b"/.")
}

/// Sums up the file sizes of a tree, for the progress display only: unreadable directories are left out.
pub(crate) async fn tree_bytes(root: PathBuf) -> Option<u64> {
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
