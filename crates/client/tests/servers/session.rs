//! Basic operations on every server and protection.

use std::io::Write;

use oxftp::{Client, EntryKind, RemotePath};
use oxftp_testing::{
    server_tests,
    servers::{ServerKind, TestServer},
    tree::{TreeOptions, compare_trees, difficult_names, make_tree, non_utf8_names},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common;
use crate::common::{content, login};

server_tests! {
    working_directory_is_read_and_changed,
    file_life_cycle,
    empty_file_round_trip,
    empty_directory_lists_as_empty,
    listing_a_file_is_empty,
    missing_paths_are_not_found,
    transfers_start_at_offsets,
    appending_adds_to_the_end,
    directories_are_created_with_parents_and_repeatedly,
    sizes_and_times_are_reported,
    difficult_names_round_trip_rename_and_removal,
    aborted_download_keeps_client_usable,
    aborted_upload_keeps_client_usable,
    dropped_listing_keeps_client_usable,
    wrong_password_is_refused,
}

/// Uploads bytes as a file.
async fn put(client: &mut Client, path: &str, bytes: &[u8]) {
    let mut stream = client.upload_stream(path).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.finish().await.unwrap();
}

/// Downloads a file.
async fn get(client: &mut Client, path: &str) -> Vec<u8> {
    let mut stream = client.download_stream(path).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    stream.finish().await.unwrap();
    bytes
}

/// Tries a download; libunftp refuses it only after `150`.
async fn try_get(client: &mut Client, path: &str) -> oxftp::Result<Vec<u8>> {
    let mut stream = client.download_stream(path).await?;
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        return Err(stream.fail(error).await);
    }
    stream.finish().await.map(|_| bytes)
}

