//! Segmented downloads: one large file over several connections.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use oxftp::{Counter, Credentials, Error, Pool, Progress, ProgressEvent, Report, Throttle, Verify};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
};

use crate::common::scripts;
use crate::common::scripts::{mlst_file, send_file};
use crate::common::{
    breaking_connector::BreakingConnector, builder, content, embedded, local_files::files, login, pool_with,
};

server_tests! {
    large_file_downloads_over_four_sessions,
    broken_segments_are_retried,
    segments_resume_in_later_download,
}

/// Four segments and some bytes.
const SIZE: usize = 17 * 1024 * 1024 + 3;

/// The bytes after which the data connections of a failing download break: no segment is completed.
const DISCONNECTS: [usize; 9] = [1_000_000; 9];

/// Creates a file without repetitions on the server.
fn create_file(server: &TestServer) -> Vec<u8> {
    let bytes = content(SIZE);
    fs::write(server.root().join("big"), &bytes).unwrap();
    server.hand_over().unwrap();
    bytes
}

async fn fetch(pool: &Pool, local: &Path, resume: bool, retries: u32) -> oxftp::Result<Report> {
    pool.download("big").to(local).segments(4).resume(resume).retries(retries).await
}

async fn large_file_downloads_over_four_sessions(server: &TestServer) {
    let bytes = create_file(server);
    let local = tempfile::tempdir().unwrap();
    let connector = BreakingConnector::default();
    let pool = pool_with(builder(server).connector(connector.clone()), server);

    let report = pool.download("big").to(local.path()).segments(4).verify(Verify::Size).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!((report.files, report.bytes, report.resumed), (1, SIZE as u64, 0));
    assert_eq!(connector.sessions(), 4);
    assert_eq!(files(local.path()), ["big"]);
    pool.close().await;
}

async fn broken_segments_are_retried(server: &TestServer) {
    let bytes = create_file(server);
    let local = tempfile::tempdir().unwrap();
    let connector = BreakingConnector::new([], [500_000, 3_000_000, 200_000, 1_000_000, 2_000_000]);
    let pool = pool_with(builder(server).connector(connector), server);

    let report = fetch(&pool, local.path(), false, 9).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.bytes, SIZE as u64);
    assert_eq!(files(local.path()), ["big"]);
}

async fn segments_resume_in_later_download(server: &TestServer) {
    let bytes = create_file(server);
    let local = tempfile::tempdir().unwrap();
    let connector = BreakingConnector::new([], DISCONNECTS);
    let pool = pool_with(builder(server).connector(connector), server);

    fetch(&pool, local.path(), false, 0).await.unwrap_err();
    assert_eq!(files(local.path()), ["big.oxftp.part", "big.oxftp.part.segments"]);
    let report = fetch(&pool, local.path(), true, 9).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert!(report.resumed > 1_000_000, "{report:?}");
    assert_eq!(files(local.path()), ["big"]);
}

/// Starts a server, and leaves the state of an interrupted segmented download.
async fn interrupted_download() -> (TestServer, tempfile::TempDir, Vec<u8>) {
    let server = embedded().await;
    let bytes = create_file(&server);
    let local = tempfile::tempdir().unwrap();
    let pool = pool_with(builder(&server).connector(BreakingConnector::new([], DISCONNECTS)), &server);
    fetch(&pool, local.path(), false, 0).await.unwrap_err();
    assert_eq!(files(local.path()), ["big.oxftp.part", "big.oxftp.part.segments"]);
    (server, local, bytes)
}

#[tokio::test]
async fn resume_ignores_preallocated_segment_space() {
    let (server, local, bytes) = interrupted_download().await;

    let mut client = login(&server).await;
    let report = client.download("big").to(local.path()).resume(true).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.resumed, 0);
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn resume_without_segments_continues_them() {
    let (server, local, bytes) = interrupted_download().await;

    let pool = pool_with(builder(&server), &server);
    let report = pool.download("big").to(local.path()).resume(true).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert!(report.resumed > 1_000_000, "{report:?}");
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn changed_file_discards_its_segments() {
    let (server, local, mut bytes) = interrupted_download().await;
    bytes.reverse();
    fs::write(server.root().join("big"), &bytes).unwrap();
    let later = SystemTime::now() + Duration::from_secs(60);
    fs::File::options().append(true).open(server.root().join("big")).unwrap().set_modified(later).unwrap();

    let report = fetch(&pool_with(builder(&server), &server), local.path(), true, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.resumed, 0);
}

#[tokio::test]
async fn single_connection_partial_resumes_in_segments() {
    let server = embedded().await;
    let bytes = create_file(&server);
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("big.oxftp.part"), &bytes[..2_000_000]).unwrap();

    let report = fetch(&pool_with(builder(&server), &server), local.path(), true, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.resumed, 2_000_000);
    assert_eq!(files(local.path()), ["big"]);
}

