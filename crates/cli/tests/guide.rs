//! The guide in `docs/`: every command that it shows with its output gives that output.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{fs, path::Path, process::Command};

use common::Site;
use oxftp_serve::{ServeOptions, Server};
use oxftp_testing::servers::{Protection, ServerKind};

#[test]
fn getting_started() {
    holds("getting-started.md");
}

#[test]
fn the_walk() {
    // The embedded server keeps no times, and the program would say so.
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        is_walked(kind);
    }
}

#[test]
fn the_verbs() {
    holds("verbs.md");
}

#[test]
fn the_shell() {
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

/// Runs the commands of a page, in their order and in one directory, against a server of their own.
fn holds(page: &str) {
    let (served, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(ServeOptions::new(served.path()).writable(true))).unwrap();
    let meant = format!("ftp://localhost:{}/", server.address().port());
    holds_with(page, here.path(), &[("ftp://localhost:2121/", &meant)]);
}

/// The walk leads through the real world: a login, TLS, and an authority that the system does not know.
fn is_walked(kind: ServerKind) {
    let Some(site) = Site::on(kind, Protection::Explicit) else { return };
    let server = &site.server;
    site.lay("www/index.html", "<h1>Hi</h1>\n");
    site.lay("www/img/logo.png", [0; 3000]);
    server.hand_over().unwrap();
    site.keep("ca.pem", server.ca_pem().unwrap());
    let url = format!("ftpes://{}:{}/", server.host(), server.port());
    let login = format!("login {} password {}", server.user(), server.password());
    let machine = format!("machine {}", server.host());
    holds_with(
        "walk.md",
        &site.here(""),
        &[
            ("ftpes://ftp.example.org/", &url),
            ("machine ftp.example.org", &machine),
            ("login me password sesame", &login),
        ],
    );
}

/// Runs the commands of a page with what it writes replaced by what is meant.
fn holds_with(page: &str, here: &Path, meanings: &[(&str, &str)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let examples = examples(&fs::read_to_string(&path).unwrap());
    assert!(!examples.is_empty(), "{page} shows no command");
    let meant =
        |text: &str| meanings.iter().fold(text.to_owned(), |text, (it, meant)| text.replace(it, meant));
    let written = |text: String| meanings.iter().fold(text, |text, (it, meant)| text.replace(meant, it));
    for (command, expected) in examples {
        let shown = written(run(&meant(&command), here));
        assert!(
            is_like(&shown, &expected),
            "{page}: $ {command}\nshows\n{shown}\nand should show\n{expected}"
        );
    }
}

/// Gives the commands of blocks marked `console`, and what each shows.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("$ ") {
            _ if line.starts_with("```") => inside = line == "```console",
            Some(command) if inside => examples.push((command.to_owned(), String::new())),
            _ if inside => {
                let (_, shown) = examples.last_mut().unwrap();
                *shown += &format!("{line}\n");
            }
            _ => {}
        }
    }
    examples
}

fn run(command: &str, here: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_oxftp")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = common::oxftp(&["--version"]);
    let kept: Vec<_> =
        shell.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    shell = Command::new("sh");
    for (name, value) in kept {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    // Both streams as a terminal shows them.
    let output = shell
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(here)
        .env("HOME", here)
        .env("PATH", path)
        .env_remove("XDG_CONFIG_HOME")
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// Compares texts; `[..]` stands for whatever there is on a line.
fn is_like(shown: &str, expected: &str) -> bool {
    let (shown, expected): (Vec<_>, Vec<_>) = (shown.lines().collect(), expected.lines().collect());
    shown.len() == expected.len()
        && shown.iter().zip(expected).all(|(shown, expected)| line_is_like(shown, expected))
}

fn line_is_like(shown: &str, expected: &str) -> bool {
    let mut pieces = expected.split("[..]");
    let Some(mut rest) = shown.strip_prefix(pieces.next().unwrap()) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn dots_in_brackets_are_anything_on_a_line_and_all_else_is_itself() {
    assert!(is_like("a 550 b c\nx\n", "a [..] c\nx"));
    assert!(!is_like("a 550 b\n", "a [..] c"));
    assert!(!is_like("a\nb\n", "a"));
    assert!(!is_like("ab", "a"));
}
