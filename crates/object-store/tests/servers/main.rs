//! Tests on real servers: vsftpd, ProFTPD, Pure-FTPd, pyftpdlib and the embedded server.
//!
//! A server that is not installed is skipped, unless `OXFTP_REQUIRE_SERVERS=1`.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod contention;
mod integration;
mod lost_replies;
mod semantics;

use std::{fs, path::Path, time::Duration};

use oxftp::{Client, ClientBuilder, Credentials, Pool, TlsConfig};
use oxftp_object_store::FtpStore;
use oxftp_testing::servers::{Protection, TestServer};

/// Returns a builder for the protection of this server that trusts its certificate.
fn client(server: &TestServer) -> ClientBuilder {
    let builder = Client::builder().socket_timeout(Duration::from_secs(20));
    let trusted = || TlsConfig::new().root_certificates_pem(server.ca_pem().unwrap()).unwrap();
    match server.protection() {
        Protection::Plain => builder,
        Protection::Explicit => builder.explicit_tls(trusted()),
        Protection::Implicit => builder.implicit_tls(trusted()),
    }
}

/// Creates a store below a directory of the server.
fn store(server: &TestServer, root: &str, sessions: usize) -> FtpStore {
    let credentials = Credentials::new(server.user(), server.password());
    let pool = Pool::new(client(server), (server.host(), server.port()), credentials).size(sessions);
    FtpStore::new(pool, root)
}

/// Returns pseudo-random bytes, so that a wrong offset is detected.
fn content(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// Returns the names of what stands below a directory that is neither an object nor a plain directory.
fn leftovers(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.contains(".oxftp.") {
            found.push(name);
        } else if entry.file_type().unwrap().is_dir() {
            found.extend(leftovers(&entry.path()));
        }
    }
    found
}
