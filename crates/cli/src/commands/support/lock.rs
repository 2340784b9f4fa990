//! Job locks of the commands that transfer files.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use oxftp::{FtpUrl, LocalLock, Pool, RemoteLock, RemotePath};
use sha2::{Digest, Sha256};
use tokio::{sync::oneshot, time::sleep};

use crate::{
    args::LockArgs,
    failure::{Failure, Result},
    interrupt,
};

/// The path that a command writes to, or that it reads from on the server.
pub(crate) enum LockTarget<'a> {
    Path(&'a Path),
    /// A path on the server of a URL.
    Server(&'a FtpUrl, RemotePath),
}

/// The locks that a command holds while it runs.
#[derive(Debug, Default)]
pub(crate) struct JobLocks {
    _local: Vec<LocalLock>,
    remote: Vec<Arc<RemoteLock>>,
}

impl JobLocks {
    /// Takes the local lock of each target, or that of the file that the user named.
    pub(crate) async fn local<'t>(
        args: &LockArgs,
        targets: impl IntoIterator<Item = LockTarget<'t>>,
    ) -> Result<Self> {
        let Some(named) = &args.lock else { return Ok(Self::default()) };
        let paths: BTreeMap<PathBuf, Option<String>> = match named {
            Some(named) => BTreeMap::from([(named.clone(), None)]),
            None => {
                let file = |target: LockTarget<'t>| Ok((target.lock_file()?, Some(target.to_string())));
                targets.into_iter().map(file).collect::<Result<_>>()?
            }
        };
        let mut local = Vec::with_capacity(paths.len());
        for (path, about) in paths {
            let lock = LocalLock::acquire(path, wait(args)).await;
            local.push(lock.map_err(|error| Failure::Client { about, error: error.into() })?);
        }
        Ok(Self { _local: local, remote: Vec::new() })
    }

    /// Takes the lock of a path on the server of a URL.
    pub(crate) async fn add_remote(
        &mut self,
        args: &LockArgs,
        pool: &Pool,
        url: &FtpUrl,
        path: RemotePath,
    ) -> Result {
        if !args.remote_lock {
            return Ok(());
        }
        let start = Instant::now();
        loop {
            match acquire(pool, &path, args.lock_age).await {
                Err(oxftp::Error::Locked { .. }) if start.elapsed() < wait(args) => sleep(PAUSE).await,
                lock => {
                    self.remote.push(lock.map_err(|error| Failure::about(url, error))?);
                    return Ok(());
                }
            }
        }
    }

    /// Runs a job until it ends, or until another job breaks one of its locks; releases the locks.
    pub(crate) async fn run<T>(self, job: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = tokio::select! {
            outcome = job => outcome,
            lost = self.lost() => Err(Failure::Client { about: None, error: lost.into() }),
        };
        for lock in &self.remote {
            if let Err(error) = lock.release().await {
                tracing::warn!("the lock on the server is not released: {error}");
            }
        }
        outcome
    }

    async fn lost(&self) -> oxftp::Error {
        if self.remote.is_empty() {
            return std::future::pending().await;
        }
        let lost = self.remote.iter().map(|lock| Box::pin(lock.lost()));
        futures_util::future::select_all(lost).await.0
    }
}

/// Tries to take a lock on the server; at an interruption it is released, even if it was just being taken.
async fn acquire(pool: &Pool, path: &RemotePath, age: Duration) -> oxftp::Result<Arc<RemoteLock>> {
    let (pool, path) = (pool.clone(), path.clone());
    let (sender, taken) = oneshot::channel();
    let acquiring = tokio::spawn(async move {
        let lock = RemoteLock::acquire(&pool, path, age, Duration::ZERO).await.map(Arc::new);
        let held = lock.as_ref().ok().cloned();
        let _ = sender.send(lock);
        held
    });
    interrupt::at_interrupt(async move {
        if let Ok(Some(lock)) = acquiring.await {
            // The program ends anyway, and a lock that stays is broken once it is old.
            let _ = lock.release().await;
        }
    });
    taken.await.unwrap_or(Err(oxftp::Error::PoolClosed))
}

impl fmt::Display for LockTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Server(url, _) => url.fmt(f),
        }
    }
}

impl LockTarget<'_> {
    /// Returns the file to lock, in the state directory: nothing is added to a directory that may be published, and
    /// targets on a server have no local directory.
    fn lock_file(&self) -> Result<PathBuf> {
        let directory = state_directory()?.join("locks");
        let key = match self {
            Self::Path(path) => absolute(path)?.as_os_str().as_encoded_bytes().to_vec(),
            Self::Server(url, path) => key_of(url, path).into_bytes(),
        };
        let hash: String = Sha256::digest(&key).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(directory.join(format!("{hash}.lock")))
    }
}

fn wait(args: &LockArgs) -> Duration {
    args.lock_wait.0.unwrap_or_default()
}

/// Returns the server and user of a URL, and a path without a slash at its end.
fn key_of(url: &FtpUrl, path: &RemotePath) -> String {
    let host = url.host();
    let (name, port) = (host.name.to_ascii_lowercase(), host.port.unwrap_or_default());
    let user = url.user().unwrap_or_default();
    let path = path.to_string();
    format!("{user}@{name}:{port}/{}", path.trim_end_matches('/'))
}

/// Returns the absolute path, without symbolic links as far as it exists.
fn absolute(path: &Path) -> Result<PathBuf> {
    let failed = |error| Failure::local(format!("cannot lock {}", path.display()), error);
    let mut existing = std::path::absolute(path).map_err(failed)?;
    let mut missing = Vec::new();
    loop {
        match existing.canonicalize() {
            Ok(found) => return Ok(missing.iter().rev().fold(found, |path, name| path.join(name))),
            Err(error) => match existing.components().next_back() {
                Some(Component::Normal(name)) => {
                    missing.push(name.to_owned());
                    existing.pop();
                }
                Some(Component::ParentDir) | None => return Err(failed(error)),
                Some(_) => return Ok(existing),
            },
        }
    }
}

/// Returns `oxftp` in `XDG_STATE_HOME`, else in `~/.local/state`.
fn state_directory() -> Result<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")));
    let state = state.ok_or_else(|| Failure::UsageWithHint {
        what: "--lock needs a home directory".to_owned(),
        hint: "set HOME, or name a file: --lock=FILE".to_owned(),
    })?;
    Ok(state.join("oxftp"))
}

/// The time between two attempts to take a lock on a server.
const PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_ignores_how_target_is_spelt() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();

        assert_eq!(absolute(&root.join("real/new/file")).unwrap(), root.join("real/new/file"));
        #[cfg(unix)]
        assert_eq!(absolute(&root.join("link/new")).unwrap(), root.join("real/new"));
        let key = |url: &str| {
            let url: FtpUrl = url.parse().unwrap();
            key_of(&url, &url.path())
        };
        assert_eq!(key("ftp://ann@HOST/www/"), key("ftpes://ann:secret@host/www"));
        assert_ne!(key("ftp://ann@host/www"), key("ftp://bob@host/www"));
    }
}
