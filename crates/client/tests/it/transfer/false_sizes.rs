//! Servers that report a false size: a resumed or segmented transfer becomes a whole one, and no file gets its final
//! name with wrong bytes.

use std::{fs, path::Path, sync::LazyLock};

use oxftp::{Credentials, Pool, Report, Result};
use oxftp_testing::{
    fragile::{Fault, Fragile, FragileServer},
    scripted::Script,
};

use crate::common::{
    content,
    local_files::files,
    scripts::{assert_in_sync, builder, open_transfer, play_with, receive_file, with_sync_check},
};

const SIZE: usize = (9 << 20) + 7;
const PART: usize = 5 << 20;
const OVERLAP: usize = 64 * 1024;

static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| content(SIZE));

/// Starts a server whose `MLST` and `SIZE` report these sizes of the file `a`.
fn server(listed: usize, size: usize) -> FragileServer {
    let listing = format!("250-Entry\r\n type=file;size={listed};modify=20240102030405; /a\r\n250 End");
    let server = Fragile::new().file("/a", CONTENT.clone()).on("MLST", Fault::Reply(listing));
    server.on("SIZE", Fault::Reply(format!("213 {size}"))).start()
}

async fn download(server: &FragileServer, local: &Path, segments: usize, resume: bool) -> Result<Report> {
    let pool = Pool::new(builder(), server.address(), Credentials::anonymous()).size(4);
    pool.download("a").to(local).segments(segments).resume(resume).retries(2).await
}

#[tokio::test]
async fn false_listed_size_downloads_whole_file() {
    for listed in [SIZE - (1 << 20), SIZE - 1, SIZE + 1, SIZE + (8 << 20)] {
        for segments in [1, 2] {
            for part in [None, Some(PART)] {
                let local = tempfile::tempdir().unwrap();
                if let Some(part) = part {
                    fs::write(local.path().join("a.oxftp.part"), &CONTENT[..part]).unwrap();
                }
                let server = server(listed, SIZE);

                let outcome = download(&server, local.path(), segments, part.is_some()).await;

                assert!(outcome.is_ok(), "{listed} {segments} {part:?}: {outcome:?}");
                assert!(fs::read(local.path().join("a")).unwrap() == *CONTENT);
                assert_eq!(files(local.path()), ["a"], "{listed} {segments} {part:?}");
            }
        }
    }
}

#[tokio::test]
async fn false_size_never_gives_a_final_name() {
    for claimed in [1, SIZE - (1 << 20), SIZE - 1, SIZE + 1, SIZE + (8 << 20)] {
        for segments in [1, 2] {
            for part in [None, Some(PART), Some(SIZE)] {
                let local = tempfile::tempdir().unwrap();
                if let Some(part) = part {
                    fs::write(local.path().join("a.oxftp.part"), &CONTENT[..part]).unwrap();
                }
                let server = server(claimed, claimed);

                let outcome = download(&server, local.path(), segments, part.is_some()).await;

                assert!(outcome.is_err(), "{claimed} {segments} {part:?}: {outcome:?}");
                assert!(!local.path().join("a").exists(), "{claimed} {segments} {part:?}");
            }
        }
    }
}

/// Resumes an upload whose first attempt stored `PART` bytes, on a server that does not send the file back.
async fn resume_unreadable(then: impl FnOnce(Script) -> Script) -> Report {
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("a");
    fs::write(&path, &*CONTENT).unwrap();
    let script = open_transfer(Script::new().type_image(), "STOR a").read(PART).reset_data();
    let script = with_sync_check(then(script.reply("426 broken")));
    let (server, mut client) =
        play_with(builder().upload_records(local.path().join("records")), script).await;
    client.upload(&path).await.unwrap_err();

    let report = client.upload(&path).resume(true).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
    report
}

fn unreadable(script: Script, size: usize, modified: &str) -> Script {
    let script = script.expect("SIZE a").reply(format!("213 {size}")).passive();
    let script = script.expect(format!("REST {}", size - OVERLAP)).reply("350 ok").expect("RETR a");
    script.reply("550 Permission denied").expect("MDTM a").reply(modified)
}

/// Queries the size again, and sends the whole file.
fn whole(script: Script, size: usize) -> Script {
    let script = script
        .expect("SIZE a")
        .reply(format!("213 {size}"))
        .passive()
        .expect("REST 0")
        .reply("350 ok")
        .expect("STOR a")
        .reply("150 here");
    script.expect_data(&**CONTENT).reply("226 done").expect("SIZE a").reply(format!("213 {SIZE}"))
}

/// By `REST`, the file would have the right size and a hole.
#[tokio::test]
async fn unreadable_upload_is_appended_to() {
    let claimed = PART + 100_000;
    let report = resume_unreadable(|script| {
        let script = unreadable(script, claimed, "213 29990101000000").passive();
        let script = script.expect("REST 0").reply("350 ok").expect("APPE a").reply("150 here");
        let script = script.expect_data(&CONTENT[claimed..]).reply("226 done");
        let script = script.expect("SIZE a").reply(format!("213 {}", SIZE - 100_000));
        receive_file(script, "STOR a", &**CONTENT).expect("SIZE a").reply(format!("213 {SIZE}"))
    })
    .await;

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
}

/// A server that stores under a hidden name still shows the last version.
#[tokio::test]
async fn older_unreadable_version_is_not_resumed() {
    for size in [PART, SIZE] {
        let report =
            resume_unreadable(|script| whole(unreadable(script, size, "213 20010101000000"), size)).await;

        assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0), "{size}");
    }
}

#[tokio::test]
async fn unreadable_upload_of_full_size_needs_its_time() {
    let report = resume_unreadable(|script| whole(unreadable(script, SIZE, "502 what?"), SIZE)).await;

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
}
