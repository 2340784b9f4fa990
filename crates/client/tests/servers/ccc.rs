//! `CCC`: reverts the control connection to plain text after the login.

use oxftp::Error;
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, TestServer},
};

use crate::common;
use crate::common::scripts;

server_tests! { ccc_keeps_data_encrypted }

async fn ccc_keeps_data_encrypted(server: &TestServer) {
    let mut client = common::login(server).await;

    let cleared = client.clear_command_channel().await;

    match (server.protection(), server.kind()) {
        (Protection::Plain, _) => cleared.unwrap(),
        (_, ServerKind::PureFtpd) => {
            cleared.unwrap();
            assert!(!client.is_encrypted());
        }
        // The others refuse `CCC` and stay encrypted.
        _ => {
            assert!(matches!(cleared, Err(Error::StatusCode(_))), "{cleared:?}");
            assert!(client.is_encrypted());
        }
    }
    let before = client.tls_counts();
    scripts::put(&mut client, "x", b"data").await.unwrap();
    assert_eq!(scripts::get(&mut client, "x").await.unwrap(), b"data");
    let after = client.tls_counts();
    let encrypted = after.full + after.resumed - before.full - before.resumed;
    assert_eq!(encrypted, if server.protection() == Protection::Plain { 0 } else { 2 });
}
