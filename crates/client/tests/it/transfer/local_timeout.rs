//! Hanging local file system: `ClientBuilder::path_timeout` limits each operation.

use std::{future::pending, io::ErrorKind, path::Path, time::Duration};

use oxftp::{
    Error,
    path_io::{BoxFuture, DirectoryItem, Metadata, MkdirOptions, OpenMode, PathFile, PathIo, PathIoResult},
};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, builder, play_with, with_sync_check};

#[tokio::test]
async fn hanging_file_system_timeout_keeps_sync() {
    let builder = builder().path_io(HangingFs).path_timeout(Duration::from_millis(50));
    let (server, mut client) = play_with(builder, with_sync_check(Script::new())).await;

    let upload = tokio::time::timeout(Duration::from_secs(30), client.upload("x"));
    let error = upload.await.expect("the step is bounded").unwrap_err();

    let Error::PathIo(error) = error else { panic!("{error:?}") };
    assert_eq!((error.operation, error.kind()), ("look for", ErrorKind::TimedOut));
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// A file system whose operations never complete.
#[derive(Debug)]
struct HangingFs;

impl PathIo for HangingFs {
    fn exists<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(pending())
    }

    fn is_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(pending())
    }

    fn is_file<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        Box::pin(pending())
    }

    fn mkdir<'a>(&'a self, _: &'a Path, _: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(pending())
    }

    fn rmdir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(pending())
    }

    fn unlink<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(pending())
    }

    fn list<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
        Box::pin(pending())
    }

    fn stat<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
        Box::pin(pending())
    }

    fn open<'a>(&'a self, _: &'a Path, _: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
        Box::pin(pending())
    }

    fn rename<'a>(&'a self, _: &'a Path, _: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        Box::pin(pending())
    }
}
