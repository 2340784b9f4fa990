//! Listings of directories whose names servers take for patterns, options or several names, and of names that begin with
//! a dot.

use std::fs;

use oxftp::{Client, DotNames, ListCommand};
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
};

use crate::common::{builder, login_with};

server_tests! {
    directories_with_special_names_are_listed,
    empty_directories_are_listed_as_empty,
}

const SPECIAL: [&str; 8] = ["[one]", "[one]/sub", "my", "my dir", "-dash", "-a", "wh?t", "{x,y}"];

async fn tree(client: &mut Client) -> Vec<String> {
    let listed = client.list("").recursive().await.unwrap();
    let mut paths: Vec<_> = listed.iter().map(|found| found.path().to_string()).collect();
    paths.sort();
    paths
}

async fn directories_with_special_names_are_listed(server: &TestServer) {
    let mut expected = Vec::new();
    for directory in SPECIAL {
        fs::create_dir(server.root().join(directory)).unwrap();
        fs::write(server.root().join(directory).join("file"), directory).unwrap();
        expected.extend([directory.to_owned(), format!("{directory}/file")]);
    }
    server.hand_over().unwrap();
    expected.sort();

    let mut client = login_with(builder(server), server).await;
    assert_eq!(tree(&mut client).await, expected);
    let mut by_list = login_with(builder(server).list_command(ListCommand::List), server).await;
    assert_eq!(tree(&mut by_list).await, expected);
}

async fn empty_directories_are_listed_as_empty(server: &TestServer) {
    for directory in ["a", "b", "c d", "[e]"] {
        fs::create_dir(server.root().join(directory)).unwrap();
    }
    server.hand_over().unwrap();

    for builder in [builder(server), builder(server).list_command(ListCommand::List)] {
        let mut client = login_with(builder, server).await;
        assert_eq!(tree(&mut client).await, ["[e]", "a", "b", "c d"]);
        let missing = client.list("nowhere").await;
        assert!(missing.is_err(), "{missing:?}");
    }
}

/// The administrator has replaced the greeting, so that it does not name the server.
#[tokio::test]
async fn dot_names_are_listed_without_banner() {
    let options = ServerOptions { anonymous_banner: true, ..ServerOptions::new(Protection::Plain) };
    let Some(server) = available(ServerKind::Vsftpd.start_with(options).await) else { return };
    for directory in ["site", "site/.git"] {
        fs::create_dir(server.root().join(directory)).unwrap();
    }
    for file in ["site/.htaccess", "site/.git/config", "site/index"] {
        fs::write(server.root().join(file), file).unwrap();
    }
    server.hand_over().unwrap();
    let mut client = login_with(builder(&server), &server).await;
    assert!(!client.greeting().text().contains("vsFTPd"), "{}", client.greeting());

    assert_eq!(
        tree(&mut client).await,
        ["site", "site/.git", "site/.git/config", "site/.htaccess", "site/index"]
    );
    assert_eq!(client.dot_names(), DotNames::Shown);

    client.remove_dir_all("site").await.unwrap();
    assert!(!server.root().join("site").exists());
}
