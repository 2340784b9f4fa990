//! Transfers in ASCII mode.

use std::fs;

use oxftp_testing::{server_tests, servers::TestServer};

use crate::common::login;

server_tests! {
    ascii_round_trip_keeps_local_line_endings,
    ascii_download_has_local_line_endings,
}

/// Returns lines of different lengths, some of them empty.
fn text() -> String {
    (0..40_000).map(|number| "x".repeat(number % 23) + "\n").collect()
}

async fn ascii_round_trip_keeps_local_line_endings(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("up")).unwrap();
    fs::write(local.path().join("up/long"), text()).unwrap();
    fs::write(local.path().join("up/empty"), "").unwrap();
    fs::write(local.path().join("up/unended"), "a\nb").unwrap();
    let mut client = login(server).await;

    client.upload(local.path().join("up")).to("d").write_into(true).ascii(true).await.unwrap();
    client.download("d").to(local.path().join("down")).write_into(true).ascii(true).await.unwrap();

    for name in ["long", "empty", "unended"] {
        let [up, down] = ["up", "down"].map(|side| fs::read(local.path().join(side).join(name)).unwrap());
        assert!(up == down, "{name}: {} and {} bytes", up.len(), down.len());
    }
    client.command("NOOP").expect("200").await.unwrap();
}

async fn ascii_download_has_local_line_endings(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::write(server.root().join("a"), text()).unwrap();
    server.hand_over().unwrap();
    let mut client = login(server).await;

    client.download("a").to(local.path()).ascii(true).await.unwrap();

    assert!(fs::read_to_string(local.path().join("a")).unwrap() == text());
}
