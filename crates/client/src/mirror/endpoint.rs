//! One side of a mirror, in hand: what is listed, made and removed there.

use std::path::Path;

use oxftp_proto::{EntryKind, Limits, RemotePath};

use super::{
    listing::Listing,
    node::{Node, NodeFacts, NodeKind},
    relative_path::RelativePath,
    server_clock::ServerClock,
};
use crate::transfer::local_path::make_below;
use crate::{
    Client, Error, Result,
    client::FollowUp,
    local_fs::{OpenMode, PathIo},
};

/// One side, with what it takes to work there.
pub(crate) enum Endpoint<'a> {
    Local { fs: &'a dyn PathIo, root: &'a Path },
    Remote { client: &'a mut Client, root: &'a RemotePath, clock: &'a ServerClock },
}

impl Endpoint<'_> {
    pub(crate) async fn list(
        &mut self,
        place: &RelativePath,
        limits: &Limits,
        follow_up: FollowUp,
    ) -> Result<Listing> {
        match self {
            Self::Local { fs, root } => Listing::local(*fs, &place.local(root)?, limits).await,
            Self::Remote { client, root, clock } => {
                let path = place.remote(root, client.encoding());
                Listing::remote(client, &path, clock, limits, follow_up).await
            }
        }
    }

    /// Finds out what the links of a listing lead to.
    pub(crate) async fn follow(&mut self, place: &RelativePath, items: &mut [Node]) -> Result<()> {
        for item in items.iter_mut().filter(|item| matches!(item.kind, NodeKind::Link(_))) {
            let link = place.below(&item.name);
            (item.kind, item.facts) = match self {
                Self::Local { fs, root } => follow_local(*fs, &link.local(root)?).await?,
                Self::Remote { client, root, .. } => {
                    let path = link.remote(root, client.encoding());
                    follow_remote(client, &path).await?
                }
            };
        }
        Ok(())
    }

    /// Makes a directory whose parent exists.
    pub(crate) async fn make_directory(&mut self, place: &RelativePath) -> Result<()> {
        match self {
            Self::Local { fs, root } => make_below(*fs, &place.local(root)?).await,
            Self::Remote { client, root, .. } => {
                let path = place.remote(root, client.encoding());
                client.make_directory_in_parent(path).await
            }
        }
    }

    /// Removes a file or a link.
    pub(crate) async fn remove_file(&mut self, place: &RelativePath) -> Result<()> {
        match self {
            Self::Local { fs, root } => Ok(fs.unlink(&place.local(root)?).await?),
            Self::Remote { client, root, .. } => {
                let path = place.remote(root, client.encoding());
                client.remove_file(path).await
            }
        }
    }

    /// Removes an empty directory.
    pub(crate) async fn remove_directory(&mut self, place: &RelativePath) -> Result<()> {
        match self {
            Self::Local { fs, root } => Ok(fs.rmdir(&place.local(root)?).await?),
            Self::Remote { client, root, .. } => {
                let path = place.remote(root, client.encoding());
                client.remove_directory(path).await
            }
        }
    }
}

async fn follow_remote(client: &mut Client, path: &RemotePath) -> Result<(NodeKind, NodeFacts)> {
    match client.resolve_link(path).await? {
        EntryKind::Directory => Ok((NodeKind::Directory { by_link: true }, NodeFacts::default())),
        EntryKind::File => {
            let size = client.size_if_told(path).await?;
            let modified = match client.modified(path).await {
                Ok(time) => Some(time),
                Err(Error::StatusCode(_) | Error::UnusableReply { .. }) => None,
                Err(error) => return Err(error),
            };
            Ok((NodeKind::File, NodeFacts { size, modified }))
        }
        _ => Ok((NodeKind::Dangling, NodeFacts::default())),
    }
}

async fn follow_local(fs: &dyn PathIo, path: &Path) -> Result<(NodeKind, NodeFacts)> {
    // A chain that goes in a circle is an error, and leads nowhere.
    if fs.is_dir(path).await.unwrap_or(false) {
        return Ok((NodeKind::Directory { by_link: true }, NodeFacts::default()));
    }
    if !fs.is_file(path).await.unwrap_or(false) {
        return Ok((NodeKind::Dangling, NodeFacts::default()));
    }
    let file = fs.open(path, OpenMode::Read).await?;
    // The backend describes the link itself, so the open file is asked.
    let found = file.system_file().and_then(|file| file.metadata().ok());
    let size = found.as_ref().map(std::fs::Metadata::len);
    let modified = found.and_then(|found| found.modified().ok()).and_then(super::listing::timestamp);
    Ok((NodeKind::File, NodeFacts { size, modified }))
}
