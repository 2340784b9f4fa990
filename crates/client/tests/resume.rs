//! Transfers that go on where an earlier one stopped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{fs, path::PathBuf};

use common::{
    bench::{Bench, failed_names, files, lay},
    content,
};
use oxftp::{Error, Verify};
use oxftp_testing::scripted::Script;
use scripts::{check_in_step, get, in_step, mlst_file, opening, play, sending, taking};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

/// What is gone on with is at least long enough for its end to be compared.
const LARGE: usize = 100_000;
const PART: usize = 70_000;

/// The last 64 KiB of the part come again.
const AGAIN: usize = PART - 64 * 1024;

/// A place with a part, and a server that is asked to start within it.
fn begun(part: &[u8], answer: &str) -> (TempDir, Script) {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), part).unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(LARGE as u64)).type_image().passive();
    (local, script.expect(format!("REST {AGAIN}")).reply(answer))
}

#[tokio::test]
async fn a_download_goes_on_where_its_part_ends() {
    let whole = content(LARGE);
    let (local, script) = begun(&whole[..PART], "350 ok");
    let script = script.expect("RETR a").reply("150 here").data(&whole[AGAIN..]);
    let (server, mut client) = play(script.reply("226 done")).await;

    let report = client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), ((LARGE - PART) as u64, PART as u64));
    assert!(fs::read(local.path().join("a")).unwrap() == whole);
    assert!(!local.path().join("a.oxftp.part").exists());
    server.done().await;
}

#[tokio::test]
async fn a_download_whose_restart_is_refused_begins_anew() {
    let (local, script) = begun(&[b'x'; PART], "502 no");
    let (server, mut client) = play(sending(script, "RETR a", content(LARGE))).await;

    let report = client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (LARGE as u64, 0));
    assert!(fs::read(local.path().join("a")).unwrap() == content(LARGE));
    server.done().await;
}

#[tokio::test]
async fn a_short_part_is_fetched_again_as_its_file_may_be_another() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), "xyz").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let (server, mut client) = play(sending(script, "RETR a", "abcdef")).await;

    client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"abcdef");
    server.done().await;
}

#[tokio::test]
async fn a_part_longer_than_the_file_is_thrown_away() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), "much too long").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(3)).type_image();
    let (server, mut client) = play(sending(script, "RETR a", "abc")).await;

    client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"abc");
    server.done().await;
}

#[tokio::test]
async fn a_part_is_not_used_unasked() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), "xyz").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let (server, mut client) = play(sending(script, "RETR a", "abcdef")).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"abcdef");
    server.done().await;
}

/// The server tells that it has all of it.
fn sized(script: Script) -> Script {
    script.expect("SIZE a").reply("213 6")
}

fn local_file(content: &str) -> (TempDir, PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("a");
    fs::write(&path, content).unwrap();
    (local, path)
}

#[tokio::test]
async fn an_upload_goes_on_where_the_servers_file_ends() {
    let (_local, path) = local_file("abcdef");
    let script = Script::new().type_image().expect("SIZE a").reply("213 3").passive();
    let script =
        script.expect("REST 3").reply("350 ok").expect("STOR a").reply("150 here").expect_data("def");
    let (server, mut client) = play(sized(script.reply("226 done"))).await;

    let report = client.upload(&path).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (3, 3));
    server.done().await;
}

#[tokio::test]
async fn an_upload_whose_restart_is_refused_appends() {
    let (_local, path) = local_file("abcdef");
    let script = Script::new().type_image().expect("SIZE a").reply("213 3").passive();
    let (server, mut client) =
        play(sized(taking(script.expect("REST 3").reply("502 no"), "APPE a", "def"))).await;

    let report = client.upload(&path).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (3, 3));
    server.done().await;
}

#[tokio::test]
async fn an_upload_whose_restarted_store_is_refused_appends() {
    let (_local, path) = local_file("abcdef");
    let script = Script::new().type_image().expect("SIZE a").reply("213 3").passive();
    let script = script.expect("REST 3").reply("350 ok").expect("STOR a").reply("551 no STOR after REST");
    let script = script.passive().expect("REST 0").reply("350 ok").expect("APPE a").reply("150 here");
    let (server, mut client) = play(sized(script.expect_data("def").reply("226 done"))).await;

    let report = client.upload(&path).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (3, 3));
    server.done().await;
}

#[tokio::test]
async fn an_upload_of_what_the_server_has_not_begins_at_the_start() {
    for answer in ["550 no such file", "502 what?", "213 99"] {
        let (_local, path) = local_file("abcdef");
        let script = Script::new().type_image().expect("SIZE a").reply(answer);
        let (server, mut client) = play(taking(script, "STOR a", "abcdef")).await;

        let report = client.upload(&path).verify(Verify::Nothing).resume(true).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (6, 0), "{answer}");
        server.done().await;
    }
}

#[tokio::test]
async fn a_tree_is_resumed_file_by_file() {
    let mut bench = Bench::new().await;
    let whole = "x".repeat(LARGE);
    lay(bench.server.root(), "foo/a", "abcdef");
    lay(bench.server.root(), "foo/b", &whole);
    lay(bench.local.path(), "foo/b.oxftp.part", &whole[..PART]);

    let report = bench.client.download("foo").to(bench.local.path()).resume(true).await.unwrap();

    let left = (LARGE - PART) as u64;
    assert_eq!((report.files, report.bytes, report.resumed), (2, 6 + left, PART as u64));
    assert_eq!(fs::read_to_string(bench.here("foo/b")).unwrap(), whole);
    assert_eq!(files(&bench.here("foo")), ["a", "b"]);
}

