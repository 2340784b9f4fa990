//! Small files, written or read in one call.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{FileSystem, OpenMode, locked_file::create_locked};
use crate::error::local_fs::{LocalFsError, LocalFsResult};

/// A small file to write in one call: see [`FileSystem::write_atomic`].
#[derive(Debug, Clone)]
pub struct AtomicWrite {
    /// The content.
    pub content: Bytes,
    /// The name of the partial file, used until all content is written.
    pub part: PathBuf,
    /// The final name, in the same directory.
    pub target: PathBuf,
    /// The modification time to set, if any.
    pub modified: Option<SystemTime>,
    /// `true` to wait until the file and its name have reached the disk.
    pub sync: bool,
}

/// A small file that was read in one call: see [`FileSystem::read_whole`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// The content.
    pub content: Bytes,
    /// The modification time, if the backend stores one.
    pub modified: Option<SystemTime>,
}

/// Writes a small file with the other methods of a backend.
pub(crate) async fn write_by_steps<P: FileSystem + ?Sized>(fs: &P, file: AtomicWrite) -> LocalFsResult<bool> {
    for path in [&file.target, &file.part] {
        if fs.metadata(path).await.is_ok_and(|found| found.is_symlink()) {
            return Ok(false);
        }
    }
    let mut part = create_locked(fs, &file.part, OpenMode::CreateNew, None).await?.file;
    let written = async {
        part.write_all(&file.content).await?;
        if file.sync {
            part.sync().await?;
        }
        part.shutdown().await
    };
    written.await.map_err(|source| LocalFsError::new("write", &file.part, source))?;
    fs.rename(&file.part, &file.target).await?;
    drop(part);
    if let Some(time) = file.modified
        && let Err(error) = fs.set_modified(&file.target, time).await
    {
        crate::trace::warn!("{error}");
    }
    Ok(true)
}

/// Reads a small file with the other methods of a backend.
pub(crate) async fn read_by_steps<P: FileSystem + ?Sized>(
    fs: &P,
    path: &Path,
    max_size: usize,
) -> LocalFsResult<Option<ReadFile>> {
    let found = fs.metadata(path).await?;
    if !found.is_file() || found.size > max_size as u64 {
        return Ok(None);
    }
    let file = fs.open(path, OpenMode::Read).await?;
    let mut content = Vec::new();
    let read = file.take(max_size as u64 + 1).read_to_end(&mut content).await;
    let read = read.map_err(|source| LocalFsError::new("read", path, source))?;
    Ok((read <= max_size).then(|| ReadFile { content: content.into(), modified: found.modified }))
}
