//! Reservation of space before uploads (`ALLO`).

use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::common;
use crate::common::local_files::two_files;

server_tests! {
    upload_with_allo_succeeds,
    impossible_allo_is_refused_where_checked,
}

async fn upload_with_allo_succeeds(server: &TestServer) {
    let (_local, tree) = two_files();
    let mut client = common::login(server).await;

    client.upload(&tree).allocate(true).await.unwrap();

    assert_eq!(std::fs::read(server.root().join("t/b")).unwrap(), b"world");
}

async fn impossible_allo_is_refused_where_checked(server: &TestServer) {
    let mut client = common::login(server).await;

    let asked = client.allocate(u64::MAX / 16).await;

    match server.kind() {
        ServerKind::PureFtpd => assert_eq!(asked.unwrap_err().code().map(|code| code.get()), Some(552)),
        _ => asked.unwrap(),
    }
}
