//! Endpoint: one side of a mirror, local or on a server. Lists, creates and removes nodes.

use std::path::Path;

use oxftp_proto::{
    EntryKind, Limits, RemotePath,
    classify::{self, Presence},
};

use super::{
    listing::{Listing, to_timestamp},
    node::{NodeFacts, NodeKind},
    node_table::NodeTable,
    relative_path::RelativePath,
    server_clock::ServerClock,
};
use crate::transfer::{
    download::partial_file,
    preserve::{make_below_with_mode, make_remote_with_mode},
};
use crate::{
    Client, Error, Result,
    client::{FollowUp, SizeAnswer},
    future::BoxFuture,
    local_fs::{FileSystem, OpenMode},
};

/// One side of a mirror, with the session or file system to access it.
pub(crate) enum Endpoint<'a> {
    Local { fs: &'a dyn FileSystem, root: &'a Path },
    Remote { client: &'a mut Client, root: &'a RemotePath, clock: &'a ServerClock },
}

impl Endpoint<'_> {
    /// Lists a directory. The future is boxed, because deletions list at each level of a tree.
    pub(crate) fn list<'f>(
        &'f mut self,
        path: &'f RelativePath,
        limits: &'f Limits,
        follow_up: FollowUp,
    ) -> BoxFuture<'f, Result<Listing>> {
        Box::pin(async move {
            match self {
                Self::Local { fs, root } => Listing::local(*fs, &path.on_disk(root)?, limits).await,
                Self::Remote { client, root, clock } => {
                    let path = path.on_server(root, client.encoding());
                    Listing::remote(client, &path, clock, limits, follow_up, false).await
                }
            }
        })
    }

    /// Lists a directory again, if nothing has shown yet that the server lists the requested directory.
    pub(crate) async fn list_proven(
        &mut self,
        path: &RelativePath,
        limits: &Limits,
    ) -> Result<Option<Listing>> {
        let Self::Remote { client, root, clock } = self else { return Ok(None) };
        let path = path.on_server(root, client.encoding());
        if !path.is_absolute() || client.honours_paths() {
            return Ok(None);
        }
        Listing::remote(client, &path, clock, limits, FollowUp::Nothing, true).await.map(Some)
    }

    /// Replaces the symbolic links of a directory by the nodes that they point to.
    pub(crate) async fn follow_symlinks(
        &mut self,
        directory: &RelativePath,
        nodes: &mut NodeTable,
    ) -> Result<()> {
        let mut followed = NodeTable::default();
        for mut node in nodes.iter() {
            if matches!(node.kind, NodeKind::Symlink(_)) {
                let link = directory.join(&node.name);
                (node.kind, node.facts) = match self {
                    Self::Local { fs, root } => follow_local(*fs, &link.on_disk(root)?).await?,
                    Self::Remote { client, root, .. } => {
                        let path = link.on_server(root, client.encoding());
                        follow_remote(client, &path).await?
                    }
                };
            }
            followed.push(&node)?;
        }
        nodes.check()?;
        *nodes = followed;
        Ok(())
    }

    /// Returns the size that the server reports for a file, listed or not.
    pub(crate) async fn size_if_reported(&mut self, path: &RelativePath) -> Result<Option<u64>> {
        let Self::Remote { client, root, .. } = self else { return Ok(None) };
        let path = path.on_server(root, client.encoding());
        client.size_if_reported(&path).await
    }

    /// Returns whether a server says that a path does not exist (`MLST`, of a file also `SIZE`). A refusal that does not say
    /// so does not count.
    pub(crate) async fn lacks(&mut self, path: &RelativePath, is_directory: bool) -> Result<bool> {
        let Self::Remote { client, root, .. } = self else { return Ok(true) };
        let path = path.on_server(root, client.encoding());
        match Box::pin(client.stat_by_mlst(&path)).await {
            Ok(None) if !is_directory => Ok(matches!(client.size_answer(&path).await?, SizeAnswer::Missing)),
            Ok(_) => Ok(false),
            Err(error) if error.is_connection_lost() || error.is_timeout() => Err(error),
            Err(error) => {
                Ok(error.reply().is_some_and(|reply| classify::presence(reply) == Presence::Missing))
            }
        }
    }

    /// Sets how often an operation opens its session again; returns the former number.
    pub(crate) fn set_reconnects(&mut self, attempts: u32) -> u32 {
        let Self::Remote { client, .. } = self else { return 0 };
        let former = client.reconnects();
        client.set_reconnects(attempts);
        former
    }

    /// Creates the directory that is mirrored if it is missing although `CWD` succeeded: some servers accept any path
    /// for `CWD`, and list a missing directory as empty. A refusal is ignored.
    pub(crate) fn make_sure_of_root(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let Self::Remote { client, root, .. } = self else { return Ok(()) };
            if !root.names_entry() {
                return Ok(());
            }
            match client.create_dir_if_missing(root.clone()).await {
                Err(error) if error.is_connection_lost() => Err(error),
                _ => Ok(()),
            }
        })
    }

    /// Creates a directory whose parent exists.
    pub(crate) async fn create_dir(&mut self, path: &RelativePath, mode: Option<u32>) -> Result<()> {
        match self {
            Self::Local { fs, root } => make_below_with_mode(*fs, &path.on_disk(root)?, mode).await.map(drop),
            Self::Remote { client, root, .. } => {
                let path = path.on_server(root, client.encoding());
                make_remote_with_mode(client, &path, mode).await.map(drop)
            }
        }
    }

    /// Removes a file or a symbolic link. A partial file that a download is writing is [`Error::InUse`].
    pub(crate) fn remove_file<'f>(&'f mut self, path: &'f RelativePath) -> BoxFuture<'f, Result<()>> {
        Box::pin(async move {
            match self {
                Self::Local { fs, root } => partial_file::remove_file(*fs, &path.on_disk(root)?).await,
                Self::Remote { client, root, .. } => {
                    let path = path.on_server(root, client.encoding());
                    client.remove_listed_file(&path).await
                }
            }
        })
    }

    /// Removes an empty directory.
    pub(crate) fn remove_dir<'f>(&'f mut self, path: &'f RelativePath) -> BoxFuture<'f, Result<()>> {
        Box::pin(async move {
            match self {
                Self::Local { fs, root } => Ok(fs.remove_dir(&path.on_disk(root)?).await?),
                Self::Remote { client, root, .. } => {
                    let path = path.on_server(root, client.encoding());
                    client.remove_listed_dir(&path).await
                }
            }
        })
    }
}

