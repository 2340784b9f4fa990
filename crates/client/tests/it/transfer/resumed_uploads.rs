//! Resumed uploads: only after the start of the same file, and otherwise whole.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use oxftp::{
    Client, Credentials, Error, HashAlgorithm, Pool, Progress, ProgressEvent, Report, Result,
    local_fs::LocalFs,
};
use oxftp_testing::{
    scripted::Script,
    servers::{ServerKind, TestServer},
};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::common::{
    self, content, embedded,
    local_files::files,
    login,
    scripts::{assert_in_sync, builder, open_transfer, play, play_with, receive_file, with_sync_check},
};

const SIZE: usize = 3 << 20;
const PART: usize = 2 << 20;
const OVERLAP: usize = 64 * 1024;

/// Creates the local file `a`, and an empty directory for records.
fn local(bytes: &[u8]) -> (TempDir, PathBuf, PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let (path, records) = (local.path().join("a"), local.path().join("records"));
    fs::write(&path, bytes).unwrap();
    (local, path, records)
}

async fn resume(client: &mut Client, path: &Path) -> Result<Report> {
    client.upload(path).resume(true).await
}

/// Starts a server that has this under the name `a`.
async fn server_with(bytes: &[u8]) -> TestServer {
    let server = embedded().await;
    fs::write(server.root().join("a"), bytes).unwrap();
    server
}

fn stored(server: &TestServer) -> Vec<u8> {
    fs::read(server.root().join("a")).unwrap()
}

/// Queries the size, and reads the end back.
fn compared(script: Script, there: &[u8]) -> Script {
    let script = script.type_image().expect("SIZE a").reply(format!("213 {}", there.len()));
    let from = there.len() - OVERLAP;
    let script = script.passive().expect(format!("REST {from}")).reply("350 ok").expect("RETR a");
    script.reply("150 here").data(&there[from..]).reply("226 done")
}

/// Logs in a client that records its uploads.
async fn recording(server: &TestServer, records: &Path) -> Client {
    common::login_with(common::builder(server).upload_records(records), server).await
}

/// Drops an upload after some bytes.
async fn interrupt(server: &TestServer, path: &Path, records: &Path, temporary: bool) {
    let mut client = recording(server, records).await;
    client.throttle().set_write_limit(Some(8 << 20));
    let enough = Arc::new(Enough::default());
    {
        let upload = client.upload(path).temporary(temporary).progress(enough.clone());
        tokio::select! {
            outcome = upload => panic!("{outcome:?}"),
            () = enough.reached.notified() => {}
        }
    }
    // After this the server has finished the upload.
    let _ = client.settle().await;
}

/// Notifies when some bytes are transferred.
#[derive(Debug, Default)]
struct Enough {
    bytes: AtomicU64,
    reached: Notify,
}

impl Progress for Enough {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { bytes, .. } = event
            && self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > 1 << 20
        {
            self.reached.notify_one();
        }
    }
}

#[tokio::test]
async fn recorded_upload_resumes_after_short_comparison() {
    let whole = content(SIZE);
    let (_local, path, records) = local(&whole);
    let server = server_with(b"").await;
    interrupt(&server, &path, &records, false).await;
    let there = stored(&server).len();
    assert!(there > OVERLAP && files(&records).len() == 1, "{there}");

    let report = resume(&mut recording(&server, &records).await, &path).await.unwrap();

    // The server may have been writing still.
    assert!(report.resumed >= there as u64 && report.bytes + report.resumed == SIZE as u64, "{report:?}");
    assert!(stored(&server) == whole);
    assert!(files(&records).is_empty());
}

/// The record tells that the local file has changed, although its end is the same.
#[tokio::test]
async fn changed_source_of_recorded_upload_is_sent_whole() {
    let mut whole = content(SIZE);
    let (_local, path, records) = local(&whole);
    let server = server_with(b"").await;
    interrupt(&server, &path, &records, false).await;
    whole[0] ^= 1;
    fs::write(&path, &whole).unwrap();

    let report = resume(&mut recording(&server, &records).await, &path).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
    assert!(stored(&server) == whole);
}

