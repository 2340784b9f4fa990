//! Removal of one file or one empty directory, on every server.

use std::fs;

use oxftp_testing::{server_tests, servers::TestServer};

use oxftp::Error;

use crate::common::{builder, login, pool_with};

server_tests! {
    only_empty_directories_are_removed,
    login_directory_is_never_removed,
}

async fn login_directory_is_never_removed(server: &TestServer) {
    let mut client = login(server).await;
    client.create_dir_all("a/b").await.unwrap();
    let pool = pool_with(builder(server), server);
    let mut pooled = pool.client().await.unwrap();

    for path in ["", "/", ".", "a/.."] {
        for client in [&mut client, &mut *pooled] {
            let error = client.remove_dir_all(path).await.unwrap_err();
            assert!(matches!(error, Error::NothingToRemove { .. }), "{path:?}: {error}");
            client.remove_dir(path).await.unwrap_err();
        }
    }

    assert!(fs::exists(server.root().join("a/b")).unwrap());
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
