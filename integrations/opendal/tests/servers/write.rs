//! `write` and `writer`.

use std::fs;

use futures_util::{AsyncWriteExt, SinkExt, future::join_all, io::Cursor, stream};
use opendal::{Buffer, EntryMode, ErrorKind, Operator};
use opendal_testkit::WriteChecker;
use oxftp_testing::{server_tests, servers::TestServer};

use crate::{builder, content, error_of, in_time, operator, tree, wait_for_tree};

server_tests! {
    write_creates_directories_and_replaces,
    write_of_empty_file,
    writer_takes_blocks_sinks_and_copies,
    write_to_directory_fails,
    aborted_writer_leaves_nothing,
    dropped_writer_leaves_nothing,
    unfinished_file_is_invisible,
    more_writers_than_sessions_alternate,
    write_without_atomic_has_its_name_at_once,
    concurrent_writes_of_one_name_are_whole,
    write_to_reserved_name_is_unsupported,
}

async fn write_creates_directories_and_replaces(server: &TestServer) {
    let operator = operator(server);

    for text in ["a long first text", "short"] {
        let metadata = operator.write("a/b/c.txt", text).await.unwrap();
        assert_eq!((metadata.mode(), metadata.content_length()), (EntryMode::FILE, text.len() as u64));
        assert_eq!(fs::read_to_string(server.root().join("a/b/c.txt")).unwrap(), text);
        assert_eq!(operator.stat("a/b/c.txt").await.unwrap().content_length(), text.len() as u64);
    }
    assert_eq!(tree(server.root()), ["a/", "a/b/", "a/b/c.txt"]);
}

async fn write_of_empty_file(server: &TestServer) {
    let operator = operator(server);
    operator.write("full", "text").await.unwrap();

    for path in ["new", "d/new", "full"] {
        assert_eq!(operator.write(path, "").await.unwrap().content_length(), 0, "{path}");
        let mut writer = operator.writer(path).await.unwrap();
        assert_eq!(writer.close().await.unwrap().content_length(), 0, "{path}");
        assert_eq!(fs::metadata(server.root().join(path)).unwrap().len(), 0, "{path}");
    }
    assert_eq!(tree(server.root()), ["d/", "d/new", "full", "new"]);
}

async fn writer_takes_blocks_sinks_and_copies(server: &TestServer) {
    let operator = operator(server);
    let checker = WriteChecker::new(vec![1, 70_000, 0, 300_000, 5]);

    let mut writer = operator.writer("blocks").await.unwrap();
    for block in checker.chunks() {
        writer.write(block.clone()).await.unwrap();
    }
    assert_eq!(writer.close().await.unwrap().content_length(), 370_006);
    checker.check(&fs::read(server.root().join("blocks")).unwrap());

    let parts: Buffer = checker.chunks().iter().cloned().collect();
    operator.write("parts", parts).await.unwrap();
    checker.check(&fs::read(server.root().join("parts")).unwrap());

    let mut sink = operator.writer_with("sink").chunk(100_000).concurrent(3).await.unwrap().into_bytes_sink();
    sink.send_all(&mut stream::iter(checker.chunks().iter().cloned().map(Ok))).await.unwrap();
    sink.close().await.unwrap();
    checker.check(&fs::read(server.root().join("sink")).unwrap());

    let bytes = content(9_000_000);
    let mut copied = operator.writer("copied").await.unwrap().into_futures_async_write();
    futures_util::io::copy(Cursor::new(&bytes), &mut copied).await.unwrap();
    copied.close().await.unwrap();
    assert!(operator.read("copied").await.unwrap().to_vec() == bytes);
    assert_eq!(tree(server.root()), ["blocks", "copied", "parts", "sink"]);
}

async fn write_to_directory_fails(server: &TestServer) {
    fs::create_dir_all(server.root().join("d/inner")).unwrap();
    fs::write(server.root().join("file"), "x").unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);

    assert_eq!(error_of(operator.write("d/", "x").await).kind(), ErrorKind::IsADirectory);
    assert_eq!(error_of(operator.write("d", "x").await).kind(), ErrorKind::IsADirectory);
    error_of(operator.write("file/x", "x").await);
    assert_eq!(error_of(operator.write("../x", "x").await).kind(), ErrorKind::NotFound);
    assert_eq!(tree(server.root()), ["d/", "d/inner/", "file"]);
}

