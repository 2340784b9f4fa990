//! What a directory holds, on either side.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use oxftp_proto::{EntryKind, FileName, Limits, RemotePath, Timestamp};

use super::{
    node::{Node, NodeFacts, NodeKind},
    server_clock::ServerClock,
};
use crate::transfer::local_path::remote_name;
use crate::{
    Client, Error, PathEntry, Result,
    client::FollowUp,
    list::ListingFingerprint,
    local_fs::{DirectoryItem, FileKind, PathIo},
};

/// What a directory holds, sorted by name.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) items: Vec<Node>,
    /// What is there and cannot be used, and why.
    pub(crate) failures: Vec<(String, Error)>,
    /// Names that stand for nothing in particular.
    pub(crate) blocked: Vec<FileName>,
    /// What a server lists; the trees of this machine have an end.
    pub(crate) digest: ListingFingerprint,
}

impl Listing {
    /// Tells whether all that is there is in it.
    pub(crate) fn is_whole(&self) -> bool {
        self.failures.is_empty()
    }

    /// Lists a directory of a server.
    pub(crate) async fn remote(
        client: &mut Client,
        path: &RemotePath,
        clock: &ServerClock,
        limits: &Limits,
        follow_up: FollowUp,
    ) -> Result<Self> {
        let mut listing = Self::default();
        let mut entries = client.list(path).followed_by(follow_up).stream();
        while let Some(entry) = entries.next().await {
            let entry = entry?;
            listing.digest.add(&entry);
            listing.add(item(&entry), limits)?;
        }
        listing.failures.extend(entries.incompleteness().into_iter().map(|error| (path.to_string(), error)));
        drop(entries);
        clock.place(client, path, &mut listing.items).await?;
        listing.sort(|name| path.join(name).to_string());
        Ok(listing)
    }

    /// Lists a directory of this machine.
    pub(crate) async fn local(fs: &dyn PathIo, path: &Path, limits: &Limits) -> Result<Self> {
        let mut listing = Self::default();
        for found in fs.list(path).await? {
            let shown = found.path.display().to_string();
            match local_item(fs, found).await {
                Ok(item) => listing.add(item, limits)?,
                // It has just gone.
                Err(error) if error.is_not_found() => {}
                Err(error) => listing.failures.push((shown, error)),
            }
        }
        listing.sort(|name| path.join(name.to_string()).display().to_string());
        Ok(listing)
    }

    fn add(&mut self, item: Node, limits: &Limits) -> Result<()> {
        if self.items.len() == limits.listing_entries {
            return Err(Error::Limit { what: "entries", limit: limits.listing_entries });
        }
        self.items.push(item);
        Ok(())
    }

    fn fail(&mut self, path: String, why: &'static str) {
        self.failures.push((path.clone(), Error::Skipped { path, why }));
    }

    /// Sorts by name; two entries of one name are neither.
    fn sort(&mut self, path_of: impl Fn(&FileName) -> String) {
        self.items.sort_by(|one, other| one.name.as_bytes().cmp(other.name.as_bytes()));
        let twice = self.items.windows(2).filter(|pair| pair[0].name.as_bytes() == pair[1].name.as_bytes());
        let mut blocked: Vec<_> = twice.map(|pair| pair[0].name.clone()).collect();
        blocked.dedup();
        for name in &blocked {
            self.fail(path_of(name), "its directory lists two things of this name");
        }
        self.blocked = blocked;
    }
}

/// Makes an item of what a server lists.
fn item(entry: &PathEntry) -> Node {
    let kind = match entry.kind {
        EntryKind::File | EntryKind::Unknown => NodeKind::File,
        EntryKind::Link => NodeKind::Link(entry.link_target().map(Into::into)),
        _ if entry.is_dir() => NodeKind::DIRECTORY,
        _ => NodeKind::Other,
    };
    let facts = NodeFacts { size: entry.exact_size(), modified: entry.modified };
    Node { name: entry.name(), kind, facts }
}

async fn local_item(fs: &dyn PathIo, found: DirectoryItem) -> Result<Node> {
    let name = remote_name(&found.path)?;
    let mut facts = NodeFacts::default();
    let kind = match found.kind {
        FileKind::Directory => NodeKind::DIRECTORY,
        FileKind::File => {
            facts = local_facts(fs, &found.path).await?;
            NodeKind::File
        }
        FileKind::Link => NodeKind::Link(read_link(fs, &found.path).await),
        FileKind::Other => NodeKind::Other,
    };
    Ok(Node { name, kind, facts })
}

async fn local_facts(fs: &dyn PathIo, path: &Path) -> Result<NodeFacts> {
    let found = fs.stat(path).await?;
    Ok(NodeFacts { size: Some(found.size), modified: found.modified.and_then(timestamp) })
}

/// Gives a time in UTC; none for those before 1970.
pub(crate) fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Timestamp::from_unix(since.as_secs().try_into().ok()?, since.subsec_nanos())
}

async fn read_link(fs: &dyn PathIo, path: &Path) -> Option<Box<[u8]>> {
    let says = fs.read_link(path).await.ok()?;
    Some(says.as_os_str().as_encoded_bytes().into())
}
