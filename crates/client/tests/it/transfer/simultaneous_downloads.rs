//! Simultaneous downloads to the same place: each final name holds a whole file or nothing new.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use oxftp::{
    Credentials, Download, Error, Pool, Report, Result,
    local_fs::{
        BoxFuture, CreateDirOptions, DirEntry, FileHandle, FileSystem, LocalFsResult, MemoryFs, Metadata,
        OpenMode,
    },
};
use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    servers::TestServer,
};
use tokio::io::AsyncWriteExt;

use crate::common::{builder, content, embedded, local_files::files, pool_with, scripts};

/// Large enough for two segments, and resumed by comparing its end.
const LARGE: usize = 9 * 1024 * 1024 + 5;

/// Makes the download of a large file take about a second.
const RATE: u64 = 9 << 20;

async fn with_file(name: &str, size: usize) -> (TestServer, tempfile::TempDir, Vec<u8>) {
    let server = embedded().await;
    let bytes = content(size);
    fs::write(server.root().join(name), &bytes).unwrap();
    (server, tempfile::tempdir().unwrap(), bytes)
}

fn pool(server: &TestServer) -> Pool {
    pool_with(builder(server), server)
}

fn slow_pool(server: &TestServer) -> Pool {
    let pool = pool(server);
    pool.throttle().set_read_limit(Some(RATE));
    pool
}

