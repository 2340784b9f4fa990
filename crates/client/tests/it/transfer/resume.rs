//! Resumed transfers.

use std::{fs, path::PathBuf};

use oxftp::{Error, Verify};
use oxftp_testing::scripted::Script;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::common::scripts::{
    assert_in_sync, get, mlst_file, open_transfer, play, receive_file, send_file, with_sync_check,
};
use crate::common::{
    content,
    local_files::{create_file, files},
};
use crate::fixture::Fixture;
use crate::fixture::failed_names;

/// Long enough for a partial file whose end can be compared.
const LARGE: usize = 100_000;
const PART: usize = 70_000;

/// The last 64 KiB of the partial file are downloaded again.
const RESUME_OFFSET: usize = PART - 64 * 1024;

/// Creates a directory with a partial file, and a script that expects a restart within it.
fn started(part: &[u8], answer: &str) -> (TempDir, Script) {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), part).unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(LARGE as u64)).type_image().passive();
    (local, script.expect(format!("REST {RESUME_OFFSET}")).reply(answer))
}

#[tokio::test]
async fn download_resumes_at_partial_file_end() {
    let whole = content(LARGE);
    let (local, script) = started(&whole[..PART], "350 ok");
    let script = script.expect("RETR a").reply("150 here").data(&whole[RESUME_OFFSET..]);
    let (server, mut client) = play(script.reply("226 done")).await;

    let report = client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), ((LARGE - PART) as u64, PART as u64));
    assert!(fs::read(local.path().join("a")).unwrap() == whole);
    assert!(!local.path().join("a.oxftp.part").exists());
    server.done().await;
}

#[tokio::test]
async fn refused_restart_downloads_from_the_start() {
    let (local, script) = started(&[b'x'; PART], "502 no");
    let (server, mut client) = play(send_file(script, "RETR a", content(LARGE))).await;

    let report = client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (LARGE as u64, 0));
    assert!(fs::read(local.path().join("a")).unwrap() == content(LARGE));
    server.done().await;
}

/// The server may have taken the offset, although it did not say so with `350`.
#[tokio::test]
async fn restart_without_350_is_reset_for_download() {
    for answer in ["200 ok", "250 ok", "202 superfluous"] {
        let (local, script) = started(&[b'x'; PART], answer);
        let script = script.passive().expect("REST 0").reply("200 ok").expect("RETR a").reply("150 here");
        let (server, mut client) = play(script.data(content(LARGE)).reply("226 done")).await;

        let report = client.download("a").to(local.path()).resume(true).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (LARGE as u64, 0), "{answer}");
        assert!(fs::read(local.path().join("a")).unwrap() == content(LARGE));
        server.done().await;
    }
}

#[tokio::test]
async fn short_partial_file_is_not_resumed() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), "xyz").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let (server, mut client) = play(send_file(script, "RETR a", "abcdef")).await;

    client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"abcdef");
    server.done().await;
}

#[tokio::test]
async fn partial_file_longer_than_file_is_discarded() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), "much too long").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(3)).type_image();
    let (server, mut client) = play(send_file(script, "RETR a", "abc")).await;

    client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"abc");
    server.done().await;
}

#[tokio::test]
async fn partial_file_is_not_resumed_by_default() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), "xyz").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let (server, mut client) = play(send_file(script, "RETR a", "abcdef")).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(fs::read(local.path().join("a")).unwrap(), b"abcdef");
    server.done().await;
}

/// Plays a reply to `SIZE` with the complete size.
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
async fn upload_resumes_at_remote_file_end() {
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
async fn refused_restart_resumes_upload_with_appe() {
    let (_local, path) = local_file("abcdef");
    let script = Script::new().type_image().expect("SIZE a").reply("213 3").passive();
    let (server, mut client) =
        play(sized(receive_file(script.expect("REST 3").reply("502 no"), "APPE a", "def"))).await;

    let report = client.upload(&path).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (3, 3));
    server.done().await;
}

#[tokio::test]
async fn restart_without_350_is_reset_for_upload() {
    let (_local, path) = local_file("abcdef");
    let script = Script::new().type_image().expect("SIZE a").reply("213 3").passive();
    let script = script.expect("REST 3").reply("200 ok").passive().expect("REST 0").reply("350 ok");
    let script = script.expect("APPE a").reply("150 here").expect_data("def").reply("226 done");
    let (server, mut client) = play(sized(script)).await;

    let report = client.upload(&path).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (3, 3));
    server.done().await;
}

#[tokio::test]
async fn refused_stor_resumes_upload_with_appe() {
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
async fn resume_of_missing_remote_file_uploads_from_start() {
    for answer in ["550 no such file", "502 what?", "213 99"] {
        let (_local, path) = local_file("abcdef");
        let script = Script::new().type_image().expect("SIZE a").reply(answer);
        let (server, mut client) = play(receive_file(script, "STOR a", "abcdef")).await;

        let report = client.upload(&path).verify(Verify::Nothing).resume(true).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (6, 0), "{answer}");
        server.done().await;
    }
}

#[tokio::test]
async fn tree_is_resumed_file_by_file() {
    let mut fixture = Fixture::new().await;
    let whole = "x".repeat(LARGE);
    create_file(fixture.server.root(), "foo/a", "abcdef");
    create_file(fixture.server.root(), "foo/b", &whole);
    create_file(fixture.local.path(), "foo/b.oxftp.part", &whole[..PART]);

    let report = fixture.client.download("foo").to(fixture.local.path()).resume(true).await.unwrap();

    let left = (LARGE - PART) as u64;
    assert_eq!((report.files, report.bytes, report.resumed), (2, 6 + left, PART as u64));
    assert_eq!(fs::read_to_string(fixture.local_path("foo/b")).unwrap(), whole);
    assert_eq!(files(&fixture.local_path("foo")), ["a", "b"]);
}

