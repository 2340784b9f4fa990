//! Local symbolic links: no transfer reads or writes through them.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use oxftp::{Error, Links, Progress, ProgressEvent};

use crate::common::local_files::{create_file, files};
use crate::fixture::{Fixture, create_foo_tree, failed_names};

#[tokio::test]
async fn local_symlinks_are_not_uploaded_and_reported() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.local.path());
    create_file(fixture.local.path(), "outside/secret", "secret");
    symlink(fixture.local_path("outside"), fixture.local_path("foo/to directory")).unwrap();
    symlink(fixture.local_path("outside/secret"), fixture.local_path("foo/to file")).unwrap();
    symlink("nowhere", fixture.local_path("foo/to nothing")).unwrap();

    let error = fixture.client.upload(fixture.local.path().join("foo")).await.unwrap_err();

    let named = ["foo/to directory", "foo/to file", "foo/to nothing"]
        .map(|name| fixture.local_path(name).display().to_string());
    assert_eq!(failed_names(&error), named);
    let Error::PartialFailure { report } = error else { panic!("{error}") };
    assert!(report.failures.iter().all(|failure| matches!(failure.error, Error::Skipped { .. })));
    assert_eq!(fixture.on_server(), ["foo/a", "foo/sub/b"]);
}

#[tokio::test]
async fn local_special_files_are_skipped_on_request() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.local.path());
    let _socket = std::os::unix::net::UnixListener::bind(fixture.local_path("foo/socket")).unwrap();
    symlink("nowhere", fixture.local_path("foo/to nothing")).unwrap();
    symlink("a", fixture.local_path("foo/to file")).unwrap();

    let upload = fixture.client.upload(fixture.local.path().join("foo"));
    let report = upload.links(Links::Follow).skip_special_files(true).await.unwrap();

    assert_eq!((report.files, report.failures.len()), (3, 0));
    assert_eq!(fixture.on_server(), ["foo/a", "foo/sub/b", "foo/to file"]);
}

#[tokio::test]
async fn symlinked_directory_in_destination_is_not_followed() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.server.root());
    fs::create_dir_all(fixture.local_path("outside")).unwrap();
    fs::create_dir_all(fixture.local_path("in/foo")).unwrap();
    symlink(fixture.local_path("outside"), fixture.local_path("in/foo/sub")).unwrap();

    let error = fixture.client.download("foo").to(fixture.local.path().join("in")).await.unwrap_err();

    assert_eq!(failed_names(&error), ["foo/sub"]);
    assert!(files(&fixture.local_path("outside")).is_empty());
    assert!(fixture.local_path("in/foo/a").is_file());
}

#[tokio::test]
async fn symlink_at_file_or_partial_is_not_followed() {
    for name in ["a", "a.oxftp.part"] {
        let mut fixture = Fixture::new().await;
        create_foo_tree(fixture.server.root());
        create_file(fixture.local.path(), "outside", "keep me");
        fs::create_dir_all(fixture.local_path("in/foo")).unwrap();
        symlink(fixture.local_path("outside"), fixture.local_path("in/foo").join(name)).unwrap();

        let error = fixture.client.download("foo").to(fixture.local.path().join("in")).await.unwrap_err();

        assert_eq!(failed_names(&error), ["foo/a"]);
        assert_eq!(fs::read(fixture.local_path("outside")).unwrap(), b"keep me");
    }
}

#[tokio::test]
async fn symlink_at_tree_root_is_not_followed() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.server.root());
    fs::create_dir_all(fixture.local_path("outside")).unwrap();
    fs::create_dir_all(fixture.local_path("in")).unwrap();
    symlink(fixture.local_path("outside"), fixture.local_path("in/foo")).unwrap();

    let outcome = fixture.client.download("foo").to(fixture.local.path().join("in")).await;

    assert!(files(&fixture.local_path("outside")).is_empty());
    assert!(outcome.is_err());
}

#[tokio::test]
async fn symlinked_destination_is_followed() {
    let mut fixture = Fixture::new().await;
    create_foo_tree(fixture.server.root());
    fs::create_dir_all(fixture.local_path("real")).unwrap();
    symlink(fixture.local_path("real"), fixture.local_path("link")).unwrap();

    fixture.download("foo", "link", false).await;

    assert_eq!(files(&fixture.local_path("real")), ["foo/a", "foo/sub/b"]);
}

