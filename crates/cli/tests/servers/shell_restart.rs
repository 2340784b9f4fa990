//! An interactive shell on servers that are killed and restarted.

use std::{fs, process::Command, time::Duration};

use expectrl::{Expect, session::OsSession};
use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{Site, content};

#[test]
fn shell_survives_restart_of_vsftpd() {
    survives(ServerKind::Vsftpd);
}

#[test]
fn shell_survives_restart_of_proftpd() {
    survives(ServerKind::ProFtpd);
}

#[test]
fn shell_survives_restart_of_pure_ftpd() {
    survives(ServerKind::PureFtpd);
}

#[test]
fn shell_survives_restart_of_pyftpdlib() {
    survives(ServerKind::Pyftpdlib);
}

fn survives(kind: ServerKind) {
    for protection in [Protection::Plain, Protection::Explicit] {
        let Some(mut site) = Site::on(kind, protection) else { continue };
        site.write_remote("pub/some file.txt", "the content");
        site.write_remote("pub/big", content(3_000_000));
        site.server.hand_over().unwrap();
        fs::write(site.here("local-name"), "from here").unwrap();
        let mut shell = start(&site);

        shell.expect("> ").unwrap();
        shell.send_line("cd pub").unwrap();
        shell.expect("/pub> ").unwrap();
        work(&mut shell, "before");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(site.server.kill_and_restart()).unwrap();
        work(&mut shell, "after");
        shell.send_line("exit").unwrap();
        shell.expect(expectrl::Eof).unwrap();

        for time in ["before", "after"] {
            assert_eq!(
                fs::read(site.here(time)).unwrap(),
                content(3_000_000),
                "{kind:?} {protection:?} {time}"
            );
            let put = site.there("pub").join(format!("put-{time}"));
            assert_eq!(fs::read(put).unwrap(), b"from here", "{kind:?} {protection:?} {time}");
        }
    }
}

/// Completes a name, downloads and uploads; the prompt is shown already.
fn work(shell: &mut OsSession, time: &str) {
    shell.send("ca\tso\t\r").unwrap();
    shell.expect("the content").unwrap();
    shell.expect("/pub> ").unwrap();
    shell.send_line(format!("get big -o {time}")).unwrap();
    shell.expect("MiB in").unwrap();
    shell.expect("/pub> ").unwrap();
    shell.send_line(format!("put local-name; mv local-name put-{time}; pwd; stat put-{time}")).unwrap();
    shell.expect("type     file").unwrap();
    shell.expect("/pub> ").unwrap();
}

fn start(site: &Site) -> OsSession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oxftp"));
    command.args(["shell", &site.url("")]).current_dir(site.here(""));
    if let Some(pem) = site.server.ca_pem() {
        command.arg("--tls-ca").arg(site.keep("ca.pem", pem));
    }
    command.env("OXFTP_PASSWORD", site.server.password()).env("TERM", "xterm").env_remove("OXFTP_CONFIG");
    command
        .env("HOME", site.here("home"))
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env_remove("XDG_STATE_HOME");
    let mut session = OsSession::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(30)));
    session
}
