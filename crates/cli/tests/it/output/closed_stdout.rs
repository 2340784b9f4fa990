//! Every verb that prints, with a full or closed stdout.

use std::{fs::File, io, process::Stdio};

use crate::common::{Run, Site, fixtures::Fixtures, oxftp, run};

/// Verbs that print, with the placeholders of [`Fixtures`].
const PRINTING: &[&str] = &[
    "ls URL/pub",
    "ls -l URL/pub",
    "ls -R URL",
    "ls --json URL/pub",
    "stat URL/big",
    "stat --json URL/big",
    "find URL",
    "find --json URL",
    "du URL",
    "du --json URL",
    "cat URL/big",
    "cat --ascii URL/pub/a.txt",
    "head URL/pub/a.txt",
    "head -c 5 URL/pub/a.txt",
    "tail URL/pub/a.txt",
    "get -o - URL/big",
    "get --range 0-9 -o - URL/big",
    "mirror -n URL/pub copy",
    "raw URL NOOP",
    "probe URL/pub",
    "probe --json URL/pub",
    "shell -c ls URL/pub",
    "shell -c pwd URL/pub",
    "man",
    "completions bash",
    "bookmark --config bookmarks list",
    "parse-listing",
    "--help",
    "--version",
];

fn with_stdout(fixtures: &Fixtures<'_>, line: &str, stdout: impl Into<Stdio>) -> Run {
    let words = fixtures.words(line);
    let mut command = match line.contains("URL") {
        true => fixtures.site.command(&words.iter().map(String::as_str).collect::<Vec<_>>()),
        false => oxftp(&words),
    };
    if line == "parse-listing" {
        command.stdin(File::open(fixtures.here("listing")).unwrap());
    }
    run(command.current_dir(fixtures.here("")).stdout(stdout))
}

fn fixtures(site: &Site) -> Fixtures<'_> {
    let fixtures = Fixtures::make(site, "fixtures");
    std::fs::write(fixtures.here("bookmarks"), "[bookmarks]\nwork = 'ftp://h/'\n").unwrap();
    std::fs::write(fixtures.here("listing"), "type=file;size=1; x\r\n").unwrap();
    fixtures
}

#[test]
fn full_stdout_exits_with_9_for_every_verb() {
    let site = Site::plain();
    let fixtures = fixtures(&site);
    for line in PRINTING {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let run = with_stdout(&fixtures, line, full);
        assert_eq!(run.code, Some(9), "{line}: {}", run.stderr);
        assert_eq!(run.labelled("error:"), ["error: cannot write to stdout"], "{line}: {}", run.stderr);
        assert!(run.labelled("caused by:").join("").contains("No space left"), "{line}: {}", run.stderr);
    }
}

#[test]
fn closed_pipe_ends_every_verb_quietly() {
    let site = Site::plain();
    let fixtures = fixtures(&site);
    for line in PRINTING {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let run = with_stdout(&fixtures, line, writer);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{line}");
    }
}

#[test]
fn unwritable_events_exit_with_9_after_the_transfer() {
    let site = Site::plain();
    let fixtures = fixtures(&site);
    for line in ["get --json URL/pub/a.txt", "put --json up.txt URL/new"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let run = with_stdout(&fixtures, line, full);
        assert_eq!(run.code, Some(9), "{line}: {}", run.stderr);
    }
    assert_eq!(std::fs::read(fixtures.here("a.txt")).unwrap(), crate::common::fixtures::ALPHA.as_bytes());
    assert_eq!(std::fs::read(fixtures.there("new")).unwrap(), crate::common::fixtures::UP.as_bytes());
}
