//! `write` and `writer` with `append`.

use std::fs;

use opendal::ErrorKind;
use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    server_tests,
    servers::TestServer,
};

use crate::{configuration::memory_operator, content, error_of, in_time, operator, tree};

server_tests! {
    append_creates_and_grows_files,
    append_of_nothing_keeps_the_file,
    append_by_a_writer_in_blocks,
    append_goes_on_beside_other_writers,
    append_to_directory_fails,
    aborted_append_says_that_it_stays,
}

async fn append_creates_and_grows_files(server: &TestServer) {
    let operator = operator(server);
    for (text, size) in [("one\n", 4), ("two\n", 8), ("three\n", 14)] {
        let metadata = operator.write_with("d/log", text).append(true).await.unwrap();
        assert_eq!(metadata.content_length(), size);
        assert_eq!(operator.stat("d/log").await.unwrap().content_length(), size);
    }
    assert_eq!(operator.read("d/log").await.unwrap().to_vec(), b"one\ntwo\nthree\n");
    assert_eq!(tree(server.root()), ["d/", "d/log"]);
}

async fn append_of_nothing_keeps_the_file(server: &TestServer) {
    let operator = operator(server);
    for size in [0, 3] {
        let mut writer = operator.writer_with("log").append(true).await.unwrap();
        assert_eq!(writer.close().await.unwrap().content_length(), size);
        if size == 0 {
            operator.write_with("log", "abc").append(true).await.unwrap();
        }
    }
    assert_eq!(operator.read("log").await.unwrap().to_vec(), b"abc");
}

async fn append_by_a_writer_in_blocks(server: &TestServer) {
    let operator = operator(server);
    let bytes = content(2_000_000);
    operator.write("log", bytes[..1000].to_vec()).await.unwrap();

    let mut writer = operator.writer_with("log").append(true).await.unwrap();
    for block in bytes[1000..].chunks(100_000) {
        writer.write(block.to_vec()).await.unwrap();
    }
    assert_eq!(writer.close().await.unwrap().content_length(), 2_000_000);
    assert!(operator.read("log").await.unwrap().to_vec() == bytes);
}

async fn append_goes_on_beside_other_writers(server: &TestServer) {
    let operator = operator(server);
    in_time(async {
        let mut writers = Vec::new();
        for file in 0..5 {
            writers.push(operator.writer_with(&file.to_string()).append(true).await.unwrap());
        }
        for _ in 0..4 {
            for (file, writer) in writers.iter_mut().enumerate() {
                writer.write(vec![b'0' + u8::try_from(file).unwrap(); 30_000]).await.unwrap();
            }
        }
        for writer in &mut writers {
            assert_eq!(writer.close().await.unwrap().content_length(), 120_000);
        }
    })
    .await;
    for file in 0..5 {
        let stored = fs::read_to_string(server.root().join(file.to_string())).unwrap();
        assert!(stored == file.to_string().repeat(120_000), "{file}");
    }
}

async fn append_to_directory_fails(server: &TestServer) {
    fs::create_dir(server.root().join("d")).unwrap();
    server.hand_over().unwrap();
    let operator = operator(server);
    for path in ["d", "d/"] {
        let appended = operator.write_with(path, "x").append(true).await;
        assert_eq!(error_of(appended).kind(), ErrorKind::IsADirectory, "{path}");
    }
}

async fn aborted_append_says_that_it_stays(server: &TestServer) {
    let operator = operator(server);
    operator.write("log", "old").await.unwrap();
    let mut writer = operator.writer_with("log").append(true).await.unwrap();
    writer.write(" new").await.unwrap();
    assert_eq!(error_of(writer.abort().await).kind(), ErrorKind::Unsupported);
    assert!(fs::read_to_string(server.root().join("log")).unwrap().starts_with("old"));
}

#[tokio::test]
async fn append_beside_another_client_is_a_conflict() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    server.add_file("log", "old ", 1_700_000_000);
    let operator = memory_operator(&server);
    let mut writer = operator.writer_with("log").append(true).await.unwrap();
    // The size that the server tells at the end is none that the appended bytes explain.
    writer.write("new ").await.unwrap();
    while !server.commands().iter().any(|command| command.starts_with("APPE")) {
        tokio::task::yield_now().await;
    }
    server.change(|behaviour| behaviour.replies = &[("SIZE", "213 100")]);

    assert_eq!(error_of(writer.close().await).kind(), ErrorKind::Conflict);
}
