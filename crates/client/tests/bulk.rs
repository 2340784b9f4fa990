//! Large files, whose bytes pass by this side's memory where nothing stands between: they arrive
//! whole, and what holds for other transfers holds for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{fs, fs::File, path::Path, sync::Arc, time::Duration};

use common::{content, login};
use oxftp::{Counter, Progress, ProgressEvent};
use oxftp_testing::{scripted::Script, server_tests, servers::TestServer};
use scripts::{builder, check_in_step, in_step, mlst_file, opening, play, play_to};
use tokio::sync::Notify;

server_tests! {
    a_large_file_goes_up_and_comes_down_and_is_counted,
    a_large_download_goes_on_where_its_part_ends,
}

async fn a_large_file_goes_up_and_comes_down_and_is_counted(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    let (source, target) = (local.path().join("source"), local.path().join("target"));
    fs::write(&source, content(SIZE)).unwrap();
    let mut client = login(server).await;
    let counter = Arc::new(Counter::default());

    client.upload(&source).to("it").write_into(true).progress(counter.clone()).await.unwrap();
    let report = client.download("it").to(&target).write_into(true).progress(counter.clone()).await.unwrap();

    assert_eq!(report.bytes, SIZE as u64);
    assert_eq!(counter.bytes(), 2 * SIZE as u64);
    assert!(fs::read(&target).unwrap() == content(SIZE));
    client.quit().await.unwrap();
}

async fn a_large_download_goes_on_where_its_part_ends(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::write(server.root().join("it"), content(SIZE)).unwrap();
    fs::write(local.path().join("it.oxftp.part"), content(SIZE / 3)).unwrap();
    let mut client = login(server).await;

    let report = client.download("it").to(local.path()).resume(true).await.unwrap();

    assert_eq!(report.resumed, SIZE as u64 / 3);
    assert!(fs::read(local.path().join("it")).unwrap() == content(SIZE));
}

#[tokio::test]
async fn a_large_download_that_is_reset_leaves_a_part_of_true_bytes() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST it").reply(mlst_file(2 * SIZE as u64)).type_image();
    let script = opening(script, "RETR it").send(content(SIZE)).reset_data().reply("426 reset");
    let (server, mut client) = play(in_step(script)).await;

    client.download("it").to(local.path()).await.unwrap_err();

    assert_true_part(local.path());
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_large_download_that_falls_silent_is_a_timeout_and_leaves_a_part_of_true_bytes() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST it").reply(mlst_file(2 * SIZE as u64)).type_image();
    let script = opening(script, "RETR it").send(content(SIZE)).stall();
    let mut timeouts = oxftp::Timeouts::all(Duration::from_secs(20));
    timeouts.data_idle = Some(Duration::from_millis(200));
    timeouts.completion = Some(Duration::from_millis(200));
    let (server, mut client) = play_to(builder().timeouts(timeouts), script).await;

    let error = client.download("it").to(local.path()).await.unwrap_err();

    assert!(error.is_timeout(), "{error}");
    assert_true_part(local.path());
    server.done().await;
}

/// Tells when the first bytes are through.
#[derive(Debug, Default)]
struct Begun(Notify);

impl Progress for Begun {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { .. } = event {
            self.0.notify_one();
        }
    }
}

#[tokio::test]
async fn a_large_upload_dropped_in_the_middle_is_reset() {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("it");
    // More than sockets hold, so that it cannot be through.
    File::create(&source).unwrap().set_len(64 << 20).unwrap();
    let script = opening(Script::new().type_image(), "STOR it").read(SIZE).expect_reset().reply("426 cut");
    let (server, mut client) = play(in_step(script)).await;
    let begun = Arc::new(Begun::default());

    tokio::select! {
        done = async { client.upload(&source).to("it").write_into(true).progress(begun.clone()).await } => {
            panic!("{done:?}")
        }
        () = begun.0.notified() => {}
    }

    check_in_step(&mut client).await;
    server.done().await;
}

/// The part holds the beginning of the file, whatever its length.
fn assert_true_part(directory: &Path) {
    assert!(!directory.join("it").exists());
    let part = fs::read(directory.join("it.oxftp.part")).unwrap();
    assert!(!part.is_empty() && content(SIZE).starts_with(&part), "{} bytes", part.len());
}

/// More than goes through memory before the kernel is asked.
const SIZE: usize = 3_000_001;
