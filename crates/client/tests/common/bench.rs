//! A server, a client and a place for files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oxftp::{Client, Error, Report};
use oxftp_testing::servers::{Protection, ServerKind, TestServer};
use tempfile::TempDir;

pub(crate) async fn embedded() -> TestServer {
    ServerKind::Embedded.start(Protection::Plain).await.unwrap()
}

/// Makes a file and what is missing above it.
pub(crate) fn lay(root: &Path, file: &str, content: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// `foo/a` and `foo/sub/b`, each holding its own path.
pub(crate) fn lay_foo(root: &Path) {
    lay(root, "foo/a", "foo/a");
    lay(root, "foo/sub/b", "foo/sub/b");
}

/// The paths of all files below a directory, sorted; of a directory without any, its own and a slash.
pub(crate) fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        let items: Vec<PathBuf> =
            fs::read_dir(&directory).unwrap().map(|item| item.unwrap().path()).collect();
        let below = directory.strip_prefix(root).unwrap().display();
        if items.is_empty() && directory != root {
            found.push(format!("{below}/"));
        }
        for item in items {
            if item.is_dir() {
                waiting.push(item);
            } else {
                found.push(item.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn failed_names(error: &Error) -> Vec<&str> {
    let Error::SomeFailed { report } = error else { panic!("{error:?}") };
    report.failures.iter().map(|failure| failure.name.as_str()).collect()
}

pub(crate) struct Bench {
    pub(crate) server: TestServer,
    pub(crate) client: Client,
    pub(crate) local: TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let server = embedded().await;
        let client = super::login(&server).await;
        Self { server, client, local: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn here(&self, path: &str) -> PathBuf {
        self.local.path().join(path)
    }

    pub(crate) async fn upload(&mut self, source: &str, destination: &str, write_into: bool) -> Report {
        let source = self.here(source);
        self.client.upload(source).to(destination).write_into(write_into).await.unwrap()
    }

    pub(crate) async fn download(&mut self, source: &str, destination: &str, write_into: bool) -> Report {
        let destination = self.here(destination);
        self.client.download(source).to(destination).write_into(write_into).await.unwrap()
    }

    pub(crate) fn on_server(&self) -> Vec<String> {
        files(self.server.root())
    }
}
