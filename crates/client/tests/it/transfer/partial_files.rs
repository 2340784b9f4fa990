//! Partial files: new, private until they are complete, and never a file of the user.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use oxftp::{Client, Error, Result};
use oxftp_testing::scripted::{Script, ScriptedServer};

use crate::common::content;
use crate::common::scripts::{mlst_file, open_transfer, play, send_file};
use crate::fixture::Fixture;

/// Large enough to be written to a partial file during the download.
const SIZE: usize = 200 << 10;

/// Starts a server that aborts in the middle of `a`.
async fn breaking() -> (ScriptedServer, Client) {
    let known = Script::new().expect("MLST a").reply(mlst_file(SIZE as u64)).type_image();
    let script =
        open_transfer(known, "RETR a").send(&content(SIZE)[..SIZE / 2]).close_data().reply("426 broken");
    play(script).await
}

async fn download(client: &mut Client, to: &Path) -> Result<oxftp::Report> {
    client.download("a").to(to).await
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// Starts a server with the file `a`; returns the path of its local partial file.
async fn with_file() -> (Fixture, std::path::PathBuf) {
    let fixture = Fixture::new().await;
    fs::write(fixture.server.root().join("a"), content(SIZE)).unwrap();
    let part = fixture.local_path("a.oxftp.part");
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
    fs::write(fixture.local_path("new"), "").unwrap();

    fixture.download("a", "", false).await;

    assert_eq!(mode(&fixture.local_path("a")), mode(&fixture.local_path("new")));
}

#[tokio::test]
async fn hard_linked_partial_file_is_replaced() {
    for resume in [false, true] {
        let (mut fixture, part) = with_file().await;
        fs::write(fixture.local_path("precious"), "precious").unwrap();
        fs::hard_link(fixture.local_path("precious"), &part).unwrap();

        fixture.client.download("a").to(fixture.local.path()).resume(resume).await.unwrap();

        assert_eq!(fs::read(fixture.local_path("precious")).unwrap(), b"precious");
        assert!(fs::read(fixture.local_path("a")).unwrap() == content(SIZE));
    }
}

#[tokio::test]
async fn special_file_at_partial_path_is_error() {
    let (mut fixture, part) = with_file().await;
    fs::create_dir(&part).unwrap();

    let error = download(&mut fixture.client, fixture.local.path()).await.unwrap_err();

    assert!(matches!(error, Error::LocalFs(_)), "{error:?}");
    assert!(part.is_dir() && !fixture.local_path("a").exists());
}

#[tokio::test]
async fn directory_at_target_fails_before_transfer() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("a")).unwrap();
    let known = Script::new().expect("MLST a").reply(mlst_file(SIZE as u64));
    let (server, mut client) = play(known).await;

    let error = download(&mut client, local.path()).await.unwrap_err();

    assert!(matches!(error, Error::LocalFs(_)), "{error:?}");
    server.done().await;
}

#[tokio::test]
async fn failed_rename_of_small_file_leaves_no_partial() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("a")).unwrap();
    let known = Script::new().expect("MLST a").reply(mlst_file(5)).type_image();
    let (_server, mut client) = play(send_file(known, "RETR a", "hello")).await;

    download(&mut client, local.path()).await.unwrap_err();

    assert!(!local.path().join("a.oxftp.part").exists());
}

#[tokio::test]
async fn unreadable_partial_file_is_replaced() {
    let (mut fixture, part) = with_file().await;
    fs::write(&part, "of old").unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o000)).unwrap();

    fixture.download("a", "", false).await;

    assert!(fs::read(fixture.local_path("a")).unwrap() == content(SIZE));
}

#[tokio::test]
async fn synced_files_are_complete() {
    for size in [5, SIZE] {
        let mut fixture = Fixture::new().await;
        fs::write(fixture.server.root().join("a"), content(size)).unwrap();

        fixture.client.download("a").to(fixture.local.path()).sync(true).await.unwrap();

        assert!(fs::read(fixture.local_path("a")).unwrap() == content(size));
        assert!(!fixture.local_path("a.oxftp.part").exists());
    }
}
