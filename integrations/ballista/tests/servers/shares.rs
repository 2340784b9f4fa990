//! Shares of the executors in the work, counted by the server: each of them logs in with its own name.

use std::fs;

use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

use crate::{
    cluster::{Cluster, text},
    files, local,
};

/// A time long past, in seconds since 1970.
const OLD: i64 = 1_700_000_000;

#[tokio::test]
async fn each_executor_moves_quarter_of_bytes() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let directory = tempfile::tempdir().unwrap();
    for file in 0..files::FILES {
        let name = format!("{file:02}.parquet");
        let bytes = files::to_parquet(&files::wide(20_000, file as u64));
        assert!(bytes.len() > 2 << 20, "{}", bytes.len());
        server.add_file(&name, &bytes, OLD);
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    let sums = (0..16).map(|column| format!("sum(c{column:02} % 1000)")).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {sums} FROM '@/*.parquet'");
    let cluster = Cluster::start("any").await;

    let rows = cluster.query(&sql.replace('@', &format!("ftp://{}", server.address()))).await;

    assert_eq!(rows, local(&sql, text(directory.path())).await);
    let sent = server.sent_bytes();
    let all: u64 = sent.values().sum();
    for executor in ["executor1", "executor2"] {
        assert!(sent.get(executor).is_some_and(|bytes| bytes * 4 >= all), "{sent:?}");
    }
    // The scheduler lists the files only.
    assert_eq!(sent.get("scheduler"), None, "{sent:?}");
}
