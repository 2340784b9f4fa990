//! Ranges of files, and streams in ASCII mode.

use std::{fs, ops::RangeBounds, time::Duration};

use oxftp::{AsciiReader, AsciiWriter, Client, Error, LineEnd, TransferType};
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, TestServer},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{
    builder, content, counting_connector::CountingConnector, latency_connector::LatencyConnector, login,
    pool_with,
};

server_tests! {
    ranges_are_read_and_keep_client_usable,
    ranges_after_unawaited_abort_have_own_bytes,
    ascii_streams_round_trip_line_endings,
    unfinished_download_is_one_kind_of_error,
    burst_of_pool_ranges_has_own_bytes,
    ranges_cost_few_round_trips,
    burst_of_ranges_costs_two_round_trips_each,
}

const RANGE: u64 = 16_384;

/// Reads a range of a file with these bytes.
async fn read_range(pool: &oxftp::Pool, bytes: &[u8], start: u64) {
    let wanted = &bytes[start as usize..(start + RANGE) as usize];
    assert!(pool.read_range("file", start..start + RANGE).await.unwrap() == wanted);
}

async fn ranges_cost_few_round_trips(server: &TestServer) {
    let bytes = content(3_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    // The replies to the end of a range arrive in the pause after it.
    let (in_a_row, after_pause) = match (server.kind(), server.protection()) {
        // `ABOR` and a `NOOP` before the passive command.
        (ServerKind::Embedded | ServerKind::Pyftpdlib | ServerKind::PureFtpd, Protection::Plain) => (5, 4),
        (ServerKind::Embedded | ServerKind::Pyftpdlib | ServerKind::PureFtpd, _) => (6, 5),
        (_, Protection::Plain) => (3, 2),
        // One more for the handshake of the data connection.
        _ => (4, 3),
    };

    for (pause, most) in [(0, in_a_row), (3, after_pause)] {
        let network = LatencyConnector::new(ROUND_TRIP);
        let pool = pool_with(builder(server).connector(network.clone()), server).size(1);
        let mut costs = Vec::new();
        for start in (0..11).map(|number| number * 50_000) {
            network.pass(pause).await;
            let before = network.round_trips();
            read_range(&pool, &bytes, start).await;
            costs.push(network.round_trips() - before);
        }
        costs.sort_unstable();
        assert!(costs[costs.len() / 2] <= most, "{costs:?}, at most {most} are expected");
    }
}

async fn burst_of_ranges_costs_two_round_trips_each(server: &TestServer) {
    let bytes = content(3_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    let network = LatencyConnector::new(ROUND_TRIP);
    let pool = pool_with(builder(server).connector(network.clone()), server).size(4);
    let read = |start: u64| read_range(&pool, &bytes, start);
    // Opens the sessions.
    futures_util::future::join_all((0..4).map(read)).await;

    let before = network.round_trips();
    futures_util::future::join_all((0..32).map(|number| read(number * 50_000))).await;

    let cost = network.round_trips() - before;
    let is_aborted =
        matches!(server.kind(), ServerKind::Embedded | ServerKind::Pyftpdlib | ServerKind::PureFtpd);
    let most = if is_aborted { 3 } else { 2 };
    assert!(cost <= most * 32, "{cost} round trips for 32 ranges");
}

const ROUND_TRIP: Duration = Duration::from_millis(40);

async fn burst_of_pool_ranges_has_own_bytes(server: &TestServer) {
    let bytes = content(3_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    let connections = CountingConnector::default();
    let pool = pool_with(builder(server).connector(connections.clone()), server).size(1);

    for round in 0..40_usize {
        let start = round * 70_001;
        // Some are whole, some end with the file, and some are followed by another command.
        let length = [1, 1000, 60_000, 400_000, 2_900_000][round % 5];
        let wanted = &bytes[start..bytes.len().min(start + length)];
        let range = start as u64..(start + length) as u64;
        assert!(pool.read_range("file", range).await.unwrap() == wanted, "{round}");
        if round % 7 == 0 {
            assert_eq!(pool.metadata("file").await.unwrap().size, Some(3_000_000), "{round}");
        }
    }
    assert_eq!(connections.sessions(), 1, "a session was replaced");
    // Encrypted commands cannot be counted.
    if server.protection() == Protection::Plain
        && matches!(server.kind(), ServerKind::Vsftpd | ServerKind::ProFtpd)
    {
        assert_eq!(connections.verb("ABOR"), 0);
        // A passive command that was refused or not used would be sent again.
        assert!(connections.verb("EPSV") <= 40 + 6 + 1, "{} EPSV", connections.verb("EPSV"));
    }
}

async fn unfinished_download_is_one_kind_of_error(server: &TestServer) {
    fs::write(server.root().join("large"), content(20_000_000)).unwrap();
    fs::write(server.root().join("small"), content(11_000)).unwrap();
    server.hand_over().unwrap();
    let mut client = login(server).await;

    for name in ["large", "small", "large", "large", "small", "large"] {
        let mut stream = client.download_stream(name).await.unwrap();
        stream.read_exact(&mut [0; 100]).await.unwrap();
        let error = stream.finish().await.unwrap_err();
        assert!(matches!(error, Error::Unfinished { received: 100 }), "{name}: {error}");
        assert!(!error.is_transient(), "{name}: {error}");
        client.command("NOOP").expect("200").await.unwrap();
    }
}

async fn part(client: &mut Client, range: impl RangeBounds<u64>) -> oxftp::Result<Vec<u8>> {
    let mut stream = client.download_range("file", range).await?;
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        return Err(stream.fail(error).await);
    }
    assert_eq!(stream.finish().await?, bytes.len() as u64);
    Ok(bytes)
}

async fn ranges_are_read_and_keep_client_usable(server: &TestServer) {
    let bytes = content(3_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    let mut client = login(server).await;

    for _ in 0..2 {
        assert_eq!(part(&mut client, 1000..2000).await.unwrap(), bytes[1000..2000]);
        assert_eq!(part(&mut client, ..=0).await.unwrap(), bytes[..=0]);
        assert_eq!(part(&mut client, 2_999_990..).await.unwrap(), bytes[2_999_990..]);
        assert_eq!(part(&mut client, 2_999_000..3_000_000).await.unwrap(), bytes[2_999_000..]);
        assert_eq!(part(&mut client, 2_999_000..9_000_000).await.unwrap(), bytes[2_999_000..]);
        client.command("NOOP").expect("200").await.unwrap();
    }
    assert_eq!(part(&mut client, ..).await.unwrap(), bytes);
}

async fn ranges_after_unawaited_abort_have_own_bytes(server: &TestServer) {
    let bytes = content(3_000_000);
    fs::write(server.root().join("file"), &bytes).unwrap();
    server.hand_over().unwrap();
    let mut client = login(server).await;

    for round in 0..40_usize {
        let start = round * 70_001;
        let mut stream = client.download_stream("file").offset(start as u64).await.unwrap();
        let mut first = vec![0; 1000 + 3000 * round];
        stream.read_exact(&mut first).await.unwrap();
        assert!(first == bytes[start..start + first.len()], "{round}");
        stream.abort_without_waiting().await.unwrap();
        let range = if round % 2 == 0 { 0..100 } else { 2_900_000..2_900_100 };
        let received = part(&mut client, range.start as u64..range.end as u64).await.unwrap();
        assert!(received == bytes[range], "{round}");
    }
}

async fn ascii_streams_round_trip_line_endings(server: &TestServer) {
    let mut client = login(server).await;
    let text = b"one\ntwo\n\nthree".repeat(5000);

    let stream = client.upload_stream("text").transfer_type(TransferType::Ascii).await.unwrap();
    let mut writer = AsciiWriter::with_line_end(stream, LineEnd::Lf);
    writer.write_all(&text).await.unwrap();
    writer.into_inner().await.unwrap().finish().await.unwrap();
    let there = fs::read(server.root().join("text")).unwrap();
    let stream = client.download_stream("text").transfer_type(TransferType::Ascii).await.unwrap();
    let mut reader = AsciiReader::with_line_end(stream, LineEnd::Lf);
    let mut back = Vec::new();
    reader.read_to_end(&mut back).await.unwrap();
    reader.into_inner().finish().await.unwrap();

    assert!(back == text, "received {} of {} bytes", back.len(), text.len());
    // vsftpd converts only if configured to, libunftp never.
    if !matches!(server.kind(), ServerKind::Vsftpd | ServerKind::Embedded) {
        assert!(there == text, "stored {} of {} bytes", there.len(), text.len());
    }
}
