//! Hanging local file system: `ClientBuilder::file_system_timeout` limits each operation.

use std::{future::pending, io::ErrorKind, path::Path, time::Duration};

use oxftp::{
    Error,
    local_fs::{
        BoxFuture, CreateDirOptions, DirEntry, FileHandle, FileSystem, LocalFsResult, Metadata, OpenMode,
    },
};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, builder, play_with, with_sync_check};

#[tokio::test]
async fn hanging_file_system_timeout_keeps_sync() {
    let builder = builder().file_system(HangingFs).file_system_timeout(Duration::from_millis(50));
    let (server, mut client) = play_with(builder, with_sync_check(Script::new())).await;

    let upload = tokio::time::timeout(Duration::from_secs(30), client.upload("x"));
    let error = upload.await.expect("the step is bounded").unwrap_err();

    let Error::LocalFs(error) = error else { panic!("{error:?}") };
    assert_eq!((error.operation, error.kind()), ("look for", ErrorKind::TimedOut));
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// A file system whose operations never complete.
#[derive(Debug)]
struct HangingFs;

impl FileSystem for HangingFs {
    fn try_exists<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(pending())
    }

    fn is_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(pending())
    }

    fn is_file<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(pending())
    }

    fn create_dir<'a>(&'a self, _: &'a Path, _: CreateDirOptions) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(pending())
    }

    fn remove_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(pending())
    }

    fn remove_file<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(pending())
    }

    fn read_dir<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        Box::pin(pending())
    }

    fn metadata<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        Box::pin(pending())
    }

    fn open<'a>(&'a self, _: &'a Path, _: OpenMode) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        Box::pin(pending())
    }

    fn rename<'a>(&'a self, _: &'a Path, _: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(pending())
    }
}
