//! Symbolic links at the source of a mirror.

#![cfg(unix)]

use std::{fs, os::unix::fs::symlink, path::Path};

use oxftp::{
    Credentials, Error, Pipelining, Pool,
    mirror::{Delete, Links},
};
use oxftp_testing::scripted::Script;

use crate::common::scripts;
use crate::common::scripts::send_file;
use crate::common::{
    builder, embedded,
    local_files::{create_file, files},
    pool_with,
};
use crate::fixture::failed_names;

fn listed(lines: &[&str]) -> Script {
    let script = Script::new().login().expect("PWD").reply("257 \"/\"");
    let script = script.expect("CWD d").reply("250 in").expect("CWD /").reply("250 back");
    send_file(script.type_image(), "MLSD d", lines.join("\r\n") + "\r\n")
}

/// Mirrors the listing of a server into a directory; returns the error, if any.
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
async fn symlinks_are_skipped_by_default() {
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "link", "stays, as the source has something of this name");

    let script = listed(&[&format!("{LINK}a; link")]);
    let error = mirror(script, local.path(), Links::Skip, Delete::After).await;

    assert!(error.is_none(), "{error:?}");
    assert_eq!(files(local.path()), ["link"]);
}

#[tokio::test]
async fn inner_symlinks_are_created_last() {
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "a", "here");
    symlink("elsewhere", local.path().join("changed")).unwrap();
    create_file(local.path(), "taken", "a file");

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
async fn symlinks_that_may_lead_out_are_not_created() {
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
async fn symlink_swapped_for_directory_is_not_followed() {
    let (local, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(outside.path(), local.path().join("link")).unwrap();

    // The directory is not listed.
    let error = mirror(listed(&["type=dir; link"]), local.path(), Links::Copy, Delete::Never).await;

    assert_eq!(failed_names(&error.unwrap()), ["d/link"]);
    assert!(files(outside.path()).is_empty());
}

#[tokio::test]
async fn name_listed_as_symlink_and_directory_is_skipped() {
    let (local, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = format!("{LINK}{}; link", outside.path().display());

    let script = listed(&[&link, "type=dir; link"]);
    let error = mirror(script, local.path(), Links::Copy, Delete::Never).await;

    assert_eq!(failed_names(&error.unwrap()), ["d/link"]);
    assert!(files(local.path()).is_empty() && files(outside.path()).is_empty());
}

#[tokio::test]
async fn local_symlinks_are_followed_and_cycles_end() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    create_file(local.path(), "real/file", "real");
    symlink("real/file", local.path().join("to-file")).unwrap();
    symlink("..", local.path().join("real/up")).unwrap();
    symlink("nowhere", local.path().join("dangling")).unwrap();
    let pool = pool_with(builder(&server), &server);

    let error = pool.mirror_up(local.path(), "copy").links(Links::Follow).await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    assert!(report.failures.iter().any(|failed| failed.name.ends_with("/dangling")));
    assert!(report.failures.iter().any(|failed| failed.error.to_string().contains("in a cycle")));
    assert_eq!(fs::read_to_string(server.root().join("copy/to-file")).unwrap(), "real");
    assert!(server.root().join("copy/real/up/real/up/real/file").exists());
}

#[tokio::test]
async fn symlinks_are_not_created_on_servers() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    let pool = pool_with(builder(&server), &server);

    let error = pool.mirror_up(local.path(), "copy").links(Links::Copy).await.unwrap_err();

    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
}
