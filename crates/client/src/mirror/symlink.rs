//! Symbolic links in the local target of a mirror.

use std::path::Path;

use super::relative_path::RelativePath;
use crate::{
    Error, Result,
    local_fs::{FileKind, FileSystem},
    transfer::symlink::{create_symlink, refuse_outside},
};

/// Creates a symbolic link; replaces an existing one.
///
/// The kind of each directory above it is checked again, so that nothing is written through a symbolic link.
pub(crate) async fn create(
    fs: &dyn FileSystem,
    root: &Path,
    link: &RelativePath,
    destination: &[u8],
) -> Result<()> {
    let path = link.on_disk(root)?;
    refuse_outside(&path, destination, link.depth().saturating_sub(1))?;
    check_parents(fs, root, link).await?;
    create_symlink(fs, &path, destination).await
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
