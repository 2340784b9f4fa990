//! Interruption of every long-running verb at random moments, by Ctrl-C or a full disk.

use std::{
    collections::hash_map::RandomState,
    fs,
    hash::BuildHasher,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{
    Run, Site,
    fixtures::{ALPHA, Fixtures, big},
    interrupt,
};

/// Long-running verbs; transfers have a rate limit.
const LONG: &[&str] = &[
    "get --limit-rate 500k URL/big",
    "get -c --limit-rate 500k URL/big",
    "get --segments 3 --limit-rate 500k URL/big",
    "get -r --limit-rate 2M URL",
    "get --json --limit-rate 500k URL/big",
    "mirror --limit-rate 500k URL copy",
    "put --limit-rate 500k whole URL/new",
    "put -r --limit-rate 500k . URL/new",
    "put --temp-name --limit-rate 500k whole URL/new",
    "mirror --limit-rate 500k . URL/new",
    "cat --limit-rate 500k URL/big",
    "ls -R URL",
    "find URL",
    "du URL",
    "rm -r URL/pub",
    "probe URL",
    "rcat URL/new",
    "shell -c find URL",
];

/// The first interruption is immediate, the others are at random moments up to this.
const LATEST_MS: u64 = 300;
const MOMENTS: usize = 5;

fn moments_ms() -> Vec<u64> {
    // Each of these hashers has a random seed.
    let random = || RandomState::new().hash_one(0) % LATEST_MS;
    std::iter::once(0).chain(std::iter::repeat_with(random)).take(MOMENTS).collect()
}

#[test]
fn ctrl_c_exits_with_130_without_truncated_files() {
    for kind in [ServerKind::Embedded, ServerKind::ProFtpd] {
        let Some(site) = Site::on(kind, Protection::Explicit) else { continue };
        for (number, line) in LONG.iter().enumerate() {
            for (turn, moment) in moments_ms().into_iter().enumerate() {
                let fixtures = Fixtures::make(&site, format!("{number}-{turn}"));
                let run = interrupted_run(&fixtures, line, Duration::from_millis(moment));
                // Before the program installs its signal handler, the signal ends it.
                assert!(
                    matches!(run.code, Some(130 | 0) | None),
                    "{line}, {moment} ms: {:?} {}",
                    run.code,
                    run.stderr
                );
                assert!(
                    run.code != Some(130) || run.stderr.ends_with("error: interrupted\n"),
                    "{line}: {}",
                    run.stderr
                );
                assert_nothing_truncated(&fixtures.here(""), line);
            }
        }
    }
}

fn interrupted_run(fixtures: &Fixtures<'_>, line: &str, after: Duration) -> Run {
    let words = fixtures.words(line);
    let mut command = fixtures.site.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
    // The stdin of rcat stays open. The output is discarded, so that no pipe fills up.
    let child =
        command.current_dir(fixtures.here("")).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // The assertions must hold for any moment.
    std::thread::sleep(after);
    interrupt(&child);
    child.wait_with_output().unwrap().into()
}

/// Fails if a file with its final name is truncated.
fn assert_nothing_truncated(directory: &Path, line: &str) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        match name.as_str() {
            _ if path.is_dir() => assert_nothing_truncated(&path, line),
            "big" => assert!(fs::read(&path).unwrap() == big(), "{line}: {path:?} is truncated"),
            "a.txt" => assert!(fs::read(&path).unwrap() == ALPHA.as_bytes(), "{line}: {path:?} is truncated"),
            _ => {}
        }
    }
}

/// Downloads that exceed the file size limit of the shell.
const GROWING: &[(&str, i32)] = &[
    ("get URL/big", 9),
    ("get -j 1 URL/big", 9),
    ("get --segments 3 URL/big", 9),
    ("get --range 0-299999 URL/big", 9),
    ("get -o named URL/big", 9),
    ("get --json URL/big", 9),
    // The small files of the tree are complete.
    ("get -r -o tree2 URL", 1),
    ("mirror URL copy", 1),
];

#[test]
fn full_disk_leaves_no_truncated_file() {
    for kind in [ServerKind::Embedded, ServerKind::Vsftpd] {
        let Some(site) = Site::on(kind, Protection::Explicit) else { continue };
        for (number, (line, code)) in GROWING.iter().enumerate() {
            let fixtures = Fixtures::make(&site, format!("full-{number}"));
            fs::remove_file(fixtures.here("big.oxftp.part")).unwrap();
            let run = with_file_size_limit(&fixtures, line);
            assert_eq!(run.code, Some(*code), "{line}: {}", run.stderr);
            assert!(run.stderr.contains("File too large"), "{line}: {}", run.stderr);
            assert!(!fixtures.here("named").exists(), "{line}");
            assert_nothing_truncated(&fixtures.here(""), line);
        }
    }
}

/// Runs with a file size limit of 100 blocks of 512 or 1024 bytes, depending on the shell.
fn with_file_size_limit(fixtures: &Fixtures<'_>, line: &str) -> Run {
    let words = fixtures.words(line);
    let whole = fixtures.site.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 100; exec \"$@\"", "sh"]).arg(whole.get_program()).args(whole.get_args());
    limited.current_dir(fixtures.here("")).env("OXFTP_PASSWORD", fixtures.site.server.password());
    limited.output().unwrap().into()
}