/// Waits until a file has at least this many bytes.
async fn wait_for(path: &Path, size: u64) {
    let start = Instant::now();
    while fs::metadata(path).map_or(0, |found| found.len()) < size {
        assert!(start.elapsed() < Duration::from_secs(20), "{path:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn assert_in_use(outcome: &Result<Report>) {
    let Err(error) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    assert!(!error.is_transient());
}

/// Starts the second download in the middle of the first one; only the first may succeed.
async fn expect_first_wins(
    local: &Path,
    bytes: &[u8],
    from: u64,
    [first, second]: [impl Future<Output = Result<Report>>; 2],
) {
    let part = local.join("big.oxftp.part");
    let second = async {
        wait_for(&part, from + 1).await;
        let outcome = second.await;
        assert!(!local.join("big").exists(), "the second download renamed the partial file of the first");
        outcome
    };
    let (first, second) = tokio::join!(first, second);

    assert_in_use(&second);
    first.unwrap();
    assert!(fs::read(local.join("big")).unwrap() == bytes);
    assert_eq!(files(local), ["big"]);
}

fn run<'a>(pool: &'a Pool, local: &Path, options: fn(Download<'a>) -> Download<'a>) -> Download<'a> {
    options(pool.download("big").to(local).retries(3))
}

#[tokio::test]
async fn simultaneous_downloads_leave_one_whole_file() {
    let (server, local, bytes) = with_file("big", LARGE).await;
    let pools = [slow_pool(&server), pool(&server)];

    let both = [0, 1].map(|of| run(&pools[of], local.path(), |download| download).into_future());
    expect_first_wins(local.path(), &bytes, 0, both).await;
}

#[tokio::test]
async fn simultaneous_resumed_downloads_leave_whole_file() {
    let (server, local, bytes) = with_file("big", LARGE).await;
    let there = 2_000_000;
    fs::write(local.path().join("big.oxftp.part"), &bytes[..there]).unwrap();
    let pools = [slow_pool(&server), pool(&server)];

    let both = [0, 1].map(|of| run(&pools[of], local.path(), |download| download.resume(true)).into_future());
    expect_first_wins(local.path(), &bytes, there as u64, both).await;
}

#[tokio::test]
async fn simultaneous_segmented_downloads_leave_whole_file() {
    for second_has_segments in [true, false] {
        let (server, local, bytes) = with_file("big", LARGE).await;
        let pools = [slow_pool(&server), pool(&server)];

        let both = [
            run(&pools[0], local.path(), |download| download.segments(2)).into_future(),
            match second_has_segments {
                true => run(&pools[1], local.path(), |download| download.segments(2)),
                false => run(&pools[1], local.path(), |download| download.resume(true)),
            }
            .into_future(),
        ];
        expect_first_wins(local.path(), &bytes, 0, both).await;
    }
}

#[tokio::test]
async fn simultaneous_downloads_of_tree_are_whole() {
    let server = embedded().await;
    fs::create_dir(server.root().join("tree")).unwrap();
    let sizes = |number: usize| if number.is_multiple_of(10) { 400_000 } else { 1 + number * 97 };
    for number in 0..60 {
        fs::write(server.root().join(format!("tree/{number}")), content(sizes(number))).unwrap();
    }
    let local = tempfile::tempdir().unwrap();
    let pools = [0; 3].map(|_| pool(&server));

    let all = pools.each_ref().map(|pool| pool.download("tree").to(local.path()).into_future());
    let outcomes = futures_util::future::join_all(all).await;

    for outcome in outcomes {
        match outcome {
            Ok(report) => assert_eq!(report.files, 60),
            Err(Error::PartialFailure { report }) => {
                let in_use = |failure: &oxftp::Failure| matches!(failure.error, Error::InUse { .. });
                assert!(report.failures.iter().all(in_use), "{report:?}");
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    for number in 0..60 {
        let found = fs::read(local.path().join(format!("tree/{number}"))).unwrap();
        assert!(found == content(sizes(number)), "{number}");
    }
    assert_eq!(files(local.path()).len(), 60);
}

#[tokio::test]
async fn simultaneous_small_downloads_leave_whole_file() {
    let (server, local, bytes) = with_file("small", 50_000).await;
    let pools = [0; 4].map(|_| pool(&server));

    for _ in 0..20 {
        let all = pools.each_ref().map(|pool| pool.download("small").to(local.path()).into_future());
        let outcomes = futures_util::future::join_all(all).await;

        for outcome in outcomes {
            outcome.unwrap();
            assert!(fs::read(local.path().join("small")).unwrap() == bytes);
        }
        assert_eq!(files(local.path()), ["small"]);
        fs::remove_file(local.path().join("small")).unwrap();
    }
}

#[tokio::test]
async fn simultaneous_downloads_into_memory_are_whole() {
    let (server, _local, bytes) = with_file("big", LARGE).await;
    let memory = MemoryFs::new();
    let pools = [0; 2].map(|_| pool_with(builder(&server).file_system(memory.clone()), &server));
    pools[0].throttle().set_read_limit(Some(RATE));
    let second = async {
        while memory.read("big.oxftp.part").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        pools[1].download("big").await
    };

    let (first, second) = tokio::join!(async { pools[0].download("big").await }, second);

    assert_in_use(&second);
    first.unwrap();
    assert!(memory.read("big").unwrap() == bytes);
}

#[tokio::test]
async fn cancelled_download_unlocks_its_partial_file() {
    for segments in [1, 2] {
        let (server, local, bytes) = with_file("big", LARGE).await;
        let (slow, part) = (slow_pool(&server), local.path().join("big.oxftp.part"));
        tokio::select! {
            outcome = slow.download("big").to(local.path()).segments(segments) => panic!("{outcome:?}"),
            () = wait_for(&part, 1_000_000) => {}
        }

        pool(&server).download("big").to(local.path()).segments(segments).resume(true).await.unwrap();

        assert!(fs::read(local.path().join("big")).unwrap() == bytes);
        assert_eq!(files(local.path()), ["big"]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn partial_file_replaced_meanwhile_is_not_renamed() {
    for segments in [1, 2] {
        let (server, local, _) = with_file("big", LARGE).await;
        let part = local.path().join("big.oxftp.part");
        let slow = slow_pool(&server);
        let replace = async {
            wait_for(&part, 1_000_000).await;
            fs::remove_file(&part).unwrap();
            fs::write(&part, "of another program").unwrap();
        };

        let (outcome, ()) =
            tokio::join!(async { slow.download("big").to(local.path()).segments(segments).await }, replace);

        assert!(matches!(outcome, Err(Error::LocalFs(_))), "{outcome:?}");
        assert!(!local.path().join("big").exists());
        assert_eq!(fs::read(&part).unwrap(), b"of another program");
    }
}

/// A file system in which another download of the same file begins as soon as a download has renamed its partial file.
#[derive(Debug, Default)]
struct RacingFs {
    fs: MemoryFs,
    /// The partial file of the other download, locked.
    other: Mutex<Option<Box<dyn FileHandle>>>,
}

impl RacingFs {
    async fn begin_other_download(&self, partial: &Path) -> LocalFsResult<()> {
        let mut file = self.fs.open(partial, OpenMode::CreatePrivate).await?;
        assert!(file.try_lock().await.unwrap());
        *self.other.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        let mut token = self.fs.open(&partial.with_extension("part.origin"), OpenMode::Write).await?;
        token.write_all(OTHER_TOKEN.as_bytes()).await.unwrap();
        token.shutdown().await.unwrap();
        Ok(())
    }
}

impl FileSystem for RacingFs {
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.fs.try_exists(path)
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.fs.is_dir(path)
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.fs.is_file(path)
    }

    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        self.fs.create_dir(path, options)
    }

    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.fs.remove_dir(path)
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.fs.remove_file(path)
    }

    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        self.fs.read_dir(path)
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        self.fs.metadata(path)
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        self.fs.open(path, mode)
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(async move {
            self.fs.rename(from, to).await?;
            self.begin_other_download(from).await
        })
    }
}

const OTHER_TOKEN: &str = "oxftp: a part of size=9;modify=20240101000000;\n";

/// Without its token, the partial file of the other download could be resumed with another version of the file.
#[tokio::test]
async fn finished_download_keeps_resume_token_of_another() {
    for segments in [1, 2] {
        let server = MemoryServer::start(ServerBehaviour::default()).await;
        server.add_file("big", content(LARGE), 1_600_000_000);
        let fs = std::sync::Arc::new(RacingFs::default());
        let builder = scripts::builder().file_system(fs.clone());
        let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(2);

        pool.download("big").to("/big").write_into(true).segments(segments).await.unwrap();

        let token =
            fs.fs.read("/big.oxftp.part.origin").map(|token| String::from_utf8(token.to_vec()).unwrap());
        assert_eq!(token.as_deref(), Some(OTHER_TOKEN), "{segments}");
        assert!(fs.fs.read("/big").unwrap() == content(LARGE));
    }
}

/// The token of a download that was killed after its rename does not describe the next partial file.
#[tokio::test]
async fn new_partial_file_has_no_earlier_token() {
    let (server, local, _) = with_file("small", 300_000).await;
    let (token, part) = (local.path().join("small.oxftp.part.origin"), local.path().join("small.oxftp.part"));
    fs::write(&token, OTHER_TOKEN).unwrap();
    let slow = pool(&server);
    slow.throttle().set_read_limit(Some(100_000));

    tokio::select! {
        outcome = slow.download("small").to(local.path()) => panic!("{outcome:?}"),
        () = wait_for(&part, 1) => {}
    }

    assert_ne!(fs::read(&token).ok().as_deref(), Some(OTHER_TOKEN.as_bytes()));
}
