//! Known hosts: trust on first use.

#![cfg(unix)]

use std::{fs, path::PathBuf, process::Command, time::Duration};

use expectrl::Expect;
use oxftp_testing::servers::Protection;

use crate::common::{Run, Site, oxftp, run};

fn site() -> Site {
    let site = Site::new(Protection::Explicit);
    site.write_remote("file", "x");
    site
}

fn file(site: &Site) -> PathBuf {
    site.here("config/oxftp/known_hosts")
}

/// Creates a command that trusts no authority of the server.
fn command(site: &Site, words: &[&str]) -> Command {
    let mut command = oxftp(words);
    command.env("XDG_CONFIG_HOME", site.here("config")).env("OXFTP_PASSWORD", site.server.password());
    command
}

fn ls(site: &Site) -> Run {
    run(&mut command(site, &["ls", &site.url("")]))
}

/// Lists on a terminal, answers the question about the certificate, and returns the rest.
fn answer(site: &Site, answer: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oxftp"));
    command.args(["ls", &site.url("")]).env_remove("OXFTP_CONFIG");
    command.env("XDG_CONFIG_HOME", site.here("config")).env("OXFTP_PASSWORD", site.server.password());
    let mut session = expectrl::Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.expect("Trust it from now on? [y/N]").unwrap();
    session.send_line(answer).unwrap();
    let rest = session.expect(expectrl::Eof).unwrap();
    String::from_utf8_lossy(rest.as_bytes()).into_owned()
}

#[test]
fn unverified_certificate_is_asked_about_once() {
    let site = site();

    let refused = answer(&site, "");
    assert!(refused.contains("TLS failed") && !file(&site).exists(), "{refused}");
    let accepted = answer(&site, "y");
    assert!(accepted.contains("file"), "{accepted}");

    let line = fs::read_to_string(file(&site)).unwrap();
    let expected = format!("localhost:{} sha256:", site.server.port());
    assert!(line.starts_with(&expected) && line.lines().count() == 1, "{line}");
    let again = ls(&site);
    assert_eq!((again.code, again.stdout().as_str()), (Some(0), "file\n"), "{}", again.stderr);
}

#[test]
fn unverified_certificate_without_terminal_is_refused() {
    let site = site();

    let run = ls(&site);

    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(run.stderr.contains("prints its line for the known hosts"), "{}", run.stderr);
    assert!(!file(&site).exists());
}

#[test]
fn changed_certificate_of_known_host_is_refused() {
    let site = site();
    fs::create_dir_all(file(&site).parent().unwrap()).unwrap();
    let line = format!("localhost:{} sha256:{}\n", site.server.port(), "ab".repeat(32));
    fs::write(file(&site), &line).unwrap();

    let run = ls(&site);

    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(run.stderr.contains("not that of --tls-pin or of the known hosts"), "{}", run.stderr);
    assert_eq!(fs::read_to_string(file(&site)).unwrap(), line);
    fs::write(file(&site), "localhost\n").unwrap();
    assert_eq!(ls(&site).code, Some(2));
}

#[test]
fn probe_prints_the_line_for_known_hosts() {
    let site = site();
    let probed = run(&mut command(&site, &["probe", "--insecure", &site.url("")]));
    let shown = probed.stdout();
    let line = shown.lines().find_map(|line| line.trim_start().strip_prefix("host line")).unwrap();
    fs::write(site.here("known"), format!("# by hand\n{}\n", line.trim())).unwrap();

    let known = site.here("known").display().to_string();
    let words = ["ls", "--known-hosts", &known, &site.url("")];
    let listed = run(&mut command(&site, &words));

    assert_eq!((listed.code, listed.stdout().as_str()), (Some(0), "file\n"), "{}", listed.stderr);
    assert_eq!(ls(&site).code, Some(4));
}
