//! `stat`, `exists` and `check`.

use std::{fs, os::unix::fs::symlink, time::UNIX_EPOCH};

use opendal::{EntryMode, ErrorKind};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::{error_of, operator};

server_tests! {
    stat_shows_size_time_and_kind,
    stat_of_directory_with_and_without_slash,
    stat_of_missing_path_is_not_found,
    stat_of_root_and_check_succeed,
    stat_follows_symbolic_links,
}

async fn stat_shows_size_time_and_kind(server: &TestServer) {
    fs::write(server.root().join("a.txt"), "twelve bytes").unwrap();
    fs::write(server.root().join("empty"), "").unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    let metadata = operator.stat("a.txt").await.unwrap();
    assert_eq!((metadata.mode(), metadata.content_length()), (EntryMode::FILE, 12));
    let modified = fs::metadata(server.root().join("a.txt")).unwrap().modified().unwrap();
    let modified = modified.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let reported = metadata.last_modified().unwrap().into_inner().as_second();
    assert_eq!(reported, i64::try_from(modified).unwrap());
    assert_eq!(operator.stat("empty").await.unwrap().content_length(), 0);
    assert_eq!(operator.stat("//a.txt").await.unwrap().content_length(), 12);
    // There is a file of this name, but no directory.
    assert_eq!(error_of(operator.stat("a.txt/").await).kind(), ErrorKind::NotFound);
}

async fn stat_of_directory_with_and_without_slash(server: &TestServer) {
    fs::create_dir_all(server.root().join("d/inner")).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    for path in ["d", "d/", "d/inner", "d/inner/"] {
        assert_eq!(operator.stat(path).await.unwrap().mode(), EntryMode::DIR, "{path}");
    }
}

async fn stat_of_missing_path_is_not_found(server: &TestServer) {
    fs::create_dir(server.root().join("d")).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    for path in ["x", "x/", "d/x", "d/x/", "x/y/z", "x/y/z/", "../x", "d/../../x"] {
        assert_eq!(error_of(operator.stat(path).await).kind(), ErrorKind::NotFound, "{path}");
        assert!(!operator.exists(path).await.unwrap(), "{path}");
    }
}

async fn stat_of_root_and_check_succeed(server: &TestServer) {
    let operator = operator(server);
    for path in ["", "/"] {
        assert_eq!(operator.stat(path).await.unwrap().mode(), EntryMode::DIR, "{path:?}");
    }
    operator.check().await.unwrap();
}

async fn stat_follows_symbolic_links(server: &TestServer) {
    let root = server.root();
    fs::create_dir(root.join("d")).unwrap();
    fs::write(root.join("d/file"), "12345").unwrap();
    symlink("d/file", root.join("to-file")).unwrap();
    symlink("d", root.join("to-directory")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    if server.kind() == ServerKind::Embedded {
        // It shows links as files, and does not open them.
        return;
    }
    assert_eq!(operator.stat("to-file").await.unwrap().content_length(), 5);
    assert_eq!(operator.read("to-file").await.unwrap().to_vec(), b"12345");
    assert_eq!(operator.stat("to-directory/").await.unwrap().mode(), EntryMode::DIR);
    assert_eq!(operator.read("to-directory/file").await.unwrap().to_vec(), b"12345");
    assert_eq!(error_of(operator.stat("dangling").await).kind(), ErrorKind::NotFound);
}
