//! Pipelines of several commands.

use oxftp_testing::{server_tests, servers::TestServer};

use crate::common::login;

server_tests! {
    tls_parameters_are_reported_when_encrypted,
}

async fn tls_parameters_are_reported_when_encrypted(server: &TestServer) {
    let client = login(server).await;

    assert_eq!(client.tls_version().is_some(), client.is_encrypted());
    assert_eq!(client.tls_cipher().is_some(), client.is_encrypted());
    assert_eq!(client.certificates().any(|der| der.starts_with(&[0x30])), client.is_encrypted());
}
