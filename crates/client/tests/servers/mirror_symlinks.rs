//! Symbolic links at the source of a mirror.

#![cfg(unix)]

use std::os::unix::fs::symlink;

use oxftp::mirror::Links;
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::common::{
    builder,
    local_files::{create_file, files},
    pool_with,
};

server_tests! { remote_symlinks_are_followed_to_their_targets }

async fn remote_symlinks_are_followed_to_their_targets(server: &TestServer) {
    if server.kind() == ServerKind::Embedded {
        // libunftp lists the targets of links, and omits links that lead out of its root.
        return;
    }
    let local = tempfile::tempdir().unwrap();
    create_file(server.root(), "tree/real/file", "real");
    symlink("real/file", server.root().join("tree/to-file")).unwrap();
    symlink("real", server.root().join("tree/to-directory")).unwrap();
    server.hand_over().unwrap();
    let pool = pool_with(builder(server), server).size(2);

    let first = pool.mirror_down("tree", local.path()).links(Links::Follow).await.unwrap();
    let second = pool.mirror_down("tree", local.path()).links(Links::Follow).await.unwrap();

    assert_eq!(files(local.path()), ["real/file", "to-directory/file", "to-file"]);
    assert_eq!((first.files, second.files, second.unchanged), (3, 0, 3));
    pool.close().await;
}
