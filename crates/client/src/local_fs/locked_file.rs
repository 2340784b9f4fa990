//! Locked files: partial files of downloads, and records of uploads. Each belongs to one transfer at a time.
//!
//! A download creates its partial file exclusively, or opens that of an earlier download, and locks it until it has been
//! renamed. Only the holder of the lock may remove or rename the file. A lock counts only while the path names the
//! locked file: between opening and locking, another download may have renamed or removed it.

use std::{io, path::Path, sync::Arc, time::Duration};

use super::{CommitOptions, FileHandle, FileSystem, Metadata, OpenMode};
use crate::error::local_fs::{LocalFsError, LocalFsResult};

/// A file that was created and locked.
pub(crate) struct LockedFile {
    pub(crate) file: Box<dyn FileHandle>,
    /// `true` if it replaced the partial file of an earlier download.
    pub(crate) replaced: bool,
}

/// Creates a partial file and locks it; replaces that of a download that was killed. `stale` is that file, if this
/// download has locked it already.
///
/// # Errors
///
/// [`WouldBlock`](io::ErrorKind::WouldBlock) if another download is writing the file.
pub(crate) async fn create_locked<P: FileSystem + ?Sized>(
    fs: &P,
    path: &Path,
    mode: OpenMode,
    stale: Option<Box<dyn FileHandle>>,
) -> LocalFsResult<LockedFile> {
    let mut replaced = stale.is_some();
    if let Some(stale) = stale {
        remove_locked(fs, path, stale).await?;
    }
    for _ in 0..MAX_ATTEMPTS {
        match fs.open(path, mode).await {
            Ok(mut file) => {
                lock(&mut *file, path).await?;
                if still_at(&mut *file, path).await? {
                    return Ok(LockedFile { file, replaced });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                remove_stale(fs, path).await?;
                replaced = true;
            }
            Err(error) => return Err(error),
        }
    }
    Err(in_use(path))
}

/// Opens the partial file of an earlier download and locks it; returns `None` if there is none.
///
/// # Errors
///
/// [`WouldBlock`](io::ErrorKind::WouldBlock) if another download is writing the file.
pub(crate) async fn open_locked<P: FileSystem + ?Sized>(
    fs: &P,
    path: &Path,
) -> LocalFsResult<Option<Box<dyn FileHandle>>> {
    open_locked_as(fs, path, OpenMode::Update).await
}

/// Renames a locked partial file that is complete, and returns its handle. Fails if the path no longer names this file.
///
/// It runs in a separate task, which holds the lock: a rename that was started is not cancelled when a future is
/// dropped, and without the lock it could rename the partial file of another download.
pub(crate) async fn commit_locked(
    fs: &Arc<dyn FileSystem>,
    mut file: Box<dyn FileHandle>,
    part: &Path,
    target: &Path,
    options: CommitOptions,
) -> (LocalFsResult<()>, Option<Box<dyn FileHandle>>) {
    let (fs, from, to) = (Arc::clone(fs), part.to_owned(), target.to_owned());
    let committing = tokio::spawn(async move {
        let outcome = match check_still_at("rename", &mut *file, &from).await {
            Ok(()) => fs.commit(&from, &to, options).await,
            Err(error) => Err(error),
        };
        (outcome, Some(file))
    });
    committing
        .await
        .unwrap_or_else(|failure| (Err(LocalFsError::new("rename", part, io::Error::other(failure))), None))
}

/// Returns the process that holds the lock of a local file, where the system shows it.
#[cfg(target_os = "linux")]
pub(crate) fn lock_owner(path: &Path) -> Option<u32> {
    use rustix::fs::{major, minor, stat};

    let found = stat(path).ok()?;
    let file = format!("{:02x}:{:02x}:{}", major(found.st_dev), minor(found.st_dev), found.st_ino);
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // 1: FLOCK  ADVISORY  WRITE 25950 fe:00:10018868 0 EOF
    locks.lines().find_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [_, "FLOCK", _, _, process, locked, ..] if locked == file => process.parse().ok(),
        _ => None,
    })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn lock_owner(_: &Path) -> Option<u32> {
    None
}

