//! Hashes of remote files, compared with local hashes.

use oxftp::{Client, Error, HashAlgorithm};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

fn listing(features: &str) -> Script {
    Script::new().expect("FEAT").reply(format!("211-Features:\r\n {features}\r\n211 End"))
}

const MD5: &str = "5eb63bbbe01eeed093cb22bb8f5acdc3";
const SHA1: &str = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed";

async fn hash(client: &mut Client, algorithm: HashAlgorithm) -> String {
    client.hash("x y", algorithm).await.unwrap().to_string()
}

#[tokio::test]
async fn hash_algorithm_is_selected_only_when_needed() {
    let script = listing("HASH MD5;SHA-1*")
        .expect("HASH x y")
        .reply(format!("213 SHA-1 0-11 {SHA1} x y"))
        .expect("OPTS HASH MD5")
        .reply("200 MD5")
        .expect("HASH x y")
        .reply(format!("213 MD5 0-11 {} x y", MD5.to_uppercase()))
        .expect("HASH x y")
        .reply(format!("213 MD5 0-11 {MD5} x y"));
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(hash(&mut client, HashAlgorithm::Sha1).await, SHA1);
    assert_eq!(hash(&mut client, HashAlgorithm::Md5).await, MD5);
    assert_eq!(hash(&mut client, HashAlgorithm::Md5).await, MD5);

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn hash_path_is_sent_unquoted_when_required() {
    let script = listing("XMD5")
        .expect("XMD5 \"x y\"")
        .reply("550 \"x y\": no such file")
        .expect("XMD5 x y")
        .reply(format!("250-Computing\r\n250 \"{MD5}\""));
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(hash(&mut client, HashAlgorithm::Md5).await, MD5);

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn unknown_hash_command_tries_the_next() {
    let script = listing("XMD5\r\n MD5")
        .expect("XMD5 \"x y\"")
        .reply("502 what?")
        .expect("MD5 x y")
        .reply(format!("251 x y {MD5}"));
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(hash(&mut client, HashAlgorithm::Md5).await, MD5);

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn unsupported_hash_is_not_requested() {
    let (server, mut client) = play(with_sync_check(listing("SIZE"))).await;

    let error = client.hash("x", None).await.unwrap_err();

    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn hash_reply_without_hash_is_error() {
    let script = listing("XMD5").expect("XMD5 \"x\"").reply("250 later, perhaps");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.hash("x", None).await.unwrap_err();

    assert!(matches!(error, Error::UnusableReply { command: "XMD5", .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}
