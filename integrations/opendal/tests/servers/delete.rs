//! `delete`, of files, directories and trees.

use std::{fs, os::unix::fs::symlink};

use opendal::{ErrorKind, Operator};
use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::{builder, configuration::memory_operator, error_of, operator, tree};

server_tests! {
    delete_is_idempotent,
    delete_of_directories,
    delete_of_tree_does_not_follow_links,
    delete_of_many_files_and_the_root,
}

async fn delete_is_idempotent(server: &TestServer) {
    let operator = operator(server);
    operator.write("d/f", "x").await.unwrap();
    for path in ["d/f", "d/f", "d/f/", "x", "x/", "x/y/z", "x/y/z/"] {
        operator.delete(path).await.unwrap();
        operator.delete_with(path).recursive(true).await.unwrap();
    }
    assert_eq!(tree(server.root()), ["d/"]);
    assert_eq!(error_of(operator.delete("../x").await).kind(), ErrorKind::NotFound);
}

async fn delete_of_directories(server: &TestServer) {
    let operator = operator(server);
    for directory in ["one/", "two/inner/"] {
        operator.create_dir(directory).await.unwrap();
    }
    operator.write("file", "x").await.unwrap();

    operator.delete("one/").await.unwrap();
    error_of(operator.delete("two/").await);
    // There is a file of this name, but no directory.
    operator.delete("file/").await.unwrap();
    operator.delete_with("file/").recursive(true).await.unwrap();
    assert_eq!(tree(server.root()), ["file", "two/", "two/inner/"]);
    operator.delete("two/inner").await.unwrap();
    assert_eq!(tree(server.root()), ["file", "two/"]);
}

async fn delete_of_tree_does_not_follow_links(server: &TestServer) {
    let root = server.root();
    fs::create_dir_all(root.join("t/a/b")).unwrap();
    fs::create_dir(root.join("kept")).unwrap();
    for file in ["t/f", "t/a/f", "t/a/b/f", "t/.x.oxftp.part", "kept/f", "t2"] {
        fs::write(root.join(file), "x").unwrap();
    }
    // pyftpdlib shows the target of a link in its place.
    if server.kind() != ServerKind::Pyftpdlib {
        symlink("../kept", root.join("t/link")).unwrap();
    }
    server.hand_over().unwrap();
    let operator = operator(server);

    operator.delete_with("t").recursive(true).await.unwrap();

    assert_eq!(tree(server.root()), ["kept/", "kept/f", "t2"]);
    operator.delete_with("t2").recursive(true).await.unwrap();
    assert_eq!(tree(server.root()), ["kept/", "kept/f"]);
}

async fn delete_of_many_files_and_the_root(server: &TestServer) {
    let operator = Operator::new(builder(server).root("r")).unwrap();
    let files: Vec<_> = (0..40).map(|file| format!("d/{file}")).collect();
    for file in &files {
        operator.write(file, "x").await.unwrap();
    }
    fs::write(server.root().join("outside"), "x").unwrap();

    operator.delete_iter(files[..30].to_vec()).await.unwrap();
    assert_eq!(operator.list("d/").await.unwrap().len(), 11);
    assert_eq!(error_of(operator.delete("/").await).kind(), ErrorKind::Unsupported);
    operator.delete_with("/").recursive(true).await.unwrap();
    assert_eq!(tree(server.root()), ["outside", "r/"]);
}

#[tokio::test]
async fn delete_without_permission_is_an_error() {
    let behaviour = ServerBehaviour {
        replies: &[("DELE", "550 Delete operation failed.")],
        ..ServerBehaviour::default()
    };
    let server = MemoryServer::start(behaviour).await;
    server.add_file("f", "x", 1_700_000_000);
    let operator = memory_operator(&server);

    error_of(operator.delete("f").await);
    operator.delete("missing").await.unwrap();
    server.change(|behaviour| behaviour.replies = &[("DELE", "550 f: Permission denied")]);
    assert_eq!(error_of(operator.delete("f").await).kind(), ErrorKind::PermissionDenied);
}