#[tokio::test]
async fn times_are_preserved_on_request() {
    let local = tempfile::tempdir().unwrap();
    let facts = "250-Listing\r\n type=file;size=1;modify=20200102030405; a\r\n250 End";
    let script = Script::new().expect("MLST a").reply(facts).type_image();
    let (server, mut client) = play(send_file(script, "RETR a", "x")).await;

    client.download("a").to(local.path()).preserve_times(true).await.unwrap();

    let modified = fs::metadata(local.path().join("a")).unwrap().modified().unwrap();
    assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_577_934_245);
    server.done().await;
}

#[tokio::test]
async fn unreadable_local_file_truncates_no_remote_file() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    let error = client.upload("/nonexistent/a").await.unwrap_err();
    assert!(
        matches!(&error, Error::LocalFs(local) if local.kind() == std::io::ErrorKind::NotFound),
        "{error}"
    );
    assert!(!error.is_not_found(), "the server has said nothing");

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn local_write_error_aborts_and_keeps_client_usable() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir_all(local.path().join("a.oxftp.part/in the way")).unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(1_000_000)).type_image();
    let script = open_transfer(script, "RETR a")
        .send("abc")
        .expect("ABOR")
        .reply("426 broken off")
        .reply("226 aborted");
    let (server, mut client) = play(with_sync_check(script.expect("NOOP").reply("200 ok"))).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::LocalFs(_)), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn small_file_write_error_keeps_client_usable() {
    let local = tempfile::tempdir().unwrap();
    fs::create_dir_all(local.path().join("a.oxftp.part/in the way")).unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let (server, mut client) = play(with_sync_check(send_file(script, "RETR a", "abcdef"))).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::LocalFs(_)), "{error:?}");
    assert!(!local.path().join("a").exists());
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn file_grown_since_listing_is_resumed_whole() {
    let local = tempfile::tempdir().unwrap();
    let content = "x".repeat(200_000);
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let script = send_file(script, "RETR a", content.clone()).expect("SIZE a").reply("213 200000");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(fs::read_to_string(local.path().join("a")).unwrap(), content);
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// Starts a download at the third byte, and sends one byte.
fn restarted(script: Script) -> Script {
    script.passive().expect("REST 2").reply("350 ok").expect("RETR a").reply("150 here").send("c")
}

#[tokio::test]
async fn restart_offset_is_reset_after_failed_transfer() {
    let failed = restarted(Script::new().type_image()).reset_data().reply("426 cut");
    let script = failed.passive().expect("REST 0").reply("350 ok").expect("RETR a").reply("150 here");
    let script = send_file(script.data("abcd").reply("226 done"), "RETR a", "abcd");
    let (server, mut client) = play(with_sync_check(script)).await;

    let mut stream = client.download_stream("a").offset(2).await.unwrap();
    let mut text = String::new();
    let error = stream.read_to_string(&mut text).await.unwrap_err();
    stream.fail(error).await;
    for _ in 0..2 {
        assert_eq!(get(&mut client, "a").await.unwrap(), b"abcd");
    }

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn partial_small_file_is_kept_for_resume() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let script =
        open_transfer(script, "RETR a").data("abc").reply("226 done").expect("SIZE a").reply("213 6");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.download("a").to(local.path()).await.unwrap_err();

    assert_eq!(fs::read(local.path().join("a.oxftp.part")).unwrap(), b"abc");
    assert!(!local.path().join("a").exists());
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn sticky_restart_offset_is_reset_after_abort() {
    let mut fixture = Fixture::new().await;
    create_file(fixture.server.root(), "a", "abcdef");
    create_file(fixture.server.root(), "large", &"x".repeat(30_000_000));
    for polite in [true, false] {
        let stream = fixture.client.download_stream("large").offset(3).await.unwrap();
        if polite {
            stream.abort().await.unwrap();
        } else {
            drop(stream);
        }
        assert_eq!(get(&mut fixture.client, "a").await.unwrap(), b"abcdef");
    }
}

#[tokio::test]
async fn file_named_like_partial_is_reported_on_download() {
    let mut fixture = Fixture::new().await;
    for name in ["foo/x", "foo/x.oxftp.part", "foo/x.part", "foo/y.oxftp.part"] {
        create_file(fixture.server.root(), name, name);
    }

    let error = fixture.client.download("foo").to(fixture.local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["foo/x.oxftp.part"]);
    assert_eq!(files(&fixture.local_path("foo")), ["x", "x.part", "y.oxftp.part"]);
    for name in ["x", "x.part", "y.oxftp.part"] {
        assert_eq!(fs::read_to_string(fixture.local_path("foo").join(name)).unwrap(), format!("foo/{name}"));
    }
}

#[tokio::test]
async fn user_file_is_not_taken_for_partial() {
    let mut fixture = Fixture::new().await;
    create_file(fixture.server.root(), "x", "abcdef");
    create_file(fixture.local.path(), "x.part", "mine");

    let report = fixture.client.download("x").to(fixture.local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (6, 0));
    assert_eq!(fs::read(fixture.local_path("x.part")).unwrap(), b"mine");
}
