//! One large file over several connections: whole, whatever breaks, or not at all.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use common::{bench::embedded, bench::files, builder, content, mortal::Mortal, pool_by};
use oxftp::{Counter, Credentials, Error, Pool, Progress, ProgressEvent, Report, Throttle, Verify};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
};
use scripts::{mlst_file, sending};

server_tests! {
    a_large_file_comes_over_four_sessions,
    segments_that_break_are_fetched_again,
    segments_go_on_in_a_later_download,
}

/// Four segments and some bytes.
const SIZE: usize = 17 * 1024 * 1024 + 3;

/// When the data connections of a download break that is to fail: none brings a segment to its end.
const DEATHS: [usize; 9] = [1_000_000; 9];

/// Lays a file on the server that no two parts of are alike.
fn lay(server: &TestServer) -> Vec<u8> {
    let bytes = content(SIZE);
    fs::write(server.root().join("big"), &bytes).unwrap();
    server.hand_over().unwrap();
    bytes
}

async fn fetch(pool: &Pool, local: &Path, resume: bool, retries: u32) -> oxftp::Result<Report> {
    pool.download("big").to(local).segments(4).resume(resume).retries(retries).await
}

async fn a_large_file_comes_over_four_sessions(server: &TestServer) {
    let bytes = lay(server);
    let local = tempfile::tempdir().unwrap();
    let connector = Mortal::default();
    let pool = pool_by(builder(server).connector(connector.clone()), server);

    let report = pool.download("big").to(local.path()).segments(4).verify(Verify::Size).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!((report.files, report.bytes, report.resumed), (1, SIZE as u64, 0));
    assert_eq!(connector.sessions(), 4);
    assert_eq!(files(local.path()), ["big"]);
    pool.close().await;
}

async fn segments_that_break_are_fetched_again(server: &TestServer) {
    let bytes = lay(server);
    let local = tempfile::tempdir().unwrap();
    let connector = Mortal::new([], [500_000, 3_000_000, 200_000, 1_000_000, 2_000_000]);
    let pool = pool_by(builder(server).connector(connector), server);

    let report = fetch(&pool, local.path(), false, 9).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.bytes, SIZE as u64);
    assert_eq!(files(local.path()), ["big"]);
}

async fn segments_go_on_in_a_later_download(server: &TestServer) {
    let bytes = lay(server);
    let local = tempfile::tempdir().unwrap();
    let connector = Mortal::new([], DEATHS);
    let pool = pool_by(builder(server).connector(connector), server);

    fetch(&pool, local.path(), false, 0).await.unwrap_err();
    assert_eq!(files(local.path()), ["big.oxftp.part", "big.oxftp.part.segments"]);
    let report = fetch(&pool, local.path(), true, 9).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert!(report.resumed > 1_000_000, "{report:?}");
    assert_eq!(files(local.path()), ["big"]);
}

/// A server and what a download in segments left that broke off.
async fn broken_off() -> (TestServer, tempfile::TempDir, Vec<u8>) {
    let server = embedded().await;
    let bytes = lay(&server);
    let local = tempfile::tempdir().unwrap();
    let pool = pool_by(builder(&server).connector(Mortal::new([], DEATHS)), &server);
    fetch(&pool, local.path(), false, 0).await.unwrap_err();
    assert_eq!(files(local.path()), ["big.oxftp.part", "big.oxftp.part.segments"]);
    (server, local, bytes)
}

#[tokio::test]
async fn one_connection_does_not_take_reserved_space_for_written() {
    let (server, local, bytes) = broken_off().await;

    let pool = pool_by(builder(&server), &server);
    let report = pool.download("big").to(local.path()).resume(true).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.resumed, 0);
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn a_file_that_is_another_by_now_is_fetched_anew() {
    let (server, local, mut bytes) = broken_off().await;
    bytes.reverse();
    fs::write(server.root().join("big"), &bytes).unwrap();
    let later = SystemTime::now() + Duration::from_secs(60);
    fs::File::options().append(true).open(server.root().join("big")).unwrap().set_modified(later).unwrap();

    let report = fetch(&pool_by(builder(&server), &server), local.path(), true, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.resumed, 0);
}

