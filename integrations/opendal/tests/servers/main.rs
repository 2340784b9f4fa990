//! Behaviour of each operation on real servers: vsftpd, ProFTPD, Pure-FTPd, pyftpdlib and the embedded server.
//!
//! A server that is not installed is skipped, unless `OXFTP_REQUIRE_SERVERS=1`.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod append;
mod configuration;
mod delete;
mod list;
mod moves;
mod names;
mod read;
mod sessions;
mod stat;
mod write;

use std::{fs, path::Path, time::Duration};

use opendal::{Error, Operator};
use opendal_service_oxftp::OxftpBuilder;
use oxftp_testing::servers::{Protection, TestServer};

/// Returns settings for a server.
fn builder(server: &TestServer) -> OxftpBuilder {
    let scheme = match server.protection() {
        Protection::Plain => "ftp",
        Protection::Explicit => "ftpes",
        Protection::Implicit => "ftps",
    };
    let builder = OxftpBuilder::default()
        .endpoint(&format!("{scheme}://{}:{}", server.host(), server.port()))
        .user(server.user())
        .password(server.password());
    match server.ca_pem() {
        Some(pem) if server.protection() != Protection::Plain => {
            let path = server.root().with_file_name("ca.pem");
            fs::write(&path, pem).unwrap();
            builder.ca_file(path)
        }
        _ => builder,
    }
}

/// Creates an operator for the directory that a server serves, with two sessions.
fn operator(server: &TestServer) -> Operator {
    Operator::new(builder(server).sessions(2)).unwrap()
}

/// Returns pseudo-random bytes, so that a wrong offset is detected.
fn content(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// Returns what stands below a directory, sorted. Directories end with a slash.
fn tree(directory: &Path) -> Vec<String> {
    fn collect(directory: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                collect(&entry.path(), &format!("{path}/"), found);
                found.push(format!("{path}/"));
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(directory, "", &mut found);
    found.sort();
    found
}

/// Waits until these are the paths below the root of a server.
async fn wait_for_tree(server: &TestServer, expected: &[&str]) {
    let reached = async {
        while tree(server.root()) != expected {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), reached).await;
    assert!(waited.is_ok(), "{:?}", tree(server.root()));
}

/// Runs several steps that must not wait for each other forever.
async fn in_time<T>(steps: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), steps).await.expect("it ends")
}

/// Returns the error of an operation that must fail.
fn error_of<T>(outcome: Result<T, Error>) -> Error {
    outcome.map(drop).expect_err("it fails")
}
