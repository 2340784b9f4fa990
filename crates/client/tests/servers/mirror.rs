//! Mirrors in both directions on every server and protection: copied, unchanged and deleted entries.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use oxftp::{
    Client, Credentials, Pipelining, Pool, Report, Timestamp,
    mirror::{Compare, Delete, Mirror},
};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
    tree::{TreeOptions, compare_trees, make_tree},
};

use crate::common::{
    builder, content, embedded,
    local_files::{create_file, files},
    pool_with,
};

server_tests! {
    mirror_down_of_difficult_names_is_idempotent,
    mirror_up_of_difficult_names_is_idempotent,
    mirror_down_copies_changes_and_deletes_extraneous,
    mirror_up_copies_changes_and_deletes_extraneous,
    dry_run_reports_steps_and_changes_nothing,
    mirror_across_one_server_goes_through_client,
}

fn pool(server: &TestServer) -> Pool {
    pool_with(builder(server), server).size(3)
}

/// Runs a mirror; returns its report, and its steps as sorted lines.
async fn run(mirror: Mirror<'_>) -> (Report, Vec<String>) {
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let lines = recorded.clone();
    let report = mirror.on_step(move |step| lines.lock().unwrap().push(step.to_string())).await.unwrap();
    let mut lines = std::mem::take(&mut *recorded.lock().unwrap());
    lines.sort();
    (report, lines)
}

fn counts(report: &Report) -> [u64; 4] {
    [report.files, report.directories, report.deleted, report.unchanged]
}

/// Creates a file with a modification time this many days ago, at an odd second.
fn create_old_file(root: &Path, file: &str, content: &str, days: u64) {
    create_file(root, file, content);
    let old = SystemTime::now() - Duration::from_secs(days * 86_400 + 17);
    fs::File::options().write(true).open(root.join(file)).unwrap().set_modified(old).unwrap();
}

/// Creates a source of four files, new and old, and an empty directory.
fn create_source(root: &Path) {
    create_old_file(root, "a", "same", 3);
    create_old_file(root, "sub/b", "old and long", 400);
    create_old_file(root, "sub/deep/c", "deep", 30);
    create_old_file(root, ".hidden", "dot", 1);
    fs::create_dir(root.join("empty")).unwrap();
}

/// Changes one file with the same size and one with another size, adds one, and removes one.
fn change_source(root: &Path) {
    create_old_file(root, "a", "SAME", 2);
    create_old_file(root, "sub/b", "longer than it was", 1);
    create_file(root, "sub/new", "new");
    fs::remove_dir_all(root.join("sub/deep")).unwrap();
}

async fn mirror_down_of_difficult_names_is_idempotent(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    let source = server.root().join("tree");
    fs::create_dir(&source).unwrap();
    make_tree(&source, &TreeOptions::fit_for(server.kind(), 80)).unwrap();
    server.hand_over().unwrap();
    let pool = pool(server);

    let first = pool.mirror_down("tree", local.path().join("copy")).await.unwrap();
    let second = pool.mirror_down("tree", local.path().join("copy")).await.unwrap();

    compare_trees(&source, &local.path().join("copy")).unwrap();
    assert_eq!((first.files, first.unchanged), (80, 0));
    assert_eq!(counts(&second), [0, 0, 0, 80]);
    pool.close().await;
}

async fn mirror_up_of_difficult_names_is_idempotent(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    make_tree(local.path(), &TreeOptions::fit_for(server.kind(), 80)).unwrap();
    let pool = pool(server);

    let first = pool.mirror_up(local.path(), "copy").await.unwrap();
    let second = pool.mirror_up(local.path(), "copy").delete(Delete::After).await.unwrap();

    compare_trees(local.path(), &server.root().join("copy")).unwrap();
    assert_eq!((first.files, first.unchanged), (80, 0));
    assert_eq!(counts(&second), [0, 0, 0, 80]);
    pool.close().await;
}

