//! `MLSD` and `LIST` return the same entries, on every server that supports both.
//!
//! `LIST` has no seconds, no time of day for old files, and no time zone; the servers here use UTC. The tests compare
//! the common information.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    time::{Duration, SystemTime},
};

use oxftp::{Client, Entry, EntryKind, Error, ListCommand, ServerZone, Timestamp};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};

use crate::common::{builder, login_with};

server_tests! {
    listings_agree_between_mlsd_and_list,
    trees_agree_between_mlsd_and_list,
    stat_agrees_between_mlst_and_list,
    difficult_names_are_listed_by_both,
}

/// Creates files of different ages, sizes and permissions, and a symbolic link.
fn create_file(server: &TestServer) {
    let root = server.root();
    let day = Duration::from_secs(86_400);
    for (name, size, age, mode) in [
        ("new", 0, Duration::ZERO, 0o644),
        ("read me", 5, day * 3, 0o600),
        ("old.txt", 100_000, day * 400, 0o755),
        ("éé", 7, day * 170, 0o444),
        ("2 blanks", 1, day * 190, 0o640),
        (".hidden", 3, day, 0o644),
    ] {
        let path = root.join(name);
        fs::write(&path, vec![b'x'; size]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        fs::File::open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }
    for directory in ["sub", "sub/deep er", "empty"] {
        fs::create_dir(root.join(directory)).unwrap();
    }
    fs::write(root.join("sub/deep er/leaf"), "1").unwrap();
    symlink("old.txt", root.join("link")).unwrap();
    server.hand_over().unwrap();
}

async fn client_with(server: &TestServer, command: ListCommand) -> Client {
    login_with(builder(server).list_command(command).server_zone(ServerZone::UTC), server).await
}

/// Logs in twice, to list with each command; `None` if the server does not support `MLSD`.
async fn clients(server: &TestServer) -> Option<[Client; 2]> {
    create_file(server);
    let mut by_mlsd = client_with(server, ListCommand::Mlsd).await;
    match by_mlsd.list("").await {
        Err(Error::StatusCode(error)) if error.info.code().is_unsupported() => return None,
        listed => drop(listed.unwrap()),
    }
    Some([by_mlsd, client_with(server, ListCommand::List).await])
}

/// The information about an entry that both commands provide.
#[derive(Debug, PartialEq)]
struct CommonFacts {
    kind: EntryKind,
    size: Option<u64>,
    day: Option<String>,
    minute: Option<(u8, u8)>,
    mode: Option<u32>,
}

fn common_facts(server: &TestServer, entry: &Entry, other: &Entry) -> CommonFacts {
    let is_link = entry.is_link() || other.is_link();
    CommonFacts {
        // With MLSD these two list links as their targets.
        kind: if is_link && matches!(server.kind(), ServerKind::Embedded | ServerKind::Pyftpdlib) {
            EntryKind::Link
        } else {
            entry.kind
        },
        size: entry.size.filter(|_| entry.is_file() && other.is_file()),
        day: entry.modified.filter(|_| !is_link).map(|time| time.to_string()[..10].to_owned()),
        minute: both_have_minutes(entry.modified, other.modified).filter(|_| !is_link),
        mode: entry.mode.filter(|_| !is_link && other.mode.is_some()),
    }
}

fn both_have_minutes(time: Option<Timestamp>, other: Option<Timestamp>) -> Option<(u8, u8)> {
    let (time, other) = time.zip(other)?;
    let has_minutes = |time: &Timestamp| time.precision() > oxftp::Precision::Day;
    (has_minutes(&time) && has_minutes(&other)).then(|| (time.hour(), time.minute()))
}

fn compare(server: &TestServer, by_mlsd: &BTreeMap<String, Entry>, by_list: &BTreeMap<String, Entry>) {
    assert_eq!(by_mlsd.keys().collect::<Vec<_>>(), by_list.keys().collect::<Vec<_>>());
    for ((path, one), other) in by_mlsd.iter().zip(by_list.values()) {
        assert_eq!(
            common_facts(server, one, other),
            common_facts(server, other, one),
            "{path}: {one:?} {other:?}"
        );
    }
}

async fn listed(client: &mut Client, path: &str, recursive: bool) -> BTreeMap<String, Entry> {
    let list = client.list(path);
    let found = if recursive { list.recursive().await } else { list.await }.unwrap();
    found.into_iter().map(|found| (found.path().to_string(), found.into_entry())).collect()
}

async fn listings_agree_between_mlsd_and_list(server: &TestServer) {
    let Some([mut by_mlsd, mut by_list]) = clients(server).await else { return };

    for path in ["", "sub", "sub/deep er", "empty"] {
        compare(server, &listed(&mut by_mlsd, path, false).await, &listed(&mut by_list, path, false).await);
    }
}

async fn trees_agree_between_mlsd_and_list(server: &TestServer) {
    let Some([mut by_mlsd, mut by_list]) = clients(server).await else { return };

    let tree = listed(&mut by_mlsd, "", true).await;

    assert!(tree.contains_key("sub/deep er/leaf"), "{tree:?}");
    compare(server, &tree, &listed(&mut by_list, "", true).await);
}

async fn stat_agrees_between_mlst_and_list(server: &TestServer) {
    let Some([mut by_mlsd, mut by_list]) = clients(server).await else { return };

    for path in ["new", "read me", "old.txt", "sub", "sub/deep er/leaf"] {
        let (one, other) = (by_mlsd.metadata(path).await.unwrap(), by_list.metadata(path).await.unwrap());
        assert_eq!(
            common_facts(server, &one, &other),
            common_facts(server, &other, &one),
            "{path}: {one:?} {other:?}"
        );
    }
    for client in [&mut by_mlsd, &mut by_list] {
        assert!(client.metadata("nowhere").await.unwrap_err().is_not_found());
    }
}

/// This test includes servers without `MLSD`.
async fn difficult_names_are_listed_by_both(server: &TestServer) {
    create_file(server);
    let mut by_list = client_with(server, ListCommand::List).await;
    let mut by_any = login_with(builder(server), server).await;

    let names = listed(&mut by_list, "", false).await;

    assert_eq!(
        names.keys().collect::<Vec<_>>(),
        listed(&mut by_any, "", false).await.keys().collect::<Vec<_>>()
    );
    assert!(
        ["read me", "éé", "2 blanks", "link", ".hidden"].iter().all(|name| names.contains_key(*name)),
        "{names:?}"
    );
}
