//! `du`, `head`, `tail`, `rcat` and `raw`: success and failures.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
};

use serde_json::Value;

use crate::common::{Site, content, run_with_input};

#[test]
fn du_prints_each_directory_and_total_last() {
    let site = Site::plain();
    site.write_remote("pub/a/one", content(1000));
    site.write_remote("pub/a/b/two", content(24));
    site.write_remote("pub/three", content(1024));
    fs::create_dir(site.there("pub/empty")).unwrap();
    let du = |words: &[&str]| site.succeed(&[&["du"], words, &[site.url("pub").as_str()]].concat());

    assert_eq!(du(&[]), "24\ta/b\n1024\ta\n0\tempty\n2048\t.\n");
    assert_eq!(du(&["-s"]), "2048\t.\n");
    assert_eq!(du(&["-s", "-h"]), "2.0 KiB     .\n");
    let object: Value = serde_json::from_str(&du(&["-s", "--json"])).unwrap();
    assert_eq!((&object["path"], &object["bytes"], &object["files"]), (&".".into(), &2048.into(), &3.into()));
}

#[test]
fn du_of_file_and_of_empty_directory() {
    let site = Site::plain();
    site.write_remote("pub/file", content(7));
    fs::create_dir(site.there("empty")).unwrap();

    assert_eq!(site.succeed(&["du", &site.url("pub/file")]), "7\t.\n");
    assert_eq!(site.succeed(&["du", &site.url("empty")]), "0\t.\n");
    let missing = site.run(&["du", &site.url("missing")]);
    assert_eq!((missing.code, missing.stdout.len()), (Some(6), 0), "{}", missing.stderr);
}

#[test]
fn head_prints_bytes_or_lines() {
    let site = Site::plain();
    let text: String = (0..200_000).map(|line| format!("{line}\n")).collect();
    site.write_remote("text", &text);
    site.write_remote("short", "no line end");
    let head =
        |words: &[&str], path: &str| site.succeed(&[&["head"], words, &[site.url(path).as_str()]].concat());

    assert_eq!(head(&["-c", "5"], "text"), "0\n1\n2");
    assert_eq!(head(&["-c", "1k"], "text"), text[..1024]);
    assert_eq!(head(&["-c", "1M"], "short"), "no line end");
    assert_eq!(head(&["-c", "0"], "short"), "");
    assert_eq!(head(&["-n", "2"], "text"), "0\n1\n");
    assert_eq!(head(&["-n", "0"], "text"), "");
    assert_eq!(head(&[], "text"), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    assert_eq!(head(&[], "short"), "no line end");
    for words in [&["head", "-c", "9"][..], &["head", "-c", "0"], &["head"]] {
        let run = site.run(&[words, &[site.url("missing").as_str()]].concat());
        assert_eq!((run.code, run.stdout.len()), (Some(6), 0), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn head_and_tail_of_several_files_have_headings() {
    let site = Site::plain();
    site.write_remote("one.log", "1\n2\n");
    site.write_remote("two.log", "3\n4\n");

    let head = site.succeed(&["head", "-n", "1", &site.url("*.log")]);
    let tail = site.run(&["tail", "-n", "1", &site.url("one.log"), &site.url("no"), &site.url("two.log")]);

    assert_eq!(head, "==> one.log <==\n1\n\n==> two.log <==\n3\n");
    assert_eq!(tail.stdout(), "==> one.log <==\n2\n\n==> no <==\n\n==> two.log <==\n4\n");
    assert_eq!(tail.code, Some(1), "{}", tail.stderr);
    assert_eq!(site.run(&["tail", "-f", &site.url("*.log")]).code, Some(2));
}

#[test]
fn tail_prints_bytes_or_lines() {
    let site = Site::plain();
    let text: String = (0..200_000).map(|line| format!("{line}\n")).collect();
    site.write_remote("text", &text);
    site.write_remote("short", "a\nno line end");
    site.write_remote("empty", "");
    let tail =
        |words: &[&str], path: &str| site.succeed(&[&["tail"], words, &[site.url(path).as_str()]].concat());

    assert_eq!(tail(&["-c", "5"], "text"), "9999\n");
    assert_eq!(tail(&["-c", "1M"], "short"), "a\nno line end");
    assert_eq!(tail(&["-c", "0"], "short"), "");
    assert_eq!(tail(&["-n", "2"], "text"), "199998\n199999\n");
    assert_eq!(tail(&["-n", "0"], "text"), "");
    assert_eq!(tail(&["-n", "100000"], "text"), text[text.len() - 700_000..]);
    assert_eq!(tail(&["-n", "300000"], "text"), text);
    assert_eq!(tail(&["-n", "1"], "short"), "no line end");
    assert_eq!(tail(&[], "short"), "a\nno line end");
    assert_eq!(tail(&[], "empty"), "");
    for words in [&["tail", "-c", "9"][..], &["tail", "-c", "0"], &["tail"]] {
        let run = site.run(&[words, &[site.url("missing").as_str()]].concat());
        assert_eq!((run.code, run.stdout.len()), (Some(6), 0), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn tail_follows_growing_and_truncated_file() {
    let site = Site::plain();
    site.write_remote("log", "one\ntwo\n");
    let mut command = site.command(&["tail", "-f", "-n", "1", &site.url("log")]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "two");

    let mut log = fs::OpenOptions::new().append(true).open(site.there("log")).unwrap();
    log.write_all(b"three\n").unwrap();
    assert_eq!(lines.next().unwrap(), "three");

    fs::write(site.there("log"), "new\n").unwrap();
    assert_eq!(lines.next().unwrap(), "new");

    child.kill().unwrap();
    let stderr = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    child.wait().unwrap();
    assert!(stderr.contains("is shorter than before"), "{stderr}");
}

#[test]
fn rcat_writes_stdin_to_a_file() {
    let site = Site::plain();
    let bytes = content(3_000_000);

    let run = run_with_input(&mut site.command(&["rcat", &site.url("new")]), &bytes);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(site.there("new")).unwrap(), bytes);
    assert_eq!(site.run(&["rcat", &site.url("dir/")]).code, Some(2));
}

#[test]
fn raw_stops_at_the_first_refusal() {
    let site = Site::plain();

    let run = site.run(&["raw", &site.url(""), "NOOP", "FEAT", "NONSENSE", "NOOP"]);

    assert_eq!(run.code, Some(11), "{}", run.stderr);
    let lines: Vec<_> = run.stdout().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("200 ") && lines.iter().any(|line| line.contains("EPSV")), "{lines:?}");
    assert!(lines.last().unwrap().starts_with('5'), "{lines:?}");
    assert_eq!(site.run(&["raw", &site.url(""), "NOOP\r\nDELE x"]).code, Some(2));
}
