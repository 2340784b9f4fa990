//! Verification after transfers: size, hash and time.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use oxftp::Verify;
use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
};

use crate::common::{content, login};

server_tests! {
    lengths_are_compared_both_ways,
    contents_are_compared_both_ways,
    an_upload_keeps_the_times_of_its_files,
}

async fn lengths_are_compared_both_ways(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), content(100_000)).unwrap();
    let mut client = login(server).await;

    client.upload(local.path().join("x")).verify(Verify::Size).await.unwrap();
    client.download("x").to(local.path().join("y")).write_into(true).verify(Verify::Size).await.unwrap();

    assert_eq!(fs::read(local.path().join("y")).unwrap(), content(100_000));
}

async fn contents_are_compared_both_ways(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir(local.path().join("tree")).unwrap();
    for (name, size) in [("large", 100_000), ("small", 10), ("empty", 0)] {
        fs::write(local.path().join("tree").join(name), content(size)).unwrap();
    }
    let mut client = login(server).await;

    client.upload(local.path().join("tree")).temporary(true).verify(Verify::Content).await.unwrap();
    let copy = local.path().join("copy");
    client.download("tree").to(&copy).write_into(true).verify(Verify::Content).await.unwrap();
    client.mirror_up(local.path().join("tree"), "mirrored").verify(Verify::Content).await.unwrap();
    client.mirror_down("mirrored", local.path().join("back")).verify(Verify::Content).await.unwrap();

    for copy in ["copy", "back"].map(|name| local.path().join(name)) {
        assert_eq!(fs::read(copy.join("large")).unwrap(), content(100_000));
        assert_eq!(fs::read(copy.join("empty")).unwrap(), b"");
    }
}

async fn an_upload_keeps_the_times_of_its_files(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    let source = local.path().join("tree");
    fs::create_dir(&source).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    for name in ["a", "b c"] {
        fs::write(source.join(name), "1").unwrap();
        fs::File::options().write(true).open(source.join(name)).unwrap().set_modified(time).unwrap();
    }
    let mut client = login(server).await;

    // libunftp cannot set times, which is not a failure.
    client.upload(&source).preserve_times(true).await.unwrap();

    if server.kind() != ServerKind::Embedded {
        for name in ["a", "b c"] {
            let stored = server.root().join("tree").join(name);
            assert_eq!(fs::metadata(stored).unwrap().modified().unwrap(), time, "{name}");
        }
    }
}

async fn hashing() -> Option<TestServer> {
    let mut options = ServerOptions::new(Protection::Plain);
    options.hashes = true;
    available(ServerKind::ProFtpd.start_with(options).await)
}

#[tokio::test]
async fn hashes_are_compared_both_ways() {
    let Some(server) = hashing().await else { return };
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("x"), content(100_000)).unwrap();
    let mut client = login(&server).await;

    client.upload(local.path().join("x")).verify(Verify::Hash).await.unwrap();
    client.download("x").to(local.path().join("y")).write_into(true).verify(Verify::Hash).await.unwrap();

    assert_eq!(fs::read(local.path().join("y")).unwrap(), content(100_000));
}