async fn mirror_down_copies_changes_and_deletes_extraneous(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    let (source, target) = (server.root().join("tree"), local.path().join("copy"));
    create_source(&source);
    server.hand_over().unwrap();
    let pool = pool(server);
    pool.mirror_down("tree", &target).await.unwrap();
    change_source(&source);
    server.hand_over().unwrap();

    let (kept, steps) = run(pool.mirror_down("tree", &target)).await;
    assert!(target.join("sub/deep/c").exists());
    let (report, deletions) = run(pool.mirror_down("tree", &target).delete(Delete::After)).await;

    assert_eq!(counts(&kept), [3, 0, 0, 1], "{steps:?}");
    assert_eq!(counts(&report), [0, 0, 2, 4], "{deletions:?}");
    assert_eq!(deletions, ["delete sub/deep/c (not in the source)", "rmdir sub/deep (not in the source)"]);
    compare_trees(&source, &target).unwrap();
    assert_eq!(seconds(&target.join("sub/b")), seconds(&source.join("sub/b")));
    pool.close().await;
}

/// Returns the modification time of a file in seconds.
fn seconds(file: &Path) -> u64 {
    let modified = fs::metadata(file).unwrap().modified().unwrap();
    modified.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

async fn mirror_up_copies_changes_and_deletes_extraneous(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    create_source(local.path());
    let pool = pool(server);
    pool.mirror_up(local.path(), "into/copy").await.unwrap();
    change_source(local.path());
    // On servers that cannot set times, only changes after the first mirror are detected.
    create_file(local.path(), "a", "SAME but longer");

    let (report, steps) = run(pool.mirror_up(local.path(), "into/copy").delete(Delete::Before)).await;
    let (again, rest) = run(pool.mirror_up(local.path(), "into/copy").delete(Delete::Before)).await;

    assert_eq!(counts(&report), [3, 0, 2, 1], "{steps:?}");
    assert_eq!(counts(&again), [0, 0, 0, 4], "{rest:?}");
    compare_trees(local.path(), &server.root().join("into/copy")).unwrap();
    pool.close().await;
}

async fn dry_run_reports_steps_and_changes_nothing(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    create_source(&local.path().join("source"));
    create_file(server.root(), "copy/sub/other", "x");
    create_file(server.root(), "copy/gone/deep/x", "x");
    server.hand_over().unwrap();
    let pool = pool(server);
    let before = files(server.root());

    let mirror = pool.mirror_up(local.path().join("source"), "copy").delete(Delete::After);
    let (planned, plan) = run(mirror.dry_run(true)).await;
    assert_eq!(files(server.root()), before);
    let (done, steps) = run(pool.mirror_up(local.path().join("source"), "copy").delete(Delete::After)).await;
    let (_, down) = run(pool.mirror_down("copy", local.path().join("nowhere")).dry_run(true)).await;

    assert_eq!(plan, steps);
    assert_eq!((counts(&planned), planned.bytes), (counts(&done), 0));
    assert_eq!(counts(&done), [4, 2, 4, 0]);
    assert!(!local.path().join("nowhere").exists() && down.len() == 8, "{down:?}");
    pool.close().await;
}

#[tokio::test]
async fn hash_comparison_finds_same_size_and_time_change() {
    let mut options = ServerOptions::new(Protection::Plain);
    options.hashes = true;
    let Some(server) = available(ServerKind::ProFtpd.start_with(options).await) else { return };
    let local = tempfile::tempdir().unwrap();
    for (root, content) in [(&*server.root().join("tree"), "abc"), (local.path(), "xyz")] {
        create_file(root, "differs", content);
        create_file(root, "same", "same");
        for file in ["differs", "same"] {
            let file = fs::File::options().write(true).open(root.join(file)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
        }
    }
    server.hand_over().unwrap();
    let pool = pool(&server);

    let by_time = pool.mirror_down("tree", local.path()).await.unwrap();
    let (by_hash, steps) = run(pool.mirror_down("tree", local.path()).compare(Compare::Hash)).await;

    assert_eq!(counts(&by_time), [0, 0, 0, 2]);
    assert_eq!(steps, ["transfer differs (content differs)"]);
    assert_eq!(counts(&by_hash), [1, 0, 0, 1]);
}

#[tokio::test]
async fn compare_size_and_compare_newer_skip_files() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    create_old_file(server.root(), "tree/older", "longer", 9);
    create_old_file(local.path(), "older", "old", 1);
    create_old_file(server.root(), "tree/newer", "new", 1);
    create_old_file(local.path(), "newer", "old", 9);
    let pool = pool(&server);

    let by_size = pool.mirror_down("tree", local.path()).compare(Compare::Size).dry_run(true);
    let by_age = pool.mirror_down("tree", local.path()).compare(Compare::Newer).dry_run(true);

    assert_eq!(run(by_size).await.1, ["transfer older (size differs: 6, 3)"]);
    assert_eq!(run(by_age).await.1, ["transfer newer (source is newer)"]);
}

#[tokio::test]
async fn file_named_like_partial_survives_mirror() {
    let (server, local) = (embedded().await, tempfile::tempdir().unwrap());
    create_old_file(server.root(), "tree/x", "first", 3);
    create_old_file(server.root(), "tree/x.oxftp.part", "of its own", 3);
    let pool = pool(&server);
    pool.mirror_down("tree", local.path()).await.unwrap();
    create_old_file(server.root(), "tree/x", "second", 2);

    pool.mirror_down("tree", local.path()).await.unwrap();

    compare_trees(&server.root().join("tree"), local.path()).unwrap();
}

/// `LIST` shows local time two hours east of UTC, and `MDTM` the same time in UTC.
#[tokio::test]
async fn times_are_compared_in_server_time_zone() {
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "a", "x");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 60 * 60;
    let there = (now - 86_400) as i64;
    let file = fs::File::options().write(true).open(local.path().join("a")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(now - 86_400 + 30)).unwrap();
    let line = format!("-rw-r--r-- 1 u g 1 {} a\r\n", unix_date(there + 7200));
    let recorded = Timestamp::from_unix(there + 30, 0).unwrap().to_mlsx();
    let script = Script::new().login().expect("PWD").reply("257 \"/\"");
    let script = script.expect("CWD d").reply("250 in").expect("CWD /").reply("250 back").type_image();
    let script = script.passive().expect("MLSD d").reply("500 what?").passive();
    let script = script.expect("LIST d").reply("150 here").data(line).reply("226 done");
    let server = script.expect("MDTM d/a").reply(format!("213 {recorded}")).start().await;
    let pool = Pool::new(
        Client::builder().pipelining(Pipelining::Off).list_all(false),
        server.address(),
        Credentials::anonymous(),
    )
    .size(1);

    let report = pool.mirror_down("d", local.path()).await.unwrap();

    assert_eq!(counts(&report), [0, 0, 0, 1]);
    server.done().await;
}

