//! Every verb fails with the same exit code for the same reason.

use std::{fs, net::TcpListener, time::Duration};

use oxftp_serve::{ServeOptions, Server};
use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{Site, content, interrupt, oxftp, run};

/// Every verb that connects, with this URL.
fn every_verb(url: &str) -> Vec<Vec<String>> {
    let lines = [
        "ls URL",
        "get URL/x",
        "get -r URL/x",
        "put here URL/",
        "put -r tree URL/",
        "put - URL/x",
        "cat URL/x",
        "head URL/x",
        "head -c 5 URL/x",
        "rcat URL/x",
        "rm URL/x",
        "rm -r URL/x",
        "mirror URL/x copy",
        "mirror tree URL/x",
        "rmdir URL/x",
        "mkdir URL/x",
        "mkdir -p URL/x/y",
        "mv URL/x y",
        "chmod 644 URL/x",
        "touch URL/x",
        "stat URL/x",
        "find URL",
        "du URL",
        "raw URL NOOP",
        "probe URL",
        "fxp URL/x URL/y",
        "shell -c ls URL",
    ];
    words_of(&lines, url)
}

fn words_of(lines: &[&str], url: &str) -> Vec<Vec<String>> {
    let words = |line: &&str| line.split(' ').map(|word| word.replace("URL", url)).collect();
    lines.iter().map(words).collect()
}

/// Runs verbs in a directory with files to upload; returns two lines for each: exit code and command, and its first
/// message.
fn said(site: &Site, url: &str, verbs: Vec<Vec<String>>, more: &[&str], password: &str) -> String {
    fs::write(site.here("here"), "x").unwrap();
    fs::create_dir_all(site.here("tree/sub")).unwrap();
    let outcomes = verbs.into_iter().map(|words| {
        let mut command = oxftp(&words);
        command.args(more).current_dir(site.here("")).env("OXFTP_PASSWORD", password);
        let run = run(&mut command);
        run.hides(password);
        let code = run.code.map_or("killed".to_owned(), |code| code.to_string());
        let first = run.stderr.lines().next().unwrap_or_default().to_owned();
        named(&format!("{code:<3} {}\n    {first}\n", words.join(" ")), url)
    });
    outcomes.collect()
}

