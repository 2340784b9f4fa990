//! Part files that are begun anew.

use std::{io, path::Path};

use super::resumption::Origin;
use crate::path_io::{OpenMode, PathFile, PathIo, PathIoError, PathIoResult};

/// Makes a part file; what an earlier download left in its place goes, with what was noted of it.
///
/// The file is a new one, and nobody else's until it is whole: what has links elsewhere, or is held open by
/// somebody, is never written to. Whatever is no regular file stays, and is an error.
pub(super) async fn make_anew(fs: &dyn PathIo, part: &Path) -> PathIoResult<Box<dyn PathFile>> {
    match fs.open(part, OpenMode::CreatePrivate).await {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    if !fs.stat(part).await?.is_file() {
        return Err(PathIoError::new("replace", part, io::Error::other("it is no regular file")));
    }
    Origin::forget(fs, part).await;
    fs.unlink(part).await?;
    fs.open(part, OpenMode::CreatePrivate).await
}
