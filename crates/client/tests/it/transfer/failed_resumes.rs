//! Downloads that cannot be resumed: the whole file is transferred in the same run.

use std::{fs, path::Path};

use oxftp::{Credentials, Error, Pool};
use oxftp_testing::scripted::Script;
use tempfile::TempDir;

use crate::common::{
    content,
    local_files::files,
    scripts::{assert_in_sync, builder, mlst_file, open_transfer, play, send_file, with_sync_check},
};

const LARGE: usize = 200_000;
const PART: usize = 150_000;
const OFFSET: usize = PART - 64 * 1024;

/// Creates a directory with a partial file.
fn with_part(part: &[u8]) -> TempDir {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a.oxftp.part"), part).unwrap();
    local
}

/// Looks the file up, and accepts a restart within the partial file.
fn restarted() -> Script {
    let script = Script::new().expect("MLST a").reply(mlst_file(LARGE as u64)).type_image().passive();
    script.expect(format!("REST {OFFSET}")).reply("350 ok").expect("RETR a")
}

/// Sends the whole file, after the offset was reset.
fn whole_after_reset(script: Script, data: impl Into<Vec<u8>>) -> Script {
    let script = script.passive().expect("REST 0").reply("350 ok").expect("RETR a").reply("150 here");
    with_sync_check(script.data(data).reply("226 done"))
}

fn check(local: &Path, expected: &[u8]) {
    assert!(fs::read(local.join("a")).unwrap() == expected, "the file is another");
    assert_eq!(files(local), ["a"]);
}

#[tokio::test]
async fn retr_refused_after_rest_downloads_whole_file() {
    let whole = content(LARGE);
    for refusal in ["450 busy", "501 bad offset", "550 no restart", "551 no", "554 invalid offset", "451 no"]
    {
        let local = with_part(&whole[..PART]);
        let (server, mut client) = play(whole_after_reset(restarted().reply(refusal), &*whole)).await;

        let report = client.download("a").to(local.path()).resume(true).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (LARGE as u64, 0), "{refusal}");
        check(local.path(), &whole);
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn resume_refused_in_final_reply_downloads_whole() {
    let whole = content(LARGE);
    let local = with_part(&whole[..PART]);
    let script = restarted().reply("150 here").close_data().reply("554 invalid offset");
    let script = script.passive().expect("REST 0").reply("350 ok").expect("RETR a").reply("150 here");
    let (server, mut client) = play(script.data(&*whole).reply("226 done")).await;

    client.download("a").to(local.path()).resume(true).await.unwrap();

    check(local.path(), &whole);
    server.done().await;
}

/// The bytes that are compared are equal everywhere in the file.
#[tokio::test]
async fn ignored_rest_in_uniform_file_downloads_whole() {
    let whole = vec![0; LARGE];
    let local = with_part(&whole[..PART]);
    let script = restarted().reply("150 here").data(&*whole).reply("226 done");
    let script = script.expect("SIZE a").reply(format!("213 {LARGE}"));
    let (server, mut client) = play(with_sync_check(send_file(script, "RETR a", &*whole))).await;

    let report = client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (LARGE as u64, 0));
    check(local.path(), &whole);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn file_that_shrank_is_not_resumed() {
    let whole = content(LARGE);
    let shrunken = content(OFFSET + 1000);
    let local = with_part(&whole[..PART]);
    let script = restarted().reply("150 here").data(&shrunken[OFFSET..]).reply("226 done");
    let script = script.passive().expect("REST 0").reply("350 ok").expect("RETR a").reply("150 here");
    let script = script.data(&*shrunken).reply("226 done").expect("SIZE a");
    let (server, mut client) = play(script.reply(format!("213 {}", shrunken.len()))).await;

    client.download("a").to(local.path()).resume(true).await.unwrap();

    check(local.path(), &shrunken);
    server.done().await;
}

#[tokio::test]
async fn missing_file_is_reported_after_resume() {
    let local = with_part(&content(PART));
    let script = restarted().reply("550 No such file").passive().expect("REST 0").reply("350 ok");
    let (server, mut client) = play(with_sync_check(script.expect("RETR a").reply("550 No such file"))).await;

    let error = client.download("a").to(local.path()).resume(true).await.unwrap_err();

    assert!(matches!(error, Error::StatusCode(_)), "{error:?}");
    assert_eq!(files(local.path()), ["a.oxftp.part"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// A server that dies from `REST` would defeat every retry.
#[tokio::test]
async fn resume_that_ends_sessions_is_given_up() {
    let whole = content(LARGE);
    let local = with_part(&whole[..PART]);
    let found = Script::new().login().expect("MLST a").reply(mlst_file(LARGE as u64)).type_image().passive();
    let first = found.expect(format!("REST {OFFSET}")).reply("350 ok").expect("RETR a").close();
    let again = Script::new().login().type_image().passive();
    let again = again.expect(format!("REST {OFFSET}")).reply("350 ok").expect("RETR a").close();
    let last = send_file(Script::new().login().type_image(), "RETR a", &*whole);
    let server = Script::start_each([first, again, last]).await;
    let pool = Pool::new(builder(), server.address(), Credentials::anonymous()).size(1);

    let report = pool.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (LARGE as u64, 0));
    check(local.path(), &whole);
    server.done().await;
}

#[tokio::test]
async fn lost_session_keeps_partial_file_for_resume() {
    let whole = content(LARGE);
    let local = with_part(&whole[..PART]);
    let found = Script::new().login().expect("MLST a").reply(mlst_file(LARGE as u64)).type_image().passive();
    let first = found.expect(format!("REST {OFFSET}")).reply("350 ok").expect("RETR a").close();
    let again = Script::new().login().type_image().passive();
    let again = again.expect(format!("REST {OFFSET}")).reply("350 ok").expect("RETR a").reply("150 here");
    let server = Script::start_each([first, again.data(&whole[OFFSET..]).reply("226 done")]).await;
    let pool = Pool::new(builder(), server.address(), Credentials::anonymous()).size(1);

    let report = pool.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!(report.resumed, PART as u64);
    check(local.path(), &whole);
    server.done().await;
}

/// The server still holds the file for the session that was lost.
#[tokio::test]
async fn refusal_after_lost_session_is_retried() {
    for refusal in ["550 x: being used by another process", "550 a: File already exists"] {
        let local = tempfile::tempdir().unwrap();
        let script = Script::new().login().expect("MLST a").reply(mlst_file(6)).type_image();
        let lost = open_transfer(script, "RETR a").send("abc").reset_data().close();
        let next = Script::new().login().type_image().passive().expect("RETR a").reply(refusal);
        let server = Script::start_each([lost, send_file(next, "RETR a", "abcdef")]).await;
        let pool = Pool::new(builder(), server.address(), Credentials::anonymous()).size(1);

        pool.download("a").to(local.path()).await.unwrap();

        check(local.path(), b"abcdef");
        server.done().await;
    }
}
