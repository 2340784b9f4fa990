//! Locks of jobs on the server.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use oxftp::{Error, Pool, RemoteLock, Result};
use oxftp_testing::{
    server_tests,
    servers::{Protection, TestServer},
};

use crate::common::{builder, pool_with};

server_tests! {
    racing_remote_locks_have_one_holder,
    racing_breakers_of_stale_lock_have_one_holder,
    remote_lock_excludes_until_it_is_released,
    refreshed_remote_lock_is_not_stale,
    broken_remote_lock_is_reported_as_lost,
    empty_remote_lock_of_killed_job_is_taken,
    mirror_leaves_remote_locks_alone,
}

const HOUR: Duration = Duration::from_secs(3600);

/// The number of attempts of each of two jobs.
const RACES: u32 = 200;

const LOCK: &str = "job.oxftp.lock";

/// The name of a silent holder: its lock was refreshed in 2020.
const SILENT: &str = "gone.4711.20200101T000000Z.20200101T001500Z.01234567";

fn pool(server: &TestServer) -> Pool {
    pool_with(builder(server), server)
}

async fn acquire(pool: &Pool) -> Result<RemoteLock> {
    RemoteLock::acquire(pool, "job", HOUR, Duration::ZERO).await
}

/// Lets two jobs take and release a lock repeatedly. With `breaks`, they leave a stale
/// lock before each attempt.
async fn race(server: &TestServer, breaks: bool) {
    let races = if server.protection() == Protection::Plain { RACES } else { RACES / 10 };
    let (holders, taken) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let jobs = [0; 2].map(|_| {
        let (pool, holders, taken) = (pool(server), holders.clone(), taken.clone());
        tokio::spawn(async move {
            for _ in 0..races {
                if breaks {
                    leave_stale_lock(&pool).await;
                }
                match acquire(&pool).await {
                    Ok(lock) => {
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two holders");
                        tokio::time::sleep(Duration::from_millis(2)).await;
                        holders.fetch_sub(1, Ordering::SeqCst);
                        taken.fetch_add(1, Ordering::SeqCst);
                        lock.release().await.unwrap();
                    }
                    Err(Error::Locked { .. }) => {}
                    // Others changed the lock at each attempt.
                    Err(error) => assert!(matches!(error, Error::StatusCode(_)), "{error:?}"),
                }
            }
        })
    });
    for job in jobs {
        job.await.unwrap();
    }
    let taken = taken.load(Ordering::SeqCst);
    assert!(taken > races / 4, "taken {taken} times");
}

/// Leaves the lock of a holder that is silent, unless there is a lock.
async fn leave_stale_lock(pool: &Pool) {
    let mut client = pool.client().await.unwrap();
    if client.create_dir(LOCK).await.is_ok() {
        let _ = client.create_dir(format!("{LOCK}/{SILENT}")).await;
    }
}

async fn racing_remote_locks_have_one_holder(server: &TestServer) {
    race(server, false).await;

    assert!(!server.root().join(LOCK).exists());
}

async fn racing_breakers_of_stale_lock_have_one_holder(server: &TestServer) {
    race(server, true).await;
}

async fn remote_lock_excludes_until_it_is_released(server: &TestServer) {
    let (one, other) = (pool(server), pool(server));

    let lock = acquire(&one).await.unwrap();
    let refused = acquire(&other).await.unwrap_err();
    lock.release().await.unwrap();
    let next = acquire(&other).await.unwrap();

    let Error::Locked { path, holder: Some(holder) } = refused else { panic!("{refused:?}") };
    assert_eq!((&*path, holder.process), (LOCK, std::process::id()));
    next.release().await.unwrap();
    assert!(!server.root().join(path).exists());
}

async fn refreshed_remote_lock_is_not_stale(server: &TestServer) {
    if server.protection() != Protection::Plain {
        // The protection makes no difference, and the test takes seconds.
        return;
    }
    let age = Duration::from_secs(4);
    let (one, other) = (pool(server), pool(server));
    let lock = RemoteLock::acquire(&one, "job", age, Duration::ZERO).await.unwrap();

    // Longer than the age: without a refresh the lock would be broken.
    let outcome = RemoteLock::acquire(&other, "job", age, Duration::from_secs(6)).await;

    assert!(matches!(outcome, Err(Error::Locked { .. })), "{outcome:?}");
    lock.release().await.unwrap();
}

async fn broken_remote_lock_is_reported_as_lost(server: &TestServer) {
    let lock =
        RemoteLock::acquire(&pool(server), "job", Duration::from_secs(2), Duration::ZERO).await.unwrap();
    fs::remove_dir_all(server.root().join(LOCK)).unwrap();

    let lost = lock.lost().await;

    assert!(matches!(lost, Error::LockLost { .. }), "{lost:?}");
    assert!(matches!(lock.release().await, Err(Error::LockLost { .. })));
}

async fn empty_remote_lock_of_killed_job_is_taken(server: &TestServer) {
    fs::create_dir(server.root().join(LOCK)).unwrap();
    server.hand_over().unwrap();

    let lock = acquire(&pool(server)).await.unwrap();

    lock.release().await.unwrap();
}

async fn mirror_leaves_remote_locks_alone(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("source");
    fs::create_dir_all(source.join("deep")).unwrap();
    fs::write(source.join("deep/file"), "x").unwrap();
    let (one, other) = (pool(server), pool(server));
    one.mirror_up(&source, "tree").await.unwrap();
    let lock = RemoteLock::acquire(&other, "tree/deep", HOUR, Duration::ZERO).await.unwrap();

    let up = one.mirror_up(&source, "tree").delete(oxftp::mirror::Delete::After).await.unwrap();
    let down = one.mirror_down("tree", local.path().join("copy")).await.unwrap();
    one.download("tree").to(local.path()).await.unwrap();

    assert_eq!((up.deleted, down.files, down.directories), (0, 1, 2), "{up:?}");
    for copy in ["copy", "tree"] {
        assert!(!local.path().join(copy).join("deep.oxftp.lock").exists(), "{copy}");
    }
    lock.release().await.unwrap();
}