/// Two versions differ at one place only: at the start, in the middle, at the end, or after the end.
#[tokio::test]
async fn upload_never_joins_two_versions() {
    let whole = content(SIZE);
    for place in [0, PART / 2, PART - 1, PART - OVERLAP - 1] {
        for length in [PART, SIZE] {
            let mut there = whole[..length].to_vec();
            there[place] ^= 1;
            let (_local, path, _) = local(&whole);
            let server = server_with(&there).await;

            let report = resume(&mut login(&server).await, &path).await.unwrap();

            assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0), "{place} {length}");
            assert!(stored(&server) == whole, "{place} {length}");
        }
    }
}

#[tokio::test]
async fn unrecorded_start_of_same_file_is_resumed() {
    let whole = content(SIZE);
    for length in [OVERLAP + 1, PART, SIZE] {
        let (_local, path, _) = local(&whole);
        let server = server_with(&whole[..length]).await;

        let report = resume(&mut login(&server).await, &path).await.unwrap();

        assert_eq!((report.bytes, report.resumed), ((SIZE - length) as u64, length as u64));
        assert!(stored(&server) == whole);
    }
}

#[tokio::test]
async fn longer_or_short_file_is_replaced() {
    let whole = content(SIZE);
    for there in [content(SIZE + 1), content(OVERLAP), Vec::new()] {
        let (_local, path, _) = local(&whole);
        let server = server_with(&there).await;

        let report = resume(&mut login(&server).await, &path).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
        assert!(stored(&server) == whole);
    }
}

