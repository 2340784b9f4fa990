//! `parse-listing`: one line of output per line of input.

use serde_json::{Value, json};

use crate::common::{oxftp, run_with_input};

fn parse(flags: &[&str], input: &[u8]) -> Vec<Value> {
    let words = [&["parse-listing", "--now", "2024-05-01T00:00Z"], flags].concat();
    let run = run_with_input(&mut oxftp(&words), input);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    run.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const UNIX: &[u8] = b"-rw-r--r--   1 ann  staff   512 Apr 30 09:15 notes.txt\r\n";
const LINK: &[u8] = b"lrwxrwxrwx   1 ann  staff     5 Jan  2  2020 here -> there\r\n";
const MLSD: &[u8] = b"type=dir;modify=20211108214605; sub dir\r\n";
const DOS: &[u8] = b"03-14-22  07:05AM                 1024 report.doc\r\n";

#[test]
fn a_line_of_each_format_is_parsed() {
    let lines = parse(&[], &[UNIX, LINK, MLSD, DOS].concat());

    assert_eq!(lines[0]["name"], "notes.txt");
    assert_eq!(lines[0]["type"], "file");
    assert_eq!(lines[0]["size"], 512);
    assert_eq!(lines[0]["modified"], "2024-04-30T09:15");
    assert_eq!((&lines[0]["owner"], &lines[0]["group"]), (&json!("ann"), &json!("staff")));
    assert_eq!((&lines[1]["type"], &lines[1]["link_target"]), (&json!("link"), &json!("there")));
    assert_eq!((&lines[2]["name"], &lines[2]["type"]), (&json!("sub dir"), &json!("dir")));
    assert_eq!(lines[2]["modified"], "2021-11-08T21:46:05Z");
    assert_eq!((&lines[3]["name"], &lines[3]["size"]), (&json!("report.doc"), &json!(1024)));
}

#[test]
fn each_line_yields_exactly_one_line() {
    let long = [b"-".repeat(3_000_000), b"\n".to_vec()].concat();
    let input =
        [b"total 4\r\n".as_slice(), b"\n", b"\0\xff\x1b[2J\r\n", UNIX, &long, b"no line end"].concat();

    let lines = parse(&[], &input);

    assert_eq!(lines.len(), 6);
    assert!(lines.iter().enumerate().all(|(at, line)| line.is_null() == (at != 3)), "{lines:?}");
    assert!(parse(&[], b"").is_empty());
    assert_eq!(parse(&[], b"\n\n\n").len(), 3);
}

#[test]
fn undecodable_names_are_base64() {
    let line = b"type=file; a\xffb\r\n";

    let unknown = &parse(&[], line)[0];
    assert_eq!(unknown["name_b64"], "Yf9i");
    assert!(unknown.get("name").is_none());
    assert_eq!(parse(&["--encoding", "latin1"], line)[0]["name"], "aÿb");
}

#[test]
fn zone_applies_to_times_without_one() {
    let lines = parse(&["--zone", "+02:00"], &[UNIX, MLSD].concat());

    assert_eq!(lines[0]["modified"], "2024-04-30T09:15+02:00");
    assert_eq!(lines[1]["modified"], "2021-11-08T21:46:05Z");
    assert_eq!(parse(&["--zone", "UTC"], UNIX)[0]["modified"], "2024-04-30T09:15Z");
}

#[test]
fn chosen_listing_format_is_the_only_one() {
    for (format, understood) in [("unix", 0), ("mlsd", 1), ("dos", 2)] {
        let lines = parse(&["--format", format], &[UNIX, MLSD, DOS].concat());
        let read: Vec<_> = (0..lines.len()).filter(|&at| !lines[at].is_null()).collect();
        assert_eq!(read, [understood], "{format}");
    }
    let list = parse(&["--format", "list"], &[UNIX, MLSD, DOS].concat());
    assert_eq!(list.iter().map(Value::is_null).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn lines_are_parsed_as_they_arrive() {
    use std::{
        io::{BufRead, BufReader, Write},
        process::Stdio,
    };
    let mut child = oxftp(&["parse-listing"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();

    for _ in 0..3 {
        stdin.write_all(MLSD).unwrap();
        // This would block if the output were buffered.
        assert!(answers.next().unwrap().unwrap().contains("sub dir"));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
