//! `get -c` and `put -c`.

use std::fs;

use crate::common::{Site, content, interrupt, run, until};

/// The record of an interrupted upload is in the user's state directory until it is continued.
#[test]
fn interrupted_put_is_resumed_by_its_record() {
    let site = Site::plain();
    let big = content(4 << 20);
    fs::write(site.here("big"), &big).unwrap();
    let put = |words: &[&str]| {
        let mut command = site.command(&[&["put"], words, &["big", &site.url("big")]].concat());
        command.env("XDG_STATE_HOME", site.here("state"));
        command
    };
    let mut child = put(&["--limit-rate", "2M"]).spawn().unwrap();
    until("half of the upload", || fs::metadata(site.there("big")).is_ok_and(|found| found.len() > 1 << 20));
    interrupt(&child);
    child.wait().unwrap();
    let records = site.here("state/oxftp/uploads");
    assert_eq!(fs::read_dir(&records).unwrap().count(), 1);

    let run = run(put(&["-c", "--json"]).env("NO_COLOR", "1"));

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stdout().contains("\"offset\":0}"), "{}", run.stdout());
    assert!(fs::read(site.there("big")).unwrap() == big);
    assert_eq!(fs::read_dir(&records).unwrap().count(), 0);
}

#[test]
fn put_never_joins_two_versions() {
    let site = Site::plain();
    let big = content(1 << 20);
    fs::write(site.here("big"), &big).unwrap();
    let mut other = big[..700_000].to_vec();
    other.extend([0; 100_000]);
    site.write_remote("big", other);

    let run = site.run(&["put", "-c", "big", &site.url("big")]);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("is sent whole"), "{}", run.stderr);
    assert!(fs::read(site.there("big")).unwrap() == big);
}

#[test]
fn whole_file_is_not_downloaded_again() {
    let site = Site::plain();
    site.write_remote("d/big", content(1 << 20));
    site.write_remote("d/small", "abc");
    site.succeed(&["get", "-r", &site.url("d")]);

    let events = site.succeed(&["get", "-r", "-c", "--json", &site.url("d")]);

    assert!(events.contains("\"offset\":1048576,") && events.contains("\"offset\":3,"), "{events}");
}
