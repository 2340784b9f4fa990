//! Number of data connections that a scan costs, counted by the server.

use std::{collections::BTreeMap, fs};

use oxftp_datafusion::FtpOptions;
use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    servers::{Protection, ServerKind, available},
};

use crate::{Session, files};

/// A time long past, in seconds since 1970.
const OLD: i64 = 1_700_000_000;

/// Counts the transfers of each file in lines with commands.
fn transfers<'l>(lines: impl Iterator<Item = &'l str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        if let Some((_, path)) = line.split_once("RETR ") {
            let name = path.rsplit('/').next().unwrap_or(path);
            let end = name.find(['"', ' ']).unwrap_or(name.len());
            *counts.entry(name[..end].to_owned()).or_default() += 1;
        }
    }
    counts
}

async fn memory_session() -> (MemoryServer, Session) {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    let session = Session::with_options(FtpOptions::default(), format!("ftp://{}", server.address()));
    (server, session)
}

#[tokio::test]
async fn small_parquet_file_costs_one_data_connection() {
    let (server, session) = memory_session().await;
    for (name, bytes) in files::all() {
        server.add_file(name, bytes, OLD);
    }

    session.query("SELECT station, sum(temperature) FROM '@/parquet/*.parquet' GROUP BY station").await;
    session.registry.close().await;

    let commands = server.commands();
    let counts = transfers(commands.iter().map(String::as_str));
    assert_eq!(counts.len(), files::FILES, "{commands:?}");
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    // Besides those of the files: one for the listing, and at most one per session that was opened ahead of need.
    let passive = commands.iter().filter(|command| *command == "EPSV").count();
    let listings = commands.iter().filter(|command| command.starts_with("MLSD")).count();
    assert!(listings <= 2, "{commands:?}");
    assert!(passive <= files::FILES + listings + 4, "{passive} {commands:?}");
}

#[tokio::test]
async fn large_parquet_file_costs_two_data_connections() {
    let (server, session) = memory_session().await;
    let bytes = files::to_parquet(&files::wide(90_000, 0));
    assert!(bytes.len() > 8 << 20, "{}", bytes.len());
    server.add_file("wide.parquet", &bytes, OLD);

    let sums = session.query("SELECT sum(c07 % 1000), count(c08) FROM '@/wide.parquet'").await;
    session.registry.close().await;

    assert!(sums.contains("90000"), "{sums}");
    let commands = server.commands();
    let counts = transfers(commands.iter().map(String::as_str));
    assert!(counts["wide.parquet"] <= 2, "{commands:?}");
}

#[tokio::test]
async fn logs_of_servers_show_few_data_connections() {
    for kind in [ServerKind::ProFtpd, ServerKind::Vsftpd] {
        let Some(server) = available(kind.start(Protection::Plain).await) else { continue };
        files::write(server.root());
        let wide = server.root().join("wide.parquet");
        fs::write(&wide, files::to_parquet(&files::wide(90_000, 0))).unwrap();
        files::make_old(&wide);
        server.hand_over().unwrap();
        let session = Session::new(&server);

        session.query("SELECT count(DISTINCT station), sum(rain) FROM '@/parquet/*.parquet'").await;
        session.query("SELECT sum(c07 % 1000), count(c08) FROM '@/wide.parquet'").await;
        session.registry.close().await;

        let log = server.log();
        let mut counts = transfers(log.lines());
        let wide = counts.remove("wide.parquet").unwrap();
        assert!(wide <= 2, "{kind:?}: {wide}\n{log}");
        assert_eq!(counts.len(), files::FILES, "{kind:?}: {counts:?}\n{log}");
        assert!(counts.values().all(|count| *count == 1), "{kind:?}: {counts:?}");
    }
}
