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

/// vsftpd allows `SITE CHMOD` to users of its system only.
const SERVERS_WITH_CHMOD: [ServerKind; 3] =
    [ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib];

#[test]
fn chmod_changes_a_tree_by_symbolic_mode() {
    for kind in SERVERS_WITH_CHMOD {
        let Some(server) = real(kind) else { continue };
        let mode = |path: &str| fs::metadata(server.root().join(path)).unwrap().permissions().mode() & 0o7777;
        let set = |path: &str, mode| {
            fs::set_permissions(server.root().join(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        let here = tempfile::tempdir().unwrap();
        fs::create_dir_all(here.path().join("tree/sub")).unwrap();
        for path in ["tree/plain", "tree/sub/program"] {
            fs::write(here.path().join(path), "x").unwrap();
        }
        // Only their owner may change the permissions of files.
        let tree = here.path().join("tree").display().to_string();
        let put = run(&mut command(&server, &["put", "-r", &tree, &url(&server, "")]));
        assert_eq!(put.code, Some(0), "{kind:?}: {}", put.stderr);
        set("tree/plain", 0o666);
        set("tree/sub/program", 0o766);
        set("tree", 0o777);
        set("tree/sub", 0o777);
        let chmod = |words: &[&str]| {
            let words = [&["chmod"], words].concat();
            let changed = run(&mut command(&server, &words));
            assert_eq!(changed.code, Some(0), "{kind:?} {words:?}: {}", changed.stderr);
        };

        chmod(&["-R", "u=rwX,go=rX", &url(&server, "tree")]);
        let modes = ["tree", "tree/sub", "tree/plain", "tree/sub/program"].map(mode);
        assert_eq!(modes, [0o755, 0o755, 0o644, 0o755], "{kind:?}");

        let changed = run(&mut command(&server, &["chmod", "-R", "--json", "u+r", &url(&server, "tree")]));
        assert_eq!(changed.stdout().matches(r#"{"event":"done","name":"tree"#).count(), 4, "{kind:?}");

        chmod(&["-R", "--include", "plain", "go-r", &url(&server, "tree")]);
        chmod(&["u-w,a+x", &url(&server, "tree/sub/program")]);
        let modes = ["tree", "tree/plain", "tree/sub/program"].map(mode);
        assert_eq!(modes, [0o755, 0o600, 0o555], "{kind:?}");
    }
}

#[test]
fn touch_takes_the_time_of_another_file() {
    for kind in [ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        let Some(server) = real(kind) else { continue };
        let here = tempfile::tempdir().unwrap();
        let time = UNIX_EPOCH + Duration::from_secs(1_577_934_245);
        for path in [here.path().join("local"), server.root().join("remote")] {
            fs::write(&path, "x").unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        }
        let modified = |name: &str| fs::metadata(server.root().join(name)).unwrap().modified().unwrap();
        let (local, remote) = (here.path().join("local").display().to_string(), url(&server, "remote"));

        for (reference, name) in [(&local, "one"), (&remote, "other")] {
            let created = run(&mut command(&server, &["touch", &url(&server, name)]));
            assert_eq!(created.code, Some(0), "{kind:?}: {}", created.stderr);
            let touched = run(&mut command(&server, &["touch", "-r", reference, &url(&server, name)]));
            assert_eq!(touched.code, Some(0), "{kind:?}: {}", touched.stderr);
            assert_eq!(modified(name), time, "{kind:?} {reference}");
        }

        let missing = run(&mut command(&server, &["touch", "-r", "none", &url(&server, "one")]));
        assert_eq!(missing.code, Some(9), "{}", missing.stderr);
    }
}
