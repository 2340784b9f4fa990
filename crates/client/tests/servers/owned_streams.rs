//! Streams that own their session, whole files as bytes, and ranges over a pool.

use std::fs;

use bytes::Bytes;
use oxftp::{Client, Error, Pool};
use oxftp_testing::{server_tests, servers::TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{builder, content, login, pool_with};

server_tests! {
    owned_streams_return_their_session,
    pool_streams_run_in_tasks,
    abandoned_pool_stream_keeps_session_usable,
    contents_are_written_and_read_back,
    pool_ranges_are_coalesced_and_complete,
    pool_operations_cover_files_and_directories,
}

async fn owned_streams_return_their_session(server: &TestServer) {
    let client = login(server).await;

    let mut upload = client.into_upload_stream("notes").await.unwrap();
    upload.write_all(b"first line").await.unwrap();
    let (client, finished) = upload.finish_and_return().await;
    assert_eq!(finished.unwrap().transferred, 10);

    let mut download = client.into_download_stream("notes", 6).await.unwrap();
    let mut text = String::new();
    download.read_to_string(&mut text).await.unwrap();
    let (client, finished): (Client, _) = download.finish_and_return().await;
    finished.unwrap();
    assert_eq!(text, "line");
    client.quit().await.unwrap();
}

async fn pool_streams_run_in_tasks(server: &TestServer) {
    let pool = pool_with(builder(server), server).size(2);
    let bytes = content(1_000_000);
    for name in ["one", "other"] {
        let mut stream = pool.open_write(name).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream.finish().await.unwrap();
    }

    let tasks = ["one", "other", "one"].map(|name| tokio::spawn(read_to_end(pool.clone(), name)));
    for task in tasks {
        assert!(task.await.unwrap() == bytes);
    }
    pool.close().await;
}

async fn read_to_end(pool: Pool, name: &'static str) -> Vec<u8> {
    let mut stream = pool.open_read(name).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    stream.finish().await.unwrap();
    bytes
}

async fn abandoned_pool_stream_keeps_session_usable(server: &TestServer) {
    let pool = pool_with(builder(server), server).size(1);
    let bytes = content(3_000_000);
    pool.write("file", &bytes).await.unwrap();

    for _ in 0..3 {
        let mut stream = pool.open_read("file").await.unwrap();
        stream.read_exact(&mut [0; 1000]).await.unwrap();
        drop(stream);
        assert!(pool.read("file").await.unwrap() == bytes);
    }
    pool.close().await;
}

async fn contents_are_written_and_read_back(server: &TestServer) {
    let mut client = login(server).await;
    for bytes in [Vec::new(), b"short".to_vec(), content(2_000_000)] {
        client.write("file", &bytes).await.unwrap();
        assert!(client.read("file").await.unwrap() == bytes);

        let sent = client.upload_from_reader(&mut &bytes[..], "copy").await.unwrap();
        let mut back = Vec::new();
        let received = client.download_to_writer("copy", &mut back).await.unwrap();
        assert!(back == bytes && sent == received, "{sent} {received}");
    }
    assert!(client.read("missing").await.unwrap_err().reply().is_some());
    let failed = client.download_to_writer("copy", &mut FullWriter).await.unwrap_err();
    assert!(matches!(failed, Error::LocalStream { what: "writer", .. }), "{failed:?}");
    assert_eq!(client.read("copy").await.unwrap().len(), 2_000_000);
}

/// A writer on a full disk.
struct FullWriter;

impl tokio::io::AsyncWrite for FullWriter {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::task::Poll::Ready(Err(std::io::ErrorKind::StorageFull.into()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

async fn pool_ranges_are_coalesced_and_complete(server: &TestServer) {
    let bytes = content(6_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    let pool = pool_with(builder(server), server).size(3);

    let ranges = [5_000_000..5_000_100, 0..4, 2..10, 2_000_000..2_100_000, 7..7, 5_999_990..7_000_000];
    for _ in 0..3 {
        let read = pool.read_ranges("file", &ranges).await.unwrap();
        let expected = ranges.iter().map(|range| {
            let end = usize::try_from(range.end).unwrap().min(bytes.len());
            Bytes::copy_from_slice(&bytes[usize::try_from(range.start).unwrap()..end])
        });
        assert!(read == expected.collect::<Vec<_>>());
    }
    assert_eq!(pool.read_range("file", 9..9).await.unwrap(), "");
    pool.close().await;
}

async fn pool_operations_cover_files_and_directories(server: &TestServer) {
    let pool = pool_with(builder(server), server);

    pool.create_dir_all("a/b").await.unwrap();
    pool.write("a/b/file", "text").await.unwrap();
    pool.rename("a/b/file", "a/moved").await.unwrap();
    let mut found: Vec<_> = pool.walk("a").await.unwrap().iter().map(|it| it.path().to_string()).collect();
    found.sort();
    assert_eq!(found, ["a/b", "a/moved"]);
    assert_eq!(pool.list("a/b").await.unwrap(), []);
    assert_eq!(pool.metadata("a/moved").await.unwrap().size, Some(4));
    assert!(pool.try_exists("a/moved").await.unwrap());
    pool.remove_file("a/moved").await.unwrap();
    pool.remove_dir("a/b").await.unwrap();
    assert!(!pool.try_exists("a/b").await.unwrap());
    pool.close().await;
}
