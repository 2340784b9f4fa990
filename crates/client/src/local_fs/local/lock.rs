//! Locks of partial files on the local disk.

use std::{fs::File, io};

use crate::local_fs::{
    Metadata, OpenMode,
    locked_file::{MAX_ATTEMPTS, is_closed_to_all},
};

/// Operations on a partial file, by its path or by its name in an open directory.
pub(crate) struct PartialEntry<O, M, A, R> {
    pub(crate) open: O,
    pub(crate) metadata: M,
    /// Returns whether the entry is still this open file.
    pub(crate) is_at: A,
    pub(crate) remove: R,
}

impl<O, M, A, R> PartialEntry<O, M, A, R>
where
    O: Fn(OpenMode) -> io::Result<File>,
    M: Fn() -> io::Result<Metadata>,
    A: Fn(&File) -> io::Result<bool>,
    R: Fn() -> io::Result<()>,
{
    /// Creates the file and locks it; replaces that of a download that was killed. Returns `None` if the path is a
    /// symbolic link.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if another download is writing the file.
    pub(crate) fn create_locked(&self) -> io::Result<Option<File>> {
        for _ in 0..MAX_ATTEMPTS {
            match (self.open)(OpenMode::CreateNew) {
                Ok(file) if !try_lock(&file)? => break,
                Ok(file) if is_new(&file)? => return Ok(Some(file)),
                // Another download replaced it before it was locked.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match (self.metadata)() {
                    Ok(found) if found.is_symlink() => return Ok(None),
                    Ok(found) if found.is_file() => self.remove_stale(&found)?,
                    Ok(_) => return Err(io::Error::other("it is no regular file")),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Removes a partial file that no other download writes.
    fn remove_stale(&self, found: &Metadata) -> io::Result<()> {
        let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        let mut opened = (self.open)(OpenMode::Update);
        if opened.as_ref().is_err_and(denied) {
            opened = (self.open)(OpenMode::Read);
        }
        let stale = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if denied(&error) && is_closed_to_all(found) => return (self.remove)(),
            opened => opened?,
        };
        if !try_lock(&stale)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if (self.is_at)(&stale)? {
            mark_if_new(&stale)?;
            (self.remove)()?;
        }
        Ok(())
    }
}

/// Locks an open file without waiting; returns `false` if it is locked already. On a file system without locks, it does
/// nothing.
#[cfg(unix)]
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match lock_now(file) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        locked => locked,
    }
}

/// Locks an open file without waiting; returns `false` if it is locked already.
///
/// The lock belongs to the open file (`flock`), so that two tasks of one process exclude each other, too.
///
/// # Errors
///
/// [`Unsupported`](io::ErrorKind::Unsupported) on a file system without locks.
#[cfg(unix)]
pub(crate) fn lock_now(file: &File) -> io::Result<bool> {
    use rustix::{
        fs::{FlockOperation, flock},
        io::Errno,
    };

    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(error) if error == Errno::WOULDBLOCK => Ok(false),
        Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK | Errno::INVAL) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "the file system has no locks"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Locks an open file as [`try_lock`] does, unless the lock would keep this process from opening the file again, as
/// verification and segments do: locks on an SMB share are mandatory.
#[cfg(unix)]
pub(crate) fn try_lock_advisory(file: &File) -> io::Result<bool> {
    if is_on_smb(file) { Ok(true) } else { try_lock(file) }
}

#[cfg(target_os = "linux")]
fn is_on_smb(file: &File) -> bool {
    const CIFS_MAGIC: u32 = 0xFF53_4D42;
    const SMB2_MAGIC: u32 = 0xFE53_4D42;
    rustix::fs::fstatfs(file).is_ok_and(|found| matches!(found.f_type as u32, CIFS_MAGIC | SMB2_MAGIC))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_on_smb(_: &File) -> bool {
    false
}

// The standard library has locks from Rust 1.89 on.
#[cfg(not(unix))]
pub(crate) fn try_lock(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Returns whether a path still names an open file; does not follow a symbolic link.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &std::path::Path) -> io::Result<bool> {
    is_same(&rustix::fs::fstat(file)?, rustix::fs::lstat(path).map_err(io::Error::from))
}

#[cfg(not(unix))]
pub(crate) fn is_at(_: &File, _: &std::path::Path) -> io::Result<bool> {
    Ok(true)
}

/// Returns whether an entry, if it exists, is the same file.
#[cfg(unix)]
pub(crate) fn is_same(file: &rustix::fs::Stat, entry: io::Result<rustix::fs::Stat>) -> io::Result<bool> {
    match entry {
        Ok(entry) => Ok((entry.st_dev, entry.st_ino) == (file.st_dev, file.st_ino)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns whether a file that this process created and locked was not removed before it was locked.
///
/// The count of links alone is not enough: some network file systems rename an open file when it is removed. So a
/// download marks an empty file before it removes it.
#[cfg(unix)]
fn is_new(file: &File) -> io::Result<bool> {
    let stat = rustix::fs::fstat(file)?;
    Ok(stat.st_nlink > 0 && stat.st_size == 0)
}

#[cfg(not(unix))]
fn is_new(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Marks an empty file, which another download may have just created and not locked yet: see [`is_new`]. A file with
/// other links belongs to the user and is never written.
#[cfg(unix)]
fn mark_if_new(mut file: &File) -> io::Result<()> {
    use std::io::Write;

    let stat = rustix::fs::fstat(file)?;
    if stat.st_nlink == 1 && stat.st_size == 0 {
        // A file opened for reading only cannot be marked.
        let _ = file.write_all(b"\n");
    }
    Ok(())
}

#[cfg(not(unix))]
fn mark_if_new(_: &File) -> io::Result<()> {
    Ok(())
}
