//! Uploads under a temporary name.

use std::{fs, path::PathBuf, sync::Arc};

use oxftp::{Progress, ProgressEvent, Verify};
use oxftp_testing::{
    server_tests,
    servers::TestServer,
    tree::{TreeOptions, compare_trees, make_tree},
};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::common::{builder, content, local_files::files, login, login_with};

server_tests! {
    complete_upload_replaces_the_target,
    broken_upload_keeps_target_and_resumes,
    tree_uploads_under_temporary_names,
}

async fn complete_upload_replaces_the_target(server: &TestServer) {
    let (_local, path) = local_file(&content(100_000));
    create_file(server, b"old");
    let mut client = login(server).await;

    client.upload(&path).temporary(true).verify(Verify::Size).preserve_times(true).await.unwrap();

    assert!(fs::read(server.root().join("a")).unwrap() == content(100_000));
    assert_eq!(files(server.root()), ["a"]);
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

async fn broken_upload_keeps_target_and_resumes(server: &TestServer) {
    let (_local, path) = local_file(&content(2_000_000));
    create_file(server, b"old");
    let records = tempfile::tempdir().unwrap();
    let recording = || builder(server).upload_records(records.path());
    let mut client = login_with(recording().write_limit(300_000), server).await;
    let started = Arc::new(Started::default());
    {
        let upload = client.upload(&path).temporary(true).progress(started.clone());
        tokio::select! {
            outcome = upload => panic!("{outcome:?}"),
            () = started.0.notified() => {}
        }
    }
    // After this the server has finished the upload.
    let _ = client.settle().await;

    assert_eq!(fs::read(server.root().join("a")).unwrap(), b"old");
    assert_eq!(files(server.root()).len(), 2);
    let mut client = login_with(recording(), server).await;
    let report = client.upload(&path).temporary(true).resume(true).await.unwrap();
    assert!(report.resumed > 0, "{report:?}");
    assert!(fs::read(server.root().join("a")).unwrap() == content(2_000_000));
    assert_eq!(files(server.root()), ["a"]);
}

async fn tree_uploads_under_temporary_names(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    make_tree(local.path(), &TreeOptions::fit_for(server.kind(), 30)).unwrap();
    let mut client = login(server).await;

    client.upload(local.path()).to("tree").write_into(true).temporary(true).await.unwrap();

    compare_trees(local.path(), &server.root().join("tree")).unwrap();
}

fn local_file(content: &[u8]) -> (TempDir, PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("a");
    fs::write(&path, content).unwrap();
    (local, path)
}

fn create_file(server: &TestServer, content: &[u8]) {
    fs::write(server.root().join("a"), content).unwrap();
    server.hand_over().unwrap();
}