#[tokio::test]
async fn the_part_of_one_connection_is_gone_on_with_in_segments() {
    let server = embedded().await;
    let bytes = lay(&server);
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("big.oxftp.part"), &bytes[..2_000_000]).unwrap();

    let report = fetch(&pool_by(builder(&server), &server), local.path(), true, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.resumed, 2_000_000);
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_gets_no_final_name() {
    let server = embedded().await;
    lay(&server);
    let local = tempfile::tempdir().unwrap();
    let pool = pool_by(builder(&server), &server);
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
async fn a_file_that_repeats_itself_is_left_to_one_connection_and_comes_whole() {
    let server = embedded().await;
    let bytes = vec![7; SIZE];
    fs::write(server.root().join("big"), &bytes).unwrap();
    let local = tempfile::tempdir().unwrap();

    let report = fetch(&pool_by(builder(&server), &server), local.path(), false, 2).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.bytes, SIZE as u64);
    assert_eq!(files(local.path()), ["big"]);
}

#[tokio::test]
async fn fewer_sessions_than_segments_are_enough() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        for protection in [Protection::Plain, Protection::Explicit] {
            let mut options = ServerOptions::new(protection);
            options.most_sessions = Some(2);
            let Some(server) = available(kind.start_with(options).await) else { continue };
            let bytes = lay(&server);
            let local = tempfile::tempdir().unwrap();
            let pool = pool_by(builder(&server), &server);

            fetch(&pool, local.path(), false, 2).await.unwrap();

            assert!(fs::read(local.path().join("big")).unwrap() == bytes, "{}", server.name());
            pool.close().await;
        }
    }
}

/// The first session of a download in two segments that becomes one.
fn all_on_one(bytes: &[u8]) -> Script {
    let script = Script::new().login().expect("MLST big").reply(mlst_file(bytes.len() as u64));
    let script = script.expect("MDTM big").reply("213 20240501120000").type_image();
    sending(script, "RETR big", bytes)
        .expect("SIZE big")
        .reply(format!("213 {}", bytes.len()))
        .expect("MDTM big")
        .reply("213 20240501120000")
}

/// Lifts the limit once the first segment would have been through.
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

/// Downloads over two sessions, the first of which is slow enough for the second to come in time.
async fn fetch_slowly(scripts: [Script; 2], bytes: &[u8]) {
    let local = tempfile::tempdir().unwrap();
    let server = Script::start_each(scripts).await;
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(2);
    // Replies are read at this rate, too.
    pool.throttle().set_read_limit(Some(2 << 20));
    let progress = Arc::new(SpeedUp { counter: Counter::default(), throttle: pool.throttle().clone() });

    let report = pool.download("big").to(local.path()).segments(2).progress(progress).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(report.bytes, bytes.len() as u64);
    assert_eq!(files(local.path()), ["big"]);
    server.done().await;
}

#[tokio::test]
async fn a_server_that_refuses_to_start_elsewhere_sends_all_on_one_connection() {
    let bytes = content(16 << 20);
    let refused = Script::new().login().type_image().passive().expect("REST 8388608").reply("502 no REST");

    fetch_slowly([all_on_one(&bytes), refused], &bytes).await;
}

#[tokio::test]
async fn a_server_that_starts_at_the_beginning_all_the_same_is_found_out() {
    let bytes = content(16 << 20);
    let script = Script::new().login().type_image().passive().expect("REST 8388608").reply("350 go");
    let script = script.expect("RETR big").reply("150 here").send(&bytes[..100_000]).expect("ABOR");
    let ignored = script.reply("426 cut\r\n226 aborted").expect("NOOP").reply("200 ok");

    fetch_slowly([all_on_one(&bytes), ignored], &bytes).await;
}

#[tokio::test]
async fn a_small_file_is_left_to_one_connection() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().login().expect("MLST big").reply(mlst_file(1000)).type_image();
    let server = Script::start_each([sending(script, "RETR big", content(1000))]).await;
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous());

    pool.download("big").to(local.path()).segments(4).await.unwrap();

    server.done().await;
}
