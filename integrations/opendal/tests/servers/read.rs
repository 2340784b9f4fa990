//! `read` and `reader`, with ranges.

use std::{fs, io, os::unix::fs::PermissionsExt};

use futures_util::{AsyncReadExt, AsyncSeekExt, StreamExt, TryStreamExt};
use opendal::{BytesRange, ErrorKind};
use opendal_testkit::{ReadAction, ReadChecker};
use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    server_tests,
    servers::{Protection, ServerKind, TestServer, available},
};

use crate::{configuration::memory_operator, content, error_of, in_time, operator};

server_tests! {
    read_of_ranges_at_each_border,
    read_of_empty_file_and_empty_range,
    read_of_large_file_as_streams,
    read_of_missing_file_or_directory_fails,
    read_actions_of_opendal_testkit_pass,
    reader_sees_what_was_appended,
    more_readers_than_sessions_alternate,
    reader_dropped_early_leaves_usable_session,
}

async fn read_of_ranges_at_each_border(server: &TestServer) {
    let bytes = content(300_000);
    fs::write(server.root().join("f"), &bytes).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);
    let end = bytes.len() as u64;

    assert!(operator.read("f").await.unwrap().to_vec() == bytes);
    for range in [0..1, 0..end, 1..2, 65_535..65_537, end - 1..end, 0..0, end..end, 100_000..299_999] {
        let read = operator.read_with("f").range(range.clone()).await.unwrap().to_vec();
        assert!(read == bytes[range.start as usize..range.end as usize], "{range:?}");
    }
    assert!(operator.read_with("f").range(200_000..).await.unwrap().to_vec() == bytes[200_000..]);
    let reader = operator.reader("f").await.unwrap();
    assert!(reader.read(BytesRange::suffix(10)).await.unwrap().to_vec() == bytes[299_990..]);
    assert!(reader.read(BytesRange::suffix(end + 10)).await.unwrap().to_vec() == bytes);
    let ranges = [0..4, end - 4..end, 100_000..100_010];
    let read = reader.fetch(ranges.to_vec()).await.unwrap();
    for (range, read) in ranges.iter().zip(read) {
        assert!(read.to_vec() == bytes[range.start as usize..range.end as usize], "{range:?}");
    }
    let beyond = error_of(operator.read_with("f").range(end + 1..end + 2).await);
    assert_eq!(beyond.kind(), ErrorKind::RangeNotSatisfied, "{beyond}");
    // OpenDAL itself finds that a stream is too short.
    error_of(reader.read(end - 1..end + 1).await);
    error_of(operator.read_with("f").range(end - 1..end + 1).await);
}

async fn read_of_empty_file_and_empty_range(server: &TestServer) {
    fs::write(server.root().join("empty"), "").unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    assert!(operator.read("empty").await.unwrap().is_empty());
    let stream = operator.reader("empty").await.unwrap().into_bytes_stream(..).await.unwrap();
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().concat(), b"");
    assert!(operator.read_with("empty").range(0..0).await.unwrap().is_empty());
}

async fn read_of_large_file_as_streams(server: &TestServer) {
    let bytes = content(12_000_000);
    fs::write(server.root().join("f"), &bytes).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    assert!(operator.read("f").await.unwrap().to_vec() == bytes);
    for (chunk, concurrent) in [(None, 1), (Some(2_000_003), 1), (Some(2_000_003), 4)] {
        let reader = operator.reader_with("f").concurrent(concurrent);
        let reader = match chunk {
            Some(chunk) => reader.chunk(chunk).await.unwrap(),
            None => reader.await.unwrap(),
        };
        let mut stream = reader.into_stream(1000..11_999_000).await.unwrap();
        assert_eq!(stream.metadata().await.unwrap().content_length(), 12_000_000);
        let read: opendal::Buffer =
            stream.try_collect::<Vec<_>>().await.unwrap().into_iter().flatten().collect();
        assert!(read.to_vec() == bytes[1000..11_999_000], "{chunk:?} {concurrent}");
    }
    let reader = operator.reader("f").await.unwrap();
    let mut seekable = reader.into_futures_async_read(0..12_000_000).await.unwrap();
    let mut part = vec![0; 1000];
    seekable.read_exact(&mut part).await.unwrap();
    assert!(part == bytes[..1000]);
    seekable.seek(futures_util::io::SeekFrom::End(-1000)).await.unwrap();
    let mut rest = Vec::new();
    seekable.read_to_end(&mut rest).await.unwrap();
    assert!(rest == bytes[11_999_000..]);
}

async fn read_of_missing_file_or_directory_fails(server: &TestServer) {
    fs::create_dir(server.root().join("d")).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    for path in ["x", "x/y", "d/x", "../x"] {
        assert_eq!(error_of(operator.read(path).await).kind(), ErrorKind::NotFound, "{path}");
        let ranged = operator.read_with(path).range(0..4).await;
        assert_eq!(error_of(ranged).kind(), ErrorKind::NotFound, "{path}");
        let stream = operator.reader(path).await.unwrap().into_bytes_stream(..).await;
        let first = match stream {
            Ok(mut stream) => stream.next().await.unwrap().map(drop),
            Err(error) => Err(error.into()),
        };
        assert_eq!(first.unwrap_err().kind(), io::ErrorKind::NotFound, "{path}");
    }
    assert_eq!(error_of(operator.read("d/").await).kind(), ErrorKind::IsADirectory);
    assert_eq!(error_of(operator.read("d").await).kind(), ErrorKind::IsADirectory);
    operator.check().await.unwrap();
}

