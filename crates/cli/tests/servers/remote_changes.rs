//! `touch`, `chmod` and `fxp` on real servers.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, UNIX_EPOCH},
};

use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TestServer, available};

use crate::common::{content, oxftp, run};

/// Starts a server; returns `None` if it is not installed.
fn real(kind: ServerKind) -> Option<TestServer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut options = ServerOptions::new(Protection::Plain);
    options.foreign_addresses = true;
    available(runtime.block_on(kind.start_with(options)))
}

fn url(server: &TestServer, path: &str) -> String {
    format!("ftp://{}@{}:{}/{path}", server.user(), server.host(), server.port())
}

fn command(server: &TestServer, words: &[&str]) -> Command {
    let mut command = oxftp(words);
    command.env("OXFTP_PASSWORD", server.password());
    command
}

#[test]
fn touch_and_chmod_set_time_and_permissions() {
    let Some(server) = real(ServerKind::Pyftpdlib) else { return };
    fs::write(server.root().join("old"), b"old").unwrap();

    for name in ["old", "new"] {
        let touched =
            run(&mut command(&server, &["touch", "-d", "2020-01-02T03:04:05Z", &url(&server, name)]));
        assert_eq!(touched.code, Some(0), "{}", touched.stderr);
    }
    let changed = run(&mut command(&server, &["chmod", "604", &url(&server, "old"), &url(&server, "new")]));
    assert_eq!(changed.code, Some(0), "{}", changed.stderr);
    let refused = run(&mut command(&server, &["chmod", "8", &url(&server, "old")]));

    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    for (name, text) in [("old", &b"old"[..]), ("new", b"")] {
        let path = server.root().join(name);
        let found = fs::metadata(&path).unwrap();
        assert_eq!(found.modified().unwrap(), UNIX_EPOCH + Duration::from_secs(1_577_934_245));
        assert_eq!(found.permissions().mode() & 0o7777, 0o604);
        assert_eq!(fs::read(path).unwrap(), text);
    }
}

#[test]
fn fxp_copies_between_two_servers() {
    let servers = (real(ServerKind::ProFtpd), real(ServerKind::ProFtpd));
    let (Some(one), Some(other)) = servers else { return };
    fs::write(one.root().join("file"), content(200_000)).unwrap();
    fs::create_dir(other.root().join("into")).unwrap();
    let fxp = |target: &str| run(&mut command(&one, &["fxp", &url(&one, "file"), &url(&other, target)]));

    for (target, path) in [("copy", "copy"), ("into/", "into/file")] {
        let copied = fxp(target);
        assert_eq!((copied.code, copied.stdout.len()), (Some(0), 0), "{}", copied.stderr);
        assert_eq!(fs::read(other.root().join(path)).unwrap(), content(200_000));
    }
    let missing = run(&mut command(&one, &["fxp", &url(&one, "none"), &url(&other, "copy")]));
    assert_eq!(missing.code, Some(6), "{}", missing.stderr);
    assert_eq!(fs::read(other.root().join("copy")).unwrap(), content(200_000));
}
