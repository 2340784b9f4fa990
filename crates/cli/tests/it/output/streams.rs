//! Text on stdout and stderr.

use std::{fs, fs::File, process::Command};

use crate::common::{Run, Site, content, run};

#[test]
fn progress_always_prints_lines_on_a_pipe() {
    let site = Site::plain();
    site.write_remote("tree/one", content(300_000));
    site.write_remote("tree/two", content(100_000));

    let file = site.run(&["get", "--progress", "always", &site.url("tree/one")]);
    let tree = site.run(&["get", "-r", "--progress", "always", &site.url("tree")]);

    let last = file.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("tree/one: 293.0 KiB of 293.0 KiB, "), "{}", file.stderr);
    let last = tree.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("2 files, 390.6 KiB, "), "{}", tree.stderr);
}

#[test]
fn resumed_download_counts_the_existing_part() {
    let site = Site::plain();
    site.write_remote("x", content(300_000));
    fs::write(site.here("x.oxftp.part"), content(200_000)).unwrap();

    let run = site.run(&["get", "-c", "--progress", "always", &site.url("x")]);

    assert!(run.stderr.contains("x: 293.0 KiB of 293.0 KiB"), "{}", run.stderr);
}

#[test]
fn terminal_injection_on_stderr_is_escaped() {
    let site = Site::plain();

    let run = site.run(&["-v", "get", "--control-characters", &site.url("%1B]0;title%07%E2%80%AE")]);

    assert_eq!(run.code, Some(6), "{}", run.stderr);
    assert!(!run.stderr.chars().any(|shown| shown.is_control() && shown != '\n' || shown == '\u{202e}'));
}

#[test]
fn names_reach_a_pipe_unchanged() {
    let site = Site::plain();
    site.write_remote("\u{1b}[31mred\ttab", "x");

    assert_eq!(site.succeed(&["ls", &site.url("")]), "\u{1b}[31mred\ttab\n");
}

#[test]
fn colour_needs_a_terminal_or_the_flag() {
    let site = Site::plain();
    let missing = site.url("missing");

    assert!(site.run(&["cat", "--color", "always", &missing]).stderr.contains("\u{1b}["));
    assert!(!site.run(&["cat", &missing]).stderr.contains('\u{1b}'));
    assert!(!site.run(&["cat", "--color", "never", &missing]).stderr.contains('\u{1b}'));
}

#[test]
fn full_stdout_exits_with_9() {
    let site = Site::plain();
    site.write_remote("file", content(100_000));

    for words in [["cat", &site.url("file")], ["ls", &site.url("")], ["stat", &site.url("file")]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let run = run(site.command(&words).stdout(full));
        assert_eq!(run.code, Some(9), "{words:?}: {}", run.stderr);
        assert!(run.labelled("caused by:").join("").contains("No space left"), "{}", run.stderr);
    }
}

#[test]
fn file_size_limit_keeps_partial_file() {
    let site = Site::plain();
    site.write_remote("big", content(1_000_000));
    let whole = site.command(&["get", &site.url("big")]);

    // 100 blocks of 512 or 1024 bytes, depending on the shell.
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 100; exec \"$@\"", "sh"]).arg(whole.get_program()).args(whole.get_args());
    limited.current_dir(site.here("")).env("OXFTP_PASSWORD", site.server.password());
    let run = Run::from(limited.output().unwrap());

    assert_eq!(run.code, Some(9), "{}", run.stderr);
    assert!(run.labelled("error:").join("").contains("big.oxftp.part"), "{}", run.stderr);
    assert!(site.here("big.oxftp.part").exists() && !site.here("big").exists());
}

#[test]
fn mkdir_of_existing_directory_has_a_clear_error() {
    let site = Site::plain();
    fs::create_dir(site.there("dir")).unwrap();

    let run = site.run(&["mkdir", &site.url("dir")]);

    assert_eq!(run.code, Some(7), "{}", run.stderr);
    assert!(run.labelled("error:")[0].ends_with("/dir already exists"), "{}", run.stderr);
    assert!(run.labelled("hint:").join("").contains("-p"), "{}", run.stderr);
}

#[test]
fn upload_onto_a_directory_hints_at_the_slash() {
    let site = Site::plain();
    fs::create_dir(site.there("dir")).unwrap();
    fs::write(site.here("file"), "x").unwrap();

    let run = site.run(&["put", "file", &site.url("dir")]);

    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.labelled("hint:").join("").contains('/'), "{}", run.stderr);
}
