//! Assertions and helpers of the conformance tests.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::io;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    error::local_fs::{LocalFsError, LocalFsResult},
    local_fs::{CreateDirOptions, FileHandle, FileKind, FileSystem, OpenMode},
};

/// The description of a violation.
#[derive(Debug)]
pub(crate) struct Finding(pub(crate) String);

pub(crate) type Outcome = Result<(), Finding>;

impl From<LocalFsError> for Finding {
    fn from(error: LocalFsError) -> Self {
        Self(format!("{error}: {}", error.source))
    }
}

impl From<io::Error> for Finding {
    fn from(error: io::Error) -> Self {
        Self(format!("an operation on an open file failed: {error}"))
    }
}

pub(crate) fn expect_equal<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(Finding(format!("{what} is {found:?}, not {expected:?}"))) }
}

pub(crate) fn expect_error<T>(what: &str, outcome: LocalFsResult<T>) -> Outcome {
    match outcome {
        Ok(_) => Err(Finding(format!("{what} succeeded"))),
        Err(_) => Ok(()),
    }
}

pub(crate) fn expect_kind<T>(what: &str, outcome: LocalFsResult<T>, expected: io::ErrorKind) -> Outcome {
    match outcome {
        Ok(_) => Err(Finding(format!("{what} succeeded"))),
        Err(error) => expect_equal(&format!("the error of {what}"), error.kind(), expected),
    }
}

/// Expects exactly these names in a directory.
pub(crate) async fn expect_names(fs: &dyn FileSystem, dir: &Path, expected: &[&str]) -> Outcome {
    let mut names: Vec<_> = fs.read_dir(dir).await?.iter().map(|item| item.name().to_owned()).collect();
    names.sort();
    let mut expected: Vec<_> = expected.iter().map(|name| OsStr::new(name).to_owned()).collect();
    expected.sort();
    expect_equal(&format!("the listing of {dir:?}"), names, expected)
}

pub(crate) async fn expect_content(fs: &dyn FileSystem, file: &Path, expected: &[u8]) -> Outcome {
    let found = content(fs, file).await?;
    expect_equal(
        &format!("the content of {file:?}"),
        &*found.escape_ascii().to_string(),
        &*expected.escape_ascii().to_string(),
    )?;
    expect_equal(&format!("the size of {file:?}"), fs.metadata(file).await?.size, expected.len() as u64)
}

pub(crate) async fn content(fs: &dyn FileSystem, file: &Path) -> Result<Vec<u8>, Finding> {
    let mut bytes = Vec::new();
    fs.open(file, OpenMode::Read).await?.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Writes a file, replacing its content.
pub(crate) async fn put(fs: &dyn FileSystem, file: &Path, content: &[u8]) -> Outcome {
    let mut file = fs.open(file, OpenMode::Write).await?;
    write_and_shutdown(&mut *file, content).await
}

/// Writes at the current position of an open file, and shuts it down.
pub(crate) async fn write_and_shutdown(file: &mut dyn FileHandle, content: &[u8]) -> Outcome {
    file.write_all(content).await?;
    Ok(file.shutdown().await?)
}

pub(crate) async fn make_dir(fs: &dyn FileSystem, dir: &Path) -> Outcome {
    Ok(fs.create_dir(dir, CreateDirOptions::default()).await?)
}

pub(crate) async fn remove_tree(fs: &dyn FileSystem, root: &Path) -> Outcome {
    let mut dirs = vec![root.to_owned()];
    let mut next = 0;
    while let Some(dir) = dirs.get(next).cloned() {
        for item in fs.read_dir(&dir).await? {
            match item.kind {
                FileKind::Directory => dirs.push(item.path),
                _ => fs.remove_file(&item.path).await?,
            }
        }
        next += 1;
    }
    for dir in dirs.iter().rev() {
        fs.remove_dir(dir).await?;
    }
    Ok(())
}
