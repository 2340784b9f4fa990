//! What `get` and `put` do besides moving bytes.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use common::{Site, content, oxftp, run};
use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TestServer, available};

/// Starts ProFTPD, which knows everything that is asked for here; none where it is not installed.
fn proftpd() -> Option<TestServer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut options = ServerOptions::new(Protection::Plain);
    options.compression = true;
    available(runtime.block_on(ServerKind::ProFtpd.start_with(options)))
}

fn url(server: &TestServer, path: &str) -> String {
    format!("ftp://{}@{}:{}/{path}", server.user(), server.host(), server.port())
}

fn succeed(server: &TestServer, words: &[&str]) {
    let mut command: Command = oxftp(words);
    let run = run(command.env("OXFTP_PASSWORD", server.password()));
    assert_eq!(run.code, Some(0), "{words:?}: {}", run.stderr);
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn put_under_a_temporary_name_replaces_the_file_and_leaves_no_other() {
    let site = Site::plain();
    site.lay("pub/x", "old");
    fs::write(site.here("x"), content(100_000)).unwrap();

    site.succeed(&["put", "--temp-name", "--verify", "size", "x", &site.url("pub/")]);

    assert!(fs::read(site.there("pub/x")).unwrap() == content(100_000));
    assert_eq!(fs::read_dir(site.there("pub")).unwrap().count(), 1);
}

#[test]
fn permissions_are_kept_both_ways() {
    let Some(server) = proftpd() else { return };
    let home = tempfile::tempdir().unwrap();
    let [up, down] = ["up", "down"].map(|name| home.path().join(name));
    fs::write(&up, "x").unwrap();
    fs::set_permissions(&up, fs::Permissions::from_mode(0o750)).unwrap();

    succeed(&server, &["put", "-p", up.to_str().unwrap(), &url(&server, "x")]);
    succeed(&server, &["get", "-p", "-o", down.to_str().unwrap(), &url(&server, "x")]);

    assert_eq!(mode(&server.root().join("x")), 0o750);
    assert_eq!(mode(&down), 0o750);
}

#[test]
fn text_is_converted_both_ways() {
    let Some(server) = proftpd() else { return };
    let home = tempfile::tempdir().unwrap();
    let [up, down] = ["up", "down"].map(|name| home.path().join(name));
    fs::write(&up, "1\n2\n").unwrap();

    succeed(&server, &["put", "--ascii", up.to_str().unwrap(), &url(&server, "x")]);
    succeed(&server, &["get", "--ascii", "-o", down.to_str().unwrap(), &url(&server, "x")]);

    assert!(server.log().contains("TYPE A"), "{}", server.log());
    assert_eq!(fs::read(server.root().join("x")).unwrap(), b"1\n2\n");
    assert_eq!(fs::read(down).unwrap(), b"1\n2\n");
}

#[test]
fn text_may_come_from_stdin_and_go_to_stdout() {
    let site = Site::plain();
    fs::write(site.here("text"), "1\n2\n").unwrap();

    let mut put = site.command(&["put", "--ascii", "-", &site.url("x")]);
    let run = run(put.stdin(fs::File::open(site.here("text")).unwrap()));
    assert_eq!(run.code, Some(0), "{}", run.stderr);

    assert_eq!(site.succeed(&["get", "--ascii", "-o", "-", &site.url("x")]), "1\n2\n");
}

#[test]
fn flags_that_exclude_each_other_are_refused_before_anything_is_done() {
    let site = Site::plain();
    site.lay("x", "x");
    fs::write(site.here("y"), "y").unwrap();
    let url = site.url("x");
    for words in [
        &["get", "--ascii", "-c", &url][..],
        &["get", "--ascii", "--verify", "hash", &url],
        &["get", "--ascii", "--range", "0-5", &url],
        &["get", "-p", "-o", "-", &url],
        &["put", "--ascii", "-c", "y", &url],
        &["put", "--ascii", "--verify", "size", "y", &url],
        &["put", "-p", "-", &url],
        &["put", "--temp-name", "-", &url],
    ] {
        let run = site.run(words);
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
    }
    assert_eq!(fs::read(site.there("x")).unwrap(), b"x");
}

#[test]
fn data_go_compressed_where_the_server_does_it_and_with_a_word_where_not() {
    let Some(server) = proftpd() else { return };
    let home = tempfile::tempdir().unwrap();
    let [up, down] = ["up", "down"].map(|name| home.path().join(name));
    fs::write(&up, content(300_000)).unwrap();

    succeed(&server, &["put", "--compress", up.to_str().unwrap(), &url(&server, "x")]);
    succeed(&server, &["get", "--compress", "-o", down.to_str().unwrap(), &url(&server, "x")]);

    assert!(server.log().contains("MODE Z"), "{}", server.log());
    assert!(fs::read(&down).unwrap() == content(300_000));
    let site = Site::plain();
    site.lay("x", "x");
    let run = site.run(&["get", "--compress", &site.url("x")]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("warning: the server does not offer to compress"), "{}", run.stderr);
}

#[test]
fn noop_is_sent_while_data_flow() {
    let Some(server) = proftpd() else { return };
    fs::write(server.root().join("x"), content(100_000)).unwrap();
    server.hand_over().unwrap();
    let home = tempfile::tempdir().unwrap();
    let down = home.path().join("down");
    let flags = ["--noop-during-transfers", "0.1", "--limit-rate", "100k", "-o", down.to_str().unwrap()];

    succeed(&server, &[&["get"], &flags[..], &[&url(&server, "x")]].concat());

    assert!(server.log().contains("NOOP"), "{}", server.log());
    assert!(fs::read(&down).unwrap() == content(100_000));
}
