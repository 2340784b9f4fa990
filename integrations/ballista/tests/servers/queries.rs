//! Ten queries on two executors, whose results are those over local files.

use std::{fs, os::unix::fs::PermissionsExt};

use oxftp_testing::servers::{Protection, ServerKind, TestServer, available};

use crate::{
    cluster::{Cluster, text},
    files, local,
    statements::QUERIES,
};

/// Returns the URL of the directory that a server serves, with its user.
fn url(server: &TestServer) -> String {
    let scheme = match server.protection() {
        Protection::Plain => "ftp",
        Protection::Explicit => "ftpes",
        Protection::Implicit => "ftps",
    };
    format!("{scheme}://{}@{}:{}", server.user(), server.host(), server.port())
}

/// One cluster for all servers, whose files have the same paths. The password is in a netrc file.
#[tokio::test]
async fn ten_queries_on_cluster_equal_local_files() {
    let mut servers = Vec::new();
    for (kind, protection) in [
        (ServerKind::Embedded, Protection::Plain),
        (ServerKind::Embedded, Protection::Explicit),
        (ServerKind::Vsftpd, Protection::Plain),
        (ServerKind::ProFtpd, Protection::Explicit),
        (ServerKind::PureFtpd, Protection::Plain),
        (ServerKind::Pyftpdlib, Protection::Implicit),
    ] {
        let Some(server) = available(kind.start(protection).await) else { continue };
        files::write(server.root());
        server.hand_over().unwrap();
        servers.push(server);
    }
    let directory = tempfile::tempdir().unwrap();
    let (netrc, authorities) = (directory.path().join("netrc"), directory.path().join("ca.pem"));
    let logins = servers.iter().map(|server| {
        format!("machine {} login {} password {}\n", server.host(), server.user(), server.password())
    });
    fs::write(&netrc, logins.collect::<String>()).unwrap();
    fs::set_permissions(&netrc, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&authorities, servers.iter().filter_map(TestServer::ca_pem).collect::<String>()).unwrap();

    let arguments = ["--netrc-file", text(&netrc), "--tls-ca", text(&authorities), "--sessions", "2"];
    let cluster = Cluster::start_with(&arguments, None).await;
    for sql in QUERIES {
        let expected = local(sql, text(servers[0].root())).await;
        assert!(!expected.is_empty(), "{sql}");
        for server in &servers {
            assert_eq!(
                cluster.query(&sql.replace('@', &url(server))).await,
                expected,
                "{}: {sql}",
                server.name()
            );
        }
    }
}

#[tokio::test]
async fn wildcards_and_roots_reach_the_cluster() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    for (name, content) in [
        ("a/01.csv", "n\n1\n"),
        ("a/02.csv", "n\n2\n"),
        ("a/13.csv", "n\n40\n"),
        ("a/14.txt", "n\n800\n"),
        ("c/year=2025/15.csv", "n\n10\n"),
        ("c/year=2026/16.csv", "n\n20\n"),
        ("b/a/01.csv", "n\n3200\n"),
        ("b/a/02.csv", "n\n6400\n"),
    ] {
        let path = server.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let cluster = Cluster::start(server.password()).await;
    let sum = |pattern: &str| format!("SELECT sum(n) FROM '{}/{pattern}'", url(&server));

    assert_eq!(cluster.query(&sum("a/0?.csv")).await, "3\n");
    assert_eq!(cluster.query(&sum("a/*3.csv")).await, "40\n");
    assert_eq!(cluster.query(&sum("a/*.csv")).await, "43\n");
    assert_eq!(cluster.query(&sum("a/")).await, "43\n");
    let years = sum("c/*.csv").replace("SELECT", "SELECT year,") + " GROUP BY year ORDER BY year";
    assert_eq!(cluster.query(&years).await, "2025,10\n2026,20\n");
    assert_eq!(cluster.query(&sum("c/*5.csv")).await, "10\n");
    assert_eq!(cluster.query(&format!("SET ftp.root = 'b'; {}", sum("a/*.csv"))).await, "9600\n");
    // One session of Ballista, with two roots.
    let both = cluster.query(&format!("{}; SET ftp.root = 'b'; {}", sum("a/0?.csv"), sum("a/0?.csv"))).await;
    assert!(both.starts_with("3\n") && both.ends_with("\n9600\n"), "{both}");
    let refused = cluster.run(&sum("c/1?.csv")).await;
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && stderr.contains("directories below"), "{stderr}");
}
