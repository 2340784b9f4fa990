//! Trees without end, in which each directory lists what the ones above it list, beside an honest one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scripts;

use std::{collections::VecDeque, fs};

use oxftp::{Credentials, Error, Limits, Pipelining, Pool, Report, mirror::Delete};
use oxftp_testing::scripted::Script;
use scripts::{builder, check_in_step, in_step, mlst_dir, play, play_to, sending};

/// What the directories of the tree `t` list: the endless `t/e`, and `t/h` with a file far below.
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

/// How the tree is listed, which is breadth first until its directories look alike: then depth first.
struct Listed {
    script: Script,
    /// The directory that is found to repeat those above it; none beside it is listed.
    endless: Option<String>,
}

impl Listed {
    /// Lists all that is to be listed, or no more after the endless directory.
    fn new(script: Script, goes_on: bool) -> Self {
        let mut listed = Self { script, endless: None };
        let (mut queue, mut found) = (VecDeque::from(["t".to_owned()]), 0);
        while let Some(path) = queue.pop_front() {
            let alike = if path.starts_with("t/e") { depth(&path) - 1 } else { 0 };
            if listed.endless.is_some() && (!goes_on || alike >= 3) {
                continue;
            }
            listed.script = sending(listed.script, &format!("MLSD {path}"), listing(&path));
            let below = below(&path);
            found += below.len();
            if alike == Limits::default().identical_ancestors {
                listed.endless = Some(path);
            } else if alike > 0 && found > 1000 {
                below.into_iter().rev().for_each(|path| queue.push_front(path));
            } else {
                queue.extend(below);
            }
        }
        listed
    }
}

/// A session that finds the directory `t` on the server, for a mirror.
fn entering() -> Script {
    let script = Script::new().login().expect("PWD").reply("257 \"/\"");
    script.expect("CWD t").reply("250 in").expect("CWD /").reply("250 back")
}

/// Fails unless this directory, and nothing else, is named for having no end.
fn check_failure(report: &Report, endless: &Option<String>) {
    let [failure] = &report.failures[..] else { panic!("{report:?}") };
    let Error::EndlessTree { path } = &failure.error else { panic!("{failure:?}") };
    assert_eq!(Some(path), endless.as_ref());
}

