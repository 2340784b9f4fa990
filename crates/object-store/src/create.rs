//! Changes that need a name to be free: under a lock on the server.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use oxftp::{Backoff, Error, RemoteLock};

use crate::{
    core::{Core, FIRST_PAUSE, RETRIES},
    failure::{Failure, Result},
};

impl Core {
    /// Takes the lock of a location at which there is no object. Fails if there is one.
    pub(crate) async fn lock_absent(&self, location: &str) -> Result<RemoteLock> {
        let path = self.object_path(location)?;
        self.create_directory_of(location).await?;
        let begun = Instant::now();
        let mut backoff = Backoff::new(RETRIES, FIRST_PAUSE);
        let lock = loop {
            if self.exists(location).await? {
                return Err(Failure::already_exists(location));
            }
            match RemoteLock::acquire(&self.pool, &path, MOST_SILENCE, Duration::ZERO).await {
                Ok(lock) => break lock,
                Err(Error::Locked { .. }) if begun.elapsed() < MOST_WAIT => {
                    let random = RandomState::new().hash_one(begun) % 60;
                    tokio::time::sleep(Duration::from_millis(20 + random)).await;
                }
                Err(error) => {
                    if !error.is_transient() || !backoff.wait().await {
                        return Err(Failure::of(location, error));
                    }
                }
            }
        };
        // It may have been created before the lock was taken.
        match self.exists(location).await {
            Ok(false) => Ok(lock),
            Ok(true) => {
                release(&lock).await;
                Err(Failure::already_exists(location))
            }
            Err(failure) => {
                release(&lock).await;
                Err(failure)
            }
        }
    }
}

/// Runs `$work` under the lock of a free location, and releases it. Fails if the lock is lost before the end.
macro_rules! under_lock {
    ($core:expr, $location:expr, $work:expr) => {{
        let lock = $core.lock_absent($location).await?;
        let outcome = tokio::select! {
            outcome = async { $work } => outcome,
            lost = lock.lost() => Err($crate::failure::Failure::of($location, lost)),
        };
        $crate::create::release(&lock).await;
        outcome
    }};
}
pub(crate) use under_lock;

/// Releases a lock. If that fails, others break it once it is old enough.
pub(crate) async fn release(lock: &RemoteLock) {
    if let Err(error) = lock.release().await {
        tracing::warn!("a lock is not released: {error}");
    }
}

/// Age of the last refresh from which a lock is broken.
const MOST_SILENCE: Duration = Duration::from_secs(600);

/// Maximum time to wait for the lock of another client.
const MOST_WAIT: Duration = Duration::from_secs(60);
