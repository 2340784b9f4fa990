//! Rate limits over real sockets. The accounting is tested in the unit tests of [`oxftp::Throttle`].
//!
//! Only lower bounds are asserted: a busy machine is slower, never faster. The time counts from before the connection, as
//! a session that waits gains credit for later.

use std::time::{Duration, Instant};

use oxftp::{Client, Throttle};
use oxftp_testing::{
    scripted::Script,
    servers::{Protection, ServerKind},
};

use crate::common;
use crate::common::scripts::{builder, get, play_with, put, receive_file, send_file};

const SIZE: usize = 300_000;
const LIMIT: u64 = 1_000_000;
/// Slightly less than the 0.3 s that the bytes take, because the first ones are sent at once.
const MIN_DURATION: Duration = Duration::from_millis(200);

fn assert_slow(start: Instant) {
    let took = start.elapsed();
    assert!(took >= MIN_DURATION, "{took:?}");
}

#[tokio::test]
async fn read_limit_slows_downloads() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    let bytes = common::content(SIZE);
    std::fs::write(server.root().join("a"), &bytes).unwrap();
    let start = Instant::now();
    let mut client = common::login_with(common::builder(&server).read_limit(LIMIT), &server).await;

    assert!(get(&mut client, "a").await.unwrap() == bytes);

    assert_slow(start);
}

#[tokio::test]
async fn write_limit_slows_uploads() {
    let server = ServerKind::Embedded.start(Protection::Plain).await.unwrap();
    let bytes = common::content(SIZE);
    let start = Instant::now();
    let mut client = common::login_with(common::builder(&server).write_limit(LIMIT), &server).await;

    put(&mut client, "a", &bytes).await.unwrap();

    assert_slow(start);
    assert!(std::fs::read(server.root().join("a")).unwrap() == bytes);
}

#[tokio::test]
async fn limit_applies_to_tls_transfers() {
    let server = ServerKind::Embedded.start(Protection::Explicit).await.unwrap();
    let bytes = common::content(SIZE);
    std::fs::write(server.root().join("a"), &bytes).unwrap();
    let start = Instant::now();
    let mut client = common::login_with(common::builder(&server).read_limit(LIMIT), &server).await;

    assert!(get(&mut client, "a").await.unwrap() == bytes);

    assert_slow(start);
}

#[tokio::test]
async fn shared_throttle_limits_all_clients() {
    let throttle = Throttle::unlimited();
    throttle.set_read_limit(Some(LIMIT));
    let start = Instant::now();
    let script = || send_file(Script::new().type_image(), "RETR a", vec![0; SIZE / 2]);
    let (one_server, mut one) = play_with(builder().throttle(throttle.clone()), script()).await;
    let (other_server, mut other) = play_with(builder().throttle(throttle), script()).await;

    let (one, other) = tokio::join!(get(&mut one, "a"), get(&mut other, "a"));
    assert_eq!(one.unwrap().len() + other.unwrap().len(), SIZE);

    assert_slow(start);
    one_server.done().await;
    other_server.done().await;
}

#[tokio::test]
async fn limit_can_be_removed_during_transfer() {
    // At this rate the bytes would take almost an hour.
    let script = send_file(Script::new().type_image(), "RETR a", vec![0; SIZE]);
    let (server, mut client): (_, Client) = play_with(builder().read_limit(100), script).await;
    let throttle = client.throttle().clone();

    let lifted = async {
        tokio::task::yield_now().await;
        throttle.set_read_limit(None);
    };
    let (bytes, ()) = tokio::join!(get(&mut client, "a"), lifted);

    assert_eq!(bytes.unwrap().len(), SIZE);
    server.done().await;
}

#[tokio::test]
async fn limit_can_be_set_during_transfer() {
    let bytes = common::content(SIZE);
    let script = receive_file(Script::new().type_image(), "STOR a", bytes.clone());
    let (server, mut client) = play_with(builder(), script).await;

    client.throttle().set_write_limit(Some(LIMIT));
    let start = Instant::now();
    put(&mut client, "a", &bytes).await.unwrap();

    assert_slow(start);
    server.done().await;
}

#[tokio::test]
async fn limit_of_zero_means_unlimited() {
    let script =
        receive_file(send_file(Script::new().type_image(), "RETR a", vec![0; SIZE]), "STOR b", vec![1; SIZE]);
    let (server, mut client) = play_with(builder().read_limit(0).write_limit(0), script).await;

    assert_eq!(get(&mut client, "a").await.unwrap().len(), SIZE);
    put(&mut client, "b", &[1; SIZE]).await.unwrap();

    server.done().await;
}