async fn open_locked_as<P: FileSystem + ?Sized>(
    fs: &P,
    path: &Path,
    mode: OpenMode,
) -> LocalFsResult<Option<Box<dyn FileHandle>>> {
    for _ in 0..MAX_ATTEMPTS {
        match fs.metadata(path).await {
            Ok(found) if found.is_file() => {}
            Ok(_) => {
                return Err(LocalFsError::new("replace", path, io::Error::other("it is no regular file")));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut file = match fs.open(path, mode).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        lock(&mut *file, path).await?;
        if still_at(&mut *file, path).await? {
            return Ok(Some(file));
        }
    }
    Err(in_use(path))
}

/// Removes the partial file of a download that was killed.
async fn remove_stale<P: FileSystem + ?Sized>(fs: &P, path: &Path) -> LocalFsResult<()> {
    let denied = |error: &LocalFsError| error.kind() == io::ErrorKind::PermissionDenied;
    let mut opened = open_locked_as(fs, path, OpenMode::Update).await;
    if opened.as_ref().is_err_and(denied) {
        opened = open_locked_as(fs, path, OpenMode::Read).await;
    }
    match opened {
        Ok(Some(stale)) => remove_locked(fs, path, stale).await,
        Ok(None) => Ok(()),
        Err(error) if denied(&error) && is_closed_to_all(&fs.metadata(path).await?) => {
            fs.remove_file(path).await
        }
        Err(error) => Err(error),
    }
}

/// Returns whether even its owner cannot open a file, so that no download is writing it.
pub(crate) fn is_closed_to_all(found: &Metadata) -> bool {
    found.mode.is_some_and(|mode| mode & 0o666 == 0)
}

/// Removes a file while its lock is held.
async fn remove_locked<P: FileSystem + ?Sized>(
    fs: &P,
    path: &Path,
    mut file: Box<dyn FileHandle>,
) -> LocalFsResult<()> {
    if still_at(&mut *file, path).await? { fs.remove_file(path).await } else { Ok(()) }
}

/// Locks a file. Waits a moment if it is locked: a download that was just dropped may still be writing its last block.
async fn lock(file: &mut dyn FileHandle, path: &Path) -> LocalFsResult<()> {
    for attempt in 0..MAX_ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        if file.try_lock().await.map_err(|source| LocalFsError::new("lock", path, source))? {
            return Ok(());
        }
    }
    Err(in_use(path))
}

/// Opens a locked partial file again, to write it at other places too.
///
/// # Errors
///
/// [`LocalFsError`] if the path no longer names the locked file: what another program placed there is not touched.
pub(crate) async fn reopen_locked<P: FileSystem + ?Sized>(
    fs: &P,
    lock: &mut dyn FileHandle,
    path: &Path,
) -> LocalFsResult<Box<dyn FileHandle>> {
    let file = fs.open(path, OpenMode::Update).await?;
    check_still_at("write", lock, path).await?;
    Ok(file)
}

async fn check_still_at(action: &'static str, file: &mut dyn FileHandle, path: &Path) -> LocalFsResult<()> {
    if still_at(file, path).await? {
        return Ok(());
    }
    let replaced = io::Error::other("another program has removed or replaced it");
    Err(LocalFsError::new(action, path, replaced))
}

async fn still_at(file: &mut dyn FileHandle, path: &Path) -> LocalFsResult<bool> {
    file.is_at(path).await.map_err(|source| LocalFsError::new("stat", path, source))
}

fn in_use(path: &Path) -> LocalFsError {
    LocalFsError::new("lock", path, io::ErrorKind::WouldBlock.into())
}

/// Maximum number of attempts to create or lock a file while other downloads are faster each time.
pub(crate) const MAX_ATTEMPTS: usize = 8;

/// The time between two attempts to lock a file.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);
