//! Deletion of files, directories and trees.

use std::sync::Arc;

use opendal_core::{
    Error, ErrorKind, Result,
    raw::{OpDelete, oio},
};

use crate::{core::Core, failure::failure};

/// Deletes one path at a time. What does not exist is deleted.
#[derive(Debug)]
pub(crate) struct Deleter {
    core: Arc<Core>,
}

impl Deleter {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }
}

impl oio::OneShotDelete for Deleter {
    async fn delete_once(&self, path: String, args: OpDelete) -> Result<()> {
        if args.recursive() || path.ends_with('/') {
            self.core.forget_directories();
        }
        match (path.as_str(), args.recursive()) {
            ("/", true) => self.core.empty_root().await,
            ("/", false) => Err(Error::new(ErrorKind::Unsupported, "the root itself is not deleted")),
            (path, true) => self.core.delete_tree(path).await,
            (path, false) => self.core.delete(path).await,
        }
    }
}

impl Core {
    async fn delete(&self, path: &str) -> Result<()> {
        let remote = self.remote(path)?;
        let is_directory = path.ends_with('/');
        let removed = match is_directory {
            true => self.pool.remove_dir(&remote).await,
            false => self.pool.remove_file(&remote).await,
        };
        match removed {
            Ok(()) => Ok(()),
            // The code, and on some servers the text, is the same for what does not exist, for a directory in place of a
            // file or a file in place of a directory, and for what must not be deleted.
            Err(error @ oxftp::Error::StatusCode(_)) => match self.find(path).await? {
                None => Ok(()),
                // There is a file of this name, but no directory.
                Some(entry) if is_directory && !entry.is_dir() => Ok(()),
                Some(entry) if !is_directory && entry.is_dir() => {
                    self.forget_directories();
                    self.pool.remove_dir(&remote).await.map_err(failure)
                }
                Some(_) => Err(failure(error)),
            },
            Err(error) => Err(failure(error)),
        }
    }

    /// Deletes a file, or a directory with everything in it.
    async fn delete_tree(&self, path: &str) -> Result<()> {
        let remote = self.remote(path)?;
        if path.ends_with('/') && self.find(path).await?.is_none_or(|entry| !entry.is_dir()) {
            return Ok(());
        }
        self.pool.remove_dir_all(&remote).await.map(drop).map_err(failure)
    }

    /// Deletes everything in the root.
    async fn empty_root(&self) -> Result<()> {
        let root = self.remote("/")?;
        let entries = match self.pool.list(&root).await {
            Err(error) if error.is_not_found() => return Ok(()),
            entries => entries.map_err(failure)?,
        };
        for entry in entries {
            self.pool.remove_dir_all(root.join(&entry.name())).await.map_err(failure)?;
        }
        Ok(())
    }
}
