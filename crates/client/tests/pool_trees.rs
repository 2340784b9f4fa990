//! Trees over many sessions: all of it arrives, whatever breaks meanwhile.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{
    bench::{embedded, failed_names, files},
    builder, content,
    mortal::Mortal,
    pool_by,
};
use oxftp::{Credentials, Error, Order, Pool, Progress, ProgressEvent, Verify};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
    tree::{TreeOptions, compare_trees, make_tree},
};
use scripts::{mlst_dir, mlst_file, play, sending, taking};

server_tests! {
    a_tree_of_hard_names_goes_up_and_comes_down_over_four_sessions,
    sessions_that_break_in_the_middle_of_a_tree_lose_nothing,
}

/// Sends a tree up and down again, and fails unless it comes back as it was.
async fn up_and_down(pool: &Pool, source: &Path) {
    let back = tempfile::tempdir().unwrap();
    let report = pool.upload(source).to("tree").write_into(true).retries(9).await.unwrap();
    let down = pool.download("tree").to(back.path().join("tree")).write_into(true).retries(9).await.unwrap();

    assert_eq!((report.files, report.directories), (down.files, down.directories));
    compare_trees(source, &back.path().join("tree")).unwrap();
}

fn small_files(root: &Path, directories: usize, each: usize) {
    for directory in 0..directories {
        let directory = root.join(format!("directory {directory}"));
        fs::create_dir_all(&directory).unwrap();
        for file in 0..each {
            fs::write(directory.join(format!("file {file}")), content(file * 7)).unwrap();
        }
    }
}

async fn a_tree_of_hard_names_goes_up_and_comes_down_over_four_sessions(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    make_tree(local.path(), &TreeOptions::fit_for(server.kind(), 120)).unwrap();
    let connector = Mortal::default();
    let pool = pool_by(builder(server).connector(connector.clone()), server).size(4);

    up_and_down(&pool, local.path()).await;

    assert!(connector.sessions() <= 4, "{} sessions", connector.sessions());
    pool.close().await;
}

async fn sessions_that_break_in_the_middle_of_a_tree_lose_nothing(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    small_files(local.path(), 4, 15);
    // Handshakes count, too; each dies some files later than the last.
    let handshake = if server.protection() == Protection::Plain { 0 } else { 3000 };
    let connector = Mortal::new([500, 700, 900, 1100, 800, 600].map(|bytes| handshake + bytes), []);
    let pool = pool_by(builder(server).connector(connector.clone()), server).size(3);

    up_and_down(&pool, local.path()).await;

    assert!(connector.sessions() > 3, "{} sessions", connector.sessions());
    pool.close().await;
}

#[tokio::test]
async fn two_thousand_small_files_go_up_and_come_down_over_four_sessions() {
    for kind in [ServerKind::Vsftpd, ServerKind::Embedded] {
        let Some(server) = available(kind.start(Protection::Plain).await) else { continue };
        let local = tempfile::tempdir().unwrap();
        small_files(local.path(), 20, 100);
        let pool = pool_by(builder(&server), &server).size(4);

        up_and_down(&pool, local.path()).await;

        pool.close().await;
    }
}

#[tokio::test]
async fn a_server_that_allows_two_sessions_gets_no_more_of_them_and_all_of_the_tree() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        for protection in [Protection::Plain, Protection::Explicit] {
            let mut options = ServerOptions::new(protection);
            options.most_sessions = Some(2);
            let Some(server) = available(kind.start_with(options).await) else { continue };
            let local = tempfile::tempdir().unwrap();
            small_files(local.path(), 3, 20);
            let pool = pool_by(builder(&server), &server).size(6);

            up_and_down(&pool, local.path()).await;

            assert!(pool.limit() <= 2, "{}: {}", server.name(), pool.limit());
            pool.close().await;
        }
    }
}

