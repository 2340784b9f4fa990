//! Servers that are killed and restarted during a tree transfer: files with their final name are complete.
//!
//! The times of the kills follow from a seed that a failed run prints; `OXFTP_SEED=17` sets the seed, `OXFTP_SEEDS=20` runs
//! the seeds from 1 to 20.

use std::{
    env, fs,
    ops::RangeInclusive,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use oxftp::{Error, Pool, Progress, ProgressEvent, Report, Result};
use oxftp_testing::{
    faulty::Random,
    servers::{Protection, ServerKind, TestServer, available},
};
use tokio::sync::mpsc;

use crate::common::{builder, content, local_files::files, pool_with};

/// Notifies when the file count for the next kill is reached.
#[derive(Debug)]
struct KillPoints {
    /// The file counts of the kills, in reverse order.
    after: Mutex<Vec<usize>>,
    done: Mutex<usize>,
    kill: mpsc::UnboundedSender<()>,
}

impl KillPoints {
    fn of(seed: u64) -> (Arc<Self>, mpsc::UnboundedReceiver<()>) {
        let mut random = Random::new(seed);
        let mut after: Vec<_> = [(); KILLS].map(|()| random.below(FILES as u64 * 9 / 10) as usize).to_vec();
        after.sort_unstable_by(|a, b| b.cmp(a));
        let (kill, killed) = mpsc::unbounded_channel();
        (Arc::new(Self { after: Mutex::new(after), done: Mutex::new(0), kill }), killed)
    }
}

impl Progress for KillPoints {
    fn on_event(&self, event: ProgressEvent<'_>) {
        let ProgressEvent::FileFinished { .. } = event else { return };
        let mut done = self.done.lock().unwrap();
        *done += 1;
        let mut after = self.after.lock().unwrap();
        if after.pop_if(|moment| *done > *moment).is_some() {
            self.kill.send(()).unwrap();
        }
    }
}

/// Runs a transfer while the server is killed repeatedly; returns the number of kills.
async fn run_with_kills(
    server: &mut TestServer,
    mut killed: mpsc::UnboundedReceiver<()>,
    transfer: impl Future<Output = Result<Report>>,
) -> (Result<Report>, usize) {
    let mut kills = 0;
    tokio::pin!(transfer);
    let outcome = loop {
        tokio::select! {
            outcome = &mut transfer => break outcome,
            Some(()) = killed.recv() => {
                server.kill_and_restart().await.unwrap();
                kills += 1;
            }
        }
    };
    (outcome, kills)
}

async fn downloads(kind: ServerKind, protection: Protection, seed: u64) {
    let Some(mut server) = available(kind.start(protection).await) else { return };
    create_file(&server.root().join("tree"));
    server.hand_over().unwrap();
    let local = tempfile::tempdir().unwrap();
    let (moments, killed) = KillPoints::of(seed);
    let pool = pool(&server);

    let download = pool.download("tree").to(local.path()).retries(RETRIES).progress(moments).into_future();
    let (outcome, kills) = run_with_kills(&mut server, killed, download).await;

    assert!(kills > 0, "seed {seed}");
    let bad = differing_files(&server.root().join("tree"), &local.path().join("tree"));
    let cut: Vec<_> = bad.iter().filter(|file| local.path().join("tree").join(file).exists()).collect();
    assert!(cut.is_empty(), "seed {seed}: truncated files with their final name: {cut:?}");
    check(seed, &outcome, &bad);
}

async fn uploads(kind: ServerKind, protection: Protection, seed: u64) {
    let Some(mut server) = available(kind.start(protection).await) else { return };
    let local = tempfile::tempdir().unwrap();
    create_file(&local.path().join("tree"));
    let (moments, killed) = KillPoints::of(seed);
    let pool = pool(&server);

    let upload = pool.upload(local.path().join("tree")).retries(RETRIES).progress(moments).into_future();
    let (outcome, kills) = run_with_kills(&mut server, killed, upload).await;

    assert!(kills > 0, "seed {seed}");
    check(seed, &outcome, &differing_files(&local.path().join("tree"), &server.root().join("tree")));
}

/// Checks that every missing or different file is reported.
fn check(seed: u64, outcome: &Result<Report>, bad: &[String]) {
    let named = match outcome {
        Ok(_) => Vec::new(),
        // Files that were not started are not reported.
        Err(Error::Stopped { .. }) => return,
        Err(Error::PartialFailure { report }) => {
            report.failures.iter().map(|failure| failure.name.as_str()).collect()
        }
        Err(error) => panic!("seed {seed}: {error:?}"),
    };
    let unnamed: Vec<_> = bad.iter().filter(|file| !named.iter().any(|name| name.ends_with(*file))).collect();
    assert!(
        unnamed.is_empty(),
        "seed {seed}: {unnamed:?} are not whole, and only these are named: {named:?}"
    );
}

/// Returns the files of a tree whose copy is missing or different.
fn differing_files(original: &Path, copy: &Path) -> Vec<String> {
    let same = |file: &String| fs::read(original.join(file)).ok() == fs::read(copy.join(file)).ok();
    files(original).into_iter().filter(|file| !same(file)).collect()
}

fn pool(server: &TestServer) -> Pool {
    pool_with(builder(server).socket_timeout(Duration::from_secs(5)), server).size(3)
}

/// Creates a thousand files in ten directories.
fn create_file(root: &Path) {
    for number in 0..FILES {
        let path = root.join(format!("{}/{number}", number % 10));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content(number * 37 % 9000)).unwrap();
    }
}

fn seeds() -> RangeInclusive<u64> {
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("OXFTP_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("OXFTP_SEEDS").unwrap_or(1),
    }
}

macro_rules! killed {
    ($($name:ident: $kind:ident, $protection:ident;)+) => {
        $(
            mod $name {
                use oxftp_testing::servers::{Protection, ServerKind};

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn download_of_1000_files_survives_killed_server() {
                    for seed in super::seeds() {
                        super::downloads(ServerKind::$kind, Protection::$protection, seed).await;
                    }
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn upload_of_1000_files_survives_killed_server() {
                    for seed in super::seeds() {
                        super::uploads(ServerKind::$kind, Protection::$protection, seed).await;
                    }
                }
            }
        )+
    };
}

killed! {
    vsftpd_plain: Vsftpd, Plain;
    vsftpd_explicit: Vsftpd, Explicit;
    proftpd_plain: ProFtpd, Plain;
    proftpd_explicit: ProFtpd, Explicit;
    pure_ftpd_plain: PureFtpd, Plain;
    pyftpdlib_plain: Pyftpdlib, Plain;
    pyftpdlib_explicit: Pyftpdlib, Explicit;
}

const FILES: usize = 1000;
const KILLS: usize = 3;
const RETRIES: u32 = 6;