async fn names(client: &mut Client, path: &str) -> Vec<String> {
    let mut names: Vec<_> = client
        .list(path)
        .await
        .unwrap()
        .iter()
        .map(|found| found.name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Fails unless commands and replies are in sync.
async fn assert_in_sync(client: &mut Client) {
    client.command("NOOP").expect("200").await.unwrap();
    client.current_dir().await.unwrap();
}

async fn working_directory_is_read_and_changed(server: &TestServer) {
    let mut client = login(server).await;
    let home = client.current_dir().await.unwrap();
    client.create_dir_all("inner \"quoted\"").await.unwrap();

    client.change_dir("inner \"quoted\"").await.unwrap();
    let inner = client.current_dir().await.unwrap();
    client.change_to_parent_dir().await.unwrap();

    assert_eq!(inner.file_name().unwrap().as_str(), Some("inner \"quoted\""));
    assert_eq!(client.current_dir().await.unwrap(), home);
    client.quit().await.unwrap();
}

async fn file_life_cycle(server: &TestServer) {
    let mut client = login(server).await;
    let bytes = content(300_000);

    put(&mut client, "a file.bin", &bytes).await;
    let entry = client.metadata("a file.bin").await.unwrap();
    assert_eq!((entry.kind, entry.size), (EntryKind::File, Some(300_000)));
    assert_eq!(names(&mut client, "").await, ["a file.bin"]);
    client.rename("a file.bin", "b file.bin").await.unwrap();
    assert!(!client.try_exists("a file.bin").await.unwrap());
    assert_eq!(get(&mut client, "b file.bin").await, bytes);
    client.remove_file("b file.bin").await.unwrap();

    assert!(names(&mut client, "").await.is_empty());
    client.quit().await.unwrap();
}

async fn empty_file_round_trip(server: &TestServer) {
    let mut client = login(server).await;

    put(&mut client, "empty", b"").await;

    assert_eq!(get(&mut client, "empty").await, b"");
    assert_eq!(client.metadata("empty").await.unwrap().size, Some(0));
    assert_in_sync(&mut client).await;
}

async fn empty_directory_lists_as_empty(server: &TestServer) {
    let mut client = login(server).await;
    client.create_dir_all("nothing").await.unwrap();

    assert!(names(&mut client, "nothing").await.is_empty());
    assert!(client.list("nothing").recursive().await.unwrap().is_empty());
    assert_in_sync(&mut client).await;
}

async fn listing_a_file_is_empty(server: &TestServer) {
    let mut client = login(server).await;
    client.create_dir_all("same").await.unwrap();
    put(&mut client, "same/same", b"x").await;

    assert!(names(&mut client, "same/same").await.is_empty());
    assert_eq!(names(&mut client, "same").await, ["same"]);
    assert_in_sync(&mut client).await;
}

async fn missing_paths_are_not_found(server: &TestServer) {
    let mut client = login(server).await;

    assert!(client.metadata("missing").await.unwrap_err().is_not_found());
    // vsftpd sends the same reply if the file exists but is not readable.
    let refused = try_get(&mut client, "missing").await.unwrap_err();
    assert_eq!(refused.is_not_found(), server.kind() != ServerKind::Vsftpd, "{refused}");
    assert!(!client.try_exists("missing").await.unwrap());
    // vsftpd lists a missing directory as an empty one that could not be opened.
    assert!(client.metadata("missing/below/it").await.unwrap_err().is_not_found());
    assert!(!client.try_exists("missing/below").await.unwrap());
    client.remove_dir_all("missing").await.unwrap();
    assert_in_sync(&mut client).await;
}

async fn transfers_start_at_offsets(server: &TestServer) {
    let mut client = login(server).await;
    let bytes = content(100_000);
    put(&mut client, "file", &bytes[..60_000]).await;

    let mut stream = client.upload_stream("file").offset(50_000).await.unwrap();
    stream.write_all(&bytes[50_000..]).await.unwrap();
    stream.finish().await.unwrap();
    let mut tail = Vec::new();
    let mut stream = client.download_stream("file").offset(99_990).await.unwrap();
    stream.read_to_end(&mut tail).await.unwrap();
    stream.finish().await.unwrap();

    assert_eq!(tail, bytes[99_990..]);
    assert_eq!(get(&mut client, "file").await, bytes);
}

async fn appending_adds_to_the_end(server: &TestServer) {
    let mut client = login(server).await;
    put(&mut client, "log", b"one\n").await;

    let mut stream = client.append_stream("log").await.unwrap();
    stream.write_all(b"two\n").await.unwrap();
    stream.finish().await.unwrap();

    assert_eq!(get(&mut client, "log").await, b"one\ntwo\n");
}

async fn directories_are_created_with_parents_and_repeatedly(server: &TestServer) {
    let mut client = login(server).await;

    client.create_dir_all("one/two/three").await.unwrap();
    client.create_dir_all("one/two/three").await.unwrap();

    assert!(client.is_dir("one/two/three").await.unwrap());
    client.remove_dir_all("one").await.unwrap();
    assert!(!client.try_exists("one").await.unwrap());
}

async fn sizes_and_times_are_reported(server: &TestServer) {
    let mut client = login(server).await;
    put(&mut client, "file", b"12345").await;
    let on_disk = std::fs::metadata(server.root().join("file")).unwrap().modified().unwrap();
    let on_disk = on_disk.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;

    assert_eq!(client.size("file").await.unwrap(), 5);
    assert_eq!(client.modified("file").await.unwrap().to_unix(0), on_disk);
    assert!(client.metadata("/").await.unwrap().is_dir());
}

async fn difficult_names_round_trip_rename_and_removal(server: &TestServer) {
    print_unsupported_names(server.kind());
    let local = tempfile::tempdir().unwrap();
    let (source, back) = (local.path().join("source"), local.path().join("back"));
    std::fs::create_dir(&source).unwrap();
    make_tree(&source, &TreeOptions::fit_for(server.kind(), 300)).unwrap();
    let mut client = login(server).await;

    let report = client.upload(&source).to("up").write_into(true).await.unwrap();
    assert_eq!(report.files, 300);
    compare_trees(&source, &server.root().join("up")).unwrap();
    let listed = client.list("up").recursive().await.unwrap();
    assert_eq!(listed.iter().filter(|found| found.is_file()).count(), 300);
    let paths: Vec<_> = listed.iter().map(|found| found.path()).collect();
    stat_some(&mut client, &paths).await;
    client.rename("up", "moved").await.unwrap();
    let report = client.download("moved").to(&back).write_into(true).await.unwrap();
    assert_eq!(report.files, 300);
    compare_trees(&source, &back).unwrap();
    client.remove_dir_all("moved").await.unwrap();

    assert!(names(&mut client, "").await.is_empty());
    client.quit().await.unwrap();
}

/// Prints the names that a server does not support, and the reason.
fn print_unsupported_names(kind: ServerKind) {
    for name in difficult_names().into_iter().chain(non_utf8_names()) {
        for why in [kind.refuses_file(&name), kind.refuses_directory(&name)].into_iter().flatten() {
            let _ = writeln!(std::io::stderr(), "left out: {name:?}: {why}");
        }
    }
}

/// Runs `stat` for some of the listed paths.
async fn stat_some(client: &mut Client, paths: &[RemotePath]) {
    for path in paths.iter().step_by(20) {
        client.metadata(path).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

async fn aborted_download_keeps_client_usable(server: &TestServer) {
    let mut client = login(server).await;
    std::fs::write(server.root().join("big"), content(8_000_000)).unwrap();
    server.hand_over().unwrap();

    let mut stream = client.download_stream("big").await.unwrap();
    stream.read_exact(&mut [0; 1000]).await.unwrap();
    stream.abort().await.unwrap();

    assert_in_sync(&mut client).await;
    assert_eq!(names(&mut client, "").await, ["big"]);
    let stream = client.download_stream("big").await.unwrap();
    stream.abort_without_waiting().await.unwrap();
    assert_in_sync(&mut client).await;
}

async fn aborted_upload_keeps_client_usable(server: &TestServer) {
    let mut client = login(server).await;

    let mut stream = client.upload_stream("part").await.unwrap();
    stream.write_all(&content(100_000)).await.unwrap();
    stream.abort().await.unwrap();

    assert_in_sync(&mut client).await;
    put(&mut client, "whole", b"x").await;
    assert_eq!(get(&mut client, "whole").await, b"x");
}

async fn dropped_listing_keeps_client_usable(server: &TestServer) {
    let mut client = login(server).await;
    for number in 0..50 {
        std::fs::write(server.root().join(format!("file {number}")), b"x").unwrap();
    }
    server.hand_over().unwrap();

    let mut entries = client.list("").stream();
    entries.next().await.unwrap().unwrap();
    drop(entries);

    assert_in_sync(&mut client).await;
    assert_eq!(names(&mut client, "").await.len(), 50);
}

async fn wrong_password_is_refused(server: &TestServer) {
    if server.kind() == ServerKind::Vsftpd {
        // The test login of vsftpd is anonymous and accepts any password.
        return;
    }
    let mut client = common::builder(server).connect((server.host(), server.port())).await.unwrap();

    let error = client.login(oxftp::Credentials::new(server.user(), "wrong")).await.unwrap_err();

    assert!(error.is_login_refused(), "{error}");
    assert!(!format!("{error} {error:?}").contains("wrong"));
}
