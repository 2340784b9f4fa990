//! One file or one empty directory removed, on every server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;

use common::login;
use oxftp_testing::{server_tests, servers::TestServer};

server_tests! {
    an_empty_directory_is_removed_and_a_full_one_is_refused,
}

async fn an_empty_directory_is_removed_and_a_full_one_is_refused(server: &TestServer) {
    let mut client = login(server).await;
    client.make_directory("empty").await.unwrap();
    client.make_directory("full/empty").await.unwrap();

    client.remove_directory("empty").await.unwrap();
    let refused = client.remove_directory("full").await.unwrap_err();

    assert!(!server.root().join("empty").exists());
    assert!(refused.reply().is_some(), "{refused}");
    assert!(fs::exists(server.root().join("full/empty")).unwrap());
}