/// Replaces a directory with a symbolic link while a file is being downloaded into it.
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
async fn directory_swapped_for_symlink_is_not_followed() {
    for at in [Moment::BeforeTheFirstByte, Moment::AfterTheLastByte] {
        let mut fixture = Fixture::new().await;
        create_foo_tree(fixture.server.root());
        fs::create_dir_all(fixture.local_path("outside")).unwrap();
        // An attacker who has won the race once has prepared the second step, too.
        fs::write(fixture.local_path("outside/b.oxftp.part"), "bait").unwrap();
        let (directory, outside) = (fixture.local_path("in/foo/sub"), fixture.local_path("outside"));
        let swap = Swap { at, directory, outside, done: Mutex::default() };

        let download = fixture.client.download("foo").to(fixture.local.path().join("in"));
        let error = download.progress(Arc::new(swap)).await.unwrap_err();

        assert_eq!(failed_names(&error), ["foo/sub/b"]);
        assert_eq!(files(&fixture.local_path("outside")), ["b.oxftp.part"]);
        assert_eq!(fs::read(fixture.local_path("outside/b.oxftp.part")).unwrap(), b"bait");
    }
}

/// Downloads `a` under this name of a local path.
async fn download_named(fixture: &mut Fixture, path: &std::path::Path) -> oxftp::Result<oxftp::Report> {
    fixture.client.download("a").to(path).write_into(true).await
}

#[tokio::test]
async fn symlink_named_as_destination_is_followed() {
    let mut fixture = Fixture::new().await;
    create_file(fixture.server.root(), "a", "new");
    fs::create_dir(fixture.local_path("other")).unwrap();
    create_file(fixture.local.path(), "other/target", "old");
    for (link, target) in [("link", "other/target"), ("dangling", "other/missing")] {
        symlink(target, fixture.local_path(link)).unwrap();
        let path = fixture.local_path(link);

        download_named(&mut fixture, &path).await.unwrap();

        assert!(path.is_symlink());
        assert_eq!(fs::read(fixture.local_path(target)).unwrap(), b"new");
    }
    symlink("loop", fixture.local_path("loop")).unwrap();
    let path = fixture.local_path("loop");
    assert!(matches!(download_named(&mut fixture, &path).await, Err(Error::LocalFs(_))));
}

#[tokio::test]
async fn device_or_fifo_as_destination_is_written_into() {
    use std::{os::unix::fs::FileTypeExt, process::Command};

    let mut fixture = Fixture::new().await;
    let bytes = crate::common::content(300_000);
    fs::write(fixture.server.root().join("a"), &bytes).unwrap();
    let fifo = fixture.local_path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    symlink("fifo", fixture.local_path("to fifo")).unwrap();
    symlink("/dev/null", fixture.local_path("null")).unwrap();
    for name in ["fifo", "to fifo"] {
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        let path = fixture.local_path(name);

        let report = download_named(&mut fixture, &path).await.unwrap();

        assert_eq!((report.files, report.bytes), (1, 300_000));
        assert!(reader.join().unwrap() == bytes);
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    }
    for path in [fixture.local_path("null"), "/dev/null".into()] {
        download_named(&mut fixture, &path).await.unwrap();
        assert!(fs::metadata(path).unwrap().file_type().is_char_device());
    }
    let resumed = fixture.client.download("a").to("/dev/null").write_into(true).resume(true).await;
    assert!(matches!(resumed, Err(Error::Incompatible { .. })), "{resumed:?}");
    assert_eq!(files(fixture.local.path()), ["fifo", "null", "to fifo"]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn file_descriptor_as_destination_is_appended_to() {
    use std::os::fd::AsRawFd;

    let mut fixture = Fixture::new().await;
    create_file(fixture.server.root(), "a", "new");
    let file = fs::File::create(fixture.local_path("log")).unwrap();
    std::io::Write::write_all(&mut &file, b"before ").unwrap();
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());

    download_named(&mut fixture, descriptor.as_ref()).await.unwrap();

    assert_eq!(fs::read(fixture.local_path("log")).unwrap(), b"before new");
    assert_eq!(files(fixture.local.path()), ["log"]);
}
