//! Optional commands around the login: `HOST`, `CLNT` and `OPTS UTF8`.

use oxftp::{Client, Error, Utf8};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::common;
use crate::common::scripts;

server_tests! {
    clnt_and_utf8_work_on_every_server,
    unknown_virtual_host_is_named_in_error,
    known_virtual_host_is_logged_in_to,
}

async fn clnt_and_utf8_work_on_every_server(server: &TestServer) {
    let builder = common::builder(server).client_name("oxftp").utf8(Utf8::Ask);

    let mut client: Client = common::login_with(builder, server).await;

    scripts::put(&mut client, "Käse", b"x").await.unwrap();
    assert!(server.root().join("Käse").exists());
}

async fn unknown_virtual_host_is_named_in_error(server: &TestServer) {
    let builder = common::builder(server).virtual_host("unknown.invalid");

    let error = builder.connect((server.host(), server.port())).await.unwrap_err();

    assert!(matches!(error, Error::VirtualHostRefused { host, .. } if host == "unknown.invalid"));
}

async fn known_virtual_host_is_logged_in_to(server: &TestServer) {
    // Only ProFTPD supports virtual hosts.
    if server.kind() != ServerKind::ProFtpd {
        return;
    }
    let builder = common::builder(server).virtual_host("127.0.0.1");

    let mut client = common::login_with(builder, server).await;

    scripts::put(&mut client, "x", b"x").await.unwrap();
}
