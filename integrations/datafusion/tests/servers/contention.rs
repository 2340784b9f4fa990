//! More streams than sessions, and servers that are killed.

use std::{fmt::Write, fs, sync::Arc, time::Duration};

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::Int64Type,
    },
    execution::object_store::ObjectStoreRegistry,
};
use futures_util::TryStreamExt;
use oxftp::Credentials;
use oxftp_datafusion::FtpOptions;
use oxftp_object_store::FtpStore;
use oxftp_testing::servers::{Protection, ServerKind, TestServer, available};

use crate::{Session, files, url};

const ROWS: usize = 6_000;

/// Writes 16 sorted CSV files of about 1 MB. The keys of each begin near 0.
fn write_sorted(server: &TestServer) {
    let directory = server.root().join("sorted");
    fs::create_dir(&directory).unwrap();
    for file in 0..files::FILES {
        let mut text = "number,filler\n".to_owned();
        for row in 0..ROWS {
            writeln!(text, "{},{}", row * files::FILES + file, "x".repeat(150)).unwrap();
        }
        fs::write(directory.join(format!("{file:02}.csv")), text).unwrap();
    }
    server.hand_over().unwrap();
}

/// Returns a session whose store has two sessions and keeps no file in memory.
fn session(server: &TestServer) -> Session {
    let base = url(server);
    let store = FtpStore::builder(base.parse().unwrap())
        .credentials(Credentials::new(server.user(), server.password()))
        .sessions(2)
        .whole_files_up_to(0)
        .build()
        .unwrap();
    let session = Session::with_options(FtpOptions::default(), base);
    session.registry.register_store(&session.base.parse().unwrap(), Arc::new(store));
    session
}

/// Creates a table whose files are known to be sorted, and one partition per file.
async fn create_sorted_table(session: &Session, partitions: usize) {
    for sql in [
        format!("SET datafusion.execution.target_partitions = {partitions}"),
        "SET datafusion.optimizer.repartition_file_scans = false".to_owned(),
        "CREATE EXTERNAL TABLE sorted (number BIGINT, filler VARCHAR) STORED AS CSV WITH ORDER (number ASC) \
         LOCATION '@/sorted/' OPTIONS ('format.has_header' 'true')"
            .to_owned(),
    ] {
        session.query(&sql).await;
    }
}

#[tokio::test]
async fn sorted_merge_of_files_ends_with_two_sessions() {
    for kind in [ServerKind::Embedded, ServerKind::ProFtpd, ServerKind::Vsftpd] {
        let Some(server) = available(kind.start(Protection::Plain).await) else { continue };
        write_sorted(&server);
        let session = session(&server);
        create_sorted_table(&session, files::FILES).await;
        let sql = "SELECT number FROM sorted ORDER BY number";
        let plan = session.query(&format!("EXPLAIN {sql}")).await;
        // All files are read at once.
        assert!(plan.contains("SortPreservingMergeExec") && !plan.contains("SortExec"), "{plan}");

        let merged = async { session.context.sql(sql).await.unwrap().collect().await.unwrap() };
        let batches = tokio::time::timeout(Duration::from_secs(300), merged).await.expect("the merge ends");

        assert_keys(&batches.iter().flat_map(keys).collect::<Vec<_>>());
        session.registry.close().await;
    }
}

#[tokio::test]
async fn scan_of_server_killed_twice_has_same_result() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        let Some(mut server) = available(kind.start(Protection::Plain).await) else { continue };
        write_sorted(&server);
        let session = session(&server);
        create_sorted_table(&session, 2).await;

        let frame = session.context.sql("SELECT number FROM sorted").await.unwrap();
        let mut batches = frame.execute_stream().await.unwrap();
        let (mut received, mut kills) = (Vec::new(), 0);
        while let Some(batch) = batches.try_next().await.unwrap() {
            received.extend(keys(&batch));
            if kills < 2 && received.len() > (kills + 1) * ROWS * files::FILES / 4 {
                server.kill_and_restart().await.unwrap();
                kills += 1;
            }
        }

        assert_eq!(kills, 2, "{kind:?}");
        received.sort_unstable();
        assert_keys(&received);
    }
}

fn keys(batch: &RecordBatch) -> Vec<i64> {
    batch.column(0).as_primitive::<Int64Type>().values().to_vec()
}

/// Every key is there once, in order.
fn assert_keys(keys: &[i64]) {
    assert_eq!(keys.len(), ROWS * files::FILES);
    assert!(
        keys.iter().zip(0..).all(|(key, expected)| *key == expected),
        "the keys are not complete, or not sorted"
    );
}