/// Neither the size nor the end of the partial file shows that it is of an older version.
#[tokio::test]
async fn other_version_is_not_resumed_in_segments() {
    let server = embedded().await;
    let bytes = create_file(&server);
    let local = tempfile::tempdir().unwrap();
    let part = local.path().join("big.oxftp.part");
    let mut older = bytes[..2_000_000].to_vec();
    older[0] ^= 1;
    fs::write(&part, &older).unwrap();
    let note = format!("oxftp: a part of size={};modify=20200101000000;\n", SIZE - 1);
    fs::write(local.path().join("big.oxftp.part.origin"), note).unwrap();

    let report = fetch(&pool_with(builder(&server), &server), local.path(), true, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.resumed, 0);
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn differing_partial_end_is_not_resumed_in_segments() {
    let server = embedded().await;
    let bytes = create_file(&server);
    let local = tempfile::tempdir().unwrap();
    let mut older = bytes[..2_000_000].to_vec();
    older[1_999_999] ^= 1;
    fs::write(local.path().join("big.oxftp.part"), &older).unwrap();

    fetch(&pool_with(builder(&server), &server), local.path(), true, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(files(local.path()), ["big"]);
}

/// Size and time are the same as before, so that only the content shows the change.
#[tokio::test]
async fn segments_of_silently_changed_file_are_discarded() {
    let (server, local, mut bytes) = interrupted_download().await;
    let path = server.root().join("big");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    bytes.reverse();
    fs::write(&path, &bytes).unwrap();
    fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();

    fetch(&pool_with(builder(&server), &server), local.path(), true, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn file_changed_during_segments_gets_no_final_name() {
    let server = embedded().await;
    create_file(&server);
    let local = tempfile::tempdir().unwrap();
    let pool = pool_with(builder(&server), &server);
    pool.throttle().set_read_limit(Some(16 << 20));
    let change = async {
        let status = local.path().join("big.oxftp.part.segments");
        while !status.exists() {
            tokio::task::yield_now().await;
        }
        let file = fs::File::options().append(true).open(server.root().join("big")).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
    };

    let (outcome, ()) = tokio::join!(fetch(&pool, local.path(), false, 2), change);

    assert!(matches!(outcome, Err(Error::Changed { .. })), "{outcome:?}");
    assert_eq!(files(local.path()), ["big.oxftp.part", "big.oxftp.part.segments"]);
}

#[tokio::test]
async fn repetitive_file_uses_one_connection_and_is_complete() {
    let server = embedded().await;
    let bytes = vec![7; SIZE];
    fs::write(server.root().join("big"), &bytes).unwrap();
    let local = tempfile::tempdir().unwrap();

    let report = fetch(&pool_with(builder(&server), &server), local.path(), false, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.bytes, SIZE as u64);
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn segments_work_with_fewer_sessions() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        for protection in [Protection::Plain, Protection::Explicit] {
            let mut options = ServerOptions::new(protection);
            options.max_sessions = Some(2);
            let Some(server) = available(kind.start_with(options).await) else { continue };
            let bytes = create_file(&server);
            let local = tempfile::tempdir().unwrap();
            let pool = pool_with(builder(&server), &server);

            fetch(&pool, local.path(), false, 2).await.unwrap();

            assert!(fs::read(local.path().join("big")).unwrap() == bytes, "{}", server.name());
            pool.close().await;
        }
    }
}

/// Plays the first session of a download in two segments that falls back to one connection.
fn fall_back_to_one_connection(bytes: &[u8]) -> Script {
    let script = Script::new().login().expect("MLST big").reply(mlst_file(bytes.len() as u64));
    let script = script.expect("MDTM big").reply("213 20240501120000").type_image();
    send_file(script, "RETR big", bytes)
        .expect("SIZE big")
        .reply(format!("213 {}", bytes.len()))
        .expect("MDTM big")
        .reply("213 20240501120000")
}

/// Removes the rate limit once the first segment would be complete.
#[derive(Debug)]
struct SpeedUp {
    counter: Counter,
    throttle: Throttle,
}

impl Progress for SpeedUp {
    fn on_event(&self, event: ProgressEvent<'_>) {
        self.counter.on_event(event);
        if self.counter.bytes() >= 8 << 20 {
            self.throttle.set_read_limit(None);
        }
    }
}

/// Downloads over two sessions; the first is slow enough for the second to start.
async fn download_slowly(scripts: [Script; 2], bytes: &[u8]) {
    let local = tempfile::tempdir().unwrap();
    let server = Script::start_each(scripts).await;
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(2);
    // The rate limit applies to replies, too.
    pool.throttle().set_read_limit(Some(2 << 20));
    let progress = Arc::new(SpeedUp { counter: Counter::default(), throttle: pool.throttle().clone() });

    let report = pool.download("big").to(local.path()).segments(2).progress(progress).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.bytes, bytes.len() as u64);
    assert_eq!(files(local.path()), ["big"]);
    server.done().await;
}

#[tokio::test]
async fn refused_rest_falls_back_to_one_connection() {
    let bytes = content(16 << 20);
    let refused = Script::new().login().type_image().passive().expect("REST 8388608").reply("502 no REST");

    download_slowly([fall_back_to_one_connection(&bytes), refused], &bytes).await;
}

#[tokio::test]
async fn ignored_rest_is_detected() {
    let bytes = content(16 << 20);
    let script = Script::new().login().type_image().passive().expect("REST 8388608").reply("350 go");
    let script = script.expect("RETR big").reply("150 here").send(&bytes[..100_000]).expect("ABOR");
    let ignored = script.reply("426 cut\r\n226 aborted").expect("NOOP").reply("200 ok");

    download_slowly([fall_back_to_one_connection(&bytes), ignored], &bytes).await;
}

#[tokio::test]
async fn small_file_uses_one_connection() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().login().expect("MLST big").reply(mlst_file(1000)).type_image();
    let server = Script::start_each([send_file(script, "RETR big", content(1000))]).await;
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous());

    pool.download("big").to(local.path()).segments(4).await.unwrap();

    server.done().await;
}
