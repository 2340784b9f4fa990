//! Tests of the servers: each starts with each protection, accepts logins, runs beside another, and cleans up.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot set up its fixtures fails")]

mod control_connection;

use std::net::TcpStream as StdStream;
use std::path::Path;
use std::time::{Duration, Instant};

use control_connection::ControlConnection;
use oxftp_testing::servers::{
    Protection, ServerKind, ServerOptions, TestServer, TlsVersions, available, run,
};

async fn user_can_log_in(server: &TestServer) {
    let mut control = ControlConnection::log_in(server).await;

    let reply = control.send("PWD").await;

    assert!(reply.starts_with(&format!("257 \"{}\"", server.login_directory())), "{reply}");
}

async fn root_is_served(server: &TestServer) {
    let mut control = ControlConnection::log_in(server).await;

    assert!(control.send("MKD made").await.starts_with("257"));

    assert!(server.root().join("made").is_dir());
    server.hand_over().unwrap();
    assert!(control.send("RMD made").await.starts_with("250"));
}

async fn two_servers_run_at_once(server: &TestServer) {
    let Some(other) = available(server.kind().start(server.protection()).await) else { return };

    assert_ne!(server.port(), other.port());
    assert_ne!(server.root(), other.root());
    ControlConnection::log_in(server).await;
    ControlConnection::log_in(&other).await;
}

async fn nothing_is_left_after_drop(server: &TestServer) {
    let mut reachable = true;
    // The server of another test may take the port at once, but not every time.
    for _ in 0..3 {
        let Some(other) = available(server.kind().start(server.protection()).await) else { return };
        let _session = ControlConnection::log_in(&other).await;
        let (address, root, pid) = (other.address(), other.root().to_owned(), other.pid());
        let own = pid == std::process::id();

        drop(other);

        reachable &= StdStream::connect(address).is_ok();
        assert!(!root.exists());
        assert!(own || !members(pid).any(|state| state != 'Z'), "processes of group {pid} still run");
    }
    assert!(!reachable, "the port still accepts connections");
}

oxftp_testing::server_tests! {
    user_can_log_in,
    root_is_served,
    two_servers_run_at_once,
    nothing_is_left_after_drop,
}

#[tokio::test]
async fn wrong_password_is_refused_where_checked() {
    for kind in ServerKind::ALL.into_iter().filter(|kind| *kind != ServerKind::Vsftpd) {
        run(kind, Protection::Plain, async |server| {
            let mut control = ControlConnection::open(server).await;
            control.send(&format!("USER {}", server.user())).await;
            assert!(control.send("PASS wrong").await.starts_with("530"), "{}", server.name());
        })
        .await;
    }
}

#[tokio::test]
async fn every_server_speaks_the_configured_tls_version() {
    use tokio_rustls::rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};
    for kind in ServerKind::ALL {
        for (versions, expected) in
            [(TlsVersions::Any, TLSv1_3), (TlsVersions::Only12, TLSv1_2), (TlsVersions::Only13, TLSv1_3)]
        {
            let mut options = ServerOptions::new(Protection::Explicit);
            options.tls = versions;
            let Some(server) = available(kind.start_with(options).await) else { continue };
            let control = ControlConnection::log_in(&server).await;
            assert_eq!(control.tls_version(), Some(expected), "{} with {versions:?}", server.name());
        }
    }
}

#[tokio::test]
async fn client_without_certificate_is_refused() {
    for kind in ServerKind::ALL {
        let mut options = ServerOptions::new(Protection::Explicit);
        options.require_client_certificate = true;
        let Some(server) = available(kind.start_with(options).await) else { continue };

        assert!(ControlConnection::try_log_in(&server, false).await.is_err(), "{}", server.name());
        assert!(
            ControlConnection::try_log_in(&server, true).await.is_ok(),
            "{}\n{}",
            server.name(),
            server.log()
        );
    }
}

#[tokio::test]
async fn every_server_listens_on_ipv6() {
    for kind in ServerKind::ALL {
        let mut options = ServerOptions::new(Protection::Plain);
        options.ipv6 = true;
        let Some(server) = available(kind.start_with(options).await) else { continue };
        assert!(server.address().is_ipv6());
        ControlConnection::log_in(&server).await;
    }
}

#[tokio::test]
async fn servers_listen_on_loopback_only() {
    for kind in ServerKind::ALL {
        run(kind, Protection::Plain, async |server| {
            let every = listeners_of_port(server.port());
            assert_eq!(every, ["0100007F"], "{}", server.name());
        })
        .await;
    }
}

/// Returns the states of all processes in a process group.
fn members(group: u32) -> impl Iterator<Item = char> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(move |process| group_member(&process.path(), group))
}

fn group_member(process: &Path, group: u32) -> Option<char> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // After the program name in parentheses: state, parent, process group.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    (fields.nth(1)? == group.to_string()).then_some(state)
}

/// Returns the local IPv4 addresses with a listener on this port, in the format of /proc.
fn listeners_of_port(port: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let suffix = format!(":{port:04X}");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening = rows.filter(|row| row.len() > 3 && row[3] == "0A" && row[1].ends_with(&suffix));
    let mut addresses: Vec<_> = listening.map(|row| row[1].trim_end_matches(&suffix).to_owned()).collect();
    // The listener that reserves the port.
    addresses.retain(|address| address != "0200007F");
    addresses
}

#[tokio::test]
async fn server_exits_with_its_parent_process() {
    if let Ok(kind) = std::env::var("OXFTP_TEST_ORPHAN") {
        return start_server_and_abort(&kind).await;
    }
    for kind in ServerKind::ALL.into_iter().filter(|kind| *kind != ServerKind::Embedded) {
        if available(kind.start(Protection::Plain).await).is_none() {
            continue;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "server_exits_with_its_parent_process", "--nocapture"])
            .env("OXFTP_TEST_ORPHAN", kind.name())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let group = text.lines().find_map(|line| line.rsplit_once("group=")).unwrap().1.parse().unwrap();

        let deadline = Instant::now() + Duration::from_secs(10);
        while members(group).any(|state| state != 'Z') {
            assert!(Instant::now() < deadline, "{} outlived its parent", kind.name());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Starts a server with a session, and aborts, so that no destructor runs.
async fn start_server_and_abort(name: &str) {
    let kind = ServerKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap();
    let server = kind.start(Protection::Plain).await.unwrap();
    let _session = ControlConnection::log_in(&server).await;
    println!("group={}", server.pid());
    std::process::abort();
}
