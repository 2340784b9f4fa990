//! Job lock among the processes of one machine.

use std::{
    fs::File,
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

#[cfg(unix)]
use crate::local_fs::{local::lock, locked_file::MAX_ATTEMPTS};
use crate::{
    Error, Result,
    error::{local_fs::LocalFsError, lock_holder::LockHolder},
};

/// A lock of a job among the processes of one machine: a locked file (`flock`).
///
/// The system releases the lock when the process ends, however it ends. The file contains the holder; it is removed
/// when the lock is dropped, and a file that a killed process left is used again. All processes must use the same path.
/// On NFS, the lock also excludes other machines, if the server supports locks.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// let lock = oxftp::LocalLock::acquire("/run/lock/site.lock", Duration::ZERO).await?;
/// pool.mirror_up("site", "/www").await?;
/// drop(lock);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LocalLock {
    path: PathBuf,
    /// The open and thereby locked file, until it is removed.
    file: File,
}

impl LocalLock {
    /// Takes the lock: creates the file and its missing directories, and locks it. Waits up to `wait` if another
    /// process, or another job of this process, holds the lock.
    ///
    /// ```no_run
    /// # async fn example() -> oxftp::Result<()> {
    /// use std::time::Duration;
    ///
    /// let lock = oxftp::LocalLock::acquire("/run/lock/site.lock", Duration::from_secs(60)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if another job holds the lock; [`Error::LocalFs`] if the file cannot be created or is a
    /// symbolic link, or if the file system has no locks.
    pub async fn acquire(path: impl Into<PathBuf>, wait: Duration) -> Result<Self> {
        let path = path.into();
        let start = Instant::now();
        loop {
            let tried = path.clone();
            let attempt = tokio::task::spawn_blocking(move || try_acquire(&tried)).await;
            let attempt = attempt.unwrap_or_else(|failure| Err(io::Error::other(failure)));
            match attempt.map_err(|source| LocalFsError::new("lock", &path, source))? {
                LocalAttempt::Taken(file) => return Ok(Self { path, file }),
                LocalAttempt::Held(_) if start.elapsed() < wait => sleep(PAUSE.min(wait)).await,
                LocalAttempt::Held(holder) => {
                    return Err(Error::Locked { path: path.display().to_string(), holder });
                }
            }
        }
    }

    /// Returns the path of the locked file.
    ///
    /// ```no_run
    /// # fn example(lock: &oxftp::LocalLock) {
    /// println!("{}", lock.path().display());
    /// # }
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LocalLock {
    fn drop(&mut self) {
        // Only the holder removes the file, while it is locked.
        #[cfg(unix)]
        if lock::is_at(&self.file, &self.path).is_ok_and(|is_at| is_at) {
            let _ = std::fs::remove_file(&self.path);
        }
        let _ = &self.file;
    }
}

enum LocalAttempt {
    Taken(File),
    Held(Option<LockHolder>),
}

#[cfg(unix)]
fn try_acquire(path: &Path) -> io::Result<LocalAttempt> {
    for _ in 0..MAX_ATTEMPTS {
        let mut file = open(path)?;
        if !lock::lock_now(&file)? {
            return Ok(LocalAttempt::Held(read_holder(&mut file)));
        }
        // Otherwise the former holder removed it after it was opened here.
        if lock::is_at(&file, path)? {
            write_holder(&mut file)?;
            return Ok(LocalAttempt::Taken(file));
        }
    }
    Ok(LocalAttempt::Held(None))
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};

    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let open = || openat(CWD, path, flags, Mode::from_raw_mode(0o666)).map(File::from);
    match open() {
        Err(rustix::io::Errno::NOENT) => {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            Ok(open()?)
        }
        opened => Ok(opened?),
    }
}

// The open file excludes other processes. It is not removed afterwards.
#[cfg(windows)]
fn try_acquire(path: &Path) -> io::Result<LocalAttempt> {
    use std::os::windows::fs::OpenOptionsExt;

    const ERROR_SHARING_VIOLATION: i32 = 32;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let opened = File::options().read(true).write(true).create(true).truncate(false).share_mode(0).open(path);
    match opened {
        Ok(mut file) => write_holder(&mut file).map(|()| LocalAttempt::Taken(file)),
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(LocalAttempt::Held(None)),
        Err(error) => Err(error),
    }
}

#[cfg(not(any(unix, windows)))]
fn try_acquire(_: &Path) -> io::Result<LocalAttempt> {
    Err(io::ErrorKind::Unsupported.into())
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", LockHolder::this_process().to_name())
}

/// Reads the holder; returns `None` if the holder has not written its data yet.
#[cfg(unix)]
fn read_holder(file: &mut File) -> Option<LockHolder> {
    use std::io::Read;

    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    LockHolder::from_name(text.trim_end())
}

/// The time between two attempts to take a lock.
const PAUSE: Duration = Duration::from_millis(200);

#[cfg(unix)]
const MAX_BYTES: u64 = 1024;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn acquire(path: &Path) -> Result<LocalLock> {
        LocalLock::acquire(path, Duration::ZERO).await
    }

    #[tokio::test]
    async fn local_lock_excludes_until_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/job.lock");

        let lock = acquire(&path).await.unwrap();
        let refused = acquire(&path).await.unwrap_err();
        drop(lock);

        let Error::Locked { path: named, holder: Some(holder) } = refused else { panic!("{refused:?}") };
        assert_eq!((Path::new(&named), holder.process), (&*path, std::process::id()));
        assert!(!path.exists());
        acquire(&path).await.unwrap();
    }

    #[tokio::test]
    async fn lock_file_left_by_kill_is_reused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("job.lock");
        std::fs::write(&path, "a text that is longer than any holder of a lock".repeat(9)).unwrap();

        let _lock = acquire(&path).await.unwrap();

        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(LockHolder::from_name(text.trim_end()).unwrap().process, std::process::id());
    }

    #[tokio::test]
    async fn lock_follows_no_symlink() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("job.lock"), directory.path().join("other"));
        std::fs::write(&other, "content").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();

        assert!(matches!(acquire(&path).await, Err(Error::LocalFs(_))));

        assert_eq!(std::fs::read_to_string(&other).unwrap(), "content");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn racing_local_locks_have_one_holder() {
        use std::sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        };

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("job.lock");
        let (holders, taken) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let racers: Vec<_> = (0..4)
            .map(|_| {
                let (path, holders, taken) = (path.clone(), holders.clone(), taken.clone());
                tokio::spawn(async move {
                    for _ in 0..200 {
                        let Ok(lock) = acquire(&path).await else { continue };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        tokio::task::yield_now().await;
                        holders.fetch_sub(1, Ordering::SeqCst);
                        taken.fetch_add(1, Ordering::SeqCst);
                        drop(lock);
                    }
                })
            })
            .collect();
        for racer in racers {
            racer.await.unwrap();
        }

        assert!(taken.load(Ordering::SeqCst) > 0);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn lock_is_awaited_for_a_while() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("job.lock");
        let lock = acquire(&path).await.unwrap();

        let waiting = LocalLock::acquire(&path, Duration::from_secs(60));
        let (next, ()) = tokio::join!(waiting, async {
            tokio::task::yield_now().await;
            drop(lock);
        });

        next.unwrap();
    }
}
