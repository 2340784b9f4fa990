//! Room that is asked for before an upload (`ALLO`).

use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::common;
use crate::common::fixtures::two_files;

server_tests! {
    a_file_goes_up_though_room_is_asked_for,
    what_no_disk_holds_is_refused_where_the_server_looks,
}

async fn a_file_goes_up_though_room_is_asked_for(server: &TestServer) {
    let (_local, tree) = two_files();
    let mut client = common::login(server).await;

    client.upload(&tree).allocate(true).await.unwrap();

    assert_eq!(std::fs::read(server.root().join("t/b")).unwrap(), b"world");
}

async fn what_no_disk_holds_is_refused_where_the_server_looks(server: &TestServer) {
    let mut client = common::login(server).await;

    let asked = client.allocate(u64::MAX / 16).await;

    match server.kind() {
        ServerKind::PureFtpd => assert_eq!(asked.unwrap_err().code().map(|code| code.get()), Some(552)),
        _ => asked.unwrap(),
    }
}
