//! Adaptive concurrency: the client opens as many connections as make a transfer faster.

use std::{fs, io, path::Path, time::Duration};

use oxftp::{
    Connections, Pool,
    connect::{BoxSocket, Connector, Target},
    local_fs::BoxFuture,
};
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
    tree::compare_trees,
};

use crate::common;
use crate::common::{breaking_connector::BreakingConnector, builder, content, embedded, pool_with};

server_tests! { tree_round_trip_with_auto_connections }

/// Opens connections with high latency.
#[derive(Debug, Default)]
struct HighLatency(BreakingConnector);

impl Connector for HighLatency {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(40)).await;
            self.0.connect(target).await
        })
    }
}

fn small_files(root: &Path, count: usize) {
    for number in 0..count {
        let directory = root.join(format!("directory {}", number % 3));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("file {number}")), content(number)).unwrap();
    }
}

async fn up_and_down(pool: &Pool, source: &Path) {
    let back = tempfile::tempdir().unwrap();
    let there = back.path().join("tree");
    let auto = Connections::Auto;
    pool.upload(source).to("tree").write_into(true).connections(auto).retries(9).await.unwrap();
    pool.download("tree").to(&there).write_into(true).connections(auto).retries(9).await.unwrap();

    compare_trees(source, &there).unwrap();
}

async fn tree_round_trip_with_auto_connections(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    small_files(local.path(), 60);
    let pool = pool_with(builder(server), server).size(16);

    up_and_down(&pool, local.path()).await;

    pool.close().await;
}

#[tokio::test]
async fn high_latency_opens_more_connections() {
    let server = embedded().await;
    let local = tempfile::tempdir().unwrap();
    small_files(local.path(), 100);
    let connector = BreakingConnector::default();
    let pool = pool_with(builder(&server).connector(HighLatency(connector.clone())), &server).size(16);

    up_and_down(&pool, local.path()).await;

    // With one connection it would take five seconds in each direction.
    assert!(connector.sessions() > 2, "{} sessions", connector.sessions());
}

#[tokio::test]
async fn auto_connections_respect_connection_limit() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        let mut options = ServerOptions::new(Protection::Plain);
        options.max_sessions = Some(2);
        let Some(server) = available(kind.start_with(options).await) else { continue };
        let local = tempfile::tempdir().unwrap();
        small_files(local.path(), 60);
        let connector = BreakingConnector::default();
        let pool = pool_with(builder(&server).connector(HighLatency(connector.clone())), &server).size(16);

        up_and_down(&pool, local.path()).await;

        // Where logins are costly, a third session may not be worth its login.
        let sessions = connector.sessions();
        assert!(pool.limit() <= 2 || sessions <= 2, "{}: {} {sessions}", server.name(), pool.limit());
        pool.close().await;
    }
}

#[tokio::test]
async fn lost_server_stops_tree_with_waiting_workers() {
    let server = embedded().await;
    for number in 0..20 {
        common::local_files::create_file(server.root(), &format!("tree/{number}"), "x");
    }
    let local = tempfile::tempdir().unwrap();
    // The only session breaks, and no other can be opened.
    let connector = SingleConnection(BreakingConnector::new([300], []));
    let pool = pool_with(builder(&server).connector(connector), &server).size(16);

    let download = pool.download("tree").to(local.path()).connections(Connections::Auto).retries(1);
    let error = download.await.unwrap_err();

    assert!(matches!(error, oxftp::Error::Stopped { .. }), "{error:?}");
}

/// Opens one control connection, and refuses further ones.
#[derive(Debug)]
struct SingleConnection(BreakingConnector);

impl Connector for SingleConnection {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            match target {
                Target::Control { .. } if self.0.sessions() > 0 => {
                    Err(io::ErrorKind::ConnectionRefused.into())
                }
                _ => self.0.connect(target).await,
            }
        })
    }
}
