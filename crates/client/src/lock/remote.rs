//! Lock of a job among all clients of a server.
//!
//! The lock of `TARGET` is the directory `TARGET.oxftp.lock`, which `MKD` creates at most once. It contains one
//! directory, whose name is that of the [`LockHolder`](crate::LockHolder). A job that creates its entry, or that
//! replaces the entry of a silent holder by a rename, and then finds no other entry in the directory, holds the lock:
//!
//! - Two jobs that both create their entries both see the other one, because each creates its entry before it looks.
//!   Both take their entries back and try again.
//! - An entry is replaced by renaming it. Its name contains the time of its refresh and a random number, so a rename
//!   succeeds only if the holder was silent since, and for one job only.
//! - A directory without an entry is that of a job that was killed before it created its entry, or is about to. `RMD`
//!   removes it only while it is empty; the job then fails to create its entry, and tries again.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use oxftp_proto::{Encoding, FileName, RemotePath};
use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{Instant, sleep},
};

use super::LOCK_SUFFIX;
use crate::{Client, Error, Pool, Result, error::lock_holder::LockHolder};

/// A lock of a job among all clients of a server: a directory on the server (`MKD`).
///
/// The lock of `TARGET` is the directory `TARGET.oxftp.lock`; its name and those in it are plain ASCII. The user
/// needs the permission to create directories beside the target. While the lock is held, a task refreshes it four
/// times within `max_age`, over a separate session (`RNFR`, `RNTO`). A job that is killed leaves the lock; others
/// break it once it was not refreshed for their `max_age`. The clocks of the machines are compared for that, so
/// `max_age` must be larger than their difference.
///
/// [`release`](Self::release) removes the lock. A lock that is dropped is removed by a task, if the runtime continues.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// let hour = Duration::from_secs(3600);
/// let lock = oxftp::RemoteLock::acquire(pool, "/www", hour, Duration::ZERO).await?;
/// let outcome = tokio::select! {
///     outcome = pool.mirror_up("site", "/www") => outcome.map(drop),
///     lost = lock.lost() => Err(lost),
/// };
/// lock.release().await?;
/// outcome
/// # }
/// ```
#[derive(Debug)]
pub struct RemoteLock {
    state: Arc<State>,
    refreshing: AbortHandle,
}

#[derive(Debug)]
struct State {
    pool: Pool,
    directory: RemotePath,
    holder: Mutex<(LockHolder, String)>,
    is_lost: AtomicBool,
    is_released: AtomicBool,
    lost: Notify,
    /// Lock that is held while the entry is renamed or removed.
    changing: tokio::sync::Mutex<()>,
}

