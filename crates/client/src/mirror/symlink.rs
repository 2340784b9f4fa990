//! Symbolic links that a mirror makes.

use std::path::{Path, PathBuf};

use super::relative_path::RelativePath;
use crate::{
    Error, Result,
    local_fs::{FileKind, PathIo},
    transfer::partial_name::partial_path,
};

/// Makes a link, in the place of another if there is one.
///
/// The directory that it is in was made by this mirror or found to be none itself, and its kind is looked at
/// again: nothing is written through a link.
pub(crate) async fn make(fs: &dyn PathIo, root: &Path, place: &RelativePath, says: &[u8]) -> Result<()> {
    let path = place.local(root)?;
    if !stays_inside(says, place.depth().saturating_sub(1)) {
        let why = "the link leads out of the mirrored tree, or may";
        return Err(Error::Skipped { path: path.display().to_string(), why });
    }
    refuse_detour(fs, root, place).await?;
    // It replaces what is there in one step, and what is there must be a link.
    if let Ok(there) = fs.stat(&path).await
        && !there.is_link()
    {
        let why = "something that is no link has taken its place";
        return Err(Error::Skipped { path: path.display().to_string(), why });
    }
    let part = partial_path(&path);
    if fs.stat(&part).await.is_ok_and(|left| left.is_link()) {
        fs.unlink(&part).await?;
    }
    fs.symlink(&target(says)?, &part).await?;
    Ok(fs.rename(&part, &path).await?)
}

/// Fails when a directory between the root and the place is a link.
async fn refuse_detour(fs: &dyn PathIo, root: &Path, place: &RelativePath) -> Result<()> {
    let mut above = place.above();
    while above.depth() > 0 {
        let path = above.local(root)?;
        if fs.stat(&path).await?.kind != FileKind::Directory {
            let why = "a directory above it is none any more";
            return Err(Error::Skipped { path: path.display().to_string(), why });
        }
        above = above.above();
    }
    Ok(())
}

/// Tells whether a link in a directory so many levels below the root cannot lead out of it.
///
/// A `..` behind a name could go up from wherever another link leads, so it is allowed at the start alone.
fn stays_inside(says: &[u8], depth: usize) -> bool {
    let names: Vec<_> =
        says.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b".")).collect();
    let climbs = names.iter().take_while(|name| **name == b"..").count();
    let climbs_again = names.iter().skip(climbs).any(|name| *name == b"..");
    let is_relative = !says.is_empty() && !says.starts_with(b"/");
    let is_plain = !says.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
    is_relative && is_plain && climbs <= depth && !climbs_again
}

#[cfg(unix)]
fn target(says: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(says).into())
}

#[cfg(not(unix))]
fn target(says: &[u8]) -> Result<PathBuf> {
    let path = String::from_utf8_lossy(says).into_owned();
    let why = "this system's links are made by no other";
    Err(Error::Skipped { path, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_lead_anywhere_inside() {
        for (says, depth) in [("a", 0), ("a/b", 0), ("./a", 0), ("../a", 1), ("../../a//b/", 2), ("..", 1)] {
            assert!(stays_inside(says.as_bytes(), depth), "{says}");
        }
    }

    #[test]
    fn a_link_that_leads_out_or_may_is_refused() {
        for (says, depth) in [
            ("", 0),
            ("/etc", 5),
            ("..", 0),
            ("../../a", 1),
            ("a/../../b", 5),
            ("a/..", 5),
            ("a\0", 0),
            ("a\n", 0),
        ] {
            assert!(!stays_inside(says.as_bytes(), depth), "{says:?}");
        }
    }
}