/// Replaces text that differs between runs, and removes the server's reply text.
fn named(text: &str, url: &str) -> String {
    let (_, host) = url.rsplit_once('@').unwrap_or_default();
    let named = text.replace(url, "URL").replace(host, "HOST");
    let lines = named.lines().map(|line| match line.find("the server answered ") {
        Some(at) => &line[..(at + "the server answered 550".len()).min(line.len())],
        None => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Compares the output with a snapshot; every exit code must be one of `codes`.
#[track_caller]
fn holds(name: &str, codes: &[i32], said: String) {
    let begins_with = |line: &str, code: &i32| line.starts_with(&format!("{code:<3} "));
    let others = said.lines().filter(|line| !line.starts_with(' '));
    let others: Vec<_> = others.filter(|line| !codes.iter().any(|code| begins_with(line, code))).collect();
    assert!(others.is_empty(), "{name}: not {codes:?}: {others:#?}");
    insta::assert_snapshot!(name, said);
}

const ONCE: &[&str] = &["--retries", "0"];

#[test]
fn refused_login_exits_with_5_for_every_verb() {
    let site = Site::plain();
    let url = site.url("").trim_end_matches('/').to_owned();
    holds("refused_login", &[5], said(&site, &url, every_verb(&url), ONCE, "not-it"));
}

#[test]
fn unreachable_server_exits_with_3_for_every_verb() {
    let site = Site::plain();
    let url = "ftp://me@127.0.0.1:1";
    holds("nobody", &[3], said(&site, url, every_verb(url), ONCE, "some-password"));
}

#[test]
fn untrusted_certificate_exits_with_4_for_every_verb() {
    let site = Site::new(Protection::Explicit);
    let url = site.url("").trim_end_matches('/').to_owned();
    holds("certificate", &[4], said(&site, &url, every_verb(&url), ONCE, site.server.password()));
}

#[test]
fn timeout_exits_with_10_for_every_verb() {
    let site = Site::plain();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ftp://me@{}", silent.local_addr().unwrap());
    let flags = ["--timeout", "0.1", "--retries", "0"];
    holds("silence", &[10], said(&site, &url, every_verb(&url), &flags, "some-password"));
}

#[test]
fn missing_path_exits_with_6_for_every_verb() {
    for kind in ServerKind::ALL {
        let Some(site) = Site::on(kind, Protection::Plain) else { continue };
        let url = site.url("").trim_end_matches('/').to_owned();
        let said = |lines| said(&site, &url, words_of(lines, &url), ONCE, site.server.password());
        holds(&format!("not_found@{kind:?}"), &[6], said(MISSING));
        // Some servers deny these, or lack the command.
        holds(&format!("not_found_or_denied@{kind:?}"), &[6, 7, 11], said(ELSEWHERE));
    }
}

const MISSING: &[&str] = &[
    "ls URL/none",
    "ls URL/none/",
    "ls -l URL/none",
    "ls -R URL/none",
    "ls --json URL/none",
    "get URL/none",
    "get -r URL/none",
    "get -c URL/none",
    "get --segments 2 URL/none",
    "get --range 0-9 URL/none",
    "get -o - URL/none",
    "get URL/none/*.txt",
    "mirror URL/none copy",
    "cat URL/none",
    "cat --ascii URL/none",
    "head URL/none",
    "head -c 5 URL/none",
    "head -c 0 URL/none",
    "rm URL/none",
    "rm -r URL/none",
    "rmdir URL/none",
    "mv URL/none new",
    "stat URL/none",
    "find URL/none",
    "du URL/none",
    "du -s URL/none",
    "raw URL/none NOOP",
    "fxp URL/none URL/new",
    "shell -c ls URL/none",
];

const ELSEWHERE: &[&str] =
    &["mkdir URL/none/new", "touch URL/none/new", "mv URL/none/old new", "chmod 644 URL/none"];

#[test]
fn denied_change_exits_with_7_for_every_verb() {
    let site = Site::plain();
    let served = tempfile::tempdir().unwrap();
    fs::create_dir_all(served.path().join("dir/empty")).unwrap();
    fs::write(served.path().join("file"), "x").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(ServeOptions::new(served.path()))).unwrap();
    let url = format!("ftp://anonymous@localhost:{}", server.address().port());
    let verbs = words_of(CHANGING, &url);
    holds("denied", &[7], said(&site, &url, verbs, ONCE, "some-password"));
    assert_eq!(fs::read(served.path().join("file")).unwrap(), b"x");
}

const CHANGING: &[&str] = &[
    "put here URL/new",
    "put here URL/file",
    "put -c here URL/file",
    "put - URL/new",
    "put --temp-name here URL/new",
    "rcat URL/new",
    "rm URL/file",
    "rmdir URL/dir/empty",
    "mkdir URL/new",
    "mkdir -p URL/new/a",
    "mv URL/file new",
    "touch URL/new",
];

#[test]
fn interruption_leaves_only_complete_files() {
    let site = Site::plain();
    let bytes = content(400_000);
    for name in ["one", "two", "three"] {
        site.write_remote(&format!("tree/{name}"), &bytes);
    }
    for milliseconds in [0, 3, 10, 20, 40, 70, 110, 160, 250, 400] {
        let words = ["get", "-r", "-j", "2", "--limit-rate", "2M", &site.url("tree")];
        let child = site.command(&words).spawn().unwrap();
        // The assertions must hold for any moment.
        std::thread::sleep(Duration::from_millis(milliseconds));
        interrupt(&child);
        let ended = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        // Before the program installs its signal handler, the signal ends it.
        assert!(matches!(ended.status.code(), Some(130 | 0) | None), "{milliseconds} ms: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        for file in fs::read_dir(site.here("tree")).into_iter().flatten().flatten() {
            let whole = fs::read(file.path()).unwrap() == bytes;
            assert!(
                whole || file.path().extension().is_some_and(|it| it == "part"),
                "{milliseconds} ms: {file:?}"
            );
        }
    }
}