impl RemoteLock {
    /// Takes the lock of a path, which need not exist. Waits up to `wait` if another job holds the lock; breaks a lock
    /// that was not refreshed for `max_age`.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// use std::time::Duration;
    ///
    /// let lock = oxftp::RemoteLock::acquire(pool, "/www", Duration::from_secs(600), Duration::ZERO).await?;
    /// pool.upload("site").to_file("/www").await?;
    /// lock.release().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if another job holds the lock; [`Error::StatusCode`] if the server refuses to create the
    /// directory; the errors of [`Pool::client`].
    pub async fn acquire(
        pool: &Pool,
        target: impl Into<RemotePath>,
        max_age: Duration,
        wait: Duration,
    ) -> Result<Self> {
        let directory = directory_of(&target.into(), pool.config().encoding)?;
        let start = Instant::now();
        let mut lost = 0;
        loop {
            // A separate task ensures that a lock is released even if this future is dropped.
            let attempt = tokio::spawn(Self::try_acquire(pool.clone(), directory.clone(), max_age));
            match attempt.await.unwrap_or(Err(Error::PoolClosed)) {
                Err(Error::Locked { .. }) if start.elapsed() < wait => sleep(PAUSE.min(wait)).await,
                // Pure-FTPd closes the connection if a directory is removed while it is listed.
                Err(error) if error.is_connection_lost() && lost < MAX_LOST => lost += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_acquire(pool: Pool, directory: RemotePath, max_age: Duration) -> Result<Self> {
        let entry = try_repeatedly(&mut *pool.client().await?, &directory, max_age).await?;
        let state = Arc::new(State {
            pool,
            directory,
            holder: Mutex::new(entry),
            is_lost: AtomicBool::new(false),
            is_released: AtomicBool::new(false),
            lost: Notify::new(),
            changing: tokio::sync::Mutex::new(()),
        });
        let refreshing = tokio::spawn(Arc::clone(&state).refresh_repeatedly(max_age / REFRESHES));
        Ok(Self { state, refreshing: refreshing.abort_handle() })
    }

    /// Waits until the lock is lost, and returns [`Error::LockLost`]: another job broke it, because it could not be
    /// refreshed in time.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool, lock: &oxftp::RemoteLock) -> oxftp::Result<()> {
    /// tokio::select! {
    ///     error = lock.lost() => Err(error),
    ///     report = pool.upload("site").to_file("/www").into_future() => report.map(drop),
    /// }
    /// # }
    /// ```
    pub async fn lost(&self) -> Error {
        loop {
            let lost = self.state.lost.notified();
            if self.state.is_lost.load(Ordering::SeqCst) {
                return self.state.loss();
            }
            lost.await;
        }
    }

    /// Removes the lock from the server (`RMD`). A second call does nothing.
    ///
    /// ```no_run
    /// # async fn example(lock: &oxftp::RemoteLock) -> oxftp::Result<()> {
    /// lock.release().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::LockLost`] if another job broke the lock; [`Error::StatusCode`] if the server refuses; the errors of
    /// [`Pool::client`]. The lock is then broken by others once it is old enough.
    pub async fn release(&self) -> Result<()> {
        self.state.release(&self.refreshing).await
    }
}

impl Drop for RemoteLock {
    fn drop(&mut self) {
        let (state, refreshing) = (Arc::clone(&self.state), self.refreshing.clone());
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !state.is_released.load(Ordering::SeqCst) => {
                runtime.spawn(async move {
                    if let Err(error) = state.release(&refreshing).await {
                        crate::trace::warn!("{} is not released: {error}", state.directory);
                    }
                });
            }
            _ => self.refreshing.abort(),
        }
    }
}

impl State {
    async fn refresh_repeatedly(self: Arc<Self>, interval: Duration) {
        loop {
            sleep(interval).await;
            let mut outcome = self.refresh().await;
            for _ in 0..RETRIES {
                match outcome {
                    Err(Error::LockLost { .. }) | Ok(()) => break,
                    Err(error) => crate::trace::warn!("{} cannot be refreshed: {error}", self.directory),
                }
                sleep(interval / (2 * RETRIES)).await;
                outcome = self.refresh().await;
            }
            if let Err(Error::LockLost { .. }) = outcome {
                self.is_lost.store(true, Ordering::SeqCst);
                self.lost.notify_waiters();
                return;
            }
        }
    }

    /// Renames the entry, over a separate session: those of the job's pool may all be busy until the job ends.
    async fn refresh(&self) -> Result<()> {
        let pool = self.pool.fork().size(1);
        let mut client = pool.client().await?;
        let changing = self.changing.lock().await;
        let (holder, name) = self.holder();
        let fresh = holder.refreshed();
        let fresh_name = fresh.to_name();
        let renamed = client.rename(self.entry(&name), self.entry(&fresh_name)).await;
        let outcome = match renamed {
            Ok(()) => {
                *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = (fresh, fresh_name);
                Ok(())
            }
            Err(Error::StatusCode(refused)) => match self.find(&mut client).await? {
                Some(found) if found == name => Err(Error::StatusCode(refused)),
                // The reply to an earlier rename was lost.
                Some(found) => {
                    *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = (fresh, found);
                    Ok(())
                }
                None => Err(self.loss()),
            },
            Err(error) => Err(error),
        };
        drop(changing);
        drop(client);
        pool.close().await;
        outcome
    }

    /// Returns the name of this job's entry, if it is there.
    async fn find(&self, client: &mut Client) -> Result<Option<String>> {
        let holder = self.holder().0;
        let names = match list(client, &self.directory).await {
            // The directory is gone.
            Err(Error::StatusCode(_)) => return Ok(None),
            names => names?,
        };
        let is_own = |name: &String| LockHolder::from_name(name).is_some_and(|found| found.is_same(&holder));
        Ok(names.into_iter().find(is_own))
    }

    async fn release(&self, refreshing: &AbortHandle) -> Result<()> {
        let _changing = self.changing.lock().await;
        refreshing.abort();
        if self.is_released.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let mut client = self.pool.client().await?;
        match client.remove_dir(self.entry(&self.holder().1)).await {
            Err(Error::StatusCode(_)) => match self.find(&mut client).await? {
                Some(found) => client.remove_dir(self.entry(&found)).await?,
                None => return Err(self.loss()),
            },
            removed => removed?,
        }
        // The server refuses this while another job examines the lock; that job then removes the directory.
        let _ = client.remove_dir(self.directory.clone()).await;
        Ok(())
    }

    fn holder(&self) -> (LockHolder, String) {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn entry(&self, name: &str) -> RemotePath {
        entry(&self.directory, name)
    }

    fn loss(&self) -> Error {
        Error::LockLost { path: self.directory.to_string() }
    }
}

/// Returns the directory that is the lock of a path: beside a path with a name, otherwise inside it.
fn directory_of(target: &RemotePath, encoding: Encoding) -> Result<RemotePath> {
    let Some(name) = target.file_name() else { return Ok(target.join_path(&LOCK_SUFFIX.into())) };
    let lock = [name.as_bytes(), LOCK_SUFFIX.as_bytes()].concat();
    let lock = match name.as_str() {
        Some(_) => FileName::new(String::from_utf8_lossy(&lock))?,
        None => FileName::from_wire(&lock, Encoding::UTF_8)?,
    };
    Ok(target.parent().unwrap_or_default().join_in(&lock, encoding))
}

fn entry(directory: &RemotePath, name: &str) -> RemotePath {
    directory.join_path(&name.into())
}

/// The result of an attempt to take a lock.
enum RemoteAttempt {
    Taken(LockHolder, String),
    Held(Option<LockHolder>),
    /// Other jobs changed the lock meanwhile.
    Unclear(Option<Error>),
}

/// Tries to take the lock until it is clear who holds it; returns this process and the name of its entry.
async fn try_repeatedly(
    client: &mut Client,
    directory: &RemotePath,
    max_age: Duration,
) -> Result<(LockHolder, String)> {
    let mut refusal = None;
    for attempt in 0..ATTEMPTS {
        match try_acquire(client, directory, max_age).await? {
            RemoteAttempt::Taken(holder, name) => return Ok((holder, name)),
            RemoteAttempt::Held(holder) => return Err(Error::Locked { path: directory.to_string(), holder }),
            RemoteAttempt::Unclear(error) => refusal = error,
        }
        // Jobs that disturbed each other must try again at different times.
        let random = RandomState::new().hash_one(attempt) % 50;
        sleep(Duration::from_millis(10 + random * u64::from(attempt + 1))).await;
    }
    Err(refusal.unwrap_or_else(|| Error::Locked { path: directory.to_string(), holder: None }))
}

async fn try_acquire(
    client: &mut Client,
    directory: &RemotePath,
    max_age: Duration,
) -> Result<RemoteAttempt> {
    let holder = LockHolder::this_process();
    let name = holder.to_name();
    match client.create_dir(directory.clone()).await {
        Ok(()) => match client.create_dir(entry(directory, &name)).await {
            Ok(()) => {}
            // The directory was empty, and another job removed it.
            Err(error @ Error::StatusCode(_)) => return Ok(RemoteAttempt::Unclear(Some(error))),
            Err(error) => return Err(error),
        },
        Err(error @ Error::StatusCode(_)) => {
            let names = match list(client, directory).await {
                Ok(names) => names,
                Err(Error::StatusCode(_)) => return Ok(RemoteAttempt::Unclear(Some(error))),
                Err(error) => return Err(error),
            };
            let holders: Vec<_> = names.iter().filter_map(|name| LockHolder::from_name(name)).collect();
            match holders.into_iter().min_by_key(LockHolder::silence) {
                None if names.is_empty() => {
                    let _ = client.remove_dir(directory.clone()).await;
                    return Ok(RemoteAttempt::Unclear(Some(error)));
                }
                None => return Ok(RemoteAttempt::Held(None)),
                Some(holder) if holder.silence() <= max_age => return Ok(RemoteAttempt::Held(Some(holder))),
                Some(holder) => crate::trace::warn!("breaking {directory}, which {holder} does not refresh"),
            }
            let mut replaced = false;
            for silent in &names {
                let outcome = match replaced {
                    false => client.rename(entry(directory, silent), entry(directory, &name)).await,
                    true => client.remove_dir(entry(directory, silent)).await,
                };
                match outcome {
                    Ok(()) => replaced = true,
                    Err(Error::StatusCode(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            if !replaced {
                return Ok(RemoteAttempt::Unclear(None));
            }
        }
        Err(error) => return Err(error),
    }
    confirm(client, directory, holder, name).await
}

/// Checks that no other job created an entry.
async fn confirm(
    client: &mut Client,
    directory: &RemotePath,
    holder: LockHolder,
    name: String,
) -> Result<RemoteAttempt> {
    let listed = list(client, directory).await;
    if listed.as_ref().is_ok_and(|names| *names == [&*name]) {
        return Ok(RemoteAttempt::Taken(holder, name));
    }
    let _ = client.remove_dir(entry(directory, &name)).await;
    let _ = client.remove_dir(directory.clone()).await;
    listed.map(|_| RemoteAttempt::Unclear(None))
}

/// Returns the names in a directory.
async fn list(client: &mut Client, directory: &RemotePath) -> Result<Vec<String>> {
    let entries = client.list(directory).await?;
    Ok(entries.iter().map(|entry| entry.name().to_string()).collect())
}

/// The number of refreshes of a lock within its maximum age.
const REFRESHES: u32 = 4;
/// The number of times that a failed refresh is repeated, within half of the time until the next one.
const RETRIES: u32 = 5;
/// Maximum number of attempts to take a lock that other jobs are taking or releasing.
const ATTEMPTS: u32 = 12;
/// Maximum number of attempts that may end with a lost connection.
const MAX_LOST: u32 = 3;

/// The time between two attempts to take a lock that is held.
const PAUSE: Duration = Duration::from_secs(1);