/// A file that was stored long after the last change of the local one is not read back.
#[tokio::test]
async fn whole_file_on_server_is_not_sent_again() {
    let whole = content(SIZE);
    let (_local, path, _) = local(&whole);
    let old = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().append(true).open(&path).unwrap().set_modified(old).unwrap();
    let script = compared_by_end(&whole).expect("MDTM a").reply("213 29991231235959");
    let (server, mut client) = play(with_sync_check(script)).await;

    let report = resume(&mut client, &path).await.unwrap();

    assert_eq!((report.files, report.bytes, report.resumed), (1, 0, SIZE as u64));
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// Asks for hashes first, which the server does not compute.
fn compared_by_end(there: &[u8]) -> Script {
    let script = Script::new().type_image().expect("SIZE a").reply(format!("213 {}", there.len()));
    let script = script.expect("FEAT").reply("211-Features:\r\n MDTM\r\n SIZE\r\n211 End");
    let from = there.len() - OVERLAP;
    let script = script.passive().expect(format!("REST {from}")).reply("350 ok").expect("RETR a");
    script.reply("150 here").data(&there[from..]).reply("226 done")
}

#[tokio::test]
async fn hash_of_stored_part_replaces_reading_it() {
    let whole = content(SIZE);
    let (_local, path, _) = local(&whole);
    let there = local(&whole[..PART]);
    let hash = oxftp::hash_file(&LocalFs::new(), &there.1, HashAlgorithm::Md5).await.unwrap();
    let script = Script::new().type_image().expect("SIZE a").reply(format!("213 {PART}"));
    let script = script.expect("FEAT").reply("211-Features:\r\n XMD5\r\n211 End");
    let script = script.expect("XMD5 \"a\"").reply(format!("250 {hash}"));
    let script = script.passive().expect(format!("REST {PART}")).reply("350 ok").expect("STOR a");
    let script = script.reply("150 here").expect_data(&whole[PART..]).reply("226 done");
    let (server, mut client) = play(size_is(script, SIZE)).await;

    let report = resume(&mut client, &path).await.unwrap();

    assert_eq!(report.resumed, PART as u64);
    server.done().await;
}

/// Plays a resumed upload of a recorded file up to the transfer.
async fn play_recorded(
    whole: &[u8],
    then: impl FnOnce(Script) -> Script,
) -> (TempDir, PathBuf, oxftp_testing::scripted::ScriptedServer, Client) {
    let (local, path, records) = local(whole);
    // A record belongs to a server and a port: it is made for the second server.
    let script = open_transfer(Script::new().type_image(), "STOR a").read(PART).reset_data();
    let script = script.reply("426 broken");
    let script = script.expect("SIZE a").reply(format!("213 {PART}"));
    let from = PART - OVERLAP;
    let script = script.passive().expect(format!("REST {from}")).reply("350 ok").expect("RETR a");
    let script = script.reply("150 here").data(&whole[from..PART]).reply("226 done");
    let (server, mut client) =
        play_with(builder().upload_records(records), with_sync_check(then(script))).await;
    client.upload(&path).await.unwrap_err();
    (local, path, server, client)
}

fn size_is(script: Script, size: usize) -> Script {
    script.expect("SIZE a").reply(format!("213 {size}"))
}

#[tokio::test]
async fn refused_rest_resumes_by_appe() {
    let whole = content(SIZE);
    let (_local, path, server, mut client) = play_recorded(&whole, |script| {
        let script = script.passive().expect(format!("REST {PART}")).reply("502 no");
        size_is(receive_file(script, "APPE a", &whole[PART..]), SIZE)
    })
    .await;

    let report = resume(&mut client, &path).await.unwrap();

    assert_eq!(report.resumed, PART as u64);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refused_resume_sends_whole_file() {
    for refusal in ["450 no", "501 no", "502 no", "550 no", "551 no", "553 no", "554 no"] {
        let whole = content(SIZE);
        let (_local, path, server, mut client) = play_recorded(&whole, |script| {
            let script = script.passive().expect(format!("REST {PART}")).reply("350 ok").expect("STOR a");
            let script = script.reply(refusal).passive().expect("REST 0").reply("350 ok").expect("APPE a");
            let script = script.reply(refusal).passive().expect("REST 0").reply("350 ok").expect("STOR a");
            size_is(script.reply("150 here").expect_data(&*whole).reply("226 done"), SIZE)
        })
        .await;

        let report = resume(&mut client, &path).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0), "{refusal}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

/// The server starts the file over with the rest of it.
#[tokio::test]
async fn appe_that_starts_over_sends_whole_file() {
    let whole = content(SIZE);
    let (_local, path, server, mut client) = play_recorded(&whole, |script| {
        let script = script.passive().expect(format!("REST {PART}")).reply("502 no");
        let script = size_is(receive_file(script, "APPE a", &whole[PART..]), SIZE - PART);
        size_is(receive_file(script, "STOR a", &*whole), SIZE)
    })
    .await;

    let report = resume(&mut client, &path).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn rest_ignored_before_stor_sends_whole_file() {
    let whole = content(SIZE);
    for size in ["213 1048576", "550 no such file", "451 no"] {
        let (_local, path, server, mut client) = play_recorded(&whole, |script| {
            let script = script.passive().expect(format!("REST {PART}")).reply("350 ok").expect("STOR a");
            let script = script.reply("150 here").expect_data(&whole[PART..]).reply("226 done");
            let script = script.expect("SIZE a").reply(size);
            size_is(receive_file(script, "STOR a", &*whole), SIZE)
        })
        .await;

        let report = resume(&mut client, &path).await.unwrap();

        assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0), "{size}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn full_disk_does_not_restart_resumed_upload() {
    let whole = content(SIZE);
    let (_local, path, server, mut client) = play_recorded(&whole, |script| {
        let script = script.passive().expect(format!("REST {PART}")).reply("350 ok").expect("STOR a");
        script.reply("552 disk full")
    })
    .await;

    let error = resume(&mut client, &path).await.unwrap_err();

    assert!(matches!(error, Error::StatusCode(_)), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

fn pool(address: std::net::SocketAddr) -> Pool {
    Pool::new(builder(), address, Credentials::anonymous()).size(1)
}

fn next_session() -> Script {
    Script::new().login().type_image()
}

/// Sends from a position, and loses the session after some more bytes.
fn cut(script: Script, verb: &str, bytes: usize) -> Script {
    open_transfer(script, verb).read(bytes).reset_data().close()
}

#[tokio::test]
async fn retry_continues_what_this_run_stored() {
    let whole = content(SIZE);
    let (_local, path, _) = local(&whole);
    let half = PART / 2;
    let first = cut(Script::new().login().type_image(), "STOR a", half);
    let second = cut(compared(Script::new().login(), &whole[..half]), "APPE a", PART - half);
    let last = receive_file(compared(Script::new().login(), &whole[..PART]), "APPE a", &whole[PART..]);
    let server = Script::start_each([first, second, size_is(last, SIZE)]).await;

    let report = pool(server.address()).upload(&path).await.unwrap();

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
    server.done().await;
}

/// A drop box does not send the files that it has.
#[tokio::test]
async fn retry_of_unreadable_upload_continues_own_bytes() {
    let whole = content(SIZE);
    let (_local, path, _) = local(&whole);
    let first = cut(Script::new().login().type_image(), "STOR a", PART);
    let last = size_is(next_session(), PART).passive().expect(format!("REST {}", PART - OVERLAP));
    let last = last.reply("350 ok").expect("RETR a").reply("550 Permission denied");
    let last = last.passive().expect("REST 0").reply("350 ok").expect("APPE a").reply("150 here");
    let last = size_is(last.expect_data(&whole[PART..]).reply("226 done"), SIZE);
    let server = Script::start_each([first, last]).await;

    pool(server.address()).upload(&path).await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn retry_does_not_continue_other_bytes() {
    let whole = content(SIZE);
    let (_local, path, _) = local(&whole);
    let mut other = whole[..PART].to_vec();
    other[PART - 1] ^= 1;
    let first = cut(Script::new().login().type_image(), "STOR a", PART);
    let last = size_is(compared(Script::new().login(), &other), PART);
    let last = receive_file(last, "STOR a", &*whole);
    let server = Script::start_each([first, size_is(last, SIZE)]).await;

    pool(server.address()).upload(&path).await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn retry_of_blocked_upload_succeeds() {
    for refusal in ["550 a: being used by another process", "553 a already exists"] {
        let (_local, path, _) = local(b"hello");
        let first = cut(Script::new().login().type_image(), "STOR a", 5);
        let second = next_session().passive().expect("STOR a").reply(refusal);
        let second = receive_file(second, "STOR a", "hello").expect("SIZE a").reply("213 5");
        let server = Script::start_each([first, second]).await;

        pool(server.address()).upload(&path).await.unwrap();

        server.done().await;
    }
}

#[tokio::test]
async fn temporary_upload_is_resumed_by_its_record() {
    let whole = content(SIZE);
    let (_local, path, records) = local(&whole);
    let server = server_with(b"old").await;
    interrupt(&server, &path, &records, true).await;
    assert_eq!(stored(&server), b"old");

    let mut client = recording(&server, &records).await;
    let report = client.upload(&path).temporary(true).resume(true).await.unwrap();

    assert!(report.resumed > 0, "{report:?}");
    assert!(stored(&server) == whole);
    assert_eq!(files(server.root()), ["a"]);
}

/// The session of the killed process may still write the older version.
#[cfg(unix)]
#[tokio::test]
async fn other_version_gets_another_temporary_name() {
    for resume in [false, true] {
        let (older, newer) = (content(SIZE), vec![b'n'; SIZE]);
        let (_local, path, records) = local(&older);
        let server = server_with(b"old").await;
        interrupt(&server, &path, &records, true).await;
        let names = files(server.root());
        let left = names.iter().find(|name| name.ends_with(oxftp::PART_SUFFIX)).unwrap();
        let session = fs::File::options().write(true).open(server.root().join(left)).unwrap();
        fs::write(&path, &newer).unwrap();

        let mut client = recording(&server, &records).await;
        // The older file appears again while the newer one is sent.
        let left = server.root().join(left);
        let again = move |event: ProgressEvent<'_>| {
            if let ProgressEvent::Advanced { .. } = event {
                fs::write(&left, "older").unwrap();
            }
        };
        client.upload(&path).temporary(true).resume(resume).progress(again).await.unwrap();
        std::os::unix::fs::FileExt::write_all_at(&session, &older, 0).unwrap();

        assert!(stored(&server) == newer, "the older version is under the final name");
        assert_eq!(files(server.root()), ["a"]);
    }
}

/// The server may still rename the temporary file for the session of the killed process.
#[tokio::test]
async fn killed_during_rename_uploads_under_another_name() {
    let (_local, path, records) = local(b"hello");
    let stored = |script: Script| {
        let script = script.passive().expect_start("STOR a.").reply("150 here").expect_data("hello");
        script.reply("226 done").expect_start("SIZE a.").reply("213 5")
    };
    let first = stored(Script::new().login().type_image()).expect_start("RNFR a.").close();
    let second = Script::new().login().expect_start("DELE a.").reply("550 it was renamed");
    let second = stored(second.type_image()).expect_start("RNFR a.").reply("350 go on");
    let second =
        second.expect("RNTO a").reply("250 renamed").expect_start("DELE a.").reply("550 it was renamed");
    let server = Script::start_each([first, second]).await;
    let upload = async || {
        let pool = Pool::new(builder().upload_records(&records), server.address(), Credentials::anonymous());
        pool.upload(&path).temporary(true).resume(true).retries(0).await
    };

    assert!(upload().await.unwrap_err().is_connection_lost());
    upload().await.unwrap();

    assert_eq!(fs::read_dir(&records).unwrap().count(), 0);
    server.done().await;
}

/// Two clients that upload to one name do not write to one temporary file.
#[tokio::test]
async fn simultaneous_temporary_uploads_store_one_whole() {
    let server = ServerKind::Embedded.start(oxftp_testing::servers::Protection::Plain).await.unwrap();
    let (one, other) = (vec![b'1'; SIZE], vec![b'2'; PART]);
    let (_first, first, records) = local(&one);
    let (_second, second, _) = local(&other);
    let upload = async |path: &Path| {
        let builder = common::builder(&server).write_limit(8 << 20).upload_records(&records);
        let mut client = common::login_with(builder, &server).await;
        client.upload(path).to("a").write_into(true).temporary(true).await.unwrap();
    };

    tokio::join!(upload(&first), upload(&second));

    let there = stored(&server);
    assert!(there == one || there == other, "{} bytes", there.len());
    assert_eq!(files(server.root()), ["a"]);
}

#[tokio::test]
async fn file_stored_under_other_case_is_error() {
    let (_local, path, _) = local(b"hello");
    let script = receive_file(Script::new().type_image(), "STOR a", "hello");
    let script = script.expect("SIZE a").reply("550 a: No such file or directory");
    let listed = common::scripts::send_file(script, "MLSD", "type=file;size=5; A\r\ntype=file;size=1; b\r\n");
    let (server, mut client) = play(with_sync_check(listed)).await;

    let error = client.upload(&path).await.unwrap_err();

    let Error::StoredElsewhere { path, stored } = &error else { panic!("{error:?}") };
    assert_eq!((&**path, &**stored), ("a", "A"));
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// A drop box shows nothing, or something else.
#[tokio::test]
async fn upload_into_drop_box_succeeds() {
    for listing in ["", "type=file;size=9; README\r\n"] {
        let (_local, path, _) = local(b"hello");
        let script = receive_file(Script::new().type_image(), "STOR a", "hello");
        let script = script.expect("SIZE a").reply("550 a: No such file or directory");
        let script = common::scripts::send_file(script, "MLSD", listing);
        let script = match listing {
            "" => common::scripts::send_file(script, "LIST", ""),
            _ => script,
        };
        let script = receive_file(script, "STOR a", "hello").expect("SIZE a").reply("550 No such file");
        let (server, mut client) = play(with_sync_check(script)).await;

        client.upload(&path).await.unwrap();
        // The listing is not asked for again.
        client.upload(&path).await.unwrap();

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

/// The server still writes the bytes that it received over the lost session.
#[tokio::test]
async fn growing_upload_is_compared_again() {
    let whole = content(SIZE);
    let (_local, path, _) = local(&whole);
    let half = PART / 2;
    let first = cut(Script::new().login().type_image(), "STOR a", PART);
    let script = next_session().expect("SIZE a").reply(format!("213 {half}")).passive();
    let script = script.expect(format!("REST {}", half - OVERLAP)).reply("350 ok").expect("RETR a");
    let script = script.reply("150 here").data(&whole[half - OVERLAP..half + 10]).reply("226 done");
    let script = script.expect("ABOR").reply("226 done").expect("NOOP").reply("200 ok");
    let script = size_is(script, PART).passive().expect(format!("REST {}", PART - OVERLAP)).reply("350 ok");
    let script = script.expect("RETR a").reply("150 here").data(&whole[PART - OVERLAP..PART]);
    let script = receive_file(script.reply("226 done"), "APPE a", &whole[PART..]);
    let server = Script::start_each([first, size_is(script, SIZE)]).await;

    pool(server.address()).upload(&path).await.unwrap();

    server.done().await;
}