#[tokio::test]
async fn a_listing_names_where_a_tree_has_no_end_and_lists_the_rest() {
    let Listed { script, endless } = Listed::new(Script::new().type_image(), true);
    let (server, mut client) = play(in_step(script)).await;

    let mut entries = client.list("t").recursive().stream();
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    while let Some(entry) = entries.next().await {
        entry.map_or_else(|error| errors.push(error), |entry| found.push(entry.path().to_string()));
    }
    drop(entries);

    let [Error::EndlessTree { path }] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!(Some(path), endless.as_ref());
    assert_eq!(found.last().unwrap(), "t/h/1/2/3/4/5/x");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_download_names_where_a_tree_has_no_end_and_fetches_the_rest() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST t").reply(mlst_dir()).type_image();
    let Listed { script, endless } = Listed::new(script, true);
    let script = sending(script, "RETR t/h/1/2/3/4/5/x", "x");
    let (server, mut client) = play_to(builder().pipelining(Pipelining::Off), in_step(script)).await;

    let error = client.download("t").to(local.path()).await.unwrap_err();

    let Error::SomeFailed { report } = error else { panic!("{error:?}") };
    check_failure(&report, &endless);
    assert_eq!(fs::read(local.path().join("t/h/1/2/3/4/5/x")).unwrap(), b"x");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_removal_of_a_tree_without_end_removes_no_directory() {
    let script = Script::new().expect("MLST t").reply(mlst_dir()).type_image();
    let Listed { script, endless } = Listed::new(script, false);
    let (server, mut client) = play(in_step(script)).await;

    let error = client.remove("t").await.unwrap_err();

    let Error::EndlessTree { path } = error else { panic!("{error:?}") };
    assert_eq!(Some(path), endless);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_mirror_names_where_a_tree_has_no_end_and_brings_the_rest() {
    let local = tempfile::tempdir().unwrap();
    let Listed { script, endless } = Listed::new(entering().type_image(), true);
    let server = sending(script, "RETR t/h/1/2/3/4/5/x", "x").start().await;

    let error = pool(server.address(), Limits::default()).mirror_down("t", local.path()).await.unwrap_err();

    let Error::SomeFailed { report } = error else { panic!("{error:?}") };
    check_failure(&report, &endless);
    assert_eq!(fs::read(local.path().join("h/1/2/3/4/5/x")).unwrap(), b"x");
    server.done().await;
}

fn pool(address: std::net::SocketAddr, limits: Limits) -> Pool {
    let builder = builder().pipelining(Pipelining::Off).limits(limits);
    Pool::new(builder, address, Credentials::anonymous()).size(1)
}

#[tokio::test]
async fn a_mirror_of_more_directories_than_its_limit_is_refused() {
    let local = tempfile::tempdir().unwrap();
    let mut limits = Limits::default();
    limits.tree_directories = 11;
    let script = ["t", "t/e"].iter().fold(entering().type_image(), |script, path| {
        sending(script, &format!("MLSD {path}"), listing(path))
    });
    let server = script.start().await;

    let error = pool(server.address(), limits).mirror_down("t", local.path()).await.unwrap_err();

    let Error::SomeFailed { report } = error else { panic!("{error:?}") };
    assert!(report.failures.iter().all(|failure| matches!(failure.error, Error::Limit { limit: 11, .. })));
    server.done().await;
}

/// How a tree is listed depth first until it is known to have no end.
struct Descent {
    script: Option<Script>,
    found: usize,
    is_known: bool,
}

const DEEPEST: usize = 5;

impl Descent {
    fn go_into(&mut self, path: &str) {
        // Those with three above them that list the same are known, once one of them is.
        if depth(path) > DEEPEST || self.is_known && depth(path) >= 4 {
            return;
        }
        let script = self.script.take().unwrap();
        self.script = Some(sending(script, &format!("MLSD {path}"), listing(path)));
        self.found += 10;
        self.is_known |= self.found > 1000 && depth(path) >= 4;
        below(path).iter().for_each(|path| self.go_into(path));
    }
}

#[tokio::test]
async fn a_mirror_that_deletes_a_tree_without_end_gives_it_up_and_deletes_the_rest() {
    let local = tempfile::tempdir().unwrap();
    let mut limits = Limits::default();
    (limits.directory_depth, limits.identical_ancestors) = (DEEPEST, 3);
    let script = entering().expect("FEAT").reply("211-Features:\r\n MFMT\r\n211 End").type_image();
    let script = sending(script, "MLSD t", "type=dir; e\r\ntype=file;size=1; gone\r\n");
    let mut descent = Descent { script: Some(script), found: 0, is_known: false };
    descent.go_into("t/e");
    let server = descent.script.unwrap().expect("DELE t/gone").reply("250 gone").start().await;

    let pool = pool(server.address(), limits);
    let error = pool.mirror_up(local.path(), "t").delete(Delete::Before).await.unwrap_err();

    let Error::SomeFailed { report } = error else { panic!("{error:?}") };
    let endless = report.failures.iter().filter(|failure| matches!(failure.error, Error::EndlessTree { .. }));
    assert_eq!((endless.count(), report.deleted), (1, 1), "{report:?}");
    server.done().await;
}

#[tokio::test]
async fn a_directory_that_the_server_says_holds_itself_is_listed_once_more() {
    let lines = "type=dir;unique=1g2; a\r\ntype=file;unique=1g3;size=1; b\r\n";
    let script = ["t", "t/a", "t/a/a"]
        .iter()
        .fold(Script::new().type_image(), |script, path| sending(script, &format!("MLSD {path}"), lines));
    let (server, mut client) = play(in_step(script)).await;

    let error = client.list("t").recursive().await.unwrap_err();

    assert!(matches!(&error, Error::EndlessTree { path } if path == "t/a/a"), "{error:?}");
    check_in_step(&mut client).await;
    server.done().await;
}
