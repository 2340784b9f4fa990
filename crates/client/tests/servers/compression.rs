//! Compressed transfers (`MODE Z`).

use std::fs;

use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
    tree::{TreeOptions, compare_trees, make_tree},
};

use crate::common::scripts::{get, put};
use crate::common::{builder, content, login_with};

server_tests! { server_without_mode_z_gets_plain_data }

async fn server_without_mode_z_gets_plain_data(server: &TestServer) {
    let mut client = login_with(builder(server).compress(true), server).await;

    put(&mut client, "a", &content(100_000)).await.unwrap();

    assert!(get(&mut client, "a").await.unwrap() == content(100_000));
    assert!(fs::read(server.root().join("a")).unwrap() == content(100_000));
}

async fn compressing(protection: Protection) -> Option<TestServer> {
    let mut options = ServerOptions::new(protection);
    options.compression = true;
    available(ServerKind::ProFtpd.start_with(options).await)
}

async fn tree_round_trip(protection: Protection) {
    let Some(server) = compressing(protection).await else { return };
    let local = tempfile::tempdir().unwrap();
    let tree = local.path().join("tree");
    make_tree(&tree, &TreeOptions::fit_for(server.kind(), 20)).unwrap();
    // ProFTPD corrupts highly compressible uploads, so they are sent again uncompressed.
    for (name, bytes) in
        [("empty", vec![]), ("zeros", vec![0; 5_000_000]), ("shrinks", content(3_000_000)), ("byte", vec![7])]
    {
        fs::write(tree.join(name), bytes).unwrap();
    }
    let mut client = login_with(builder(&server).compress(true), &server).await;

    client.upload(&tree).to("tree").write_into(true).await.unwrap();
    client.download("tree").to(local.path().join("back")).write_into(true).await.unwrap();

    compare_trees(&tree, &server.root().join("tree")).unwrap();
    compare_trees(&tree, &local.path().join("back")).unwrap();
    assert!(server.log().contains("MODE Z"), "{}", server.log());
    client.command("NOOP").expect("200").await.unwrap();
}

#[tokio::test]
async fn compressed_tree_round_trip_with_proftpd() {
    tree_round_trip(Protection::Plain).await;
}

#[tokio::test]
async fn compressed_tls_tree_round_trip_with_proftpd() {
    tree_round_trip(Protection::Explicit).await;
}
