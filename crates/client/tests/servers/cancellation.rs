//! Cancellation: futures dropped at each of their await points.
//!
//! An operation is polled n times and dropped, for n from 0 until it completes. After each, the client is either usable,
//! with commands and replies in sync, or reports that it is broken.
//!
//! These tests also measured which servers distinguish a dropped upload from a complete one: vsftpd, ProFTPD, Pure-FTPd
//! and libunftp reply to the reset of the data connection with `426` or `451`; pyftpdlib replies `226`, as if the file
//! were complete.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use oxftp::{Client, Credentials};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{builder, content, login_with};

server_tests! {
    cancelled_login_keeps_client_usable_or_broken,
    cancelled_upload_is_never_taken_for_complete,
    cancelled_download_keeps_client_usable_or_broken,
    cancelled_tree_keeps_client_usable_or_broken,
    cancelled_listing_keeps_client_usable_or_broken,
    cancelled_stat_keeps_client_usable_or_broken,
}

/// Polls a future at most `left` times.
struct PolledTimes<F> {
    future: Pin<Box<F>>,
    left: usize,
}

/// Polls `future` at most `times` times and drops it; returns whether it completed.
async fn completes_in<F: Future>(times: usize, future: F) -> bool {
    PolledTimes { future: Box::pin(future), left: times }.await
}

impl<F: Future> Future for PolledTimes<F> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        if self.left == 0 {
            return Poll::Ready(false);
        }
        self.left -= 1;
        match self.future.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if self.left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Fails unless the client is usable or broken; returns a usable client.
///
/// libunftp may assign the next transfer to the data connection of the dropped one, and reset or close the new
/// connection, which makes a listing empty; the transfer after that works.
async fn working(mut client: Client, server: &TestServer) -> Client {
    let attempts = if server.kind() == ServerKind::Embedded { 3 } else { 1 };
    let mut errors = Vec::new();
    for _ in 0..attempts {
        match work(&mut client).await {
            Ok(()) => return client,
            Err(_) if client.is_broken() => return short_timeout(server).await,
            Err(error) => errors.push(error),
        }
    }
    panic!("the client is neither usable nor broken: {errors:?}");
}

async fn work(client: &mut Client) -> Result<(), Box<dyn Error>> {
    let noop = client.command("NOOP").expect("xxx").await?;
    assert_eq!(noop.code().get(), 200, "reply to NOOP: {noop}");
    assert!(client.current_dir().await?.is_absolute());
    let listed = client.list("").await?;
    if !listed.iter().any(|found| found.entry().name() == b"marker") {
        return Err(format!("the marker is not listed: {listed:?}").into());
    }
    let mut bytes = Vec::new();
    let mut stream = client.download_stream("marker").await?;
    stream.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"here");
    stream.finish().await?;
    Ok(())
}

/// Creates a file on the server and logs in.
async fn prepare(server: &TestServer) -> Client {
    std::fs::write(server.root().join("marker"), b"here").unwrap();
    server.hand_over().unwrap();
    short_timeout(server).await
}

/// Logs in with short timeouts: pyftpdlib and libunftp never reply to a transfer whose TLS handshake was interrupted.
async fn short_timeout(server: &TestServer) -> Client {
    login_with(builder(server).socket_timeout(Duration::from_secs(4)), server).await
}

async fn cancelled_login_keeps_client_usable_or_broken(server: &TestServer) {
    drop(prepare(server).await);
    for times in 0..MAX_POLLS {
        let mut client = builder(server).connect((server.host(), server.port())).await.unwrap();
        let credentials = Credentials::new(server.user(), server.password());
        if completes_in(times, client.login(credentials.clone())).await {
            working(client, server).await.quit().await.unwrap();
            return;
        }
        let outcome = client.login(credentials).await;
        assert!(outcome.is_ok() || outcome.unwrap_err().code().is_some() || client.is_broken());
        let noop = client.command("NOOP").expect("xxx").await.unwrap();
        assert!([200, 530].contains(&noop.code().get()), "reply to NOOP: {noop}");
    }
    panic!("the login never completed");
}

async fn cancelled_upload_is_never_taken_for_complete(server: &TestServer) {
    let mut client = prepare(server).await;
    let bytes = content(200_000);
    for times in 0..MAX_POLLS {
        let upload = async {
            let mut stream = client.upload_stream("file").await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            stream.finish().await.unwrap();
        };
        let completed = completes_in(times, upload).await;
        let settled = client.settle().await.unwrap_or_default();
        let called_whole = completed || settled.iter().any(|reply| reply.code().get() == 226);
        if called_whole && server.kind() != ServerKind::Pyftpdlib {
            let stored = std::fs::read(server.root().join("file")).unwrap();
            assert_eq!(
                stored.len(),
                bytes.len(),
                "after {times} polls, a truncated upload was reported as complete"
            );
        }
        client = working(client, server).await;
        if completed {
            return;
        }
    }
    panic!("the upload never completed");
}

async fn cancelled_download_keeps_client_usable_or_broken(server: &TestServer) {
    std::fs::write(server.root().join("file"), content(200_000)).unwrap();
    let mut client = prepare(server).await;
    for times in 0..MAX_POLLS {
        let download = async {
            let mut bytes = Vec::new();
            let mut stream = client.download_stream("file").await.unwrap();
            stream.read_to_end(&mut bytes).await.unwrap();
            stream.finish().await.unwrap();
        };
        let completed = completes_in(times, download).await;
        client = working(client, server).await;
        if completed {
            return;
        }
    }
    panic!("the download never completed");
}

/// The commands of the next file are pipelined with those of a short one.
async fn cancelled_tree_keeps_client_usable_or_broken(server: &TestServer) {
    std::fs::create_dir(server.root().join("short")).unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(server.root().join("short").join(name), name).unwrap();
    }
    let mut client = prepare(server).await;
    for times in 0..MAX_POLLS {
        let local = tempfile::tempdir().unwrap();
        let download = client.download("short").to(local.path()).write_into(true).preserve_times(true);
        let completed = completes_in(times, download.into_future()).await;
        client = working(client, server).await;
        for entry in std::fs::read_dir(local.path()).unwrap() {
            let path = entry.unwrap().path();
            let is_partial = path.extension().is_some_and(|extension| extension == "part");
            assert!(is_partial || std::fs::read(&path).unwrap().len() == 1, "{}", path.display());
        }
        if completed {
            return;
        }
    }
    panic!("the download never completed");
}

async fn cancelled_listing_keeps_client_usable_or_broken(server: &TestServer) {
    for number in 0..30 {
        std::fs::write(server.root().join(format!("file {number}")), b"x").unwrap();
    }
    let mut client = prepare(server).await;
    for times in 0..MAX_POLLS {
        let completed = completes_in(times, async { client.list("").await.unwrap() }).await;
        client = working(client, server).await;
        if completed {
            return;
        }
    }
    panic!("the listing never completed");
}

async fn cancelled_stat_keeps_client_usable_or_broken(server: &TestServer) {
    let mut client = prepare(server).await;
    for times in 0..MAX_POLLS {
        let completed = completes_in(times, async { client.metadata("marker").await.unwrap() }).await;
        client = working(client, server).await;
        if completed {
            return;
        }
    }
    panic!("the stat never completed");
}

/// More polls than any of these operations needs.
const MAX_POLLS: usize = 1000;
