//! Servers that hang or close connections at commands, and have room for few sessions.

use std::fs;

use oxftp_testing::fragile::{Fault, Fragile, FragileServer, Refusal};

use crate::common::{Run, oxftp, run};

/// A server with six files in `/d`.
fn with_files() -> Fragile {
    (0..6).fold(Fragile::new(), |server, number| {
        server.file(&format!("/d/{number}"), format!("content {number}"))
    })
}

/// Runs the program; `@` in its words stands for the URL of the root.
fn run_on(server: &FragileServer, words: &[&str]) -> Run {
    let words: Vec<_> = words.iter().map(|word| word.replace('@', &server.url("/"))).collect();
    run(&mut oxftp(&words))
}

#[test]
fn optional_command_that_ends_sessions_needs_no_retries() {
    for (command, jobs) in [("MLST", "1"), ("MLST", "8"), ("EPSV", "8"), ("MLSD", "1"), ("MLSD", "8")] {
        let server = with_files().on(command, Fault::HangUp).start();
        let local = tempfile::tempdir().unwrap();
        let directory = local.path().display().to_string();

        let run = run_on(&server, &["get", "-r", "-j", jobs, "--retries", "0", "-d", &directory, "@d"]);

        assert_eq!(run.code, Some(0), "{command}: {}", run.stderr);
        assert_eq!(fs::read_dir(local.path().join("d")).unwrap().count(), 6, "{command}");
        assert_eq!(server.count(command), 1, "{:?}", server.commands());
    }
}

#[test]
fn silent_optional_command_costs_one_timeout() {
    let server = with_files().on("MLST", Fault::Silence).start();

    let run = run_on(&server, &["stat", "--timeout", "2", "--retries", "0", "@d/1", "@d/2"]);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!((server.count("MLST"), server.connections()), (1, 2));
}

#[test]
fn session_limit_of_one_is_noted_once() {
    let greeting = || Refusal::Greeting("221 busy".to_owned());
    for refusal in [greeting(), Refusal::EndsOldest, Refusal::AtLogin("530 no".to_owned())] {
        let server = (0..30)
            .fold(Fragile::new(), |server, number| server.file(&format!("/d/{number}"), vec![b'x'; 100_000]));
        let server = server.sessions(1, refusal.clone()).start();
        let local = tempfile::tempdir().unwrap();
        let directory = local.path().display().to_string();

        let run = run_on(&server, &["get", "-r", "-j", "4", "--retries", "0", "-d", &directory, "@d"]);

        assert_eq!(run.code, Some(0), "{refusal:?}: {}", run.stderr);
        assert_eq!(fs::read_dir(local.path().join("d")).unwrap().count(), 30, "{refusal:?}");
        assert_eq!(run.labelled("warning:").len(), 1, "{refusal:?}: {}", run.stderr);
    }
}

#[test]
fn verbs_continue_after_lost_connections() {
    let bye = || Fault::ReplyAndHangUp("421 bye".to_owned());
    let table: [(&str, &str, &[&str]); 9] = [
        ("DELE", "rm -r", &["rm", "-r", "@d"]),
        ("DELE", "rm of many", &["rm", "@d/0", "@d/1", "@d/2"]),
        ("MLST", "stat", &["stat", "@d/0", "@d/1", "@d/2"]),
        ("SITE CHMOD", "chmod", &["chmod", "600", "@d/0", "@d/1", "@d/2"]),
        ("MFMT", "touch", &["touch", "-d", "2024-01-02T03:04:05Z", "@d/0", "@d/1", "@d/2"]),
        ("MKD", "mkdir", &["mkdir", "@a", "@b", "@c"]),
        ("RMD", "rmdir", &["rmdir", "@e/1", "@e/2", "@e/3"]),
        ("MLSD", "find", &["find", "@"]),
        ("MLSD", "ls -R", &["ls", "-R", "@"]),
    ];
    for (verb, name, words) in table {
        let empty = ["/e/1", "/e/2", "/e/3"];
        let server = empty.iter().fold(with_files(), |server, path| server.directory(path));
        let server = server.on_nth(verb, 2, bye()).start();

        let run = run_on(&server, words);

        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{name}");
        assert_eq!(server.connections(), 2, "{name}: {:?}", server.commands());
    }
}

#[test]
fn tree_listings_continue_after_lost_connections() {
    let tree = || with_files().file("/d/sub/a", "a").file("/d/sub/deep/b", "bb").file("/e/c", "ccc");
    for words in [&["ls", "-R", "@"][..], &["find", "@"], &["du", "@"]] {
        let expected = run_on(&tree().start(), words);
        assert_eq!(expected.code, Some(0), "{words:?}: {}", expected.stderr);
        for number in 1..=5 {
            for fault in [Fault::HangUp, Fault::ReplyAndHangUp("421 bye".to_owned())] {
                let server = tree().on_nth("MLSD", number, fault.clone()).start();

                let run = run_on(&server, words);

                assert_eq!(run.code, Some(0), "{words:?} {number} {fault:?}: {}", run.stderr);
                assert_eq!(run.stdout, expected.stdout, "{words:?} {number} {fault:?}");
                assert_eq!(server.connections(), 2, "{words:?} {number} {fault:?}");
            }
        }
    }
}

#[test]
fn lost_connection_fails_without_retries() {
    let server = with_files().on_nth("DELE", 2, Fault::HangUp).start();

    let run = run_on(&server, &["rm", "-r", "--retries", "0", "@d"]);

    assert_eq!(run.code, Some(8), "{}", run.stderr);
}

#[test]
fn commands_of_the_user_are_sent() {
    let server = with_files().start();
    let local = tempfile::tempdir().unwrap();
    let directory = local.path().display().to_string();
    let words = [
        "get",
        "-v",
        "-d",
        &directory,
        "--on-login",
        "SITE UMASK 022",
        "--on-login",
        "-SITE PSWD old geheim",
    ];
    let words = [&words[..], &["--before", "SITE UMASK 077", "--after", "-NOOP", "@d/1"]].concat();

    let run = run_on(&server, &words);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!((server.count("SITE UMASK"), server.count("SITE PSWD"), server.count("NOOP")), (2, 1, 1));
    run.hides("geheim");
}

#[test]
fn refused_command_of_the_user_exits_with_7() {
    let server = with_files().start();

    let run = run_on(&server, &["ls", "--on-login", "SITE NAMEFMT 1", "@"]);

    assert_eq!(run.code, Some(7), "{}", run.stderr);
    assert!(run.stderr.contains("the server refused the command SITE NAMEFMT 1"), "{}", run.stderr);
    let run = run_on(&server, &["ls", "--on-login", "NOOP\r\nDELE x", "@"]);
    assert_eq!((run.code, server.count("DELE")), (Some(2), 0), "{}", run.stderr);
}
