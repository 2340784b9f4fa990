//! Counts of what passes over the control connection. They depend on neither the machine nor its load, so that a
//! command or a round trip more is a change on purpose: then the tables below change with it.

use std::{fs, path::Path, time::Duration};

use oxftp::{Client, Connections, Credentials, Pool};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};
use tempfile::TempDir;

use crate::common::counting_connector::{CountingConnector, Counts};
use crate::common::{builder, content, embedded, local_files::files, pool_with};

/// Number of small files.
const FILES: usize = 50;

/// A server in memory with a tree of small files, a large file, and a session whose control connection is counted.
struct Counted {
    _server: MemoryServer,
    connector: CountingConnector,
    pool: Pool,
    local: TempDir,
}

impl Counted {
    async fn start() -> Self {
        let server = MemoryServer::start(ServerBehaviour::default()).await;
        for number in 10..10 + FILES {
            server.add_file(&format!("d/f{number}"), vec![b'x'; 200], 1_600_000_000);
        }
        server.add_file("large", content(3 << 20), 1_600_000_000);
        let connector = CountingConnector::default();
        let builder = Client::builder().socket_timeout(Duration::from_secs(20)).connector(connector.clone());
        let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(1);
        // The login is counted with the first job only.
        pool.list("").await.unwrap();
        connector.reset();
        Self { _server: server, connector, pool, local: tempfile::tempdir().unwrap() }
    }

    fn local(&self) -> &Path {
        self.local.path()
    }

    /// Compares the counts with the expected ones. The port in the reply to each `EPSV` may have one digit less.
    #[track_caller]
    fn assert_counts(&self, commands: usize, round_trips: usize, control_bytes: usize) {
        let counts = self.connector.counts();
        let found = format!("{counts:?}");
        let Counts { data_connections, control_bytes: bytes, .. } = counts;
        assert_eq!((counts.commands, counts.round_trips), (commands, round_trips), "{found}");
        assert!((control_bytes.saturating_sub(data_connections)..=control_bytes).contains(&bytes), "{found}");
    }
}

#[tokio::test]
async fn large_download_costs_few_round_trips() {
    let counted = Counted::start().await;

    counted.pool.download("large").to(counted.local()).await.unwrap();

    counted.assert_counts(5, 5, 157);
}

#[tokio::test]
async fn small_downloads_cost_two_round_trips_each() {
    let counted = Counted::start().await;

    counted.pool.download("d").to(counted.local()).await.unwrap();

    counted.assert_counts(105, 105, 3399);
}

#[tokio::test]
async fn small_uploads_cost_three_round_trips_each() {
    let counted = Counted::start().await;
    let from = counted.local().join("up");
    fs::create_dir(&from).unwrap();
    for number in 10..10 + FILES {
        fs::write(from.join(format!("f{number}")), [b'x'; 200]).unwrap();
    }

    counted.pool.upload(&from).to("up").await.unwrap();

    counted.assert_counts(157, 157, 4897);
}

#[tokio::test]
async fn mirror_without_changes_costs_one_listing() {
    let counted = Counted::start().await;
    counted.pool.mirror_down("d", counted.local()).await.unwrap();
    counted.connector.reset();

    counted.pool.mirror_down("d", counted.local()).await.unwrap();

    counted.assert_counts(6, 6, 111);
}

#[tokio::test]
async fn listing_costs_few_round_trips() {
    let counted = Counted::start().await;

    assert_eq!(counted.pool.list("d").await.unwrap().len(), FILES);

    counted.assert_counts(2, 2, 61);
}

/// Four segments end at the borders that were agreed on at the start; only the last one ends with the file.
#[tokio::test]
async fn even_segments_cost_one_retr_each() {
    let server = embedded().await;
    let bytes = content(20 << 20);
    fs::write(server.root().join("big"), &bytes).unwrap();
    let (local, connector) = (
        tempfile::tempdir().unwrap(),
        // A new transfer costs more than what is left of any segment.
        CountingConnector::delaying([("RETR", Duration::from_millis(300))]),
    );
    let pool = pool_with(builder(&server).connector(connector.clone()), &server);

    pool.download("big").to(local.path()).segments(4).await.unwrap();

    assert!(fs::read(local.path().join("big")).unwrap() == bytes);
    assert_eq!(files(local.path()), ["big"]);
    assert_eq!((connector.sessions(), connector.verb("RETR")), (4, 4));
    assert!(connector.verb("ABOR") <= 3, "{}", connector.verb("ABOR"));
}

/// A server that works long for a login and for each file, as measured by a pool of eight sessions.
fn slow_pool(server: &MemoryServer) -> (CountingConnector, Pool) {
    let (login, file) = (Duration::from_millis(500), Duration::from_millis(25));
    let connector = CountingConnector::delaying([("PASS", login), ("RETR", file), ("STOR", file)]);
    let builder = Client::builder().socket_timeout(Duration::from_secs(20)).connector(connector.clone());
    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(8);
    (connector, pool)
}

/// 26 files take less time than the logins of a second connection are worth.
#[tokio::test]
async fn costly_logins_are_not_repeated_for_trees() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    for number in 0..26 {
        server.add_file(&format!("d/f{number}"), "x", 1_600_000_000);
    }
    let run = async |job: &str| {
        let (connector, pool) = slow_pool(&server);
        let local = tempfile::tempdir().unwrap();
        let tree = local.path().join("tree");
        fs::create_dir(&tree).unwrap();
        for number in 0..26 {
            fs::write(tree.join(number.to_string()), "x").unwrap();
        }
        let auto = Connections::Auto;
        let report = match job {
            "get" => pool.download("d").to(local.path()).connections(auto).await,
            "put" => pool.upload(&tree).to(job).connections(auto).await,
            "mirror down" => pool.mirror_down("d", local.path().join("new")).connections(auto).await,
            _ => pool.mirror_up(&tree, "mirrored").connections(auto).await,
        };
        assert_eq!((report.unwrap().files, connector.sessions()), (26, 1), "{job}");
    };
    tokio::join!(run("get"), run("put"), run("mirror down"), run("mirror up"));
}

#[tokio::test]
async fn costly_logins_are_not_repeated_for_files() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let (connector, pool) = slow_pool(&server);
    server.add_file("large", content(70 << 20), 1_600_000_000);
    let local = tempfile::tempdir().unwrap();

    for number in 0..20 {
        server.add_file(&format!("f{number}"), "x", 1_600_000_000);
        pool.download(format!("f{number}")).to(local.path()).connections(Connections::Auto).await.unwrap();
    }
    pool.download("large").to(local.path()).segments(8).connections(Connections::Auto).await.unwrap();

    assert_eq!((connector.sessions(), connector.verb("RETR")), (1, 21));
}
