//! The commands of the guide in `docs/` print the output that it shows.

use oxftp_serve::{ServeOptions, Server};

use crate::common::console::{holds_with, is_like};

#[test]
fn getting_started() {
    holds("getting-started.md");
}

#[test]
fn verbs() {
    holds("verbs.md");
}

#[test]
fn shell() {
    holds("shell.md");
}

#[test]
fn settings() {
    holds("settings.md");
}

#[test]
fn recipes() {
    holds("recipes.md");
}

#[test]
fn troubleshooting() {
    holds("troubleshooting.md");
}

/// Runs the commands of a page in order, in one directory, with a new server.
fn holds(page: &str) {
    let (served, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(ServeOptions::new(served.path()).writable(true))).unwrap();
    let meant = format!("ftp://localhost:{}/", server.address().port());
    holds_with(page, here.path(), &[("ftp://localhost:2121/", &meant)]);
}

#[test]
fn placeholder_matches_any_text_on_a_line() {
    assert!(is_like("a 550 b c\nx\n", "a [..] c\nx"));
    assert!(!is_like("a 550 b\n", "a [..] c"));
    assert!(!is_like("a\nb\n", "a"));
    assert!(!is_like("ab", "a"));
}
