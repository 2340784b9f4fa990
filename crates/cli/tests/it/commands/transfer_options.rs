//! Options of `get` and `put`.

use std::fs;

use crate::common::{Site, content, run};

#[test]
fn temporary_name_upload_leaves_one_file() {
    let site = Site::plain();
    site.write_remote("pub/x", "old");
    fs::write(site.here("x"), content(100_000)).unwrap();

    site.succeed(&["put", "--temp-name", "--verify", "size", "x", &site.url("pub/")]);

    assert!(fs::read(site.there("pub/x")).unwrap() == content(100_000));
    assert_eq!(fs::read_dir(site.there("pub")).unwrap().count(), 1);
}

#[test]
fn ascii_text_from_stdin_and_to_stdout() {
    let site = Site::plain();
    fs::write(site.here("text"), "1\n2\n").unwrap();

    let mut put = site.command(&["put", "--ascii", "-", &site.url("x")]);
    let run = run(put.stdin(fs::File::open(site.here("text")).unwrap()));
    assert_eq!(run.code, Some(0), "{}", run.stderr);

    assert_eq!(site.succeed(&["get", "--ascii", "-o", "-", &site.url("x")]), "1\n2\n");
}

#[test]
fn conflicting_flags_are_refused_before_connecting() {
    let site = Site::plain();
    site.write_remote("x", "x");
    fs::write(site.here("y"), "y").unwrap();
    let url = site.url("x");
    for words in [
        &["get", "--ascii", "-c", &url][..],
        &["get", "--ascii", "--verify", "hash", &url],
        &["get", "--ascii", "--range", "0-5", &url],
        &["get", "-p", "-o", "-", &url],
        &["put", "--ascii", "-c", "y", &url],
        &["put", "--ascii", "--verify", "size", "y", &url],
        &["put", "-p", "-", &url],
        &["put", "--temp-name", "-", &url],
    ] {
        let run = site.run(words);
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
    }
    assert_eq!(fs::read(site.there("x")).unwrap(), b"x");
}
