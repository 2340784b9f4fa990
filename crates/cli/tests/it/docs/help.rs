//! Help, suggestions, completions, manual pages.

use std::fs;

use crate::common::{oxftp, run};

/// Returns the verbs in the order of the help.
fn verbs() -> Vec<String> {
    let help = run(&mut oxftp(&["--help"])).stdout();
    let listed = help.split("Usage: ").nth(1).unwrap().split("Options:\n").next().unwrap();
    let words = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    words.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn help_of_every_verb_has_an_example() {
    let verbs = verbs();
    assert!(verbs.len() > 15, "{verbs:?}");
    for verb in verbs {
        let help = run(&mut oxftp(&[&verb, "--help"]));
        assert_eq!(help.code, Some(0), "{verb}");
        let example =
            help.stdout().lines().find(|line| line.starts_with("Example: ")).unwrap_or_default().to_owned();
        assert!(example.contains(&format!("oxftp {verb}")), "{verb}: {}", help.stdout());
    }
}

#[test]
fn mistyped_verb_or_flag_has_a_suggestion() {
    for (words, meant) in [
        (&["gett", "ftp://h/x"][..], "'get'"),
        (&["lss", "ftp://h/x"], "'ls'"),
        (&["ls", "--recursiv", "ftp://h/x"], "'--recursive'"),
        (&["get", "--pasword-file", "x", "ftp://h/x"], "'--password-file'"),
        (&["bookmark", "ad", "x", "ftp://h/"], "'add'"),
    ] {
        let run = run(&mut oxftp(words));
        assert_eq!(run.code, Some(2), "{words:?}");
        assert!(run.stderr.contains("similar") && run.stderr.contains(meant), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn verb_of_another_program_has_a_hint() {
    for (word, meant) in [("cp", "get downloads, put uploads"), ("sync", "mirror"), ("del", "rm removes")] {
        let run = run(&mut oxftp(&[word, "ftp://h/x"]));
        assert_eq!(run.code, Some(2), "{word}");
        assert!(run.labelled("hint: ").join("").contains(meant), "{word}: {}", run.stderr);
    }
}

/// Flags as users of other programs type them, and what the hint says.
const FOREIGN: &[(&[&str], &str)] = &[
    (&["ls", "--cacert", "x", URL], "--tls-ca FILE"),
    (&["ls", "-k", URL], "--insecure"),
    (&["get", "--no-check-certificate", URL], "--insecure"),
    (&["get", "--ftp-ssl", URL], "ftpes://"),
    (&["get", "--ssl-reqd", URL], "ftpes://"),
    (&["get", "-u", "me:secret", URL], "--user NAME"),
    (&["put", "-T", "x", URL], "oxftp put FILE URL"),
    (&["get", "-O", URL], "-o FILE"),
    (&["get", "-P", "3", URL], "-j N"),
    (&["get", "-nH", "--cut-dirs=2", URL], "last directory"),
    (&["get", "--cut-dirs=2", URL], "last directory"),
    (&["mirror", "-R", "a", URL], "mirror DIR URL uploads"),
    (&["mirror", "-e", "a", URL], "--delete=before"),
    (&["mirror", "--parallel=8", "a", URL], "-j N"),
    (&["mirror", "--transfers", "4", "a", URL], "-j N"),
    (&["mirror", "-avz", "a", URL], "--links copy"),
    (&["ls", "--ftp-host", "h", URL], "part of the URL"),
    (&["ls", "-lA", URL], "leave this flag out"),
    (&["ls", "--older", "30d", URL], "--min-age AGE"),
    (&["find", "-name", "*.log", URL], "two hyphens: --name"),
    (&["find", "-mtime", "+30", URL], "--older 30d"),
    (&["rm", "-i", URL], "rm asks nothing"),
    (&["chmod", "-x", URL], "a-x"),
    (&["put", "--dry-run", "a", URL], "--dry-run is a flag of "),
    (&["ls", "--delete", URL], "--delete is a flag of "),
    (&["-u", "me,secret", "h"], "--user NAME"),
    (&["-e", "ls; bye", "h"], "oxftp shell -c"),
    (&[URL], "oxftp ls ftp://h/x lists"),
    (&["ftp.example.org"], "oxftp shell ftpes://ftp.example.org"),
    (&["localhost"], "oxftp shell ftpes://localhost"),
    (&["get", URL, "dir"], "-d dir"),
    (&["put", URL, "dir"], "put SRC... URL; get downloads"),
    (&["put", URL, URL], "mirror or fxp"),
    (&["mirror", URL], "mirror URL DIR to download"),
    (&["mirror", "a", "b", URL], "one word too many"),
    (&["ls", "-h"], "--human"),
];

const URL: &str = "ftp://h/x";

#[test]
fn foreign_command_line_says_what_to_type() {
    for (words, meant) in FOREIGN {
        let run = run(&mut oxftp(words));
        assert_eq!(run.code, Some(2), "{words:?}");
        assert!(run.labelled("hint: ").join("").contains(meant), "{words:?}: {}", run.stderr);
        assert!(
            !run.stderr.contains("tip:") && !run.stderr.contains("as a value"),
            "{words:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn hint_for_a_url_hides_its_password() {
    for words in [&["ftp://me:hush@h/x"][..], &["get", "-k", "ftp://me:hush@h/x"], &["me:hush@h.example.org"]]
    {
        let run = run(&mut oxftp(words));
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
        run.hides("hush");
    }
}

#[test]
fn help_lists_every_verb_once() {
    let help = run(&mut oxftp(&["help"])).stdout();
    assert_eq!(help, run(&mut oxftp(&["--help"])).stdout());
    assert_eq!(run(&mut oxftp(&["help", "get"])).stdout(), run(&mut oxftp(&["get", "--help"])).stdout());
    for verb in verbs() {
        assert_eq!(help.matches(&format!("\n  {verb} ")).count(), 1, "{verb}");
    }
}

#[test]
fn completions_contain_every_verb_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&mut oxftp(&["completions", shell]));
        assert_eq!(script.code, Some(0), "{shell}: {}", script.stderr);
        for verb in verbs() {
            assert!(script.stdout().contains(&verb), "{shell}: {verb}");
        }
    }
    assert_eq!(run(&mut oxftp(&["completions", "tcsh"])).code, Some(2));
}

#[test]
fn every_verb_has_a_manual_page() {
    let home = tempfile::tempdir().unwrap();
    let pages = home.path().join("man/man1");

    let written = run(oxftp(&["man"]).arg(&pages));

    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let page = |name: &str| fs::read_to_string(pages.join(name)).unwrap();
    assert!(page("oxftp.1").contains(".TH oxftp 1"));
    for verb in verbs() {
        assert!(page(&format!("oxftp-{verb}.1")).contains("Example"), "{verb}");
    }
    assert_eq!(run(&mut oxftp(&["man"])).stdout(), page("oxftp.1"));
    assert_eq!(run(&mut oxftp(&["man", "/dev/null/x"])).code, Some(9));
}
