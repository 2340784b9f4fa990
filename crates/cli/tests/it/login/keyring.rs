//! The keyring of the desktop: GNOME Keyring in a D-Bus session of its own for each run.

#![cfg(target_os = "linux")]

use std::{
    env, fs,
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use expectrl::Expect;

use crate::common::{Run, Site, run};

/// Unlocks the keyring of `$HOME`, waits until the session bus has it, and runs the program.
const SCRIPT: &str = r#"
printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
tries=0
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner \
    string:org.freedesktop.secrets >/dev/null 2>&1; do
    tries=$((tries + 1))
    test $tries -lt 600 || exit 99
    sleep 0.05
done
exec "$0" "$@""#;

/// A session bus that starts no services: neither a second keyring, which would be locked, nor a window that asks for
/// the password of one.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Returns whether the programs are installed; `.ci/servers` installs them.
fn is_available() -> bool {
    let found = |program: &&str| {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|directory| directory.join(program).is_file())
    };
    let is_available = ["dbus-run-session", "dbus-send", "gnome-keyring-daemon"].iter().all(found);
    let is_required = env::var_os("OXFTP_REQUIRE_SERVERS").is_some_and(|value| value == "1");
    assert!(is_available || !is_required, "gnome-keyring or dbus is missing");
    if !is_available {
        let _ = writeln!(std::io::stderr(), "skipped: gnome-keyring or dbus is missing");
    }
    is_available
}

fn command(site: &Site, words: &[&str]) -> Command {
    let (home, sockets) = (site.here("home"), site.here("sockets"));
    for directory in [&home, &sockets] {
        fs::create_dir_all(directory).unwrap();
    }
    let bus = site.keep("bus.conf", BUS);
    let mut command = Command::new("dbus-run-session");
    command.args(["--config-file", &bus, "--", "sh", "-c", SCRIPT, env!("CARGO_BIN_EXE_oxftp")]).args(words);
    command.env("HOME", &home).env("XDG_DATA_HOME", home.join("data")).env("XDG_RUNTIME_DIR", sockets);
    command
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env_remove("OXFTP_PASSWORD")
        .env_remove("OXFTP_CONFIG");
    command
}

/// Runs the program on a terminal, types a password, and returns the rest.
fn type_password(site: &Site, words: &[&str], password: &str) -> String {
    let mut session = expectrl::Session::spawn(command(site, words)).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(30)));
    session.expect("Password for tester@localhost: ").unwrap();
    session.send_line(password).unwrap();
    let rest = session.expect(expectrl::Eof).unwrap();
    String::from_utf8_lossy(rest.as_bytes()).into_owned()
}

fn without_terminal(site: &Site, words: &[&str]) -> Run {
    run(command(site, words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

#[test]
fn typed_password_is_stored_after_the_login() {
    if !is_available() {
        return;
    }
    let site = Site::plain();
    site.write_remote("file", "x");
    let url = &site.url("");
    let words = ["ls", "--keyring", url];

    let refused = type_password(&site, &words, "wrong");
    assert!(refused.contains("530"), "{refused}");
    let missing = without_terminal(&site, &words);
    assert_eq!(missing.code, Some(9), "a refused password was stored: {}", missing.stdout());

    let listed = type_password(&site, &words, site.server.password());
    assert!(listed.contains("file"), "{listed}");
    let again = without_terminal(&site, &words);
    assert_eq!((again.code, again.stdout().as_str()), (Some(0), "file\n"), "{}", again.stderr);
    let renewed = type_password(&site, &["ls", "--keyring=new", url], site.server.password());
    assert!(renewed.contains("file"), "{renewed}");
}

#[test]
fn missing_keyring_is_an_error() {
    let site = Site::plain();
    let mut command = site.command(&["ls", "--keyring", &site.url("")]);
    command.env_remove("OXFTP_PASSWORD").env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");

    let run = run(&mut command);

    assert_eq!(run.code, Some(9), "{}", run.stderr);
    assert!(run.stderr.contains("cannot read the password from the keyring"), "{}", run.stderr);
}
