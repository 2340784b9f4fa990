//! Removal of one file or one empty directory, on every server.

use std::fs;

use oxftp_testing::{server_tests, servers::TestServer};

use crate::common::login;

server_tests! {
    only_empty_directories_are_removed,
}

async fn only_empty_directories_are_removed(server: &TestServer) {
    let mut client = login(server).await;
    client.create_dir_all("empty").await.unwrap();
    client.create_dir_all("full/empty").await.unwrap();

    client.remove_dir("empty").await.unwrap();
    let refused = client.remove_dir("full").await.unwrap_err();

    assert!(!server.root().join("empty").exists());
    assert!(refused.reply().is_some(), "{refused}");
    assert!(fs::exists(server.root().join("full/empty")).unwrap());
}
