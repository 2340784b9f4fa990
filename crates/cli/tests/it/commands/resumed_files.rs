//! `get -c` and `put -c`.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::common::{Run, Site, content, interrupt, run, until};

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

/// Uploads a file with `--temp-name` as a service without a home directory: first interrupted, then again.
fn put_again_without_home(site: &Site) -> Run {
    fs::write(site.here("big"), content(4 << 20)).unwrap();
    site.write_remote("d/other", "");
    let put = |words: &[&str]| {
        let mut command =
            site.command(&[&["put", "--temp-name"], words, &["big", &site.url("d/big")]].concat());
        command.env_remove("XDG_STATE_HOME").env("TMPDIR", site.here("tmp"));
        command
    };
    let names = || fs::read_dir(site.there("d")).unwrap().count();
    let mut child = put(&["--limit-rate", "2M"]).spawn().unwrap();
    until("the temporary file", || names() == 2);
    interrupt(&child);
    child.wait().unwrap();
    let again = run(&mut put(&[]));
    assert!(fs::read(site.there("d/big")).unwrap() == content(4 << 20), "{}", again.stderr);
    again
}

#[test]
fn temporary_name_is_found_again_without_home() {
    let site = Site::plain();
    fs::create_dir(site.here("tmp")).unwrap();

    let run = put_again_without_home(&site);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read_dir(site.there("d")).unwrap().count(), 2);
    let directories: Vec<_> = fs::read_dir(site.here("tmp")).unwrap().map(Result::unwrap).collect();
    let mode = directories[0].metadata().unwrap().permissions().mode();
    assert_eq!((directories.len(), mode & 0o777), (1, 0o700));
}

/// Another user may have created it.
#[test]
fn records_are_not_kept_in_writable_directory() {
    let site = Site::plain();
    fs::create_dir(site.here("tmp")).unwrap();
    let user = rustix::process::geteuid().as_raw();
    let shared = site.here("tmp").join(format!("oxftp-{user}"));
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();

    let run = put_again_without_home(&site);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read_dir(shared).unwrap().count(), 0);
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
