//! Options of `get` and `put` that need a real server.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TestServer, available};

use crate::common::{Site, content, oxftp, run};

/// Starts ProFTPD, which supports all these options; returns `None` if it is not installed.
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
fn transfers_keep_permissions_both_ways() {
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
fn ascii_transfers_convert_line_ends_both_ways() {
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
fn compressed_transfer_or_a_warning() {
    let Some(server) = proftpd() else { return };
    let home = tempfile::tempdir().unwrap();
    let [up, down] = ["up", "down"].map(|name| home.path().join(name));
    fs::write(&up, content(300_000)).unwrap();

    succeed(&server, &["put", "--compress", up.to_str().unwrap(), &url(&server, "x")]);
    succeed(&server, &["get", "--compress", "-o", down.to_str().unwrap(), &url(&server, "x")]);

    assert!(server.log().contains("MODE Z"), "{}", server.log());
    assert!(fs::read(&down).unwrap() == content(300_000));
    let site = Site::plain();
    site.write_remote("x", "x");
    let run = site.run(&["get", "--compress", &site.url("x")]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("warning: the server does not offer compression"), "{}", run.stderr);
}

#[test]
fn noop_keepalive_is_sent_during_transfers() {
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