async fn read_actions_of_opendal_testkit_pass(server: &TestServer) {
    let operator = operator(server);
    let mut checker = ReadChecker::new(400_000);
    operator.write("f", checker.data()).await.unwrap();
    let reader = operator.reader("f").await.unwrap();

    let mut actions =
        vec![ReadAction::Read(0, 400_000), ReadAction::Read(399_999, 1), ReadAction::Read(5, 0)];
    actions.extend((0..20).map(|step| ReadAction::Read(step * 19_997, 20_003.min(400_000 - step * 19_997))));
    checker.check(reader, &actions).await;
}

async fn reader_sees_what_was_appended(server: &TestServer) {
    let operator = operator(server);
    operator.write("log", "one\n").await.unwrap();
    let reader = operator.reader("log").await.unwrap();
    assert_eq!(reader.read(0..4).await.unwrap().to_vec(), b"one\n");

    operator.write_with("log", "two\n").append(true).await.unwrap();

    assert_eq!(reader.read(4..8).await.unwrap().to_vec(), b"two\n");
    let stream = reader.into_bytes_stream(2..8).await.unwrap();
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().concat(), b"e\ntwo\n");
}

async fn more_readers_than_sessions_alternate(server: &TestServer) {
    let bytes = content(3_000_000);
    for file in 0..6 {
        fs::write(server.root().join(file.to_string()), &bytes).unwrap();
    }
    server.hand_over().unwrap();
    let operator = operator(server);

    in_time(async {
        let mut streams = Vec::new();
        for file in 0..6 {
            let reader = operator.reader(&file.to_string()).await.unwrap();
            streams.push((reader.into_bytes_stream(..).await.unwrap().fuse(), Vec::new()));
        }
        let mut is_open = true;
        while is_open {
            is_open = false;
            for (stream, read) in &mut streams {
                if let Some(block) = stream.next().await {
                    read.extend_from_slice(&block.unwrap());
                    is_open = true;
                }
            }
        }
        for (_, read) in &streams {
            assert!(
                *read == bytes,
                "{} {:?}",
                read.len(),
                read.iter().zip(&bytes).position(|(one, other)| one != other)
            );
        }
    })
    .await;
}

async fn reader_dropped_early_leaves_usable_session(server: &TestServer) {
    fs::write(server.root().join("f"), content(4_000_000)).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    for round in 0..5 {
        let reader = operator.reader("f").await.unwrap();
        let mut stream = reader.into_bytes_stream(round..).await.unwrap();
        assert!(!stream.next().await.unwrap().unwrap().is_empty());
        drop(stream);
        assert_eq!(operator.stat("f").await.unwrap().content_length(), 4_000_000);
        operator.write("g", "x").await.unwrap();
    }
}

/// The programs that run as another user than the test cannot open the file; their replies do not all say why.
#[tokio::test]
async fn read_of_forbidden_file_is_permission_denied() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd] {
        let Some(server) = available(kind.start(Protection::Plain).await) else { continue };
        server.hand_over().unwrap();
        let file = server.root().join("f");
        fs::write(&file, "secret").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        let operator = operator(&server);
        for outcome in [operator.read("f").await, operator.read_with("f").range(0..2).await] {
            match outcome {
                // It runs as root.
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{}: {error:?}", kind.name())
                }
            }
        }
    }
}

#[tokio::test]
async fn permission_denied_is_distinguished_from_not_found() {
    let behaviour =
        ServerBehaviour { replies: &[("RETR", "550 f: Permission denied")], ..ServerBehaviour::default() };
    let server = MemoryServer::start(behaviour).await;
    server.add_file("f", "secret", 1_700_000_000);
    let operator = memory_operator(&server);

    assert_eq!(error_of(operator.read("f").await).kind(), ErrorKind::PermissionDenied);
    server.change(|behaviour| behaviour.replies = &[("RETR", "550 Failed to open file.")]);
    assert_eq!(error_of(operator.read("f").await).kind(), ErrorKind::PermissionDenied);
    assert_eq!(error_of(operator.read_with("missing").range(0..1).await).kind(), ErrorKind::NotFound);
    server.change(|behaviour| behaviour.replies = &FORBIDDEN);
    assert_eq!(error_of(operator.stat("f").await).kind(), ErrorKind::PermissionDenied);
}

/// All that tells something about a path is refused.
const FORBIDDEN: [(&str, &str); 6] = [
    ("MLST", "550 Permission denied."),
    ("MLSD", "550 Permission denied."),
    ("LIST", "550 Permission denied."),
    ("SIZE", "550 Permission denied."),
    ("MDTM", "550 Permission denied."),
    ("CWD", "550 Permission denied."),
];
