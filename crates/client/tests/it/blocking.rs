//! The blocking client and pool, against the embedded server.

use std::io::{BufRead, Read, Seek, SeekFrom, Write};

use oxftp::{
    Client as AsyncClient, Credentials, Error, ErrorKind,
    blocking::{Client, Pool, Run},
    mirror::Delete,
};
use oxftp_serve::{ServeOptions, Server};
use tempfile::TempDir;

/// Runs a blocking body against a server with a file `data/bytes` of 300,000 bytes.
async fn with_server<T: Send + 'static>(body: impl FnOnce(String, &TempDir) -> T + Send + 'static) -> T {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("data")).unwrap();
    std::fs::write(root.path().join("data/bytes"), content()).unwrap();
    let server = Server::start(ServeOptions::new(root.path()).writable(true)).await.unwrap();
    let address = server.address().to_string();
    tokio::task::spawn_blocking(move || body(address, &root)).await.unwrap()
}

fn content() -> Vec<u8> {
    (0..300_000_u32).map(|number| (number % 251) as u8).collect()
}

fn login(address: &str) -> Client {
    let mut client = Client::connect(address).unwrap();
    client.login(Credentials::anonymous()).unwrap();
    client
}

#[tokio::test]
async fn entry_stream_of_a_pool_owns_its_session() {
    use futures_util::StreamExt;
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("a/b")).unwrap();
    for number in 0..200 {
        std::fs::write(root.path().join(format!("a/{number}")), "x").unwrap();
    }
    let server = Server::start(ServeOptions::new(root.path())).await.unwrap();
    let address = server.address().to_string();
    let pool = oxftp::Pool::new(AsyncClient::builder(), address.as_str(), Credentials::anonymous()).size(1);

    let all: Vec<_> = pool.walk_entries("a").collect().await;
    assert_eq!(all.into_iter().filter(Result::is_ok).count(), 201);
    let mut dropped = pool.entries("a");
    dropped.next().await.unwrap().unwrap();
    drop(dropped);
    assert!(pool.entries("missing").next().await.unwrap().unwrap_err().is_not_found());
}

#[tokio::test]
async fn timeout_ends_the_wait_for_a_session() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(ServeOptions::new(root.path())).await.unwrap();
    let address = server.address().to_string();
    let pool = oxftp::Pool::new(AsyncClient::builder(), address.as_str(), Credentials::anonymous());
    let pool = pool.size(1).lend_timeout(std::time::Duration::from_millis(20));
    let held = pool.client().await.unwrap();
    let error = pool.try_exists("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "the wait for a free session took longer than 0.02 s");
    drop(held);
    assert!(!pool.try_exists("x").await.unwrap());
}

#[tokio::test]
async fn blocking_client_refuses_asynchronous_code() {
    let error = Client::connect("127.0.0.1:1").unwrap_err();
    assert!(matches!(error, Error::BlockingInAsync), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn blocking_client_works_without_any_runtime() {
    let error = Client::connect("127.0.0.1:1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn blocking_streams_read_write_and_seek() {
    with_server(|address, _| {
        let mut client = login(&address);
        let mut upload = client.open_write("text").unwrap();
        writeln!(upload, "one\ntwo").unwrap();
        assert_eq!(upload.finish().unwrap().transferred, 8);
        assert_eq!(client.put("copy", &mut content().as_slice()).unwrap(), 300_000);
        let mut more = client.open_append("text").unwrap();
        more.write_all(b"three\n").unwrap();
        more.finish().unwrap();

        let mut stream = client.open_read("text").unwrap();
        let lines: Vec<_> = stream.by_ref().lines().map(Result::unwrap).collect();
        stream.finish().unwrap();
        assert_eq!(lines, ["one", "two", "three"]);
        assert_eq!(client.read("copy").unwrap(), content());
        assert_eq!(client.read_range("copy", 10..20).unwrap(), content()[10..20]);

        let mut rest = client.open_read_from("copy", 299_990).unwrap();
        let mut bytes = Vec::new();
        rest.read_to_end(&mut bytes).unwrap();
        rest.finish().unwrap();
        assert_eq!(bytes, content()[299_990..]);

        let mut file = client.open_file("copy").unwrap();
        assert_eq!(file.size(), 300_000);
        for (from, start) in [
            (SeekFrom::End(-5), 299_995),
            (SeekFrom::Start(7), 7),
            (SeekFrom::Current(70_000), 70_012),
            (SeekFrom::Start(300_001), 300_001),
        ] {
            assert_eq!(file.seek(from).unwrap(), start);
            let mut read = Vec::new();
            file.by_ref().take(5).read_to_end(&mut read).unwrap();
            let expected = content().into_iter().skip(start as usize).take(5).collect::<Vec<_>>();
            assert_eq!(read, expected, "{from:?}");
        }
        assert!(file.seek(SeekFrom::Current(-400_000)).is_err());
        client.quit().unwrap();
    })
    .await;
}

#[tokio::test]
async fn cancelled_blocking_download_leaves_session_usable() {
    with_server(|address, _| {
        let mut client = login(&address);
        let mut stream = client.open_read("data/bytes").unwrap();
        stream.read_exact(&mut [0; 10]).unwrap();
        drop(stream);
        assert_eq!(client.size("data/bytes").unwrap(), 300_000);
    })
    .await;
}

#[tokio::test]
async fn blocking_listing_is_an_iterator() {
    with_server(|address, _| {
        let mut client = login(&address);
        client.create_dir_all("data/deep/er").unwrap();
        let mut paths: Vec<_> =
            client.walk("data").unwrap().map(|entry| entry.unwrap().path().to_string()).collect();
        paths.sort();
        assert_eq!(paths, ["data/bytes", "data/deep", "data/deep/er"]);
        assert_eq!(client.list("data").recursive().run().unwrap().len(), 3);
        assert_eq!(client.read_dir("data").unwrap().len(), 2);
        let missing = client.entries("missing").unwrap().next().unwrap();
        assert!(missing.unwrap_err().is_not_found());
        client.remove_dir_all("data/deep").unwrap();
        assert!(!client.try_exists("data/deep").unwrap());
    })
    .await;
}

#[tokio::test]
async fn blocking_pool_serves_threads_and_mirrors() {
    with_server(|address, _| {
        let pool = Pool::new(AsyncClient::builder(), address.as_str(), Credentials::anonymous()).size(3);
        std::thread::scope(|scope| {
            for number in 0..6 {
                let pool = &pool;
                scope.spawn(move || {
                    pool.write(format!("data/{number}"), content()).unwrap();
                    assert_eq!(pool.read(format!("data/{number}")).unwrap(), content());
                });
            }
        });
        let local = tempfile::tempdir().unwrap();
        let report = pool.mirror_down("data", local.path()).run().unwrap();
        assert_eq!(report.files, 7);
        std::fs::remove_file(local.path().join("0")).unwrap();
        let report = pool.mirror_up(local.path(), "data").delete(Delete::After).run().unwrap();
        assert_eq!((report.files, report.deleted), (0, 1));

        let mut stream = pool.open_read("data/1").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        stream.finish().unwrap();
        assert_eq!(bytes, content());
        let mut file = pool.open_file("data/2").unwrap();
        file.seek(SeekFrom::End(-3)).unwrap();
        bytes.clear();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, content()[299_997..]);
        pool.close().unwrap();
    })
    .await;
}