#[tokio::test]
async fn a_download_that_broke_goes_on_where_it_broke() {
    let server = embedded().await;
    let local = tempfile::tempdir().unwrap();
    let bytes = content(600_000);
    fs::write(server.root().join("big"), &bytes).unwrap();
    let told = Arc::new(Told::default());
    let pool = pool_by(builder(&server).connector(Mortal::new([], [400_000])), &server);

    let report = pool.download("big").to(local.path()).progress(told.clone()).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!((report.files, report.bytes, report.resumed), (1, 600_000, 0));
    assert_eq!(
        *told.0.lock().unwrap(),
        ["started at 0", "retried from 0", "started at 400000", "finished at 600000"]
    );
}

/// Adds up where a file stands.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>, Mutex<u64>);

impl Told {
    fn say(&self, what: &str, change: impl FnOnce(u64) -> u64) {
        let mut at = self.1.lock().unwrap();
        *at = change(*at);
        if !what.is_empty() {
            self.0.lock().unwrap().push(format!("{what} {at}"));
        }
    }
}

impl Progress for Told {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::FileStarted { offset, .. } => self.say("started at", |_| offset),
            ProgressEvent::Advanced { bytes, .. } => self.say("", |at| at + bytes),
            ProgressEvent::FileRetried { offset, moved, .. } => self.say("retried from", |at| {
                assert_eq!(at, offset + moved);
                offset
            }),
            ProgressEvent::FileFinished { .. } => self.say("finished at", |at| at),
            _ => {}
        }
    }
}

/// A directory of files of one byte each.
fn tree(names: &[&str]) -> Script {
    let lines: String = names.iter().map(|name| format!("type=file;size=1; {name}\r\n")).collect();
    let script = Script::new().login().expect("MLST d").reply(mlst_dir());
    sending(script.type_image(), "MLSD d", lines)
}

async fn playing<const N: usize>(scripts: [Script; N]) -> (oxftp_testing::scripted::ScriptedSeries, Pool) {
    let server = Script::start_each(scripts).await;
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);
    (server, pool)
}

#[tokio::test]
async fn a_file_that_a_lost_session_left_is_fetched_by_the_next() {
    let local = tempfile::tempdir().unwrap();
    let lost = tree(&["a", "b"]).passive().expect("RETR d/a").reply("421 bye").close();
    let next = sending(Script::new().login().type_image(), "RETR d/a", "a");
    let (server, pool) = playing([lost, sending(next, "RETR d/b", "b")]).await;

    let report = pool.download("d").to(local.path()).await.unwrap();

    assert_eq!((report.files, report.bytes), (2, 2));
    assert_eq!(files(local.path()), ["d/a", "d/b"]);
    server.done().await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_named_and_not_tried_again() {
    let local = tempfile::tempdir().unwrap();
    let script = tree(&["a", "b"]).passive().expect("RETR d/a").reply("550 permission denied");
    let (server, pool) = playing([sending(script, "RETR d/b", "b")]).await;

    let error = pool.download("d").to(local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/a"]);
    server.done().await;
}

#[tokio::test]
async fn what_is_busy_is_tried_again_on_the_same_session() {
    let local = tempfile::tempdir().unwrap();
    let busy = tree(&["a"]).passive().expect("RETR d/a").reply("450 busy");
    let (server, pool) = playing([sending(busy, "RETR d/a", "a")]).await;

    let report = pool.download("d").to(local.path()).await.unwrap();

    assert_eq!(report.files, 1);
    server.done().await;
}

#[tokio::test]
async fn a_server_that_is_gone_stops_a_tree_and_the_report_says_how_far_it_came() {
    let local = tempfile::tempdir().unwrap();
    let script = sending(tree(&["a", "b", "c"]), "RETR d/a", "a");
    let (server, pool) = playing([script.passive().expect("RETR d/b").reply("421 bye").close()]).await;

    let error = pool.download("d").to(local.path()).retries(1).await.unwrap_err();

    let Error::Stopped { report, source } = error else { panic!("{error:?}") };
    assert_eq!((report.files, report.bytes), (1, 1));
    assert!(matches!(*source, Error::Connect { .. }), "{source:?}");
    assert_eq!(files(local.path()), ["d/a"]);
    server.done().await;
}

#[tokio::test]
async fn more_failures_than_allowed_stop_a_tree() {
    let local = tempfile::tempdir().unwrap();
    let refused = |script: Script, path: &str| {
        script.passive().expect(format!("RETR {path}")).reply("550 permission denied")
    };
    let script = refused(refused(tree(&["a", "b", "c"]), "d/a"), "d/b");
    let (server, pool) = playing([script]).await;

    let error = pool.download("d").to(local.path()).max_errors(1).await.unwrap_err();

    let Error::Stopped { report, source } = error else { panic!("{error:?}") };
    assert_eq!(report.failures.len(), 2);
    assert!(matches!(*source, Error::TooManyFailures { limit: 1 }), "{source:?}");
    server.done().await;
}

#[tokio::test]
async fn a_deadline_ends_a_tree_and_names_what_was_on_its_way() {
    let local = tempfile::tempdir().unwrap();
    let script = sending(tree(&["a", "b", "c"]), "RETR d/a", "a").passive().expect("RETR d/b").stall();
    let server = script.start().await;
    // No other deadline comes first.
    let builder = scripts::builder().socket_timeout(Duration::from_secs(60));
    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(1);

    let error = pool.download("d").to(local.path()).deadline(Duration::from_secs(4)).await.unwrap_err();

    assert!(error.is_timeout(), "{error:?}");
    let Error::Stopped { report, .. } = error else { panic!("{error:?}") };
    assert_eq!((report.files, report.failures[0].name.as_str()), (1, "d/b"));
    server.done().await;
}

#[tokio::test]
async fn an_upload_that_a_lost_session_left_is_sent_again_from_its_start() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("d")).unwrap();
    fs::write(local.path().join("d/a"), "all of it").unwrap();
    let made = Script::new().login().expect("MKD d").reply("257 made").type_image();
    let lost = made.passive().expect("STOR d/a").reply("150 go").receive().close();
    let (server, pool) =
        playing([lost, taking(Script::new().login().type_image(), "STOR d/a", "all of it")]).await;

    let report = pool.upload(local.path().join("d")).verify(Verify::Nothing).await.unwrap();

    assert_eq!((report.files, report.directories, report.bytes), (1, 1, 9));
    server.done().await;
}

