//! Symbolic links in trees: their treatment, and their creation on the local file system.

use std::path::{Path, PathBuf};

use super::partial_name::partial_path;
use crate::{
    Candidate, Error, Result,
    local_fs::{FileSystem, OpenMode},
    transfer::preserve::timestamp,
};

/// The treatment of symbolic links at the source.
///
/// ```no_run
/// use oxftp::Links;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// pool.mirror_down("/pub", "pub").links(Links::Follow).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Links {
    /// They are left out, and entries of the same names at the target are kept.
    #[default]
    Skip,
    /// The files and directories that they point to are transferred, through at most four links in a row.
    Follow,
    /// They are created in the target after all files. The target must be local, and the links relative and within
    /// the tree.
    Copy,
}

/// Maximum number of symbolic links that are followed on the way to a directory: a cycle of them has no end.
pub(crate) const MAX_SYMLINKS: usize = 4;

/// Creates the error for a symbolic link that cannot be followed.
pub(crate) fn dangling(path: String) -> Error {
    Error::Skipped { path, why: "the symbolic link points to neither a file nor a directory" }
}

/// Creates the error for one symbolic link more than may be followed.
pub(crate) fn too_many_symlinks(path: String) -> Error {
    Error::Skipped { path, why: "too many symbolic links lead to it" }
}

/// Returns the metadata of a local symbolic link's target; `None` if that is neither a file nor a directory.
pub(crate) async fn follow_local(fs: &dyn FileSystem, path: &Path) -> Result<Option<Candidate<'static>>> {
    let directory = Candidate { path: "", is_dir: true, size: None, modified: None };
    // A cycle of symbolic links is an error, and counts as dangling.
    if fs.is_dir(path).await.unwrap_or(false) {
        return Ok(Some(directory));
    }
    if !fs.is_file(path).await.unwrap_or(false) {
        return Ok(None);
    }
    let file = fs.open(path, OpenMode::Read).await?;
    // The metadata of the path are those of the link.
    let metadata = file.system_file().and_then(|file| file.metadata().ok());
    let size = metadata.as_ref().map(std::fs::Metadata::len);
    let modified = metadata.and_then(|metadata| metadata.modified().ok()).and_then(timestamp);
    Ok(Some(Candidate { is_dir: false, size, modified, ..directory }))
}

/// Fails if a symbolic link may point outside the root of the tree; its directory is `depth` levels below the root.
pub(crate) fn refuse_outside(path: &Path, destination: &[u8], depth: usize) -> Result<()> {
    if stays_inside(destination, depth) {
        return Ok(());
    }
    let why = "the symbolic link may point outside the tree";
    Err(Error::Skipped { path: path.display().to_string(), why })
}

/// Creates a symbolic link; replaces an existing one.
pub(crate) async fn create_symlink(fs: &dyn FileSystem, path: &Path, destination: &[u8]) -> Result<()> {
    // The rename replaces any existing entry, so that must be a symbolic link.
    if let Ok(existing) = fs.metadata(path).await
        && !existing.is_symlink()
    {
        let why = "the target now has an entry of this name that is not a symbolic link";
        return Err(Error::Skipped { path: path.display().to_string(), why });
    }
    let part = partial_path(path);
    if fs.metadata(&part).await.is_ok_and(|leftover| leftover.is_symlink()) {
        fs.remove_file(&part).await?;
    }
    fs.symlink(&destination_path(destination)?, &part).await?;
    Ok(fs.rename(&part, path).await?)
}

/// Returns whether a symbolic link cannot point outside the root, if its directory is `depth` levels below the root.
///
/// A `..` after a name could leave the root if that name is a symbolic link itself, so `..` is allowed at the start
/// only.
fn stays_inside(destination: &[u8], depth: usize) -> bool {
    let names: Vec<_> =
        destination.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b".")).collect();
    let climbs = names.iter().take_while(|name| **name == b"..").count();
    let climbs_later = names.iter().skip(climbs).any(|name| *name == b"..");
    let is_relative = !destination.is_empty() && !destination.starts_with(b"/");
    let is_plain = !destination.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
    is_relative && is_plain && climbs <= depth && !climbs_later
}

#[cfg(unix)]
fn destination_path(destination: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(destination).into())
}

#[cfg(not(unix))]
fn destination_path(destination: &[u8]) -> Result<PathBuf> {
    let path = String::from_utf8_lossy(destination).into_owned();
    let why = "symbolic links are not supported on this platform";
    Err(Error::Skipped { path, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symlink_inside_tree_is_allowed() {
        for (destination, depth) in
            [("a", 0), ("a/b", 0), ("./a", 0), ("../a", 1), ("../../a//b/", 2), ("..", 1)]
        {
            assert!(stays_inside(destination.as_bytes(), depth), "{destination}");
        }
    }

    #[test]
    fn symlink_traversal_out_of_tree_is_refused() {
        for (destination, depth) in [
            ("", 0),
            ("/etc", 5),
            ("..", 0),
            ("../../a", 1),
            ("a/../../b", 5),
            ("a/..", 5),
            ("a\0", 0),
            ("a\n", 0),
        ] {
            assert!(!stays_inside(destination.as_bytes(), depth), "{destination:?}");
        }
    }
}
