//! Helpers that several test binaries share.

#![expect(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod breaking_connector;
pub(crate) mod counting_connector;
pub(crate) mod faulty_connector;
pub(crate) mod latency_connector;
pub(crate) mod local_files;
pub(crate) mod scripts;

use std::time::Duration;

use oxftp::{Client, ClientBuilder, Credentials, Pool, TlsConfig};
use oxftp_testing::servers::{Protection, ServerKind, TestServer};

/// Starts the embedded server without TLS.
pub(crate) async fn embedded() -> TestServer {
    ServerKind::Embedded.start(Protection::Plain).await.unwrap()
}

/// Returns a builder for the protection of this server that trusts its certificate.
pub(crate) fn builder(server: &TestServer) -> ClientBuilder {
    builder_with(server, |tls| tls)
}

/// Like [`builder`], with a modified TLS configuration.
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
    login_with(builder(server), server).await
}

/// Connects and logs in with this builder.
pub(crate) async fn login_with(builder: ClientBuilder, server: &TestServer) -> Client {
    let mut client = builder.connect((server.host(), server.port())).await.unwrap();
    client.login(Credentials::new(server.user(), server.password())).await.unwrap();
    client
}

/// Creates a pool with this builder.
pub(crate) fn pool_with(builder: ClientBuilder, server: &TestServer) -> Pool {
    let credentials = Credentials::new(server.user(), server.password());
    Pool::new(builder, (server.host(), server.port()), credentials)
}

/// Returns pseudo-random bytes, so that a wrong offset is detected.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}
