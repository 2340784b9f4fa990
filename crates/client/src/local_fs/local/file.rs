//! Open files of the local disk.

use std::io;
#[cfg(unix)]
use std::path::Path;

use tokio::io::AsyncWriteExt;

#[cfg(unix)]
use super::lock;
use super::reserve::reserve;
use crate::{error::local_fs::LocalFsResult, future::BoxFuture, local_fs::FileHandle};

/// Wraps a file that the system opened.
pub(crate) fn opened<'a>(
    file: BoxFuture<'a, LocalFsResult<std::fs::File>>,
) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
    Box::pin(async move {
        let mut file = tokio::fs::File::from_std(file.await?);
        file.set_max_buf_size(MAX_BLOCK_BYTES);
        Ok(Box::new(file) as Box<dyn FileHandle>)
    })
}

impl FileHandle for tokio::fs::File {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            // `sync_all` alone waits for a write under way but keeps its error for the next call.
            self.flush().await?;
            self.sync_all().await
        })
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            self.flush().await?;
            let file = self.try_clone().await?.into_std().await;
            let work = tokio::task::spawn_blocking(move || reserve(&file, length));
            work.await.unwrap_or_else(|failure| Err(io::Error::other(failure)))
        })
    }

    #[cfg(unix)]
    fn try_lock(&mut self) -> BoxFuture<'_, io::Result<bool>> {
        Box::pin(async move {
            // The lock belongs to all copies of the handle, and ends when the last one is closed.
            let file = self.try_clone().await?.into_std().await;
            let work = tokio::task::spawn_blocking(move || lock::try_lock_advisory(&file));
            work.await.unwrap_or_else(|failure| Err(io::Error::other(failure)))
        })
    }

    #[cfg(unix)]
    fn is_at<'a>(&'a mut self, path: &'a Path) -> BoxFuture<'a, io::Result<bool>> {
        Box::pin(async move {
            let file = self.try_clone().await?.into_std().await;
            let path = path.to_owned();
            let work = tokio::task::spawn_blocking(move || lock::is_at(&file, &path));
            work.await.unwrap_or_else(|failure| Err(io::Error::other(failure)))
        })
    }

    #[cfg(unix)]
    fn system_file(&self) -> Option<std::fs::File> {
        use std::os::fd::AsFd;

        let file = std::fs::File::from(self.as_fd().try_clone_to_owned().ok()?);
        // Reading a pipe may block a thread forever.
        file.metadata().is_ok_and(|found| found.is_file()).then_some(file)
    }
}

/// The largest block that is sent to a blocking thread at once, and the most that an open file buffers.
const MAX_BLOCK_BYTES: usize = 1024 * 1024;