#[tokio::test]
async fn times_are_kept_when_asked_for() {
    let local = tempfile::tempdir().unwrap();
    let facts = "250-Listing\r\n type=file;size=1;modify=20200102030405; a\r\n250 End";
    let script = Script::new().expect("MLST a").reply(facts).type_image();
    let (server, mut client) = play(sending(script, "RETR a", "x")).await;

    client.download("a").to(local.path()).preserve_times(true).await.unwrap();

    let modified = fs::metadata(local.path().join("a")).unwrap().modified().unwrap();
    assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_577_934_245);
    server.done().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_here_empties_none_there() {
    let (server, mut client) = play(in_step(Script::new())).await;

    assert!(client.upload("/nonexistent/a").await.unwrap_err().is_not_found());

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn what_cannot_be_written_here_aborts_the_transfer_and_leaves_a_working_client() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir_all(local.path().join("a.oxftp.part/in the way")).unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(1_000_000)).type_image();
    let script =
        opening(script, "RETR a").send("abc").expect("ABOR").reply("426 broken off").reply("226 aborted");
    let (server, mut client) = play(in_step(script.expect("NOOP").reply("200 ok"))).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::PathIo(_)), "{error:?}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_small_file_that_cannot_be_written_here_fails_once_it_has_come_and_leaves_a_working_client() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir_all(local.path().join("a.oxftp.part/in the way")).unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let (server, mut client) = play(in_step(sending(script, "RETR a", "abcdef"))).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::PathIo(_)), "{error:?}");
    assert!(!local.path().join("a").exists());
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_file_that_grew_since_it_was_listed_is_fetched_whole() {
    let local = tempfile::tempdir().unwrap();
    let content = "x".repeat(200_000);
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let script = sending(script, "RETR a", content.clone()).expect("SIZE a").reply("213 200000");
    let (server, mut client) = play(in_step(script)).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(fs::read_to_string(local.path().join("a")).unwrap(), content);
    check_in_step(&mut client).await;
    server.done().await;
}

/// Announces the rest of a file from its third byte on, and sends one byte of it.
fn restarted(script: Script) -> Script {
    script.passive().expect("REST 2").reply("350 ok").expect("RETR a").reply("150 here").send("c")
}

#[tokio::test]
async fn an_offset_is_taken_back_after_a_transfer_that_did_not_come_to_its_end() {
    let failed = restarted(Script::new().type_image()).reset_data().reply("426 cut");
    let script = failed.passive().expect("REST 0").reply("350 ok").expect("RETR a").reply("150 here");
    let script = sending(script.data("abcd").reply("226 done"), "RETR a", "abcd");
    let (server, mut client) = play(in_step(script)).await;

    let mut stream = client.download_stream("a").offset(2).await.unwrap();
    let mut text = String::new();
    let error = stream.read_to_string(&mut text).await.unwrap_err();
    stream.fail(error).await;
    for _ in 0..2 {
        assert_eq!(get(&mut client, "a").await.unwrap(), b"abcd");
    }

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn what_arrived_of_a_small_file_is_kept_for_resuming() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let script = opening(script, "RETR a").data("abc").reply("226 done").expect("SIZE a").reply("213 6");
    let (server, mut client) = play(in_step(script)).await;

    client.download("a").to(local.path()).await.unwrap_err();

    assert_eq!(fs::read(local.path().join("a.oxftp.part")).unwrap(), b"abc");
    assert!(!local.path().join("a").exists());
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn an_offset_of_a_broken_off_transfer_is_forgotten_by_the_next_on_a_server_that_keeps_it() {
    let mut bench = Bench::new().await;
    lay(bench.server.root(), "a", "abcdef");
    lay(bench.server.root(), "large", &"x".repeat(30_000_000));
    for polite in [true, false] {
        let stream = bench.client.download_stream("large").offset(3).await.unwrap();
        if polite {
            stream.abort().await.unwrap();
        } else {
            drop(stream);
        }
        assert_eq!(get(&mut bench.client, "a").await.unwrap(), b"abcdef");
    }
}

#[tokio::test]
async fn a_file_with_the_name_of_anothers_part_is_named_and_spoils_nothing() {
    let mut bench = Bench::new().await;
    for name in ["foo/x", "foo/x.oxftp.part", "foo/x.part", "foo/y.oxftp.part"] {
        lay(bench.server.root(), name, name);
    }

    let error = bench.client.download("foo").to(bench.local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["foo/x.oxftp.part"]);
    assert_eq!(files(&bench.here("foo")), ["x", "x.part", "y.oxftp.part"]);
    for name in ["x", "x.part", "y.oxftp.part"] {
        assert_eq!(fs::read_to_string(bench.here("foo").join(name)).unwrap(), format!("foo/{name}"));
    }
}

#[tokio::test]
async fn a_users_own_file_is_not_taken_for_a_part() {
    let mut bench = Bench::new().await;
    lay(bench.server.root(), "x", "abcdef");
    lay(bench.local.path(), "x.part", "mine");

    let report = bench.client.download("x").to(bench.local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (6, 0));
    assert_eq!(fs::read(bench.here("x.part")).unwrap(), b"mine");
}
