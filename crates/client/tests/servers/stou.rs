//! Uploads with a name chosen by the server (`STOU`).

use oxftp::{Client, Error, FileName, Result, TransferSummary};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
};
use tokio::io::AsyncWriteExt;

use crate::common;

server_tests! { stou_overwrites_nothing_and_reports_names }

async fn store(client: &mut Client, bytes: &[u8]) -> Result<(FileName, TransferSummary)> {
    let mut stream = client.upload_unique_stream().await?;
    stream.write_all(bytes).await.unwrap();
    stream.finish().await
}

async fn stou_overwrites_nothing_and_reports_names(server: &TestServer) {
    let mut client = common::login(server).await;

    for content in ["one", "two"] {
        let stored = store(&mut client, content.as_bytes()).await;

        // libunftp does not report the chosen name.
        if server.kind() == ServerKind::Embedded {
            assert!(matches!(stored, Err(Error::UnusableReply { .. })), "{stored:?}");
            continue;
        }
        let name = stored.unwrap().0;
        assert_eq!(std::fs::read_to_string(server.root().join(name.as_str().unwrap())).unwrap(), content);
    }
    assert_eq!(std::fs::read_dir(server.root()).unwrap().count(), 2);
}
