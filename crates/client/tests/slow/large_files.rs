//! Large files, which are transferred inside the kernel (`splice`) if possible, with the same guarantees as others.

use std::{fs, fs::File, path::Path, sync::Arc, time::Duration};

use oxftp::{Counter, Progress, ProgressEvent};
use oxftp_testing::{scripted::Script, server_tests, servers::TestServer};
use tokio::sync::Notify;

use crate::common::scripts::{
    assert_in_sync, builder, mlst_file, open_transfer, play, play_with, with_sync_check,
};
use crate::common::{content, login};

server_tests! {
    large_file_round_trip_counts_every_byte,
    large_download_resumes_at_partial_file_end,
}

async fn large_file_round_trip_counts_every_byte(server: &TestServer) {
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

async fn large_download_resumes_at_partial_file_end(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::write(server.root().join("it"), content(SIZE)).unwrap();
    fs::write(local.path().join("it.oxftp.part"), content(SIZE / 3)).unwrap();
    let mut client = login(server).await;

    let report = client.download("it").to(local.path()).resume(true).await.unwrap();

    assert_eq!(report.resumed, SIZE as u64 / 3);
    assert!(fs::read(local.path().join("it")).unwrap() == content(SIZE));
}

#[tokio::test]
async fn reset_large_download_leaves_valid_partial_file() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST it").reply(mlst_file(2 * SIZE as u64)).type_image();
    let script = open_transfer(script, "RETR it").send(content(SIZE)).reset_data().reply("426 reset");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.download("it").to(local.path()).await.unwrap_err();

    assert_valid_partial(local.path());
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn stalled_large_download_timeout_leaves_valid_partial_file() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST it").reply(mlst_file(2 * SIZE as u64)).type_image();
    let script = open_transfer(script, "RETR it").send(content(SIZE)).stall();
    let mut timeouts = oxftp::Timeouts::all(Duration::from_secs(20));
    timeouts.data_idle = Some(Duration::from_millis(200));
    timeouts.completion = Some(Duration::from_millis(200));
    let (server, mut client) = play_with(builder().timeouts(timeouts), script).await;

    let error = client.download("it").to(local.path()).await.unwrap_err();

    assert!(error.is_timeout(), "{error}");
    assert_valid_partial(local.path());
    server.done().await;
}

/// Notifies when the first bytes are transferred.
#[derive(Debug, Default)]
struct Started(Notify);

impl Progress for Started {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { .. } = event {
            self.0.notify_one();
        }
    }
}

#[tokio::test]
async fn cancelled_large_upload_is_reset() {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("it");
    // More than the socket buffers hold, so the upload cannot be complete.
    File::create(&source).unwrap().set_len(64 << 20).unwrap();
    let script =
        open_transfer(Script::new().type_image(), "STOR it").read(SIZE).expect_reset().reply("426 cut");
    let (server, mut client) = play(with_sync_check(script)).await;
    let started = Arc::new(Started::default());

    tokio::select! {
        done = async { client.upload(&source).to("it").write_into(true).progress(started.clone()).await } => {
            panic!("{done:?}")
        }
        () = started.0.notified() => {}
    }

    assert_in_sync(&mut client).await;
    server.done().await;
}

/// Checks that the partial file contains a beginning of the file, of any length.
fn assert_valid_partial(directory: &Path) {
    assert!(!directory.join("it").exists());
    let part = fs::read(directory.join("it.oxftp.part")).unwrap();
    assert!(!part.is_empty() && content(SIZE).starts_with(&part), "{} bytes", part.len());
}

/// More than is copied through memory before `splice` is used.
const SIZE: usize = 3_000_001;