async fn follow_remote(client: &mut Client, path: &RemotePath) -> Result<(NodeKind, NodeFacts)> {
    match client.resolve_link(path).await? {
        EntryKind::Directory => Ok((NodeKind::Directory { via_symlink: true }, NodeFacts::default())),
        EntryKind::File => {
            let size = client.size_if_reported(path).await?;
            let modified = match client.modified(path).await {
                Ok(time) => Some(time),
                Err(Error::StatusCode(_) | Error::UnusableReply { .. }) => None,
                Err(error) => return Err(error),
            };
            Ok((NodeKind::File, NodeFacts { size, modified, mode: None }))
        }
        _ => Ok((NodeKind::DanglingSymlink, NodeFacts::default())),
    }
}

async fn follow_local(fs: &dyn FileSystem, path: &Path) -> Result<(NodeKind, NodeFacts)> {
    // A cycle of symbolic links is an error, and counts as dangling.
    if fs.is_dir(path).await.unwrap_or(false) {
        return Ok((NodeKind::Directory { via_symlink: true }, NodeFacts::default()));
    }
    if !fs.is_file(path).await.unwrap_or(false) {
        return Ok((NodeKind::DanglingSymlink, NodeFacts::default()));
    }
    let file = fs.open(path, OpenMode::Read).await?;
    // `stat` describes the symbolic link itself, so the metadata are those of the open file.
    let metadata = file.system_file().and_then(|file| file.metadata().ok());
    let size = metadata.as_ref().map(std::fs::Metadata::len);
    let modified = metadata.and_then(|metadata| metadata.modified().ok()).and_then(to_timestamp);
    Ok((NodeKind::File, NodeFacts { size, modified, mode: None }))
}
