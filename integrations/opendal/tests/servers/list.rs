//! `list` and `lister`, of directories, trees and prefixes.

use std::{fs, os::unix::fs::symlink};

use futures_util::TryStreamExt;
use opendal::{EntryMode, Operator};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::operator;

server_tests! {
    list_of_directory_shows_itself_and_entries,
    list_of_tree_shows_directories_after_entries,
    list_by_prefix_with_and_without_recursion,
    list_of_empty_directory_shows_itself,
    list_of_missing_directory_or_file_is_empty,
    list_of_root,
    list_of_rich_directory_and_deep_tree,
    list_leaves_out_links_and_unfinished_files,
    listed_tree_can_be_deleted_in_order,
    list_with_missing_root_is_empty,
}

async fn paths(operator: &Operator, path: &str, is_recursive: bool) -> Vec<String> {
    let entries = operator.list_with(path).recursive(is_recursive).await.unwrap();
    for entry in &entries {
        assert_eq!(entry.metadata().mode().is_dir(), entry.path().ends_with('/'), "{entry:?}");
    }
    entries.iter().map(|entry| entry.path().to_owned()).collect()
}

fn create_tree(server: &TestServer) {
    for directory in ["x/x/x/x", "xx", "empty", "other"] {
        fs::create_dir_all(server.root().join(directory)).unwrap();
    }
    for file in ["x/x/x/y", "x/x/y", "x/y", "x/yy", "xx/z", "xfile", "other/o"] {
        fs::write(server.root().join(file), file).unwrap();
    }
    server.hand_over().unwrap();
}

async fn list_of_directory_shows_itself_and_entries(server: &TestServer) {
    create_tree(server);
    let operator = operator(server);

    assert_eq!(paths(&operator, "x/", false).await, ["x/", "x/x/", "x/y", "x/yy"]);
    let entries = operator.list("x/").await.unwrap();
    assert_eq!(entries[3].name(), "yy");
    assert_eq!((entries[3].metadata().mode(), entries[3].metadata().content_length()), (EntryMode::FILE, 4));
    for entry in entries {
        let metadata = operator.stat(entry.path()).await.unwrap();
        assert_eq!(metadata.mode(), entry.metadata().mode(), "{}", entry.path());
        if let (true, Some(time)) = (metadata.is_file(), entry.metadata().last_modified()) {
            assert_eq!(metadata.last_modified(), Some(time), "{}", entry.path());
        }
    }
}

async fn list_of_tree_shows_directories_after_entries(server: &TestServer) {
    create_tree(server);
    let operator = operator(server);

    let expected = ["x/x/x/x/", "x/x/x/y", "x/x/x/", "x/x/y", "x/x/", "x/y", "x/yy", "x/"];
    assert_eq!(paths(&operator, "x/", true).await, expected);
    let lister = operator.lister_with("x/").recursive(true).await.unwrap();
    let listed: Vec<_> = lister.map_ok(|entry| entry.path().to_owned()).try_collect().await.unwrap();
    assert_eq!(listed, expected);
}

async fn list_by_prefix_with_and_without_recursion(server: &TestServer) {
    create_tree(server);
    let operator = operator(server);

    assert_eq!(paths(&operator, "x", false).await, ["x/", "xfile", "xx/"]);
    assert_eq!(paths(&operator, "xf", false).await, ["xfile"]);
    assert_eq!(paths(&operator, "x/y", false).await, ["x/y", "x/yy"]);
    assert_eq!(paths(&operator, "other", false).await, ["other/"]);
    assert_eq!(paths(&operator, "x/x/x", true).await, ["x/x/x/x/", "x/x/x/y", "x/x/x/"]);
    assert_eq!(paths(&operator, "xx", true).await, ["xx/z", "xx/"]);
    assert_eq!(paths(&operator, "x/y", true).await, ["x/y", "x/yy"]);
    assert_eq!(paths(&operator, "nothing", true).await, [""; 0]);
    assert_eq!(paths(&operator, "no/thing", true).await, [""; 0]);
}

