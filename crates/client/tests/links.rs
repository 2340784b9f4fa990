//! Local links: nothing is read or written through one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use common::bench::{Bench, failed_names, files, lay, lay_foo};
use oxftp::{Error, Progress, ProgressEvent};

#[tokio::test]
async fn links_in_a_local_tree_are_not_sent_and_are_named() {
    let mut bench = Bench::new().await;
    lay_foo(bench.local.path());
    lay(bench.local.path(), "outside/secret", "secret");
    symlink(bench.here("outside"), bench.here("foo/to directory")).unwrap();
    symlink(bench.here("outside/secret"), bench.here("foo/to file")).unwrap();
    symlink("nowhere", bench.here("foo/to nothing")).unwrap();

    let error = bench.client.upload(bench.local.path().join("foo")).await.unwrap_err();

    let named = ["foo/to directory", "foo/to file", "foo/to nothing"]
        .map(|name| bench.here(name).display().to_string());
    assert_eq!(failed_names(&error), named);
    let Error::SomeFailed { report } = error else { panic!("{error}") };
    assert!(report.failures.iter().all(|failure| matches!(failure.error, Error::Skipped { .. })));
    assert_eq!(bench.on_server(), ["foo/a", "foo/sub/b"]);
}

#[tokio::test]
async fn a_link_to_a_directory_inside_the_destination_is_not_followed() {
    let mut bench = Bench::new().await;
    lay_foo(bench.server.root());
    fs::create_dir_all(bench.here("outside")).unwrap();
    fs::create_dir_all(bench.here("in/foo")).unwrap();
    symlink(bench.here("outside"), bench.here("in/foo/sub")).unwrap();

    let error = bench.client.download("foo").to(bench.local.path().join("in")).await.unwrap_err();

    assert_eq!(failed_names(&error), ["foo/sub"]);
    assert!(files(&bench.here("outside")).is_empty());
    assert!(bench.here("in/foo/a").is_file());
}

#[tokio::test]
async fn a_link_in_place_of_a_file_or_of_its_part_is_not_written_through() {
    for name in ["a", "a.oxftp.part"] {
        let mut bench = Bench::new().await;
        lay_foo(bench.server.root());
        lay(bench.local.path(), "outside", "keep me");
        fs::create_dir_all(bench.here("in/foo")).unwrap();
        symlink(bench.here("outside"), bench.here("in/foo").join(name)).unwrap();

        let error = bench.client.download("foo").to(bench.local.path().join("in")).await.unwrap_err();

        assert_eq!(failed_names(&error), ["foo/a"]);
        assert_eq!(fs::read(bench.here("outside")).unwrap(), b"keep me");
    }
}

#[tokio::test]
async fn a_link_in_place_of_the_trees_own_directory_is_not_followed() {
    let mut bench = Bench::new().await;
    lay_foo(bench.server.root());
    fs::create_dir_all(bench.here("outside")).unwrap();
    fs::create_dir_all(bench.here("in")).unwrap();
    symlink(bench.here("outside"), bench.here("in/foo")).unwrap();

    let outcome = bench.client.download("foo").to(bench.local.path().join("in")).await;

    assert!(files(&bench.here("outside")).is_empty());
    assert!(outcome.is_err());
}

#[tokio::test]
async fn a_destination_that_is_a_link_is_the_users_own_choice() {
    let mut bench = Bench::new().await;
    lay_foo(bench.server.root());
    fs::create_dir_all(bench.here("real")).unwrap();
    symlink(bench.here("real"), bench.here("link")).unwrap();

    bench.download("foo", "link", false).await;

    assert_eq!(files(&bench.here("real")), ["foo/a", "foo/sub/b"]);
}

/// Puts a link in the place of a directory while a file that goes there is on its way.
#[derive(Debug)]
struct Swap {
    at: Moment,
    directory: PathBuf,
    outside: PathBuf,
    done: Mutex<bool>,
}

#[derive(Debug, PartialEq)]
enum Moment {
    BeforeTheFirstByte,
    AfterTheLastByte,
}

impl Swap {
    fn swap(&self, at: Moment) {
        let mut done = self.done.lock().unwrap();
        if self.at == at && !std::mem::replace(&mut *done, true) {
            fs::rename(&self.directory, self.directory.with_extension("moved")).unwrap();
            symlink(&self.outside, &self.directory).unwrap();
        }
    }
}

impl Progress for Swap {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::FileStarted { name, .. } if name.ends_with("sub/b") => {
                self.swap(Moment::BeforeTheFirstByte);
            }
            ProgressEvent::Advanced { bytes, .. } if bytes == "foo/sub/b".len() as u64 => {
                self.swap(Moment::AfterTheLastByte);
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_link_that_is_put_in_the_place_of_a_directory_meanwhile_is_not_followed() {
    for at in [Moment::BeforeTheFirstByte, Moment::AfterTheLastByte] {
        let mut bench = Bench::new().await;
        lay_foo(bench.server.root());
        fs::create_dir_all(bench.here("outside")).unwrap();
        // Who has won the race once is ready for the second step, too.
        fs::write(bench.here("outside/b.oxftp.part"), "bait").unwrap();
        let (directory, outside) = (bench.here("in/foo/sub"), bench.here("outside"));
        let swap = Swap { at, directory, outside, done: Mutex::default() };

        let download = bench.client.download("foo").to(bench.local.path().join("in"));
        let error = download.progress(Arc::new(swap)).await.unwrap_err();

        assert_eq!(failed_names(&error), ["foo/sub/b"]);
        assert_eq!(files(&bench.here("outside")), ["b.oxftp.part"]);
        assert_eq!(fs::read(bench.here("outside/b.oxftp.part")).unwrap(), b"bait");
    }
}
