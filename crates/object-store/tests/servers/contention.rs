//! More streams than sessions, killed servers, and writers of one name.

use std::{fs, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, future::join_all};
use object_store_013::{Error, ObjectStore, ObjectStoreExt, PutMode, path::Path};
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, TestServer, available},
};

use crate::{content, leftovers, store};

server_tests! {
    merge_of_more_streams_than_sessions_ends,
    one_writer_of_create_wins,
    uploads_beyond_the_sessions_go_on,
}

/// Lines of one file, sorted.
fn lines(file: usize) -> Vec<u8> {
    (0..LINES).flat_map(|line| format!("{line:08} {file:02} {}\n", "x".repeat(500)).into_bytes()).collect()
}

const LINES: usize = 4000;
const FILES: usize = 16;

async fn merge_of_more_streams_than_sessions_ends(server: &TestServer) {
    for file in 0..FILES {
        fs::write(server.root().join(format!("{file}.csv")), lines(file)).unwrap();
    }
    server.hand_over().unwrap();
    let store = store(server, "", 2);

    // Every stream is opened before the first one is read, and each is read a line at a time.
    let opened = join_all((0..FILES).map(|file| {
        let store = store.clone();
        async move { store.get(&Path::from(format!("{file}.csv"))).await.unwrap().into_stream() }
    }))
    .await;
    let mut readers: Vec<_> = opened.into_iter().map(|stream| (stream, Vec::new(), 0)).collect();
    let merge = async {
        for line in 0..LINES {
            for (file, (stream, buffer, at)) in readers.iter_mut().enumerate() {
                let end = loop {
                    if let Some(end) = buffer[*at..].iter().position(|byte| *byte == b'\n') {
                        break *at + end + 1;
                    }
                    let block: Bytes = stream.next().await.unwrap().unwrap();
                    buffer.drain(..*at);
                    *at = 0;
                    buffer.extend_from_slice(&block);
                };
                assert!(buffer[*at..].starts_with(format!("{line:08} {file:02} ").as_bytes()));
                *at = end;
            }
        }
        for (stream, buffer, at) in &mut readers {
            assert_eq!(buffer.len(), *at);
            assert!(stream.next().await.is_none());
        }
    };
    tokio::time::timeout(Duration::from_secs(120), merge).await.expect("the merge ends");
    store.close().await;
}

async fn one_writer_of_create_wins(server: &TestServer) {
    let rounds = 3;
    race(server, rounds).await;
}

/// Eight writers of one name, several times.
async fn race(server: &TestServer, rounds: usize) {
    let store = store(server, "", 4);
    for round in 0..rounds {
        let path = Path::from(format!("log/{round}.json"));
        let writers = (0..8).map(|writer| {
            let (store, path) = (store.clone(), path.clone());
            async move {
                let put = store.put_opts(&path, format!("{writer}").into(), PutMode::Create.into()).await;
                (writer, put)
            }
        });
        let mut winners = Vec::new();
        for (writer, put) in join_all(writers).await {
            match put {
                Ok(_) => winners.push(writer),
                Err(Error::AlreadyExists { .. }) => {}
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        let stored = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(stored, winners[0].to_string());
    }
    assert_eq!(leftovers(server.root()), [""; 0]);
    store.close().await;
}

/// As a query engine commits: 100 versions of a log, eight writers of each.
#[tokio::test]
async fn create_race_of_100_rounds_has_one_winner() {
    if let Some(server) = available(ServerKind::ProFtpd.start(Protection::Plain).await) {
        race(&server, 100).await;
    }
}

async fn uploads_beyond_the_sessions_go_on(server: &TestServer) {
    let store = store(server, "", 2);
    let parts: Vec<_> = (0..3).map(|part| content(100_000 + part)).collect();
    let mut uploads = Vec::new();
    for number in 0..5 {
        uploads.push(store.put_multipart(&Path::from(format!("{number}"))).await.unwrap());
    }
    let work = async {
        for part in &parts {
            for upload in &mut uploads {
                upload.put_part(part.clone().into()).await.unwrap();
            }
        }
        for upload in &mut uploads {
            upload.complete().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("the uploads end");
    for number in 0..5 {
        assert!(fs::read(server.root().join(number.to_string())).unwrap() == parts.concat(), "{number}");
    }
    assert_eq!(leftovers(server.root()), [""; 0]);
    store.close().await;
}

#[tokio::test]
async fn scan_survives_server_killed_twice() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        let Some(mut server) = available(kind.start(Protection::Plain).await) else { continue };
        let bytes = content(60_000_000);
        fs::write(server.root().join("scan"), &bytes).unwrap();
        server.hand_over().unwrap();
        let store = store(&server, "", 2);

        let mut stream = store.get(&Path::from("scan")).await.unwrap().into_stream();
        let (mut received, mut kills) = (0, 0);
        while let Some(block) = stream.next().await {
            let block = block.unwrap();
            assert!(block == bytes[received..received + block.len()], "{kind:?} at {received}");
            received += block.len();
            if received > 20_000_000 * (kills + 1) && kills < 2 {
                server.kill_and_restart().await.unwrap();
                kills += 1;
            }
        }
        assert_eq!((received, kills), (bytes.len(), 2), "{kind:?}");
    }
}

#[tokio::test]
async fn scan_of_replaced_file_fails() {
    let Some(mut server) = available(ServerKind::Pyftpdlib.start(Protection::Plain).await) else { return };
    fs::write(server.root().join("scan"), content(30_000_000)).unwrap();
    server.hand_over().unwrap();
    let store = store(&server, "", 2);

    let mut stream = store.get(&Path::from("scan")).await.unwrap().into_stream();
    stream.next().await.unwrap().unwrap();
    // Before the server is killed: the stream may open the file again at once.
    fs::write(server.root().join("next"), content(30_000_001)).unwrap();
    fs::rename(server.root().join("next"), server.root().join("scan")).unwrap();
    server.kill_and_restart().await.unwrap();
    let error = loop {
        match stream.next().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("two versions were mixed"),
        }
    };
    assert!(error.to_string().contains("changed"), "{error}");
}
