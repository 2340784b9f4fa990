//! Symbolic links at the source of a mirror.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{fs, os::unix::fs::symlink, path::Path};

use common::{
    bench::{embedded, failed_names, files, lay},
    builder, pool_by,
};
use oxftp::{
    Credentials, Error, Pipelining, Pool,
    mirror::{Delete, Links},
};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{ServerKind, TestServer},
};
use scripts::sending;

server_tests! { links_on_a_server_are_followed_to_what_they_lead_to }

fn listed(lines: &[&str]) -> Script {
    let script = Script::new().login().expect("PWD").reply("257 \"/\"");
    let script = script.expect("CWD d").reply("250 in").expect("CWD /").reply("250 back");
    sending(script.type_image(), "MLSD d", lines.join("\r\n") + "\r\n")
}

/// Mirrors what a server lists into a directory; gives the error, if there is one.
async fn mirror(script: Script, target: &Path, links: Links, delete: Delete) -> Option<Error> {
    let server = script.start().await;
    let pool =
        Pool::new(scripts::builder().pipelining(Pipelining::Off), server.address(), Credentials::anonymous())
            .size(1);
    let outcome = pool.mirror_down("d", target).links(links).delete(delete).await;
    server.done().await;
    outcome.err()
}

const LINK: &str = "type=OS.unix=slink:";

#[tokio::test]
async fn links_are_left_out_unless_they_are_asked_for() {
    let local = tempfile::tempdir().unwrap();
    lay(local.path(), "link", "stays, as the source has something of this name");

    let script = listed(&[&format!("{LINK}a; link")]);
    let error = mirror(script, local.path(), Links::Skip, Delete::After).await;

    assert!(error.is_none(), "{error:?}");
    assert_eq!(files(local.path()), ["link"]);
}

#[tokio::test]
async fn links_that_stay_inside_are_made_after_all_files_and_replace_links_alone() {
    let local = tempfile::tempdir().unwrap();
    lay(local.path(), "a", "here");
    symlink("elsewhere", local.path().join("changed")).unwrap();
    lay(local.path(), "taken", "a file");

    let lines = ["changed", "new", "taken"].map(|name| format!("{LINK}a; {name}"));
    let script = listed(&[&lines[0], &lines[1], &lines[2]]);
    let error = mirror(script, local.path(), Links::Copy, Delete::Never).await.unwrap();

    assert_eq!(failed_names(&error), ["d/taken"]);
    for link in ["changed", "new"] {
        assert_eq!(fs::read_link(local.path().join(link)).unwrap(), Path::new("a"), "{link}");
    }
    assert!(fs::symlink_metadata(local.path().join("taken")).unwrap().is_file());
}

#[tokio::test]
async fn links_that_lead_out_or_may_are_named_and_not_made() {
    let local = tempfile::tempdir().unwrap();
    let lines =
        [("/etc", 1), ("../x", 2), ("a/../../x", 3)].map(|(says, name)| format!("{LINK}{says}; {name}"));
    let unknown = "type=OS.unix=slink; unknown";

    let script = listed(&[&lines[0], &lines[1], &lines[2], unknown]);
    let error = mirror(script, local.path(), Links::Copy, Delete::Never).await.unwrap();

    assert_eq!(failed_names(&error).len(), 4);
    assert!(files(local.path()).is_empty());
}

#[tokio::test]
async fn nothing_is_written_through_a_link_that_the_server_turns_into_a_directory() {
    let (local, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(outside.path(), local.path().join("link")).unwrap();

    // No listing of the directory follows: it is not entered.
    let error = mirror(listed(&["type=dir; link"]), local.path(), Links::Copy, Delete::Never).await;

    assert_eq!(failed_names(&error.unwrap()), ["d/link"]);
    assert!(files(outside.path()).is_empty());
}

#[tokio::test]
async fn a_name_that_is_a_link_and_a_directory_is_neither() {
    let (local, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = format!("{LINK}{}; link", outside.path().display());

    let script = listed(&[&link, "type=dir; link"]);
    let error = mirror(script, local.path(), Links::Copy, Delete::Never).await;

    assert_eq!(failed_names(&error.unwrap()), ["d/link"]);
    assert!(files(local.path()).is_empty() && files(outside.path()).is_empty());
}

async fn links_on_a_server_are_followed_to_what_they_lead_to(server: &TestServer) {
    if server.kind() == ServerKind::Embedded {
        // libunftp tells of links what they lead to, and leaves out those that lead out of its root.
        return;
    }
    let local = tempfile::tempdir().unwrap();
    lay(server.root(), "tree/real/file", "real");
    symlink("real/file", server.root().join("tree/to-file")).unwrap();
    symlink("real", server.root().join("tree/to-directory")).unwrap();
    server.hand_over().unwrap();
    let pool = pool_by(builder(server), server).size(2);

    let first = pool.mirror_down("tree", local.path()).links(Links::Follow).await.unwrap();
    let second = pool.mirror_down("tree", local.path()).links(Links::Follow).await.unwrap();

    assert_eq!(files(local.path()), ["real/file", "to-directory/file", "to-file"]);
    assert_eq!((first.files, second.files, second.unchanged), (3, 0, 3));
    pool.close().await;
}

#[tokio::test]
async fn local_links_are_followed_and_circles_end() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    lay(local.path(), "real/file", "real");
    symlink("real/file", local.path().join("to-file")).unwrap();
    symlink("..", local.path().join("real/up")).unwrap();
    symlink("nowhere", local.path().join("dangling")).unwrap();
    let pool = pool_by(builder(&server), &server);

    let error = pool.mirror_up(local.path(), "copy").links(Links::Follow).await.unwrap_err();

    let Error::SomeFailed { report } = error else { panic!("{error:?}") };
    assert!(report.failures.iter().any(|failed| failed.name.ends_with("/dangling")));
    assert!(report.failures.iter().any(|failed| failed.error.to_string().contains("in a cycle")));
    assert_eq!(fs::read_to_string(server.root().join("copy/to-file")).unwrap(), "real");
    assert!(server.root().join("copy/real/up/real/up/real/file").exists());
}

#[tokio::test]
async fn links_are_not_made_on_a_server() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    let pool = pool_by(builder(&server), &server);

    let error = pool.mirror_up(local.path(), "copy").links(Links::Copy).await.unwrap_err();

    assert!(matches!(error, Error::NotOffered { .. }), "{error:?}");
}
