//! What the tests over a socket share.

#![allow(dead_code, reason = "each test binary uses some of it")]

pub(crate) mod breaking_connector;
pub(crate) mod faulty_connector;
pub(crate) mod fixtures;
pub(crate) mod scripts;

use std::time::Duration;

use oxftp::{Client, ClientBuilder, Credentials, Pool, TlsConfig};
use oxftp_testing::servers::{Protection, TestServer};

/// Describes a client for this server's protection that trusts its certificate.
pub(crate) fn builder(server: &TestServer) -> ClientBuilder {
    builder_with(server, |tls| tls)
}

/// As [`builder`], with more to say about TLS.
pub(crate) fn builder_with(server: &TestServer, tls: impl FnOnce(TlsConfig) -> TlsConfig) -> ClientBuilder {
    let builder = Client::builder().socket_timeout(Duration::from_secs(20));
    let trusted = || tls(TlsConfig::new().root_certificates_pem(server.ca_pem().unwrap()).unwrap());
    match server.protection() {
        Protection::Plain => builder,
        Protection::Explicit => builder.explicit_tls(trusted()),
        Protection::Implicit => builder.implicit_tls(trusted()),
    }
}

/// Connects and logs in.
pub(crate) async fn login(server: &TestServer) -> Client {
    login_by(builder(server), server).await
}

/// Connects and logs in with a client of one's own.
pub(crate) async fn login_by(builder: ClientBuilder, server: &TestServer) -> Client {
    let mut client = builder.connect((server.host(), server.port())).await.unwrap();
    client.login(Credentials::new(server.user(), server.password())).await.unwrap();
    client
}

/// Makes a pool of sessions by a builder of one's own.
pub(crate) fn pool_by(builder: ClientBuilder, server: &TestServer) -> Pool {
    let credentials = Credentials::new(server.user(), server.password());
    Pool::new(builder, (server.host(), server.port()), credentials)
}

/// Makes bytes that no two offsets of share.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}
