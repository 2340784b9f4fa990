//! Partial file: the local file to which a download is written until it is complete, and the files beside it.
//!
//! A partial file is resumed only if it belongs to the current version of the remote file. This is recorded beside it
//! in a [`ResumeToken`], which describes the remote file; in addition, the end of the partial file is compared with
//! the bytes that the server sends for it. A file that is downloaded in segments has a status file instead of the
//! token.

use oxftp_proto::{Timestamp, Zone};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::{
    Error, Result,
    data::DataConnection,
    error::local_fs::{LocalFsError, LocalFsResult},
    local_fs::{
        CommitOptions, FileHandle, FileSystem, OpenMode,
        locked_file::{LockedFile, commit_locked, create_locked, lock_owner, open_locked, reopen_locked},
    },
    transfer::{
        local_path::{os_bytes, os_string, refuse_link},
        partial_name::PART_SUFFIX,
        resume::OVERLAP,
    },
};

/// The partial file of a download. It is locked until it has been renamed, or until this value is dropped.
pub(crate) struct PartialFile<'f> {
    fs: &'f Arc<dyn FileSystem>,
    path: PathBuf,
    file: Box<dyn FileHandle>,
}

impl<'f> PartialFile<'f> {
    /// Creates an empty partial file and locks it. That of an earlier download is removed together with its token and its
    /// segment status; `stale` is that file, if it is locked already.
    ///
    /// The file is always a new one that belongs to this download alone: a file that has other hard links is never
    /// written to. An entry that is not a regular file is an error.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if another download is writing the file.
    pub(crate) async fn create(
        fs: &'f Arc<dyn FileSystem>,
        path: &Path,
        stale: Option<PartialFile<'_>>,
    ) -> Result<Self> {
        let stale = stale.map(|stale| stale.file);
        let created = create_locked(&**fs, path, OpenMode::CreatePrivate, stale).await;
        let LockedFile { file, replaced } = created.map_err(in_use)?;
        // The token may be left alone: by a process that was killed after its rename.
        ResumeToken::remove(&**fs, path).await;
        if replaced {
            remove_status(&**fs, path).await?;
        }
        Ok(Self { fs, path: path.to_owned(), file })
    }

    /// Opens the partial file of an earlier download and locks it; returns `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if another download is writing the file.
    pub(crate) async fn open(fs: &'f Arc<dyn FileSystem>, path: &Path) -> Result<Option<Self>> {
        let file = open_locked(&**fs, path).await.map_err(in_use)?;
        Ok(file.map(|file| Self { fs, path: path.to_owned(), file }))
    }