#[tokio::test]
async fn files_go_in_the_order_that_was_asked_for() {
    let local = tempfile::tempdir().unwrap();
    let lines = "type=file;size=1; small\r\ntype=dir; e\r\ntype=file;size=2; mid\r\n";
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script = sending(sending(script, "MLSD d", lines), "MLSD d/e", "type=file;size=3; large\r\n");
    let script = sending(sending(script, "RETR d/e/large", "lll"), "RETR d/mid", "mm");
    let (server, mut client) = play(sending(script, "RETR d/small", "s")).await;

    client.download("d").to(local.path()).order(Order::LargestFirst).await.unwrap();

    assert_eq!(files(local.path()), ["d/e/large", "d/mid", "d/small"]);
    server.done().await;
}

#[tokio::test]
async fn a_directory_where_a_file_is_wanted_is_told_by_one_question() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).expect("MLST f").reply(mlst_file(1));
    let (server, mut client) = play(sending(script.type_image(), "RETR f", "f")).await;

    let error = client.download("d").to(local.path()).recursive(false).await.unwrap_err();
    client.download("f").to(local.path()).recursive(false).await.unwrap();

    assert!(matches!(error, Error::IsDirectory { .. }), "{error:?}");
    assert_eq!(files(local.path()), ["f"]);
    server.done().await;
}

#[tokio::test]
async fn names_that_are_one_here_do_not_spoil_each_other() {
    let local = tempfile::tempdir().unwrap();
    let server = embedded().await;
    for name in ["d/name", "d/NAME", "d/Name", "d/name.part"] {
        common::bench::lay(server.root(), name, &name.repeat(30_000));
    }
    let pool = pool_by(builder(&server), &server);

    pool.download("d").to(local.path()).await.unwrap();

    for name in ["d/name", "d/NAME", "d/Name"] {
        assert!(fs::read_to_string(local.path().join(name)).unwrap() == name.repeat(30_000), "{name}");
    }
}
