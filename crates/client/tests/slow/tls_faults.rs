//! TLS data connections that end, break or stall at any byte: in the handshake, in a record, between two records, or
//! directly before `close_notify`.
//!
//! The transfer fails after every reply of the server, and no file gets its final name.

use std::{fs, time::Duration};

use futures_util::{StreamExt, stream};
use oxftp::{Client, Error, Result};
use oxftp_testing::{
    faulty::{FaultyNetwork, NetworkFault},
    servers::{Protection, ServerKind, TestServer},
};

use crate::common::{builder, content, faulty_connector::FaultyConnector, login_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_tls_download_at_any_byte_is_error() {
    for protection in [Protection::Explicit, Protection::Implicit] {
        let server = &prepared(protection).await;
        let whole = at_once(faults(FILE as u64 + FRAMES), |fault| download(server, fault)).await;

        // A connection that ends after `close_notify` has lost no data.
        assert!((1..whole.len()).contains(&whole.iter().filter(|whole| **whole).count()), "{whole:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_tls_listing_at_any_byte_is_error() {
    let server = &prepared(Protection::Explicit).await;
    let whole = at_once(faults(FRAMES), |fault| list(server, fault)).await;

    assert!((1..whole.len()).contains(&whole.iter().filter(|whole| **whole).count()), "{whole:?}");
}

async fn at_once<F: Future<Output = bool>>(
    faults: impl Iterator<Item = NetworkFault>,
    run: impl Fn(NetworkFault) -> F,
) -> Vec<bool> {
    stream::iter(faults.map(run)).buffer_unordered(CONCURRENCY).collect().await
}

/// Returns each kind of fault at bytes of the handshake, the data and their end.
fn faults(most: u64) -> impl Iterator<Item = NetworkFault> {
    let handshake = (0..FRAMES).step_by(131);
    let data = (FRAMES..most).step_by(7001);
    let end = (most.saturating_sub(FRAMES)..most + FRAMES).step_by(97);
    let everywhere = handshake.chain(data).chain(end);
    everywhere
        .flat_map(|byte| [NetworkFault::Cut(byte), NetworkFault::HalfClose(byte), NetworkFault::Reset(byte)])
        .chain(
            // Each stall takes a whole timeout, so there are few.
            [0, 200, FRAMES, most / 2, most - FRAMES].map(NetworkFault::Stall),
        )
}

/// Returns whether the transfer was complete.
async fn download(server: &TestServer, fault: NetworkFault) -> bool {
    let local = tempfile::tempdir().unwrap();
    let target = local.path().join("file");

    let outcome = client(server, fault).await.download("file").to(&target).write_into(true).await;

    match outcome {
        Ok(_) => assert_eq!(fs::read(&target).unwrap(), content(FILE), "{fault:?}"),
        Err(ref error) => check(error, fault),
    }
    assert_eq!(target.exists(), outcome.is_ok(), "{fault:?}");
    outcome.is_ok()
}

/// Returns whether the transfer was complete.
async fn list(server: &TestServer, fault: NetworkFault) -> bool {
    let listed: Result<_> = client(server, fault).await.list("directory").await;

    match &listed {
        Ok(entries) => assert_eq!(entries.len(), ENTRIES, "{fault:?}"),
        Err(error) => check(error, fault),
    }
    listed.is_ok()
}

/// Checks that the error is one that a network fault can cause.
fn check(error: &Error, fault: NetworkFault) {
    let named = matches!(
        error,
        Error::Data { .. }
            | Error::DataConnect(_)
            | Error::Tls(_)
            | Error::StatusCode(_)
            | Error::Timeout { .. }
    );
    assert!(named, "{fault:?}: {error:?}");
}

async fn client(server: &TestServer, fault: NetworkFault) -> Client {
    let through = FaultyConnector(FaultyNetwork::with_data_fault(fault));
    login_with(builder(server).socket_timeout(TIMEOUT).connector(through), server).await
}

async fn prepared(protection: Protection) -> TestServer {
    let server = ServerKind::Embedded.start(protection).await.unwrap();
    fs::write(server.root().join("file"), content(FILE)).unwrap();
    fs::create_dir(server.root().join("directory")).unwrap();
    for number in 0..ENTRIES {
        fs::write(server.root().join(format!("directory/{number}")), "").unwrap();
    }
    server
}

const FILE: usize = 60_000;
const ENTRIES: usize = 20;
/// More bytes than the handshake and the record headers take.
const FRAMES: u64 = 4000;
const CONCURRENCY: usize = 8;
/// The timeout of a client.
const TIMEOUT: Duration = Duration::from_secs(2);
