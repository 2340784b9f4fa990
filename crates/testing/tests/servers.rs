//! Each server in each protection starts, greets, runs beside another, and leaves nothing behind.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot prepare fails, here as in its body"
)]

mod dialogue;

use std::net::TcpStream as StdStream;
use std::path::Path;
use std::time::{Duration, Instant};

use dialogue::Dialogue;
use oxftp_testing::servers::{
    Protection, ServerKind, ServerOptions, TestServer, TlsVersions, available, run,
};

async fn user_can_log_in(server: &TestServer) {
    let mut dialogue = Dialogue::log_in(server).await;

    let reply = dialogue.say("PWD").await;

    assert!(reply.starts_with(&format!("257 \"{}\"", server.login_directory())), "{reply}");
}

async fn root_is_served(server: &TestServer) {
    let mut dialogue = Dialogue::log_in(server).await;

    assert!(dialogue.say("MKD made").await.starts_with("257"));

    assert!(server.root().join("made").is_dir());
    server.hand_over().unwrap();
    assert!(dialogue.say("RMD made").await.starts_with("250"));
}

async fn two_servers_run_at_once(server: &TestServer) {
    let Some(other) = available(server.kind().start(server.protection()).await) else { return };

    assert_ne!(server.port(), other.port());
    assert_ne!(server.root(), other.root());
    Dialogue::log_in(server).await;
    Dialogue::log_in(&other).await;
}

async fn nothing_is_left_after_drop(server: &TestServer) {
    let mut reachable = true;
    // Another test's server may take the port at once; not each time.
    for _ in 0..3 {
        let Some(other) = available(server.kind().start(server.protection()).await) else { return };
        let _session = Dialogue::log_in(&other).await;
        let (address, root, pid) = (other.address(), other.root().to_owned(), other.pid());
        let mine = pid == std::process::id();

        drop(other);

        reachable &= StdStream::connect(address).is_ok();
        assert!(!root.exists());
        assert!(mine || !members(pid).any(|state| state != 'Z'), "processes of group {pid} still run");
    }
    assert!(!reachable, "it can still be connected to");
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
            let mut dialogue = Dialogue::open(server).await;
            dialogue.say(&format!("USER {}", server.user())).await;
            assert!(dialogue.say("PASS wrong").await.starts_with("530"), "{}", server.name());
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
            let dialogue = Dialogue::log_in(&server).await;
            assert_eq!(dialogue.tls_version(), Some(expected), "{} with {versions:?}", server.name());
        }
    }
}

#[tokio::test]
async fn client_without_certificate_is_refused() {
    for kind in ServerKind::ALL {
        let mut options = ServerOptions::new(Protection::Explicit);
        options.require_client_certificate = true;
        let Some(server) = available(kind.start_with(options).await) else { continue };

        assert!(Dialogue::try_log_in(&server, false).await.is_err(), "{}", server.name());
        assert!(Dialogue::try_log_in(&server, true).await.is_ok(), "{}\n{}", server.name(), server.log());
    }
}

#[tokio::test]
async fn every_server_listens_on_ipv6() {
    for kind in ServerKind::ALL {
        let mut options = ServerOptions::new(Protection::Plain);
        options.ipv6 = true;
        let Some(server) = available(kind.start_with(options).await) else { continue };
        assert!(server.address().is_ipv6());
        Dialogue::log_in(&server).await;
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

/// The states of all processes in a process group.
fn members(group: u32) -> impl Iterator<Item = char> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(move |process| group_member(&process.path(), group))
}

fn group_member(process: &Path, group: u32) -> Option<char> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // After the program's name in brackets: state, parent, process group.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    (fields.nth(1)? == group.to_string()).then_some(state)
}

/// The local IPv4 addresses, as /proc writes them, that listen on this port.
fn listeners_of_port(port: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let suffix = format!(":{port:04X}");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening = rows.filter(|row| row.len() > 3 && row[3] == "0A" && row[1].ends_with(&suffix));
    let mut addresses: Vec<_> = listening.map(|row| row[1].trim_end_matches(&suffix).to_owned()).collect();
    // The reservation of the port.
    addresses.retain(|address| address != "0200007F");
    addresses
}

#[tokio::test]
async fn server_exits_with_its_parent_process() {
    if let Ok(kind) = std::env::var("OXFTP_TEST_ORPHAN") {
        return become_an_orphan_maker(&kind).await;
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
            assert!(Instant::now() < deadline, "{} outlived its starter", kind.name());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Starts a server with a session, and dies as if by a crash: no destructor runs.
async fn become_an_orphan_maker(name: &str) {
    let kind = ServerKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap();
    let server = kind.start(Protection::Plain).await.unwrap();
    let _session = Dialogue::log_in(&server).await;
    println!("group={}", server.pid());
    std::process::abort();
}