    /// Creates a partial file with the content of another file, which stays as it is.
    pub(crate) async fn copy_of(fs: &'f Arc<dyn FileSystem>, from: &Path, path: &Path) -> Result<Self> {
        let mut partial = Self::create(fs, path, None).await?;
        let mut source = fs.open(from, OpenMode::Read).await?;
        let failed = |source| LocalFsError::new("write", path, source);
        match (source.system_file(), partial.file.system_file()) {
            // The kernel copies the bytes, and shares the blocks if the file system can.
            (Some(mut source), Some(mut target)) => {
                let copied = tokio::task::spawn_blocking(move || io::copy(&mut source, &mut target)).await;
                copied.map_err(io::Error::other).and_then(|copied| copied).map_err(failed)?;
            }
            _ => {
                let copied = async {
                    tokio::io::copy(&mut source, &mut partial.file).await?;
                    partial.file.flush().await
                };
                copied.await.map_err(failed)?;
            }
        }
        Ok(partial)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file, to which the bytes of the download are written, and its path.
    pub(crate) fn file(&mut self) -> (&mut dyn FileHandle, &Path) {
        (&mut *self.file, &self.path)
    }

    /// Continues to write at this position.
    pub(crate) async fn seek(&mut self, position: u64) -> LocalFsResult<()> {
        let sought = self.file.seek(io::SeekFrom::Start(position)).await;
        sought.map(drop).map_err(|source| LocalFsError::new("seek", &self.path, source))
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> LocalFsResult<()> {
        let written = async {
            self.file.write_all(bytes).await?;
            self.file.flush().await
        };
        written.await.map_err(|source| LocalFsError::new("write", &self.path, source))
    }

    /// Writes everything that is buffered.
    pub(crate) async fn shutdown(&mut self) -> LocalFsResult<()> {
        let written = self.file.shutdown().await;
        written.map_err(|source| LocalFsError::new("write", &self.path, source))
    }

    /// Opens the file again, to write it at another position too. Fails if another program has replaced it.
    pub(crate) async fn reopen(&mut self) -> LocalFsResult<Box<dyn FileHandle>> {
        reopen_locked(&**self.fs, &mut *self.file, &self.path).await
    }

    /// Reads the end of the file, from `start`, and as many bytes of the transfer; returns whether they are equal.
    pub(crate) async fn overlaps(
        &mut self,
        start: u64,
        data: &mut DataConnection,
    ) -> io::Result<LocalFsResult<bool>> {
        let here = match end_of(&**self.fs, &self.path, start).await {
            Ok(here) => here,
            Err(error) => return Ok(Err(error)),
        };
        let mut there = Vec::with_capacity(here.len());
        data.take(here.len() as u64).read_to_end(&mut there).await?;
        Ok(Ok(here == there))
    }

    /// Leaves the file for resuming, with a token. An empty file is removed.
    pub(crate) async fn leave(mut self, token: Option<ResumeToken>) {
        if !self.file.is_at(&self.path).await.is_ok_and(|is_at| is_at) {
            return;
        }
        let Ok(found) = self.fs.metadata(&self.path).await else { return };
        if !found.is_file() {
            return;
        }
        if found.size == 0 {
            let _ = self.fs.remove_file(&self.path).await;
        } else if let Some(token) = token {
            token.save(&**self.fs, &self.path).await;
        }
    }

    /// Renames the complete file to its final name. After a failure, the file is returned if it is still locked.
    pub(crate) async fn commit(
        self,
        target: &Path,
        options: CommitOptions,
    ) -> Result<(), (LocalFsError, Option<Self>)> {
        let Self { fs, path, file } = self;
        let (outcome, file) = commit_locked(fs, file, &path, target, options).await;
        outcome.map_err(|error| (error, file.map(|file| Self { fs, path, file })))
    }
}

/// Description of the remote file that a partial file belongs to, as a line of text.
pub(crate) struct ResumeToken(String);

impl ResumeToken {
    /// Describes a file; returns `None` if it is small or of unknown size.
    pub(crate) fn new(size: Option<u64>, modified: Option<Timestamp>) -> Option<Self> {
        let size = size.filter(|size| *size > OVERLAP)?;
        let modified = modified.filter(|time| time.zone() != Zone::Unknown);
        let modified = modified.map(|time| time.to_mlsx()).unwrap_or_default();
        Some(Self(format!("{MARK} size={size};modify={modified};\n")))
    }

    /// Writes the token beside a partial file. A failure is ignored: the token is not compared later then. A file of
    /// that name that is not a token is not changed.
    pub(crate) async fn save(&self, fs: &dyn FileSystem, partial: &Path) {
        let path = token_path(partial);
        if fs.metadata(&path).await.is_ok() && read(fs, partial).await.is_none() {
            return;
        }
        if let Err(error) = self.write(fs, &path).await {
            crate::trace::debug!("{error}");
        }
    }

    async fn write(&self, fs: &dyn FileSystem, path: &Path) -> LocalFsResult<()> {
        let mut file = fs.open(path, OpenMode::Write).await?;
        let written = async {
            file.write_all(self.0.as_bytes()).await?;
            file.shutdown().await
        };
        written.await.map_err(|source| LocalFsError::new("write", path, source))
    }

    /// Returns whether the token of a partial file describes another file. A partial file without a token may
    /// belong to this one.
    pub(crate) async fn differs(&self, fs: &dyn FileSystem, partial: &Path) -> bool {
        read(fs, partial).await.is_some_and(|saved| saved != self.0)
    }

    /// Removes the token of a file that is complete; a file of that name that is not a token is not changed.
    pub(crate) async fn remove(fs: &dyn FileSystem, partial: &Path) {
        if read(fs, partial).await.is_some() {
            let _ = fs.remove_file(&token_path(partial)).await;
        }
    }
}

/// Returns the path of the status file of a partial file that is downloaded in segments.
pub(crate) fn segments_path(partial: &Path) -> PathBuf {
    beside(partial, STATUS)
}

/// Returns the path under which a status is written, before it replaces the previous one.
pub(crate) fn new_segments_path(partial: &Path) -> PathBuf {
    beside(partial, NEW_STATUS)
}

/// Removes a partial file and its segment status, in this order: without its status, a partial file would count as
/// completely written up to its length. The caller holds the lock of the partial file.
pub(crate) async fn discard(fs: &dyn FileSystem, partial: &Path) -> LocalFsResult<()> {
    remove_if_exists(fs, partial).await?;
    remove_status(fs, partial).await
}

/// Removes the segment status of a partial file, and a new status that was not written to its end.
pub(crate) async fn remove_status(fs: &dyn FileSystem, partial: &Path) -> LocalFsResult<()> {
    remove_if_exists(fs, &segments_path(partial)).await?;
    remove_if_exists(fs, &new_segments_path(partial)).await
}

/// Removes a local file. A partial file is removed together with the files beside it, and only if no download is
/// writing it: without its status, a partial file would count as completely written.
///
/// # Errors
///
/// [`Error::InUse`] if a download is writing the partial file; [`Error::LocalFs`].
pub(crate) async fn remove_file(fs: &dyn FileSystem, path: &Path) -> Result<()> {
    let Some(partial) = partial_of(path) else { return Ok(fs.remove_file(path).await?) };
    match open_locked(fs, &partial).await.map_err(in_use) {
        Ok(Some(lock)) => {
            ResumeToken::remove(fs, &partial).await;
            discard(fs, &partial).await?;
            drop(lock);
            Ok(remove_if_exists(fs, path).await?)
        }
        Ok(None) => Ok(remove_if_exists(fs, path).await?),
        Err(error @ Error::InUse { .. }) => Err(error),
        // The path is not a regular file, or cannot be opened.
        Err(_) => Ok(fs.remove_file(path).await?),
    }
}

/// Returns the partial file that a path names, or to which the companion file at the path belongs.
fn partial_of(path: &Path) -> Option<PathBuf> {
    let name = os_bytes(path.file_name()?);
    let name = BESIDE.iter().find_map(|suffix| name.strip_suffix(suffix.as_bytes())).unwrap_or(&name);
    name.ends_with(PART_SUFFIX.as_bytes()).then(|| path.with_file_name(os_string(name.to_vec())))
}

/// Removes the remains of downloads of a complete file: its partial file, token and segment status. `earlier` is that
/// partial file, if it is locked already. Files that another download is writing are not changed, nor its token.
pub(crate) async fn remove_remains(
    fs: &Arc<dyn FileSystem>,
    partial: &Path,
    earlier: Option<PartialFile<'_>>,
) {
    let mut is_left = earlier.is_some();
    for path in [token_path(partial), segments_path(partial), new_segments_path(partial)] {
        is_left = is_left || fs.try_exists(&path).await.unwrap_or(false);
    }
    if !is_left {
        return;
    }
    let cleared = async {
        // The file is locked first, so that no file of another download is removed.
        let lock = PartialFile::create(fs, partial, earlier).await?;
        ResumeToken::remove(&**fs, partial).await;
        discard(&**fs, partial).await?;
        drop(lock);
        Ok::<_, Error>(())
    };
    if let Err(error) = cleared.await {
        crate::trace::debug!("the partial file {} is not removed: {error}", partial.display());
    }
}

pub(crate) async fn remove_if_exists(fs: &dyn FileSystem, path: &Path) -> LocalFsResult<()> {
    match fs.remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns the error of a partial file, as one of the download if the file is locked.
pub(crate) fn in_use(error: LocalFsError) -> Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => {
            let process = lock_owner(&error.path).filter(|process| *process != std::process::id());
            Error::InUse { path: error.path.display().to_string(), process }
        }
        _ => error.into(),
    }
}

async fn end_of(fs: &dyn FileSystem, partial: &Path, start: u64) -> LocalFsResult<Vec<u8>> {
    let mut file = fs.open(partial, OpenMode::Read).await?;
    let mut end = Vec::new();
    let read = async {
        file.seek(io::SeekFrom::Start(start)).await?;
        (&mut file).take(OVERLAP).read_to_end(&mut end).await
    };
    read.await.map_err(|source| LocalFsError::new("read", partial, source))?;
    Ok(end)
}

/// Returns the token of a partial file, if it has one.
async fn read(fs: &dyn FileSystem, partial: &Path) -> Option<String> {
    let path = token_path(partial);
    refuse_link(fs, &path).await.ok()?;
    let file = fs.open(&path, OpenMode::Read).await.ok()?;
    let mut text = String::new();
    file.take(MAX_TOKEN_BYTES).read_to_string(&mut text).await.ok()?;
    // A process that was killed may have written the start of a token only.
    (text.starts_with(MARK) || MARK.starts_with(&*text)).then_some(text)
}

fn token_path(partial: &Path) -> PathBuf {
    beside(partial, TOKEN)
}

fn beside(partial: &Path, suffix: &str) -> PathBuf {
    let mut name = partial.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

const TOKEN: &str = ".origin";
const STATUS: &str = ".segments";
const NEW_STATUS: &str = ".segments.new";

/// The suffixes of the files beside a partial file.
const BESIDE: [&str; 3] = [TOKEN, STATUS, NEW_STATUS];

/// Distinguishes a token from an unrelated file of the same name.
const MARK: &str = "oxftp: a part of";

const MAX_TOKEN_BYTES: u64 = 1024;
