//! Removal of sources whose copies are complete and verified: they are deleted, or moved to another directory on their
//! own side.

use std::path::{Path, PathBuf};

use oxftp_proto::RemotePath;

use super::backup::{Backup, Backups, LocalBackups, RemoteBackups};
use crate::{
    Client, Error, Result,
    future::BoxFuture,
    local_fs::{FileSystem, Metadata},
};

/// Removal of sources, as the user set it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum SourceRemoval {
    #[default]
    Keep,
    Delete,
    /// Moved into this directory, relative to that of the source.
    Move(String),
}

impl SourceRemoval {
    pub(crate) fn removes(&self) -> bool {
        *self != Self::Keep
    }

    pub(crate) fn set_delete(&mut self, delete: bool) {
        match (delete, &self) {
            (true, _) => *self = Self::Delete,
            (false, Self::Delete) => *self = Self::Keep,
            (false, _) => {}
        }
    }

    pub(crate) fn set_move(&mut self, directory: Option<String>) {
        match (directory, &self) {
            (Some(directory), _) => *self = Self::Move(directory),
            (None, Self::Move(_)) => *self = Self::Keep,
            (None, _) => {}
        }
    }

    /// Returns the removal of sources below a directory; `None` if they are kept. A session that is lost to a removal
    /// is opened again this often.
    pub(crate) fn below<B>(&self, base: B, reconnects: u32) -> Option<SourceRemover<B>> {
        let moved = match self {
            Self::Keep => return None,
            Self::Delete => None,
            Self::Move(directory) => Some(Backups::new(Backup::new().directory(directory), base)),
        };
        Some(SourceRemover { moved, reconnects })
    }
}

/// Removes sources on one side.
#[derive(Debug)]
pub(crate) struct SourceRemover<B> {
    /// The directory that they are moved to; `None` to delete them.
    moved: Option<Backups<B>>,
    /// The number of times that a session that is lost to a removal is opened again, to check whether the source is
    /// gone.
    reconnects: u32,
}

impl SourceRemover<RemotePath> {
    /// Removes a source on a server (`DELE`, or `RNFR` and `RNTO`). If the session is lost, it is repeated unless it was done
    /// before: the whole transfer would be repeated otherwise, of a source that is gone. The future is boxed, because it is
    /// part of those of all transfers.
    pub(crate) fn remove<'a>(
        &'a self,
        client: &'a mut Client,
        path: &'a RemotePath,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut client = client.reconnecting(self.reconnects);
            match &self.moved {
                None => client.remove_listed_file(path).await,
                Some(moved) => moved.move_to_free_name(&mut client, path).await,
            }
        })
    }

    /// Returns whether a directory is the one that sources are moved to, which is not a source itself.
    pub(crate) fn is_into(&self, directory: &RemotePath) -> bool {
        self.moved.as_ref().is_some_and(|moved: &RemoteBackups| moved.protects(directory))
    }
}

impl SourceRemover<PathBuf> {
    /// Removes a local source that is as it was before its upload. The future is boxed as well.
    pub(crate) fn remove_unchanged<'a>(
        &'a self,
        fs: &'a dyn FileSystem,
        path: &'a Path,
        before: &'a Metadata,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if fs.metadata(path).await? != *before {
                let path = path.display().to_string();
                return Err(Error::Skipped { path, why: "it changed during the upload, and is kept" });
            }
            match &self.moved {
                None => Ok(fs.remove_file(path).await?),
                Some(moved) => moved.move_to_free_name(fs, path).await,
            }
        })
    }

    /// Returns whether a directory is the one that sources are moved to, which is not a source itself.
    pub(crate) fn is_into(&self, directory: &Path) -> bool {
        self.moved.as_ref().is_some_and(|moved: &LocalBackups| moved.protects(directory))
    }
}
