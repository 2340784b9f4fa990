//! Resumed uploads: after the start of the same file only.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oxftp_testing::{server_tests, servers::TestServer};
use tempfile::TempDir;

use crate::common::{builder, content, login, login_with};

server_tests! {
    start_of_same_file_is_resumed,
    other_version_is_sent_whole,
    whole_file_is_not_sent_again_on_resume,
    two_clients_store_one_whole_file,
}

const SIZE: usize = 1_000_000;
const PART: usize = 600_000;

fn local_file(content: &[u8]) -> (TempDir, PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("a");
    fs::write(&path, content).unwrap();
    (local, path)
}

fn create_file(server: &TestServer, content: &[u8]) {
    fs::write(server.root().join("a"), content).unwrap();
    server.hand_over().unwrap();
}

async fn start_of_same_file_is_resumed(server: &TestServer) {
    let whole = content(SIZE);
    let (_local, path) = local_file(&whole);
    create_file(server, &whole[..PART]);

    let report = login(server).await.upload(&path).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), ((SIZE - PART) as u64, PART as u64));
    assert!(fs::read(server.root().join("a")).unwrap() == whole);
}

async fn other_version_is_sent_whole(server: &TestServer) {
    let whole = content(SIZE);
    let (_local, path) = local_file(&whole);
    for place in [0, PART / 2, PART - 1] {
        let mut other = whole[..PART].to_vec();
        other[place] ^= 1;
        create_file(server, &other);

        let report = login(server).await.upload(&path).resume(true).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0), "{place}");
        assert!(fs::read(server.root().join("a")).unwrap() == whole, "{place}");
    }
}

async fn whole_file_is_not_sent_again_on_resume(server: &TestServer) {
    let whole = content(SIZE);
    let (_local, path) = local_file(&whole);
    let mut client = login(server).await;
    client.upload(&path).await.unwrap();

    let report = client.upload(&path).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (0, SIZE as u64));
    assert!(fs::read(server.root().join("a")).unwrap() == whole);
}

async fn two_clients_store_one_whole_file(server: &TestServer) {
    let (one, other) = (vec![b'1'; SIZE], vec![b'2'; PART]);
    let ((_first, first), (_second, second)) = (local_file(&one), local_file(&other));
    let upload = async |path: &Path| {
        let mut client = login_with(builder(server).write_limit(2_000_000), server).await;
        client.upload(path).to("a").write_into(true).temporary(true).await.unwrap();
    };

    tokio::join!(upload(&first), upload(&second));

    let there = fs::read(server.root().join("a")).unwrap();
    assert!(there == one || there == other, "{} bytes", there.len());
}