async fn list_of_empty_directory_shows_itself(server: &TestServer) {
    create_tree(server);
    let operator = operator(server);
    for is_recursive in [false, true] {
        assert_eq!(paths(&operator, "empty/", is_recursive).await, ["empty/"], "{is_recursive}");
        assert_eq!(paths(&operator, "empty", is_recursive).await, ["empty/"], "{is_recursive}");
    }
}

async fn list_of_missing_directory_or_file_is_empty(server: &TestServer) {
    create_tree(server);
    let operator = operator(server);
    for path in ["missing/", "x/missing/", "mis/sing/", "xfile/", "x/y/", "x/y/z/"] {
        for is_recursive in [false, true] {
            assert_eq!(paths(&operator, path, is_recursive).await, [""; 0], "{path} {is_recursive}");
        }
    }
}

async fn list_of_root(server: &TestServer) {
    create_tree(server);
    let operator = operator(server);
    for root in ["", "/"] {
        assert_eq!(paths(&operator, root, false).await, ["/", "empty/", "other/", "x/", "xfile", "xx/"]);
        let all = paths(&operator, root, true).await;
        assert_eq!((all.len(), all.last().map(String::as_str)), (15, Some("/")), "{all:?}");
    }
}

async fn list_of_rich_directory_and_deep_tree(server: &TestServer) {
    let rich = server.root().join("rich");
    for directory in 0..20 {
        fs::create_dir_all(rich.join(format!("d{directory:02}/inner"))).unwrap();
        for file in 0..20 {
            fs::write(rich.join(format!("d{directory:02}/inner/{file:02}")), "x").unwrap();
        }
    }
    for file in 0..300 {
        fs::write(rich.join(format!("f{file:03}")), "x").unwrap();
    }
    fs::create_dir_all(server.root().join(vec!["deep"; 30].join("/"))).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    assert_eq!(paths(&operator, "rich/", false).await.len(), 1 + 20 + 300);
    let all = paths(&operator, "rich/", true).await;
    assert_eq!(all.len(), 1 + 20 * 22 + 300);
    assert_eq!(all.iter().filter(|path| !path.ends_with('/')).count(), 700);
    assert_eq!(paths(&operator, "deep/", true).await.len(), 30);
    let mut limited = operator.lister_with("rich/").limit(5).await.unwrap();
    assert!(limited.try_next().await.unwrap().is_some());
}

async fn list_leaves_out_links_and_unfinished_files(server: &TestServer) {
    let root = server.root().join("d");
    fs::create_dir(&root).unwrap();
    for name in ["a", ".x.0123.oxftp.part"] {
        fs::write(root.join(name), name).unwrap();
    }
    fs::create_dir(root.join("a.oxftp.lock")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    let listed = paths(&operator, "d/", false).await;
    match server.kind() {
        // They do not tell links from what they lead to, or from files.
        ServerKind::Pyftpdlib | ServerKind::Embedded => assert_eq!(listed[..2], ["d/", "d/a"]),
        _ => assert_eq!(listed, ["d/", "d/a"]),
    }
}

async fn listed_tree_can_be_deleted_in_order(server: &TestServer) {
    create_tree(server);
    let operator = operator(server);
    let lister = operator.lister_with("x/").recursive(true).await.unwrap();
    operator.delete_try_stream(lister).await.unwrap();
    assert_eq!(paths(&operator, "x/", true).await, [""; 0]);
    assert_eq!(paths(&operator, "xx/", true).await, ["xx/z", "xx/"]);
}

async fn list_with_missing_root_is_empty(server: &TestServer) {
    let operator = Operator::new(crate::builder(server).root("not/yet")).unwrap();
    for is_recursive in [false, true] {
        assert_eq!(paths(&operator, "", is_recursive).await, [""; 0], "{is_recursive}");
    }
    operator.check().await.unwrap();
    operator.write("f", "x").await.unwrap();
    assert_eq!(paths(&operator, "", false).await, ["/", "f"]);
    assert_eq!(fs::read(server.root().join("not/yet/f")).unwrap(), b"x");
}
