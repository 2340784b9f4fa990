//! `rename`, `copy` and `create_dir`.

use std::fs;

use opendal::{ErrorKind, Operator};
use oxftp_testing::{server_tests, servers::TestServer};

use crate::{builder, content, error_of, in_time, operator, tree};

server_tests! {
    rename_makes_parents_and_overwrites,
    rename_of_wrong_paths_fails,
    copy_makes_parents_and_overwrites,
    copy_of_wrong_paths_fails,
    copy_of_large_file_with_one_session,
    copier_aborted_before_its_start_copies_nothing,
    create_dir_makes_parents_and_is_idempotent,
}

async fn rename_makes_parents_and_overwrites(server: &TestServer) {
    let operator = operator(server);
    operator.write("a", "one").await.unwrap();
    operator.rename("a", "d/e/b").await.unwrap();
    operator.write("a", "two").await.unwrap();
    operator.rename("a", "d/e/b").await.unwrap();

    assert_eq!(operator.read("d/e/b").await.unwrap().to_vec(), b"two");
    assert_eq!(tree(server.root()), ["d/", "d/e/", "d/e/b"]);
}

async fn rename_of_wrong_paths_fails(server: &TestServer) {
    let operator = operator(server);
    operator.create_dir("d/inner/").await.unwrap();
    operator.write("f", "x").await.unwrap();

    for (from, to, kind) in [
        ("missing", "x", ErrorKind::NotFound),
        ("missing", "new/x", ErrorKind::NotFound),
        ("f", "f", ErrorKind::IsSameFile),
        ("d/", "x", ErrorKind::IsADirectory),
        ("d", "x", ErrorKind::IsADirectory),
        ("f", "d/", ErrorKind::IsADirectory),
        ("f", "d", ErrorKind::IsADirectory),
        ("f", "../x", ErrorKind::NotFound),
    ] {
        let error = error_of(operator.rename(from, to).await);
        assert_eq!(error.kind(), kind, "{from} {to}: {error}");
    }
    assert_eq!(tree(server.root()), ["d/", "d/inner/", "f"]);
}

async fn copy_makes_parents_and_overwrites(server: &TestServer) {
    let operator = operator(server);
    for text in ["one", "", "a longer text"] {
        operator.write("a", text).await.unwrap();
        let metadata = operator.copy("a", "d/e/b").await.unwrap();
        assert_eq!(metadata.content_length(), text.len() as u64);
        assert_eq!(operator.read("d/e/b").await.unwrap().to_vec(), text.as_bytes());
    }
    assert_eq!(tree(server.root()), ["a", "d/", "d/e/", "d/e/b"]);
}

async fn copy_of_wrong_paths_fails(server: &TestServer) {
    let operator = operator(server);
    operator.create_dir("d/inner/").await.unwrap();
    operator.write("f", "x").await.unwrap();

    for (from, to, kind) in [
        ("missing", "x", ErrorKind::NotFound),
        ("missing", "new/x", ErrorKind::NotFound),
        ("f", "f", ErrorKind::IsSameFile),
        ("d/", "x", ErrorKind::IsADirectory),
        ("d", "x", ErrorKind::IsADirectory),
        ("f", "d/", ErrorKind::IsADirectory),
        ("f", "d", ErrorKind::IsADirectory),
    ] {
        let error = error_of(operator.copy(from, to).await);
        assert_eq!(error.kind(), kind, "{from} {to}: {error}");
    }
    assert_eq!(tree(server.root()), ["d/", "d/inner/", "f"]);
}

async fn copy_of_large_file_with_one_session(server: &TestServer) {
    let bytes = content(20_000_000);
    fs::write(server.root().join("large"), &bytes).unwrap();
    server.hand_over().unwrap();
    let operator = Operator::new(builder(server).sessions(1)).unwrap();

    in_time(operator.copy("large", "copy")).await.unwrap();

    assert!(fs::read(server.root().join("copy")).unwrap() == bytes);
    assert_eq!(tree(server.root()), ["copy", "large"]);
}

async fn copier_aborted_before_its_start_copies_nothing(server: &TestServer) {
    let operator = operator(server);
    operator.write("a", "x").await.unwrap();
    let mut copier = operator.copier("a", "b").await.unwrap();
    copier.abort().await.unwrap();
    assert_eq!(tree(server.root()), ["a"]);

    let mut copier = operator.copier("a", "b").await.unwrap();
    while copier.next().await.unwrap().is_some() {}
    assert_eq!(tree(server.root()), ["a", "b"]);
}

async fn create_dir_makes_parents_and_is_idempotent(server: &TestServer) {
    let operator = operator(server);
    operator.write("f", "x").await.unwrap();
    for directory in ["a/b/c/", "a/b/c/", "a/", "/"] {
        operator.create_dir(directory).await.unwrap();
    }
    assert_eq!(tree(server.root()), ["a/", "a/b/", "a/b/c/", "f"]);
    assert_eq!(error_of(operator.create_dir("f/").await).kind(), ErrorKind::NotADirectory);
    assert_eq!(error_of(operator.create_dir("no-slash").await).kind(), ErrorKind::NotADirectory);
}
