//! Every verb fails alike: who refuses, does not answer or cannot be trusted gives the exit code that is told.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{fs, net::TcpListener, time::Duration};

use common::{Run, Site, content, interrupt, oxftp, run};
use oxftp_testing::servers::Protection;

/// Every verb that connects, with words that would do something at this URL.
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
    let words = |line: &str| line.split(' ').map(|word| word.replace("URL", url)).collect();
    lines.iter().map(|line| words(line)).collect()
}

/// Runs every verb in a directory with something to upload.
fn each(site: &Site, url: &str, more: &[&str], password: &str, mut check: impl FnMut(&[String], &Run)) {
    fs::write(site.here("here"), "x").unwrap();
    fs::create_dir_all(site.here("tree/sub")).unwrap();
    for words in every_verb(url) {
        let mut command = oxftp(&words);
        command.args(more).current_dir(site.here("")).env("OXFTP_PASSWORD", password);
        let run = run(&mut command);
        run.hides(password);
        check(&words, &run);
    }
}

fn expect_code(code: i32) -> impl FnMut(&[String], &Run) {
    move |words, run| {
        assert_eq!(run.code, Some(code), "{words:?}: {}", run.stderr);
        assert!(!run.labelled("error:").is_empty(), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn a_refused_login_is_5_for_every_verb() {
    let site = Site::plain();
    let url = site.url("").trim_end_matches('/').to_owned();
    each(&site, &url, &["--retries", "0"], "not-it", expect_code(5));
}

#[test]
fn nobody_who_answers_is_3_for_every_verb() {
    let site = Site::plain();
    each(&site, "ftp://me@127.0.0.1:1", &["--retries", "0"], "some-password", expect_code(3));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_4_for_every_verb() {
    let site = Site::new(Protection::Explicit);
    let url = site.url("").trim_end_matches('/').to_owned();
    each(&site, &url, &["--retries", "0"], site.server.password(), expect_code(4));
}

#[test]
fn a_silent_server_is_10_for_every_verb() {
    let site = Site::plain();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ftp://me@{}", silent.local_addr().unwrap());
    each(&site, &url, &["--timeout", "0.1", "--retries", "0"], "some-password", expect_code(10));
}

#[test]
fn what_is_not_there_is_6_for_every_verb_that_needs_it() {
    let site = Site::plain();
    let missing = site.url("missing");
    for words in [
        &["ls"][..],
        &["get"],
        &["get", "-r"],
        &["cat"],
        &["head"],
        &["rm"],
        &["rm", "-r"],
        &["rmdir"],
        &["stat"],
        &["find"],
        &["du"],
        &["shell", "-c", "ls"],
        &["touch", "-c", "-d", "2024-01-01"],
    ] {
        let run = site.run(&[words, &[missing.as_str()]].concat());
        let code = if words[0] == "touch" { 0 } else { 6 };
        assert_eq!(run.code, Some(code), "{words:?}: {}", run.stderr);
    }
    assert_eq!(site.run(&["mv", &missing, "x"]).code, Some(6));
}

#[test]
fn an_interruption_at_any_moment_leaves_whole_files_or_none() {
    let site = Site::plain();
    let bytes = content(400_000);
    for name in ["one", "two", "three"] {
        site.lay(&format!("tree/{name}"), &bytes);
    }
    for milliseconds in [0, 3, 10, 20, 40, 70, 110, 160, 250, 400] {
        let words = ["get", "-r", "-j", "2", "--limit-rate", "2M", &site.url("tree")];
        let child = site.command(&words).spawn().unwrap();
        // Whenever the signal comes, what is held below holds.
        std::thread::sleep(Duration::from_millis(milliseconds));
        interrupt(&child);
        let ended = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
        // Before the program has said what it does with signals, the system ends it.
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
