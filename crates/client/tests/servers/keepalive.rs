//! Keepalive: `NOOP` during transfers, with replies at any time or never.

use std::time::Duration;

use oxftp::{Client, ClientBuilder};
use oxftp_testing::{server_tests, servers::TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::scripts::{get, put};
use crate::common::{builder, content, login_with};

server_tests! {
    transfers_with_keepalive_are_complete_and_keep_sync,
    aborted_transfers_with_keepalive_keep_sync,
}

/// Sends a keepalive every 50 ms, and limits the rate so that several are sent per transfer.
fn frequent_keepalive(server: &TestServer) -> ClientBuilder {
    let builder = builder(server).read_limit(300_000).write_limit(300_000);
    builder.noop_during_transfers(Duration::from_millis(50))
}

async fn check_working(client: &mut Client, path: &str, bytes: &[u8]) {
    client.command("SYST").expect("215").await.unwrap();
    assert_eq!(client.size(path).await.unwrap(), bytes.len() as u64);
}

async fn transfers_with_keepalive_are_complete_and_keep_sync(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    let bytes = content(400_000);
    std::fs::write(local.path().join("a"), &bytes).unwrap();
    let mut client = login_with(frequent_keepalive(server), server).await;

    client.upload(local.path().join("a")).to("a").write_into(true).await.unwrap();
    check_working(&mut client, "a", &bytes).await;
    client.download("a").to(local.path().join("b")).write_into(true).await.unwrap();
    check_working(&mut client, "a", &bytes).await;
    assert!(get(&mut client, "a").await.unwrap() == bytes);

    assert!(std::fs::read(local.path().join("b")).unwrap() == bytes);
    check_working(&mut client, "a", &bytes).await;
}

async fn aborted_transfers_with_keepalive_keep_sync(server: &TestServer) {
    let bytes = content(400_000);
    let mut client = login_with(frequent_keepalive(server), server).await;
    put(&mut client, "a", &bytes).await.unwrap();
    for polite in [true, false] {
        let mut stream = client.download_stream("a").await.unwrap();
        stream.read_exact(&mut vec![0; 200_000]).await.unwrap();
        if polite {
            stream.abort().await.unwrap();
        } else {
            drop(stream);
        }
        check_working(&mut client, "a", &bytes).await;
    }
    let mut stream = client.upload_stream("b").await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    stream.abort().await.unwrap();
    check_working(&mut client, "a", &bytes).await;
}
