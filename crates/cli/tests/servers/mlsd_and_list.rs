//! Results of `MLSD` and `LIST` are equal on every server that has both.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use oxftp_testing::{
    server_tests,
    servers::{Protection, ServerKind, TestServer},
};
use serde_json::Value;

use crate::common::{oxftp, run};

server_tests! {
    mlsd_and_list_give_equal_answers,
}

fn create_tree(server: &TestServer) {
    let root = server.root();
    for (path, size, days) in [("a.txt", 5, 1), ("sub/b c", 70_000, 400), ("sub/deep/é", 0, 100)] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, vec![b'x'; size]).unwrap();
        let time = SystemTime::now() - Duration::from_secs(days * 86_400);
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
    }
    server.hand_over().unwrap();
}

/// Runs the program with one listing command.
fn lines(server: &TestServer, by: &str, words: &[&str], path: &str) -> Vec<String> {
    let scheme = match server.protection() {
        Protection::Plain => "ftp",
        Protection::Explicit => "ftpes",
        Protection::Implicit => "ftps",
    };
    let url = format!("{scheme}://{}@{}:{}/{path}", server.user(), server.host(), server.port());
    let words = [words, &["--list-by", by, "--server-zone", "UTC", &url]].concat();
    let mut command = oxftp(&words);
    let authority = tempfile::NamedTempFile::new().unwrap();
    if let Some(pem) = server.ca_pem() {
        fs::write(authority.path(), pem).unwrap();
        command.arg("--tls-ca").arg(authority.path());
    }
    let run = run(command.env("OXFTP_PASSWORD", server.password()));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{words:?}");
    let mut lines: Vec<_> = run.stdout().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

async fn mlsd_and_list_give_equal_answers(server: &TestServer) {
    if server.kind() == ServerKind::Vsftpd {
        return; // It does not know MLSD.
    }
    create_tree(server);
    let both = |words: &[&str], path: &str| ["mlsd", "list"].map(|by| lines(server, by, words, path));
    for (words, path) in [
        (&["ls"][..], ""),
        (&["ls", "-R"], ""),
        (&["find", "--type", "f"], ""),
        (&["find", "--name", "*c*", "--larger", "1k"], ""),
    ] {
        let [by_mlsd, by_list] = both(words, path);
        assert_eq!(by_mlsd, by_list, "{words:?}");
        assert!(!by_mlsd.is_empty(), "{words:?}");
    }
    for (words, path) in [
        (&["ls", "--json"][..], "sub"),
        (&["ls", "-R", "--json"], ""),
        (&["find", "--json"], "sub"),
        (&["stat", "--json"], "sub/b%20c"),
        (&["stat", "--json"], "sub"),
    ] {
        let [by_mlsd, by_list] = both(words, path);
        assert_eq!(by_mlsd.len(), by_list.len(), "{words:?}: {by_mlsd:?} {by_list:?}");
        let objects = |lines: Vec<String>| {
            let mut objects: Vec<Value> =
                lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
            objects.sort_by_key(|object| object["path"].to_string());
            objects
        };
        for (one, other) in objects(by_mlsd).iter().zip(&objects(by_list)) {
            compare(one, other);
        }
    }
    let [by_mlsd, by_list] = both(&["ls", "-l"], "sub");
    for (one, other) in by_mlsd.iter().zip(&by_list) {
        // Time and mode depend on the server; type, name and file size are always known.
        let name = |line: &str| line[45..].to_owned();
        assert_eq!((&one[..1], name(one)), (&other[..1], name(other)));
        if one.starts_with('-') {
            assert_eq!(one[10..25], other[10..25]);
        }
    }
}

fn compare(one: &Value, other: &Value) {
    for field in ["path", "name", "type"] {
        assert_eq!(one[field], other[field], "{one} {other}");
    }
    let is_file = one["type"] == "file";
    assert!(!is_file || one["size"] == other["size"], "{one} {other}");
    let day = |object: &Value| object["modified"].as_str().map(|time| time[..10].to_owned());
    assert!(day(one) == day(other), "{one} {other}");
    let mode = |object: &Value| object["mode"].as_str().map(str::to_owned);
    assert!(mode(one).is_none() || mode(other).is_none() || mode(one) == mode(other), "{one} {other}");
}