async fn aborted_writer_leaves_nothing(server: &TestServer) {
    let operator = operator(server);
    operator.write("old", "old").await.unwrap();

    for (path, blocks) in [("new", 0), ("new", 1), ("new", 9), ("old", 1)] {
        let mut writer = operator.writer(path).await.unwrap();
        for _ in 0..blocks {
            writer.write(content(100_000)).await.unwrap();
        }
        writer.abort().await.unwrap();
        assert_eq!(tree(server.root()), ["old"], "{path} {blocks}");
    }
    assert_eq!(operator.read("old").await.unwrap().to_vec(), b"old");
}

async fn dropped_writer_leaves_nothing(server: &TestServer) {
    let operator = operator(server);
    for _ in 0..3 {
        let mut writer = operator.writer("new").await.unwrap();
        writer.write(content(100_000)).await.unwrap();
        drop(writer);
    }
    wait_for_tree(server, &[]).await;
    operator.check().await.unwrap();
}

async fn unfinished_file_is_invisible(server: &TestServer) {
    let operator = operator(server);
    operator.create_dir("d/").await.unwrap();
    let mut writer = operator.writer("d/new").await.unwrap();
    // More than the queue holds, so that some of it was sent.
    for _ in 0..8 {
        writer.write(content(100_000)).await.unwrap();
    }

    assert!(!operator.exists("d/new").await.unwrap());
    let listed = operator.list_with("").recursive(true).await.unwrap();
    assert_eq!(listed.iter().map(|entry| entry.path()).collect::<Vec<_>>(), ["d/", "/"]);
    assert_eq!(tree(server.root()).len(), 2);

    writer.close().await.unwrap();
    assert_eq!(operator.stat("d/new").await.unwrap().content_length(), 800_000);
}

async fn more_writers_than_sessions_alternate(server: &TestServer) {
    let operator = operator(server);
    let bytes = content(250_000);

    in_time(async {
        let mut writers = Vec::new();
        for file in 0..6 {
            writers.push(operator.writer(&format!("d/{file}")).await.unwrap());
        }
        for block in bytes.chunks(50_000) {
            for writer in &mut writers {
                writer.write(block.to_vec()).await.unwrap();
            }
        }
        for writer in &mut writers {
            assert_eq!(writer.close().await.unwrap().content_length(), 250_000);
        }
    })
    .await;

    for file in 0..6 {
        assert!(fs::read(server.root().join(format!("d/{file}"))).unwrap() == bytes, "{file}");
    }
    assert_eq!(tree(server.root()).len(), 7);
}

async fn write_without_atomic_has_its_name_at_once(server: &TestServer) {
    let operator = Operator::new(builder(server).atomic(false)).unwrap();
    let mut writer = operator.writer("d/f").await.unwrap();
    for _ in 0..8 {
        writer.write(content(100_000)).await.unwrap();
    }
    wait_for_tree(server, &["d/", "d/f"]).await;
    writer.close().await.unwrap();
    assert_eq!(fs::metadata(server.root().join("d/f")).unwrap().len(), 800_000);

    let mut writer = operator.writer("d/f").await.unwrap();
    writer.write("x").await.unwrap();
    writer.abort().await.unwrap();
    assert_eq!(tree(server.root()), ["d/"]);
}

async fn concurrent_writes_of_one_name_are_whole(server: &TestServer) {
    let operator = operator(server);
    let written = (0..6).map(|number: u8| {
        let operator = operator.clone();
        async move { operator.write("f", vec![number; 200_000]).await.unwrap() }
    });
    join_all(written).await;

    let stored = operator.read("f").await.unwrap().to_vec();
    assert_eq!(stored.len(), 200_000);
    assert!(stored.iter().all(|byte| *byte == stored[0]));
    assert_eq!(tree(server.root()), ["f"]);
}

async fn write_to_reserved_name_is_unsupported(server: &TestServer) {
    let operator = operator(server);
    operator.write("f", "x").await.unwrap();
    for path in ["x.oxftp.part", "d/x.oxftp.lock"] {
        assert_eq!(error_of(operator.write(path, "x").await).kind(), ErrorKind::Unsupported, "{path}");
        assert_eq!(error_of(operator.rename("f", path).await).kind(), ErrorKind::Unsupported, "{path}");
        assert_eq!(error_of(operator.copy("f", path).await).kind(), ErrorKind::Unsupported, "{path}");
    }
}
