//! Trees over several sessions: all files arrive even when sessions break.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use oxftp::{Credentials, Error, Order, Pool, Progress, ProgressEvent, Verify};
use oxftp_testing::scripted::Script;

use crate::common;
use crate::common::scripts;
use crate::common::scripts::{mlst_dir, mlst_file, play, receive_file, send_file};
use crate::common::{
    breaking_connector::BreakingConnector, builder, content, embedded, local_files::files, pool_with,
};
use crate::fixture::failed_names;

#[tokio::test]
async fn broken_download_resumes_at_retry() {
    let server = embedded().await;
    let local = tempfile::tempdir().unwrap();
    let bytes = content(600_000);
    fs::write(server.root().join("big"), &bytes).unwrap();
    let recorded = Arc::new(Recorded::default());
    let pool = pool_with(builder(&server).connector(BreakingConnector::new([], [400_000])), &server);

    let report = pool.download("big").to(local.path()).progress(recorded.clone()).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!((report.files, report.bytes, report.resumed), (1, 600_000, 0));
    assert_eq!(
        *recorded.0.lock().unwrap(),
        ["started at 0", "retried from 0", "started at 400000", "finished at 600000"]
    );
}

/// Records the progress of a file.
#[derive(Debug, Default)]
struct Recorded(Mutex<Vec<String>>, Mutex<u64>);

impl Recorded {
    fn record(&self, what: &str, change: impl FnOnce(u64) -> u64) {
        let mut at = self.1.lock().unwrap();
        *at = change(*at);
        if !what.is_empty() {
            self.0.lock().unwrap().push(format!("{what} {at}"));
        }
    }
}

impl Progress for Recorded {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::FileStarted { offset, .. } => self.record("started at", |_| offset),
            ProgressEvent::Advanced { bytes, .. } => self.record("", |at| at + bytes),
            ProgressEvent::FileRetried { offset, moved, .. } => self.record("retried from", |at| {
                assert_eq!(at, offset + moved);
                offset
            }),
            ProgressEvent::FileFinished { .. } => self.record("finished at", |at| at),
            _ => {}
        }
    }
}

/// Plays the listing of a directory with files of one byte each.
fn tree(names: &[&str]) -> Script {
    let lines: String = names.iter().map(|name| format!("type=file;size=1; {name}\r\n")).collect();
    let script = Script::new().login().expect("MLST d").reply(mlst_dir());
    send_file(script.type_image(), "MLSD d", lines)
}

async fn start_pool<const N: usize>(scripts: [Script; N]) -> (oxftp_testing::scripted::ScriptedSeries, Pool) {
    let server = Script::start_each(scripts).await;
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(1);
    (server, pool)
}

#[tokio::test]
async fn file_of_lost_session_is_retried_by_another() {
    let local = tempfile::tempdir().unwrap();
    let lost = tree(&["a", "b"]).passive().expect("RETR d/a").reply("421 bye").close();
    let next = send_file(Script::new().login().type_image(), "RETR d/a", "a");
    let (server, pool) = start_pool([lost, send_file(next, "RETR d/b", "b")]).await;

    let report = pool.download("d").to(local.path()).await.unwrap();

    assert_eq!((report.files, report.bytes), (2, 2));
    assert_eq!(files(local.path()), ["d/a", "d/b"]);
    server.done().await;
}

