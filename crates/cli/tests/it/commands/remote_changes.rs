//! Verbs that change files on the server, and byte ranges.

use std::fs;

use crate::common::{Site, content};

#[test]
fn get_range_downloads_the_named_part() {
    let site = Site::plain();
    let bytes = content(500_000);
    site.write_remote("pub/data", &bytes);
    let get = |range: &str| {
        site.succeed(&["get", "--range", range, &site.url("pub/data")]);
        fs::read(site.here("data")).unwrap()
    };

    assert_eq!(get("1000-1999"), bytes[1000..2000]);
    assert_eq!(get("499990-"), bytes[499_990..]);
    assert_eq!(get("-20"), bytes[499_980..]);
    assert_eq!(get("0-0"), bytes[..1]);
    assert_eq!(fs::read_dir(site.here("")).unwrap().count(), 1);
    let run = site.run(&["get", "--range", "5-9", "-o", "-", &site.url("pub/data")]);
    assert_eq!((run.code, &run.stdout[..]), (Some(0), &bytes[5..10]));
    site.succeed(&["get", "--range=-3", "-d", "deep/er", &site.url("pub/data")]);
    assert_eq!(fs::read(site.here("deep/er/data")).unwrap(), bytes[499_997..]);
}

#[test]
fn invalid_or_conflicting_range_is_refused() {
    let site = Site::plain();
    for words in
        [&["--range", "9-5"][..], &["--range", "x"], &["-r", "--range", "0-5"], &["-c", "--range", "0-5"]]
    {
        let url = site.url("x");
        let run = site.run(&[&["get"], words, &[url.as_str()]].concat());
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn range_of_missing_file_leaves_no_file() {
    let site = Site::plain();

    let run = site.run(&["get", "--range", "0-5", &site.url("missing")]);

    assert_eq!(run.code, Some(6), "{}", run.stderr);
    assert_eq!(fs::read_dir(site.here("")).unwrap().count(), 0);
}

#[test]
fn cat_ascii_uses_local_line_ends() {
    let site = Site::plain();
    site.write_remote("text", "one\r\ntwo\r\n");

    assert_eq!(site.succeed(&["cat", "--ascii", &site.url("text")]), "one\ntwo\n");
    assert_eq!(site.succeed(&["cat", &site.url("text")]), "one\r\ntwo\r\n");
}

#[test]
fn rmdir_removes_only_empty_directories() {
    let site = Site::plain();
    fs::create_dir(site.there("empty")).unwrap();
    site.write_remote("full/x", "1");

    site.succeed(&["rmdir", &site.url("empty")]);
    let run = site.run(&["rmdir", &site.url("full")]);

    assert!(!site.there("empty").exists());
    assert!(run.code != Some(0) && site.there("full/x").exists(), "{}", run.stderr);
}

#[test]
fn touch_creates_missing_files_and_keeps_content() {
    let site = Site::plain();
    site.write_remote("kept", "kept");

    site.succeed(&["touch", &site.url("new")]);
    site.succeed(&["touch", "-c", &site.url("other")]);
    // The embedded server cannot set times.
    let run = site.run(&["touch", &site.url("kept")]);

    assert_eq!(fs::read(site.there("new")).unwrap(), b"");
    assert!(!site.there("other").exists());
    assert_eq!(run.code, Some(11), "{}", run.stderr);
    assert_eq!(fs::read(site.there("kept")).unwrap(), b"kept");
    let run = site.run(&["touch", &site.url("no/new")]);
    assert_eq!(run.code, Some(6), "{}", run.stderr);
    assert!(run.stderr.contains("the directory no of the new path does not exist"), "{}", run.stderr);
}
