//! Resumed downloads of files that have their final name already: whole, or left incomplete by another program.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use oxftp::Report;

use crate::common::{
    content,
    local_files::{create_file, files},
    scripts::{mlst_file, play, send_file},
};
use crate::fixture::Fixture;
use oxftp_testing::scripted::Script;

const SIZE: usize = 3 << 20;
const PART: usize = 2 << 20;

/// Starts a server with the file `a`, and creates a local one under the same name that is this much newer.
async fn started(there: &[u8], here: &[u8], newer: i64) -> Fixture {
    let fixture = Fixture::new().await;
    let remote = fixture.server.root().join("a");
    fs::write(&remote, there).unwrap();
    date(&remote, 1_700_000_000);
    fs::write(fixture.local_path("a"), here).unwrap();
    date(&fixture.local_path("a"), (1_700_000_000 + newer).try_into().unwrap());
    fixture
}

fn date(path: &Path, seconds: u64) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
}

async fn resume(fixture: &mut Fixture) -> Report {
    resume_of(fixture, "a").await
}

async fn resume_of(fixture: &mut Fixture, path: &str) -> Report {
    fixture.client.download(path).to(fixture.local.path()).resume(true).preserve_times(true).await.unwrap()
}

fn check(fixture: &Fixture, expected: &[u8]) {
    assert!(fs::read(fixture.local_path("a")).unwrap() == expected, "the file is another");
    assert_eq!(files(fixture.local.path()), ["a"]);
}

#[tokio::test]
async fn resume_of_whole_file_moves_nothing() {
    for size in [0, 5, SIZE] {
        let whole = content(size);
        let mut fixture = started(&whole, &whole, 0).await;

        let report = resume(&mut fixture).await;

        assert_eq!((report.files, report.bytes, report.resumed), (1, 0, size as u64));
        check(&fixture, &whole);
    }
}

#[tokio::test]
async fn resume_of_whole_tree_moves_nothing() {
    let mut fixture = Fixture::new().await;
    create_file(fixture.server.root(), "d/x", "abc");
    create_file(fixture.server.root(), "d/sub/y", "defg");
    resume_of(&mut fixture, "d").await;

    let report = resume_of(&mut fixture, "d").await;

    assert_eq!((report.files, report.bytes, report.resumed), (2, 0, 7));
}

#[tokio::test]
async fn resume_without_time_trusts_equal_size() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a"), "abcdef").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).expect("MDTM a").reply("502 no");
    let (server, mut client) = play(script).await;

    let report = client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (0, 6));
    server.done().await;
}

#[tokio::test]
async fn download_without_resume_replaces_whole_file() {
    let whole = content(SIZE);
    let mut fixture = started(&whole, &whole, 0).await;

    let report = fixture.download("a", "", false).await;

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
}

#[tokio::test]
async fn file_left_by_other_program_is_resumed() {
    let whole = content(SIZE);
    let mut fixture = started(&whole, &whole[..PART], 60).await;

    let report = resume(&mut fixture).await;

    assert_eq!((report.bytes, report.resumed), ((SIZE - PART) as u64, PART as u64));
    check(&fixture, &whole);
}

/// Another program does not set the time of a file that it has completed.
#[tokio::test]
async fn whole_file_of_other_time_is_compared() {
    let whole = content(SIZE);
    let mut fixture = started(&whole, &whole, 60).await;

    let report = resume(&mut fixture).await;

    assert_eq!((report.bytes, report.resumed), (0, SIZE as u64));
    let modified = fs::metadata(fixture.local_path("a")).unwrap().modified().unwrap();
    assert_eq!(modified.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), 1_700_000_000);
    check(&fixture, &whole);
}

#[tokio::test]
async fn older_version_is_not_resumed() {
    let whole = content(SIZE);
    for length in [PART, SIZE] {
        // Only the beginning differs, which a comparison of the ends cannot detect.
        let mut here = whole[..length].to_vec();
        here[0] ^= 1;
        let mut fixture = started(&whole, &here, -60).await;

        let report = resume(&mut fixture).await;

        assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
        check(&fixture, &whole);
    }
}

#[tokio::test]
async fn final_file_with_other_end_is_not_resumed() {
    let whole = content(SIZE);
    let mut here = whole[..PART].to_vec();
    here[PART - 1] ^= 1;
    let mut fixture = started(&whole, &here, 60).await;

    let report = resume(&mut fixture).await;

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
    check(&fixture, &whole);
}

/// The final name never holds less than before.
#[tokio::test]
async fn failed_resume_keeps_the_final_file() {
    let whole = content(SIZE);
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a"), &whole[..PART]).unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(SIZE as u64));
    let script = script.expect("MDTM a").reply("502 no").type_image().passive();
    let script = script.expect(format!("REST {}", PART - 64 * 1024)).reply("350 ok").expect("RETR a");
    let script = script.reply("150 here").send(&whole[PART - 64 * 1024..PART + 1000]).reset_data();
    let (server, mut client) = play(script.reply("426 broken")).await;

    client.download("a").to(local.path()).resume(true).await.unwrap_err();

    assert!(fs::read(local.path().join("a")).unwrap() == whole[..PART]);
    assert!(fs::metadata(local.path().join("a.oxftp.part")).unwrap().len() >= PART as u64);
    server.done().await;
}

#[tokio::test]
async fn smaller_file_on_server_is_downloaded_whole() {
    let mut fixture = started(&content(PART), &content(SIZE), 60).await;

    let report = resume(&mut fixture).await;

    assert_eq!((report.bytes, report.resumed), (PART as u64, 0));
    check(&fixture, &content(PART));
}

#[tokio::test]
async fn short_final_file_is_downloaded_whole() {
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("a"), "xyz").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let (server, mut client) = play(send_file(script, "RETR a", "abcdef")).await;

    let report = client.download("a").to(local.path()).resume(true).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (6, 0));
    server.done().await;
}
