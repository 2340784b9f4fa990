//! Pool: sessions are opened, reused, replaced, refused and closed.

use std::{fs, pin::pin, time::Duration};

use futures_util::future::poll_immediate;
use oxftp::Error;
use oxftp_testing::{server_tests, servers::TestServer};

use crate::common::{breaking_connector::BreakingConnector, builder, content, pool_with};

server_tests! {
    sessions_are_reused_by_one_caller_each,
    broken_session_is_replaced,
    idle_session_is_checked_with_noop,
    reset_data_connection_is_retried_by_pool,
    alternating_streams_share_one_session_without_empty_blocks,
}

async fn sessions_are_reused_by_one_caller_each(server: &TestServer) {
    let connector = BreakingConnector::default();
    let pool = pool_with(builder(server).connector(connector.clone()), server).size(2);

    for _ in 0..5 {
        let mut client = pool.client().await.unwrap();
        client.current_dir().await.unwrap();
    }
    assert_eq!(connector.sessions(), 1);
    let (mut one, mut other) = (pool.client().await.unwrap(), pool.client().await.unwrap());
    one.current_dir().await.unwrap();
    other.current_dir().await.unwrap();
    assert_eq!(connector.sessions(), 2);
    assert!(poll_immediate(pin!(pool.client())).await.is_none());

    drop((one, other));
    pool.close().await;
    assert!(matches!(pool.client().await, Err(Error::PoolClosed)));
}

async fn broken_session_is_replaced(server: &TestServer) {
    // A TLS handshake with a post-quantum key share sends some 1,700 bytes.
    let connector = BreakingConnector::new([4000], []);
    let pool = pool_with(builder(server).connector(connector.clone()), server).size(1);

    let mut client = pool.client().await.unwrap();
    while client.current_dir().await.is_ok() {}
    drop(client);

    pool.client().await.unwrap().current_dir().await.unwrap();
    assert_eq!(connector.sessions(), 2);
    pool.close().await;
}

async fn idle_session_is_checked_with_noop(server: &TestServer) {
    let connector = BreakingConnector::default();
    let pool = pool_with(builder(server).connector(connector.clone()), server).check_after(Duration::ZERO);
    drop(pool.client().await.unwrap());

    pool.client().await.unwrap().current_dir().await.unwrap();

    assert_eq!(connector.sessions(), 1);
    pool.close().await;
}

async fn reset_data_connection_is_retried_by_pool(server: &TestServer) {
    fs::write(server.root().join("file"), content(200_000)).unwrap();
    server.hand_over().unwrap();
    let connector = BreakingConnector::new([], [50_000, 50_000]);
    let pool = pool_with(builder(server).connector(connector), server).size(1);

    // Twice is too much.
    let error = pool.read("file").await.unwrap_err();
    assert!(
        error.code().is_some_and(|code| code.get() == 426) || matches!(error, Error::Data { .. }),
        "{error}"
    );
    assert_eq!(pool.read("file").await.unwrap(), content(200_000));
    pool.close().await;

    let connector = BreakingConnector::new([], [50_000]);
    let pool = pool_with(builder(server).connector(connector), server).size(1);
    assert_eq!(pool.read_range("file", 10..150_000).await.unwrap(), content(200_000)[10..150_000]);
    pool.close().await;
}

async fn alternating_streams_share_one_session_without_empty_blocks(server: &TestServer) {
    let bytes = content(7_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    let connector = BreakingConnector::default();
    let pool = pool_with(builder(server).connector(connector.clone()), server).size(1);

    let mut streams = [0, 1_000_000].map(|start| (start, pool.stream_range("file", start as u64.., None)));
    while streams.iter().any(|(at, _)| *at < bytes.len()) {
        for (at, stream) in &mut streams {
            let Some(block) = stream.next().await else { continue };
            let block = block.unwrap();
            assert!(!block.is_empty(), "at {at}");
            assert!(block == bytes[*at..*at + block.len()], "at {at}");
            *at += block.len();
        }
    }
    for (_, stream) in &mut streams {
        assert!(stream.next().await.is_none());
    }
    assert_eq!(connector.sessions(), 1);
    pool.close().await;
}
