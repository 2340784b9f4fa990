//! Permissions that files keep.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(unix)]

mod common;
mod scripts;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use common::login;
use oxftp_testing::{scripted::Script, server_tests, servers::TestServer};
use scripts::{check_in_step, in_step, play, sending, taking};

server_tests! {
    an_upload_gives_the_servers_files_the_permissions_of_its_own,
    a_download_gives_files_the_permissions_that_are_listed,
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

async fn an_upload_gives_the_servers_files_the_permissions_of_its_own(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("d")).unwrap();
    for (name, mode) in [("script", 0o751), ("secret one", 0o600)] {
        fs::write(local.path().join("d").join(name), name).unwrap();
        set(&local.path().join("d").join(name), mode);
    }
    let mut client = login(server).await;

    client.upload(local.path().join("d")).preserve_mode(true).await.unwrap();
    client.upload(local.path().join("d/script")).temporary(true).preserve_mode(true).await.unwrap();

    if server.kind().sets_permissions() {
        assert_eq!(mode(&server.root().join("d/script")), 0o751);
        assert_eq!(mode(&server.root().join("d/secret one")), 0o600);
        assert_eq!(mode(&server.root().join("script")), 0o751);
    }
}

async fn a_download_gives_files_the_permissions_that_are_listed(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(server.root().join("d")).unwrap();
    fs::write(server.root().join("d/script"), "x").unwrap();
    server.hand_over().unwrap();
    set(&server.root().join("d/script"), 0o754);
    let mut client = login(server).await;

    client.download("d").to(local.path()).preserve_mode(true).await.unwrap();
    client.download("d/script").to(local.path()).preserve_mode(true).await.unwrap();

    if server.kind().lists_permissions() {
        assert_eq!(mode(&local.path().join("d/script")), 0o754);
        assert_eq!(mode(&local.path().join("script")), 0o754);
    }
}

fn listed(mode: &str) -> String {
    format!("250-Listing\r\n type=file;size=1;UNIX.mode={mode}; a\r\n250 End")
}

#[tokio::test]
async fn a_program_that_would_run_as_its_owner_is_not_made() {
    let local = tempfile::tempdir().unwrap();
    let script =
        Script::new().expect("FEAT").reply("502 no").expect("MLST a").reply(listed("104755")).type_image();
    let (server, mut client) = play(sending(script, "RETR a", "x")).await;

    client.download("a").to(local.path()).preserve_mode(true).await.unwrap();

    assert_eq!(mode(&local.path().join("a")), 0o755);
    server.done().await;
}

#[tokio::test]
async fn permissions_are_not_kept_unasked() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(listed("0777")).type_image();
    let (server, mut client) = play(in_step(sending(script, "RETR a", "x"))).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(mode(&local.path().join("a")) & 0o111, 0);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_sets_no_permissions_fails_no_upload() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a"), "x").unwrap();
    set(&local.path().join("a"), 0o640);
    let script = taking(Script::new().type_image(), "STOR a", "x").expect("SIZE a").reply("213 1");
    let script = script.expect("SITE CHMOD 640 a").reply("502 no such verb");
    let (server, mut client) = play(in_step(script)).await;

    client.upload(local.path().join("a")).preserve_mode(true).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}
