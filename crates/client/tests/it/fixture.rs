//! Fixture: the embedded server, a client and a local directory.

use std::path::{Path, PathBuf};

use oxftp::{Client, Error, Report};
use oxftp_testing::servers::TestServer;
use tempfile::TempDir;

use crate::common::{
    self, embedded,
    local_files::{create_file, files},
};

pub(crate) struct Fixture {
    pub(crate) server: TestServer,
    pub(crate) client: Client,
    pub(crate) local: TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let server = embedded().await;
        let client = common::login(&server).await;
        Self { server, client, local: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn local_path(&self, path: &str) -> PathBuf {
        self.local.path().join(path)
    }

    pub(crate) async fn upload(&mut self, source: &str, destination: &str, write_into: bool) -> Report {
        let source = self.local_path(source);
        self.client.upload(source).to(destination).write_into(write_into).await.unwrap()
    }

    pub(crate) async fn download(&mut self, source: &str, destination: &str, write_into: bool) -> Report {
        let destination = self.local_path(destination);
        self.client.download(source).to(destination).write_into(write_into).await.unwrap()
    }

    pub(crate) fn on_server(&self) -> Vec<String> {
        files(self.server.root())
    }
}

/// Creates `foo/a` and `foo/sub/b`; each contains its own path.
pub(crate) fn create_foo_tree(root: &Path) {
    create_file(root, "foo/a", "foo/a");
    create_file(root, "foo/sub/b", "foo/sub/b");
}

pub(crate) fn failed_names(error: &Error) -> Vec<&str> {
    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    report.failures.iter().map(|failure| failure.name.as_str()).collect()
}