#[tokio::test]
async fn permanent_refusal_is_reported_without_retry() {
    let local = tempfile::tempdir().unwrap();
    let script = tree(&["a", "b"]).passive().expect("RETR d/a").reply("550 permission denied");
    let (server, pool) = start_pool([send_file(script, "RETR d/b", "b")]).await;

    let error = pool.download("d").to(local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/a"]);
    server.done().await;
}

#[tokio::test]
async fn transient_refusal_is_retried_on_same_session() {
    let local = tempfile::tempdir().unwrap();
    let busy = tree(&["a"]).passive().expect("RETR d/a").reply("450 busy");
    let (server, pool) = start_pool([send_file(busy, "RETR d/a", "a")]).await;

    let report = pool.download("d").to(local.path()).await.unwrap();

    assert_eq!(report.files, 1);
    server.done().await;
}

#[tokio::test]
async fn lost_server_stops_tree_with_partial_report() {
    let local = tempfile::tempdir().unwrap();
    let script = send_file(tree(&["a", "b", "c"]), "RETR d/a", "a");
    let (server, pool) = start_pool([script.passive().expect("RETR d/b").reply("421 bye").close()]).await;

    let error = pool.download("d").to(local.path()).retries(1).await.unwrap_err();

    let Error::Stopped { report, source } = error else { panic!("{error:?}") };
    assert_eq!((report.files, report.bytes), (1, 1));
    assert!(matches!(*source, Error::Connect { .. }), "{source:?}");
    assert_eq!(files(local.path()), ["d/a"]);
    server.done().await;
}

#[tokio::test]
async fn too_many_failures_stop_a_tree() {
    let local = tempfile::tempdir().unwrap();
    let refused = |script: Script, path: &str| {
        script.passive().expect(format!("RETR {path}")).reply("550 permission denied")
    };
    let script = refused(refused(tree(&["a", "b", "c"]), "d/a"), "d/b");
    let (server, pool) = start_pool([script]).await;

    let error = pool.download("d").to(local.path()).max_errors(1).await.unwrap_err();

    let Error::Stopped { report, source } = error else { panic!("{error:?}") };
    assert_eq!(report.failures.len(), 2);
    assert!(matches!(*source, Error::TooManyFailures { limit: 1 }), "{source:?}");
    server.done().await;
}

#[tokio::test]
async fn deadline_timeout_stops_tree_and_reports_the_rest() {
    let local = tempfile::tempdir().unwrap();
    let script = send_file(tree(&["a", "b", "c"]), "RETR d/a", "a").passive().expect("RETR d/b").stall();
    let server = script.start().await;
    // No other timeout expires first.
    let builder = scripts::builder().socket_timeout(Duration::from_secs(60));
    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(1);

    let error = pool.download("d").to(local.path()).deadline(Duration::from_secs(4)).await.unwrap_err();

    assert!(error.is_timeout(), "{error:?}");
    let Error::Stopped { report, .. } = error else { panic!("{error:?}") };
    assert_eq!((report.files, report.failures[0].name.as_str()), (1, "d/b"));
    server.done().await;
}

#[tokio::test]
async fn upload_of_lost_session_is_retried_from_start() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("d")).unwrap();
    fs::write(local.path().join("d/a"), "all of it").unwrap();
    let made = Script::new().login().expect("MKD d").reply("257 made").type_image();
    let lost = made.passive().expect("STOR d/a").reply("150 go").receive().close();
    let (server, pool) =
        start_pool([lost, receive_file(Script::new().login().type_image(), "STOR d/a", "all of it")]).await;

    let report = pool.upload(local.path().join("d")).verify(Verify::Nothing).await.unwrap();

    assert_eq!((report.files, report.directories, report.bytes), (1, 1, 9));
    server.done().await;
}

#[tokio::test]
async fn files_are_transferred_in_configured_order() {
    let local = tempfile::tempdir().unwrap();
    let lines = "type=file;size=1; small\r\ntype=dir; e\r\ntype=file;size=2; mid\r\n";
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script = send_file(send_file(script, "MLSD d", lines), "MLSD d/e", "type=file;size=3; large\r\n");
    let script = send_file(send_file(script, "RETR d/e/large", "lll"), "RETR d/mid", "mm");
    let (server, mut client) = play(send_file(script, "RETR d/small", "s")).await;

    client.download("d").to(local.path()).order(Order::LargestFirst).await.unwrap();

    assert_eq!(files(local.path()), ["d/e/large", "d/mid", "d/small"]);
    server.done().await;
}

#[tokio::test]
async fn directory_in_place_of_file_needs_one_command() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).expect("MLST f").reply(mlst_file(1));
    let (server, mut client) = play(send_file(script.type_image(), "RETR f", "f")).await;

    let error = client.download("d").to(local.path()).recursive(false).await.unwrap_err();
    client.download("f").to(local.path()).recursive(false).await.unwrap();

    assert!(matches!(error, Error::IsDirectory { .. }), "{error:?}");
    assert_eq!(files(local.path()), ["f"]);
    server.done().await;
}

#[tokio::test]
async fn colliding_local_names_do_not_mix() {
    let local = tempfile::tempdir().unwrap();
    let server = embedded().await;
    for name in ["d/name", "d/NAME", "d/Name", "d/name.part"] {
        common::local_files::create_file(server.root(), name, &name.repeat(30_000));
    }
    let pool = pool_with(builder(&server), &server);

    pool.download("d").to(local.path()).await.unwrap();

    for name in ["d/name", "d/NAME", "d/Name"] {
        assert!(fs::read_to_string(local.path().join(name)).unwrap() == name.repeat(30_000), "{name}");
    }
}
