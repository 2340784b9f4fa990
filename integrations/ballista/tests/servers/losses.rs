//! Executors that are lost.

use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

use crate::{
    cluster::{Cluster, rows, text},
    files, local,
};

/// A time long past, in seconds since 1970.
const OLD: i64 = 1_700_000_000;

const SQL: &str =
    "SELECT station, count(*), sum(temperature) FROM '@/csv/*.csv' GROUP BY station ORDER BY station";

/// Puts the files on a server in memory, and into a directory.
async fn serve_tables(directory: &std::path::Path) -> MemoryServer {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    for (name, bytes) in files::all() {
        server.add_file(name, bytes, OLD);
    }
    files::write(directory);
    server
}

#[tokio::test]
async fn killed_executor_never_returns_wrong_result() {
    let directory = tempfile::tempdir().unwrap();
    let server = serve_tables(directory.path()).await;
    let expected = local(SQL, text(directory.path())).await;
    let mut cluster = Cluster::start("any").await;
    server.hold_downloads_of("executor1");
    let sql = SQL.replace('@', &format!("ftp://{}", server.address()));

    let query = cluster.start_client(&sql);
    server.held_download().await;
    cluster.executors[0].kill().await;
    let output = query.wait_with_output().await.unwrap();

    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(rows(&output), expected);
    assert!(server.sent_bytes().contains_key("executor2"));
    // The rest of the cluster answers further queries.
    assert_eq!(cluster.query(&sql).await, expected);
}

#[tokio::test]
async fn loss_of_all_executors_ends_query_clearly() {
    let directory = tempfile::tempdir().unwrap();
    let server = serve_tables(directory.path()).await;
    let mut cluster = Cluster::start("any").await;
    for executor in ["executor1", "executor2"] {
        server.hold_downloads_of(executor);
    }
    let sql = SQL.replace('@', &format!("ftp://{}", server.address()));

    let query = cluster.start_client(&sql);
    server.held_download().await;
    for executor in &mut cluster.executors {
        executor.kill().await;
    }
    let output = query.wait_with_output().await.unwrap();

    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.starts_with("error: "), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}
