//! Part files: new, private until they are whole, and never somebody else's file.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use oxftp::{Client, Error, Result};
use oxftp_testing::scripted::{Script, ScriptedServer};

use crate::common::content;
use crate::common::scripts::{mlst_file, opening, play, sending};
use crate::fixture::Fixture;

/// Large enough to be written to a part while it comes.
const SIZE: usize = 200 << 10;

/// A server that breaks off in the middle of `a`.
async fn breaking() -> (ScriptedServer, Client) {
    let known = Script::new().expect("MLST a").reply(mlst_file(SIZE as u64)).type_image();
    let script = opening(known, "RETR a").send(&content(SIZE)[..SIZE / 2]).close_data().reply("426 broken");
    play(script).await
}

async fn download(client: &mut Client, to: &Path) -> Result<oxftp::Report> {
    client.download("a").to(to).await
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// A server with the file `a`, and the place of its part here.
async fn with_file() -> (Fixture, std::path::PathBuf) {
    let fixture = Fixture::new().await;
    fs::write(fixture.server.root().join("a"), content(SIZE)).unwrap();
    let part = fixture.here("a.oxftp.part");
    (fixture, part)
}

#[tokio::test]
async fn partial_file_is_private() {
    let local = tempfile::tempdir().unwrap();
    let (_server, mut client) = breaking().await;

    download(&mut client, local.path()).await.unwrap_err();

    assert_eq!(mode(&local.path().join("a.oxftp.part")), 0o600);
}

#[tokio::test]
async fn completed_file_has_default_permissions() {
    let (mut fixture, _) = with_file().await;
    fs::write(fixture.here("new"), "").unwrap();

    fixture.download("a", "", false).await;

    assert_eq!(mode(&fixture.here("a")), mode(&fixture.here("new")));
}

#[tokio::test]
async fn hard_linked_partial_file_is_replaced() {
    for resume in [false, true] {
        let (mut fixture, part) = with_file().await;
        fs::write(fixture.here("precious"), "precious").unwrap();
        fs::hard_link(fixture.here("precious"), &part).unwrap();

        fixture.client.download("a").to(fixture.local.path()).resume(resume).await.unwrap();

        assert_eq!(fs::read(fixture.here("precious")).unwrap(), b"precious");
        assert!(fs::read(fixture.here("a")).unwrap() == content(SIZE));
    }
}

#[tokio::test]
async fn special_file_at_partial_path_is_error() {
    let (mut fixture, part) = with_file().await;
    fs::create_dir(&part).unwrap();

    let error = download(&mut fixture.client, fixture.local.path()).await.unwrap_err();

    assert!(matches!(error, Error::PathIo(_)), "{error:?}");
    assert!(part.is_dir() && !fixture.here("a").exists());
}

#[tokio::test]
async fn directory_at_target_fails_before_transfer() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("a")).unwrap();
    let known = Script::new().expect("MLST a").reply(mlst_file(SIZE as u64));
    let (server, mut client) = play(known).await;

    let error = download(&mut client, local.path()).await.unwrap_err();

    assert!(matches!(error, Error::PathIo(_)), "{error:?}");
    server.done().await;
}

#[tokio::test]
async fn failed_rename_of_small_file_leaves_no_partial() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("a")).unwrap();
    let known = Script::new().expect("MLST a").reply(mlst_file(5)).type_image();
    let (_server, mut client) = play(sending(known, "RETR a", "hello")).await;

    download(&mut client, local.path()).await.unwrap_err();

    assert!(!local.path().join("a.oxftp.part").exists());
}

#[tokio::test]
async fn unreadable_partial_file_is_replaced() {
    let (mut fixture, part) = with_file().await;
    fs::write(&part, "of old").unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o000)).unwrap();

    fixture.download("a", "", false).await;

    assert!(fs::read(fixture.here("a")).unwrap() == content(SIZE));
}

#[tokio::test]
async fn synced_files_are_complete() {
    for size in [5, SIZE] {
        let mut fixture = Fixture::new().await;
        fs::write(fixture.server.root().join("a"), content(size)).unwrap();

        fixture.client.download("a").to(fixture.local.path()).sync(true).await.unwrap();

        assert!(fs::read(fixture.here("a")).unwrap() == content(size));
        assert!(!fixture.here("a.oxftp.part").exists());
    }
}
