//! Trees over several sessions: all files arrive even when sessions break.

use std::{fs, path::Path};

use oxftp::Pool;
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
    tree::{TreeOptions, compare_trees, make_tree},
};

use crate::common::{breaking_connector::BreakingConnector, builder, content, pool_with};

server_tests! {
    difficult_names_round_trip_over_four_sessions,
    sessions_broken_during_tree_lose_nothing,
}

/// Uploads a tree and downloads it again, and fails unless it is unchanged.
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

async fn difficult_names_round_trip_over_four_sessions(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    make_tree(local.path(), &TreeOptions::fit_for(server.kind(), 120)).unwrap();
    let pool = pool_with(builder(server), server).size(4);

    up_and_down(&pool, local.path()).await;

    pool.close().await;
}

async fn sessions_broken_during_tree_lose_nothing(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    small_files(local.path(), 4, 15);
    // Handshakes count, too; each session breaks some files later than the previous one.
    let handshake = if server.protection() == Protection::Plain { 0 } else { 3000 };
    let connector =
        BreakingConnector::new([500, 700, 900, 1100, 800, 600].map(|bytes| handshake + bytes), []);
    let pool = pool_with(builder(server).connector(connector.clone()), server).size(3);

    up_and_down(&pool, local.path()).await;

    assert!(connector.sessions() > 3, "{} sessions", connector.sessions());
    pool.close().await;
}

#[tokio::test]
async fn tree_of_2000_files_over_four_sessions() {
    for kind in [ServerKind::Vsftpd, ServerKind::Embedded] {
        let Some(server) = available(kind.start(Protection::Plain).await) else { continue };
        let local = tempfile::tempdir().unwrap();
        small_files(local.path(), 20, 100);
        let pool = pool_with(builder(&server), &server).size(4);

        up_and_down(&pool, local.path()).await;

        pool.close().await;
    }
}

#[tokio::test]
async fn connection_limit_of_two_still_completes_tree() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        for protection in [Protection::Plain, Protection::Explicit] {
            let mut options = ServerOptions::new(protection);
            options.max_sessions = Some(2);
            let Some(server) = available(kind.start_with(options).await) else { continue };
            let local = tempfile::tempdir().unwrap();
            small_files(local.path(), 3, 20);
            let pool = pool_with(builder(&server), &server).size(6);

            // A connection may be given up for a session that has become idle, before the server refuses it.
            up_and_down(&pool, local.path()).await;

            pool.close().await;
        }
    }
}