#[tokio::test]
async fn coarse_time_is_checked_with_mdtm_before_download() {
    let local = tempfile::tempdir().unwrap();
    create_file(local.path(), "a", "x");
    let file = fs::File::options().write(true).open(local.path().join("a")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_110_430)).unwrap();
    let script = Script::new().login().expect("PWD").reply("257 \"/\"");
    let script = script.expect("CWD d").reply("250 in").expect("CWD /").reply("250 back").type_image();
    let script = script.passive().expect("MLSD d").reply("150 here");
    let script = script.data("type=file;size=1;modify=202401011300; a\r\n").reply("226 done");
    let server = script.expect("MDTM d/a").reply("213 20240101120030").start().await;
    let pool = Pool::new(
        Client::builder().pipelining(Pipelining::Off).list_all(false),
        server.address(),
        Credentials::anonymous(),
    )
    .size(1);

    let report = pool.mirror_down("d", local.path()).await.unwrap();

    assert_eq!(counts(&report), [0, 0, 0, 1]);
    server.done().await;
}

/// Formats a time like `ls -l` does for files of the last six months.
fn unix_date(seconds: i64) -> String {
    let time = Timestamp::from_unix(seconds, 0).unwrap();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months[usize::from(time.month()) - 1];
    format!("{month} {:>2} {:02}:{:02}", time.day(), time.hour(), time.minute())
}

async fn mirror_across_one_server_goes_through_client(server: &TestServer) {
    create_source(&server.root().join("tree"));
    fs::write(server.root().join("tree/large"), content(700_000)).unwrap();
    server.hand_over().unwrap();
    let pool = pool(server);

    let first = pool.mirror_across("tree", &pool, "copy").await.unwrap();
    compare_trees(&server.root().join("tree"), &server.root().join("copy")).unwrap();
    fs::remove_file(server.root().join("tree/a")).unwrap();
    let second = pool.mirror_across("tree", &pool, "copy").delete(Delete::After).await.unwrap();

    assert_eq!(counts(&first), [5, 4, 0, 0]);
    assert_eq!(counts(&second), [0, 0, 1, 4]);
    compare_trees(&server.root().join("tree"), &server.root().join("copy")).unwrap();
    pool.close().await;
}
