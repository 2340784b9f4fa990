//! Preserved permissions.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use oxftp_testing::{server_tests, servers::TestServer};

use crate::common::login;

server_tests! {
    upload_preserves_permissions,
    download_preserves_listed_permissions,
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

async fn upload_preserves_permissions(server: &TestServer) {
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

async fn download_preserves_listed_permissions(server: &TestServer) {
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
