//! Sources of a mirror that are removed or moved after their copies, and files that exist already.

use std::fs;

use oxftp::{
    Credentials, Error, Existing, Pool,
    mirror::{Action, Compare},
};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

use crate::common::{
    local_files::{create_file, files},
    scripts,
};

const TIME: i64 = 1_500_000_000;

fn pool(server: &MemoryServer) -> Pool {
    Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(2)
}

async fn server_with(paths: &[&str]) -> MemoryServer {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    for path in paths {
        server.add_file(path, "x", TIME);
    }
    server
}

/// Returns the files of the server below a directory.
fn there(server: &MemoryServer, directory: &str) -> Vec<String> {
    let mut paths = server.paths();
    paths.retain(|path| path.contains(directory) && (path.ends_with(".txt") || path.ends_with(".log")));
    paths.sort();
    paths
}

#[tokio::test]
async fn mirror_move_removes_transferred_and_equal_sources() {
    let (server, local) = (server_with(&["in/a.txt", "in/sub/b.txt"]).await, tempfile::tempdir().unwrap());
    let pool = pool(&server);
    pool.mirror_down("in", local.path()).await.unwrap();
    server.add_file("in/c.txt", "x", TIME);

    let report = pool.mirror_down("in", local.path()).remove_source(true).await.unwrap();

    assert_eq!((report.files, report.unchanged), (1, 2));
    assert!(there(&server, "in/").is_empty(), "{:?}", server.paths());
    assert_eq!(files(local.path()), ["a.txt", "c.txt", "sub/b.txt"]);
}

#[tokio::test]
async fn mirror_move_keeps_sources_equal_by_size_alone() {
    let (server, local) = (server_with(&["in/a.txt"]).await, tempfile::tempdir().unwrap());
    let pool = pool(&server);
    create_file(local.path(), "a.txt", "y");

    for compare in [Compare::Size, Compare::Newer] {
        let mirror = pool.mirror_down("in", local.path()).compare(compare);
        let report = mirror.remove_source(true).await.unwrap();
        assert_eq!(report.unchanged, 1);
    }

    assert_eq!(there(&server, "in/").len(), 1);
    assert_eq!(fs::read(local.path().join("a.txt")).unwrap(), b"y");
}

#[tokio::test]
async fn mirror_move_keeps_sources_of_unverified_copies() {
    let (server, local) = (server_with(&[]).await, tempfile::tempdir().unwrap());
    create_file(local.path(), "a.txt", "hello");
    // The server says another size than that of the upload.
    server.change(|behaviour| behaviour.replies = &[("SIZE", "213 3")]);

    let error = pool(&server).mirror_up(local.path(), "in").remove_source(true).await.unwrap_err();

    assert!(matches!(error, Error::PartialFailure { .. }), "{error:?}");
    assert_eq!(files(local.path()), ["a.txt"]);
}

#[tokio::test]
async fn mirror_move_dry_run_removes_nothing() {
    let (server, local) = (server_with(&["in/a.txt"]).await, tempfile::tempdir().unwrap());
    let (sender, steps) = std::sync::mpsc::channel();

    let mirror = pool(&server);
    let mirror = mirror.mirror_down("in", local.path().join("new")).remove_source(true).dry_run(true);
    mirror.on_step(move |step| drop(sender.send((step.action, step.to_string())))).await.unwrap();

    let steps: Vec<_> = steps.iter().filter(|(action, _)| *action == Action::RemoveSource).collect();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].1, "remove-source a.txt (its copy is complete)");
    assert_eq!(there(&server, "in/").len(), 1);
}

#[tokio::test]
async fn mirror_moves_sources_away_and_leaves_them_there() {
    let (server, local) = (server_with(&["in/a.txt", "in/sub/b.txt"]).await, tempfile::tempdir().unwrap());
    let (pool, done) = (pool(&server), || "done".to_owned());

    pool.mirror_down("in", local.path()).move_source(done()).await.unwrap();
    // A moved file is not a source.
    let again = pool.mirror_down("in", local.path()).move_source(done()).await.unwrap();

    assert_eq!(again.files, 0);
    let moved = there(&server, "in/");
    assert!(moved.len() == 2 && moved.iter().all(|path| path.contains("in/done/")), "{moved:?}");
    assert_eq!(files(local.path()), ["a.txt", "sub/b.txt"]);
}

#[tokio::test]
async fn moved_source_replaces_no_file() {
    let server = server_with(&["in/a.txt", "in/done/a.txt"]).await;
    let (pool, local) = (pool(&server), tempfile::tempdir().unwrap());

    let mirror = pool.mirror_down("in", local.path().join("m")).move_source("done".to_owned());
    let mirrored = mirror.await.unwrap_err();
    let download = pool.download("in/a.txt").to(local.path()).move_source("done".to_owned());
    let downloaded = download.await.unwrap_err();

    for error in [mirrored, downloaded] {
        let text = match &error {
            Error::PartialFailure { report } => report.failures[0].error.to_string(),
            error => error.to_string(),
        };
        assert!(text.contains("a file of this name is here already"), "{text}");
    }
    assert_eq!(there(&server, "in/").len(), 2);
}

#[tokio::test]
async fn mirror_leaves_out_existing_or_missing_files() {
    let (server, local) =
        (server_with(&["in/a.txt", "in/b.txt", "in/sub/c.txt"]).await, tempfile::tempdir().unwrap());
    let pool = pool(&server);
    create_file(local.path(), "a.txt", "old content");

    pool.mirror_down("in", local.path()).existing(Existing::Only).await.unwrap();
    assert_eq!(files(local.path()), ["a.txt"]);
    assert_eq!(fs::read(local.path().join("a.txt")).unwrap(), b"x");
    create_file(local.path(), "a.txt", "old content");
    pool.mirror_down("in", local.path()).existing(Existing::Keep).await.unwrap();

    assert_eq!(files(local.path()), ["a.txt", "b.txt", "sub/c.txt"]);
    assert_eq!(fs::read(local.path().join("a.txt")).unwrap(), b"old content");
}

#[tokio::test]
async fn copy_replaces_target_only_when_it_is_verified() {
    let server = server_with(&["a.txt", "b/old.txt"]).await;
    let (from, to) = (pool(&server), pool(&server));

    let report = from.copy("a.txt", &from, "b/a.txt").await.unwrap();
    assert_eq!((report.files, report.bytes), (1, 1));
    server.add_file("big.txt", "more content", TIME);
    server.change(|behaviour| behaviour.replies = &[("SIZE", "213 3")]);
    let error = from.copy("big.txt", &to, "b/old.txt").await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { .. }), "{error:?}");
    let paths = there(&server, "b/");
    assert!(paths.len() == 2 && !server.paths().iter().any(|path| path.contains("oxftp")), "{paths:?}");
}
