//! Symbolic links: what a mirror does with them, and their creation in a local target.

use std::path::{Path, PathBuf};

use super::relative_path::RelativePath;
use crate::{
    Error, Result,
    local_fs::{FileKind, FileSystem},
    transfer::partial_name::partial_path,
};

/// How symbolic links at the source are handled.
///
/// ```no_run
/// use oxftp::mirror::Links;
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
    /// The files and directories that they point to are mirrored, through at most four links in a row.
    Follow,
    /// They are created in the target after all files. The target must be local, and the links relative and within
    /// the tree.
    Copy,
}

/// Creates a symbolic link; replaces one that exists.
///
/// The kind of each directory above it is checked again, so that nothing is written through a symbolic link.
pub(crate) async fn create(
    fs: &dyn FileSystem,
    root: &Path,
    link: &RelativePath,
    destination: &[u8],
) -> Result<()> {
    let path = link.on_disk(root)?;
    if !stays_inside(destination, link.depth().saturating_sub(1)) {
        let why = "the symbolic link may point outside the mirrored tree";
        return Err(Error::Skipped { path: path.display().to_string(), why });
    }
    check_parents(fs, root, link).await?;
    // The rename replaces whatever exists, so it must be a symbolic link.
    if let Ok(existing) = fs.metadata(&path).await
        && !existing.is_symlink()
    {
        let why = "the target now has an entry of this name that is not a symbolic link";
        return Err(Error::Skipped { path: path.display().to_string(), why });
    }
    let part = partial_path(&path);
    if fs.metadata(&part).await.is_ok_and(|leftover| leftover.is_symlink()) {
        fs.remove_file(&part).await?;
    }
    fs.symlink(&destination_path(destination)?, &part).await?;
    Ok(fs.rename(&part, &path).await?)
}

/// Fails if a directory between the root and the symbolic link is not a directory itself.
async fn check_parents(fs: &dyn FileSystem, root: &Path, link: &RelativePath) -> Result<()> {
    let mut parent = link.parent();
    while parent.depth() > 0 {
        let path = parent.on_disk(root)?;
        if fs.metadata(&path).await?.kind != FileKind::Directory {
            let why = "a directory above it is no longer a directory";
            return Err(Error::Skipped { path: path.display().to_string(), why });
        }
        parent = parent.parent();
    }
    Ok(())
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
