//! `demo` and `serve`.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Child,
};

use crate::common::{interrupt, oxftp, run};

#[test]
fn demo_compares_everything_and_cleans_up() {
    let home = tempfile::tempdir().unwrap();

    let run = run(oxftp(&["demo"]).env("TMPDIR", home.path()));

    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout(), run.stderr);
    let text = run.stdout();
    for word in ["files", "MiB/s", "resumed"] {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn serve_prints_a_working_url() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "x").unwrap();
    let served = Served::start(&["--writable"], home.path());

    let listed = run(&mut oxftp(&["ls", &served.url]));
    let made = run(&mut oxftp(&["mkdir", &format!("{}new", served.url)]));

    assert_eq!(listed.stdout(), "file\n", "{}", listed.stderr);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(home.path().join("new").is_dir());
}

#[test]
fn serve_is_read_only_by_default() {
    let home = tempfile::tempdir().unwrap();
    let served = Served::start(&[], home.path());

    let made = run(&mut oxftp(&["mkdir", &format!("{}new", served.url)]));

    assert_eq!(made.code, Some(7), "{}", made.stderr);
}

#[test]
fn serve_with_tls_prints_its_certificate() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "x").unwrap();
    let served = Served::start(&["--tls"], home.path());

    assert!(served.url.starts_with("ftpes://"), "{}", served.url);
    let ca = served.word(".pem");
    let listed = run(&mut oxftp(&["ls", "--tls-ca", &ca, &served.url]));
    assert_eq!(listed.stdout(), "file\n", "{}", listed.stderr);
}

/// `oxftp serve`, stopped by Ctrl-C when dropped.
struct Served {
    child: Child,
    url: String,
    said: Vec<String>,
}

impl Served {
    fn start(flags: &[&str], directory: &std::path::Path) -> Self {
        let mut command = oxftp(&["serve", "--bind", "127.0.0.1:0"]);
        let mut child = command.args(flags).arg(directory).spawn().unwrap();
        let mut said = Vec::new();
        let wanted = if flags.contains(&"--tls") { 2 } else { 1 };
        for line in BufReader::new(child.stdout.as_mut().unwrap()).lines().take(wanted) {
            said.push(line.unwrap());
        }
        let url = word_with(&said, "://");
        Self { child, url: if url.ends_with('/') { url } else { url + "/" }, said }
    }

    fn word(&self, part: &str) -> String {
        word_with(&self.said, part)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        interrupt(&self.child);
        let status = self.child.wait().unwrap();
        assert!(status.code().is_some(), "{status}");
    }
}

fn word_with(lines: &[String], part: &str) -> String {
    lines.iter().flat_map(|line| line.split_whitespace()).find(|word| word.contains(part)).unwrap().to_owned()
}
