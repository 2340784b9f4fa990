//! Preserved permissions.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, play, receive_file, send_file, with_sync_check};

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn listed(mode: &str) -> String {
    format!("250-Listing\r\n type=file;size=1;UNIX.mode={mode}; a\r\n250 End")
}

#[tokio::test]
async fn setuid_bit_is_not_preserved() {
    let local = tempfile::tempdir().unwrap();
    let script =
        Script::new().expect("FEAT").reply("502 no").expect("MLST a").reply(listed("104755")).type_image();
    let (server, mut client) = play(send_file(script, "RETR a", "x")).await;

    client.download("a").to(local.path()).preserve_mode(true).await.unwrap();

    assert_eq!(mode(&local.path().join("a")), 0o755);
    server.done().await;
}

#[tokio::test]
async fn permissions_are_not_preserved_by_default() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(listed("0777")).type_image();
    let (server, mut client) = play(with_sync_check(send_file(script, "RETR a", "x"))).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(mode(&local.path().join("a")) & 0o111, 0);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refused_chmod_does_not_fail_upload() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a"), "x").unwrap();
    set(&local.path().join("a"), 0o640);
    let script = receive_file(Script::new().type_image(), "STOR a", "x").expect("SIZE a").reply("213 1");
    let script = script.expect("SITE CHMOD 640 a").reply("502 no such verb");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.upload(local.path().join("a")).preserve_mode(true).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}
