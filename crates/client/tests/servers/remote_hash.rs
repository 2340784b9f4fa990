//! Hashes of remote files, compared with local hashes.

use std::fs;

use oxftp::{Error, HashAlgorithm, hash_file, local_fs::LocalFs};
use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TestServer, available};

use crate::common::{content, login};

async fn proftpd() -> Option<TestServer> {
    let mut options = ServerOptions::new(Protection::Plain);
    options.hashes = true;
    available(ServerKind::ProFtpd.start_with(options).await)
}

#[tokio::test]
async fn proftpd_hashes_match_local_hashes() {
    let Some(server) = proftpd().await else { return };
    let mut client = login(&server).await;
    let path = server.root().join("a file");
    fs::write(&path, content(300_000)).unwrap();

    for algorithm in HashAlgorithm::ALL.into_iter().chain(HashAlgorithm::ALL) {
        let there = client.hash("a file", algorithm).await.unwrap();
        assert_eq!(there, hash_file(&LocalFs::new(), &path, algorithm).await.unwrap(), "{algorithm}");
    }
    assert_eq!(client.hash("a file", None).await.unwrap().algorithm(), HashAlgorithm::Sha512);
    assert_eq!(client.hash_algorithms().await.unwrap().len(), 5);
    assert!(client.hash("missing", None).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn different_local_file_has_different_hash() {
    let Some(server) = proftpd().await else { return };
    let mut client = login(&server).await;
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("x");
    fs::write(server.root().join("x"), b"same").unwrap();

    fs::write(&path, b"same").unwrap();
    assert!(client.has_same_hash(&path, "x").await.unwrap());
    fs::write(&path, b"Same").unwrap();
    assert!(!client.has_same_hash(&path, "x").await.unwrap());
    let missing = client.has_same_hash(local.path().join("y"), "x").await.unwrap_err();
    assert!(matches!(missing, Error::LocalFs(_)), "{missing}");
}
