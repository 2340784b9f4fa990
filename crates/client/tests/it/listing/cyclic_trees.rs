//! Cyclic trees, in which each directory lists the same entries as its ancestors, next to a normal directory.

use std::{collections::VecDeque, fs};

use oxftp::{Credentials, Error, Limits, Pipelining, Pool, Report, mirror::Delete};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{
    assert_in_sync, builder, mlst_dir, play, play_with, send_file, with_sync_check,
};

/// Returns the listing of a directory of the tree `t`: `t/e` is cyclic, and `t/h` has a file at depth.
fn listing(path: &str) -> String {
    match path {
        "t" => "type=dir; e\r\ntype=dir; h\r\n".to_owned(),
        "t/h/1/2/3/4/5" => "type=file;size=1;modify=20240101120000; x\r\n".to_owned(),
        _ if path.starts_with("t/h") => format!("type=dir; {}\r\n", depth(path)),
        _ => (0..10).map(|number| format!("type=dir; {number}\r\n")).collect(),
    }
}

fn below(path: &str) -> Vec<String> {
    let names = listing(path);
    let names = names.lines().filter(|line| line.starts_with("type=dir"));
    names.map(|line| format!("{path}/{}", line.rsplit(' ').next().unwrap())).collect()
}

fn depth(path: &str) -> usize {
    path.split('/').count() - 1
}

/// The order of listing a tree: breadth first until directories look identical, then depth first.
struct Listed {
    script: Script,
    /// The directory that was detected as a cycle; its siblings are not listed.
    cycle: Option<String>,
}

impl Listed {
    /// Lists the whole tree, or stops after the cyclic directory.
    fn new(script: Script, continues: bool) -> Self {
        let mut listed = Self { script, cycle: None };
        let (mut queue, mut found) = (VecDeque::from(["t".to_owned()]), 0);
        while let Some(path) = queue.pop_front() {
            let identical = if path.starts_with("t/e") { depth(&path) - 1 } else { 0 };
            if listed.cycle.is_some() && (!continues || identical >= 3) {
                continue;
            }
            listed.script = send_file(listed.script, &format!("MLSD {path}"), listing(&path));
            let below = below(&path);
            found += below.len();
            if identical == Limits::default().identical_ancestors {
                listed.cycle = Some(path);
            } else if identical > 0 && found > 1000 {
                below.into_iter().rev().for_each(|path| queue.push_front(path));
            } else {
                queue.extend(below);
            }
        }
        listed
    }
}

/// A mirror session on a server with the directory `t`.
fn enter_directory() -> Script {
    let script = Script::new().login().expect("PWD").reply("257 \"/\"");
    script.expect("CWD t").reply("250 in").expect("CWD /").reply("250 back")
}

/// Fails unless this directory, and nothing else, is reported as a cycle.
fn check_failure(report: &Report, cycle: &Option<String>) {
    let [failure] = &report.failures[..] else { panic!("{report:?}") };
    let Error::CyclicTree { path } = &failure.error else { panic!("{failure:?}") };
    assert_eq!(Some(path), cycle.as_ref());
}

