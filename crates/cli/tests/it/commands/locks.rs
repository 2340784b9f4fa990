//! Locks of jobs: `--lock` and `--remote-lock`.

use std::{fs, process::Child};

use crate::common::{Run, Site, content, interrupt, until};

/// Makes the transfer of [`SIZE`] bytes take about a second.
const RATE: &str = "1m";
const SIZE: usize = 1_000_000;

/// A run on a site with a home directory.
fn command(site: &Site, words: &[&str]) -> std::process::Command {
    let mut command = site.command(words);
    command.env("HOME", site.here("home")).env_remove("XDG_STATE_HOME");
    command
}

fn run(site: &Site, words: &[&str]) -> Run {
    command(site, words).output().unwrap().into()
}

fn lock_files(site: &Site) -> usize {
    fs::read_dir(site.here("home/.local/state/oxftp/locks")).map_or(0, Iterator::count)
}

fn on_server(site: &Site, name: &str) -> bool {
    site.there(name).read_dir().is_ok_and(|mut found| found.next().is_some())
}

/// Starts a slow run, and waits until it holds its lock.
fn start(site: &Site, words: &[&str], holds: impl Fn() -> bool) -> Child {
    let child = command(site, &[words, &["--limit-rate", RATE]].concat()).spawn().unwrap();
    until("the lock", holds);
    child
}

/// Fails unless the run names the holder and has the exit code of a lock.
fn assert_locked(second: &Run, first: u32) {
    assert_eq!(second.code, Some(12), "{}", second.stderr);
    assert!(second.stderr.contains(&format!("is held by process {first} on ")), "{}", second.stderr);
}

#[test]
fn second_run_with_lock_ends_at_once() {
    let site = Site::plain();
    site.write_remote("tree/big", content(SIZE));
    fs::create_dir(site.here("up")).unwrap();
    fs::write(site.here("up/big"), content(SIZE)).unwrap();
    let (tree, up, big) = (site.url("tree"), site.url("up"), site.url("tree/big"));
    for words in [
        &["mirror", "--lock", &tree, "copy"][..],
        &["mirror", "--lock", "up", &up],
        &["get", "--lock", "-r", &tree],
        &["get", "--lock", &big],
        &["put", "--lock", "-r", "up", &site.url("")],
        &["put", "--lock", "up/big", &site.url("single")],
    ] {
        let first = start(&site, words, || lock_files(&site) > 0);
        let second = run(&site, words);
        let process = first.id();
        let first = Run::from(first.wait_with_output().unwrap());

        assert_locked(&second, process);
        assert_eq!(first.code, Some(0), "{}", first.stderr);
        assert_eq!(lock_files(&site), 0, "{words:?}");
    }
}

#[test]
fn locks_of_other_targets_do_not_wait() {
    let site = Site::plain();
    site.write_remote("tree/big", content(SIZE));
    let tree = site.url("tree");

    let first = start(&site, &["mirror", "--lock", &tree, "copy"], || lock_files(&site) > 0);
    let other = run(&site, &["mirror", "--lock", &tree, "other"]);
    let same = run(&site, &["mirror", "--lock", "--lock-wait", "60", &tree, "./copy/"]);
    let first = Run::from(first.wait_with_output().unwrap());

    for run in [first, other, same] {
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
}

#[test]
fn lock_of_killed_run_is_free() {
    let site = Site::plain();
    site.write_remote("tree/big", content(SIZE));
    let words = ["mirror", "--lock=the.lock", &site.url("tree"), "copy"];

    let mut first = start(&site, &words, || site.here("the.lock").exists());
    first.kill().unwrap();
    first.wait().unwrap();
    let second = run(&site, &words);

    assert_eq!(second.code, Some(0), "{}", second.stderr);
    assert!(!site.here("the.lock").exists());
}

#[test]
fn second_run_with_remote_lock_ends_at_once() {
    let site = Site::plain();
    fs::create_dir(site.here("up")).unwrap();
    fs::write(site.here("up/big"), content(SIZE)).unwrap();
    let words = ["mirror", "--remote-lock", "--delete", "up", &site.url("www")];
    let holds = || on_server(&site, "www.oxftp.lock");

    let first = start(&site, &words, holds);
    let second = run(&site, &words);
    let process = first.id();
    let first = Run::from(first.wait_with_output().unwrap());

    assert_locked(&second, process);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(!site.there("www.oxftp.lock").exists());
}

#[test]
fn interrupted_run_releases_its_remote_lock() {
    let site = Site::plain();
    fs::write(site.here("big"), content(SIZE)).unwrap();

    let words = ["put", "--remote-lock", "big", &site.url("big")];
    let child = start(&site, &words, || on_server(&site, "big.oxftp.lock"));
    interrupt(&child);
    let run = Run::from(child.wait_with_output().unwrap());

    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert!(!site.there("big.oxftp.lock").exists());
}

#[test]
fn failed_run_releases_its_remote_lock() {
    let site = Site::plain();

    let failed = run(&site, &["get", "--remote-lock", &site.url("missing")]);

    assert_eq!(failed.code, Some(6), "{}", failed.stderr);
    assert!(!site.there("missing.oxftp.lock").exists());
}

#[test]
fn stale_remote_lock_is_broken_after_its_age() {
    let site = Site::plain();
    site.write_remote("file", "x");
    let stale = "file.oxftp.lock/build1.4711.20200101T000000Z.20200101T000000Z.01234567";
    fs::create_dir_all(site.there(stale)).unwrap();
    let url = site.url("file");

    let kept = run(&site, &["get", "--remote-lock", "--lock-age", "1000000000", &url]);
    let broken = run(&site, &["get", "--remote-lock", &url]);

    assert_eq!(kept.code, Some(12), "{}", kept.stderr);
    assert!(
        kept.stderr.contains("held by process 4711 on build1 since 2020-01-01 00:00:00 UTC"),
        "{}",
        kept.stderr
    );
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    assert!(!site.there("file.oxftp.lock").exists());
}

#[test]
fn rcat_and_fxp_respect_locks() {
    let site = Site::plain();
    site.write_remote("source", content(SIZE));
    site.write_remote("file", "old");
    let (source, url) = (site.url("source"), site.url("file"));
    let held = "file.oxftp.lock/build1.4711.20200101T000000Z.20200101T000000Z.01234567";
    fs::create_dir_all(site.there(held)).unwrap();

    for words in [&["rcat", &url][..], &["fxp", &source, &url]] {
        let age = ["--remote-lock", "--lock-age", "1000000000"];
        let refused = run(&site, &[words, &age].concat());
        assert_eq!(refused.code, Some(12), "{words:?}: {}", refused.stderr);
    }
    let first = start(&site, &["get", "--lock=the.lock", &source], || site.here("the.lock").exists());
    for words in [&["rcat", "--lock=the.lock", &url][..], &["fxp", "--lock=the.lock", &source, &url]] {
        assert_locked(&run(&site, words), first.id());
    }
    assert_eq!(Run::from(first.wait_with_output().unwrap()).code, Some(0));
    assert_eq!(fs::read(site.there("file")).unwrap(), b"old");

    let mut command = command(&site, &["rcat", "--remote-lock", "--lock", &url]);
    let stored = crate::common::run_with_input(&mut command, b"new");

    assert_eq!(stored.code, Some(0), "{}", stored.stderr);
    assert_eq!(fs::read(site.there("file")).unwrap(), b"new");
    assert!(!site.there("file.oxftp.lock").exists());
    assert_eq!(lock_files(&site), 0);
}
