//! Reader of a directory on the disk: reads some entries at a time on the blocking thread pool.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::blocking::blocking;
use crate::{
    error::local_fs::LocalFsResult,
    future::BoxFuture,
    local_fs::{DirEntry, DirReader},
};

/// Reads the entries of an open directory.
pub(crate) struct BlockingDirReader<I> {
    /// `None` while entries are read, and after the end.
    entries: Option<I>,
    is_at_end: bool,
    path: PathBuf,
}

impl<I: Iterator<Item = io::Result<DirEntry>> + Send + 'static> BlockingDirReader<I> {
    pub(crate) fn boxed(entries: I, path: &Path) -> Box<dyn DirReader> {
        Box::new(Self { entries: Some(entries), is_at_end: false, path: path.to_owned() })
    }
}

impl<I: Iterator<Item = io::Result<DirEntry>> + Send + 'static> DirReader for BlockingDirReader<I> {
    fn next_entries(&mut self) -> BoxFuture<'_, LocalFsResult<Option<Vec<DirEntry>>>> {
        if self.is_at_end {
            return Box::pin(std::future::ready(Ok(None)));
        }
        let entries = self.entries.take();
        Box::pin(async move {
            let read = blocking("list", &self.path, move |_| {
                let mut entries = entries.ok_or_else(|| io::Error::other("an earlier read did not end"))?;
                let part = entries.by_ref().take(PART).collect::<io::Result<Vec<_>>>()?;
                Ok((part, entries))
            });
            let (part, entries) = read.await?;
            self.is_at_end = part.is_empty();
            self.entries = Some(entries);
            Ok((!part.is_empty()).then_some(part))
        })
    }
}

/// The number of entries that are read at a time.
const PART: usize = 1024;