#[tokio::test]
async fn listing_reports_cycle_and_lists_the_rest() {
    let Listed { script, cycle } = Listed::new(Script::new().type_image(), true);
    let (server, mut client) = play(with_sync_check(script)).await;

    let mut entries = client.list("t").recursive().stream();
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    while let Some(entry) = entries.next().await {
        entry.map_or_else(|error| errors.push(error), |entry| found.push(entry.path().to_string()));
    }
    drop(entries);

    let [Error::CyclicTree { path }] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!(Some(path), cycle.as_ref());
    assert_eq!(found.last().unwrap(), "t/h/1/2/3/4/5/x");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn download_reports_cycle_and_fetches_the_rest() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST t").reply(mlst_dir()).type_image();
    let Listed { script, cycle } = Listed::new(script, true);
    let script = send_file(script, "RETR t/h/1/2/3/4/5/x", "x");
    let (server, mut client) =
        play_with(builder().pipelining(Pipelining::Off), with_sync_check(script)).await;

    let error = client.download("t").to(local.path()).await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    check_failure(&report, &cycle);
    assert_eq!(fs::read(local.path().join("t/h/1/2/3/4/5/x")).unwrap(), b"x");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn removal_of_cyclic_tree_removes_no_directory() {
    let script = Script::new().expect("MLST t").reply(mlst_dir()).type_image();
    let Listed { script, cycle } = Listed::new(script, false);
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.remove_dir_all("t").await.unwrap_err();

    let Error::CyclicTree { path } = error else { panic!("{error:?}") };
    assert_eq!(Some(path), cycle);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn mirror_reports_cycle_and_copies_the_rest() {
    let local = tempfile::tempdir().unwrap();
    let Listed { script, cycle } = Listed::new(enter_directory().type_image(), true);
    let server = send_file(script, "RETR t/h/1/2/3/4/5/x", "x").start().await;

    let error = pool(server.address(), Limits::default()).mirror_down("t", local.path()).await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    check_failure(&report, &cycle);
    assert_eq!(fs::read(local.path().join("h/1/2/3/4/5/x")).unwrap(), b"x");
    server.done().await;
}

fn pool(address: std::net::SocketAddr, limits: Limits) -> Pool {
    let builder = builder().pipelining(Pipelining::Off).limits(limits);
    Pool::new(builder, address, Credentials::anonymous()).size(1)
}

#[tokio::test]
async fn mirror_beyond_directory_limit_is_refused() {
    let local = tempfile::tempdir().unwrap();
    let mut limits = Limits::default();
    limits.tree_directories = 11;
    let script = ["t", "t/e"].iter().fold(enter_directory().type_image(), |script, path| {
        send_file(script, &format!("MLSD {path}"), listing(path))
    });
    let server = script.start().await;

    let error = pool(server.address(), limits).mirror_down("t", local.path()).await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    assert!(report.failures.iter().all(|failure| matches!(failure.error, Error::Limit { limit: 11, .. })));
    server.done().await;
}

/// The order of listing a tree depth first until a cycle is detected.
struct Descent {
    script: Option<Script>,
    found: usize,
    is_known: bool,
}

const MAX_DEPTH: usize = 5;

impl Descent {
    fn descend(&mut self, path: &str) {
        // After the first detection, directories with three identical ancestors are known to be cycles.
        if depth(path) > MAX_DEPTH || self.is_known && depth(path) >= 4 {
            return;
        }
        let script = self.script.take().unwrap();
        self.script = Some(send_file(script, &format!("MLSD {path}"), listing(path)));
        self.found += 10;
        self.is_known |= self.found > 1000 && depth(path) >= 4;
        below(path).iter().for_each(|path| self.descend(path));
    }
}

#[tokio::test]
async fn mirror_skips_cyclic_tree_when_deleting() {
    let local = tempfile::tempdir().unwrap();
    let mut limits = Limits::default();
    (limits.directory_depth, limits.identical_ancestors) = (MAX_DEPTH, 3);
    let script = enter_directory().expect("FEAT").reply("211-Features:\r\n MFMT\r\n211 End").type_image();
    let script = send_file(script, "MLSD t", "type=dir; e\r\ntype=file;size=1; gone\r\n");
    let mut descent = Descent { script: Some(script), found: 0, is_known: false };
    descent.descend("t/e");
    let server = descent.script.unwrap().expect("DELE t/gone").reply("250 gone").start().await;

    let pool = pool(server.address(), limits);
    let error = pool.mirror_up(local.path(), "t").delete(Delete::Before).await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    let cycle = report.failures.iter().filter(|failure| matches!(failure.error, Error::CyclicTree { .. }));
    assert_eq!((cycle.count(), report.deleted), (1, 1), "{report:?}");
    server.done().await;
}

#[tokio::test]
async fn directory_that_contains_itself_is_listed_twice_only() {
    let lines = "type=dir;unique=1g2; a\r\ntype=file;unique=1g3;size=1; b\r\n";
    let script = ["t", "t/a", "t/a/a"]
        .iter()
        .fold(Script::new().type_image(), |script, path| send_file(script, &format!("MLSD {path}"), lines));
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.list("t").recursive().await.unwrap_err();

    assert!(matches!(&error, Error::CyclicTree { path } if path == "t/a/a"), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}
