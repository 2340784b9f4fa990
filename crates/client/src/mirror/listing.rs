//! Listing of one directory, on either side.

use std::{
    io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use oxftp_proto::{EntryKind, FileName, Limits, Precision, RemotePath, Timestamp, Zone};

use super::{
    node::{Node, NodeFacts, NodeKind},
    node_table::NodeTable,
    server_clock::ServerClock,
};
use crate::transfer::local_path::remote_name;
use crate::{
    Client, DotNames, Error, PathEntry, Result,
    client::{FollowUp, SizeAnswer},
    future::BoxFuture,
    list::{ListingBudget, ListingFingerprint},
    local_fs::{DirEntry, FileKind, FileSystem},
    lock::is_lock,
};

/// The nodes of one directory, sorted by name.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) nodes: NodeTable,
    /// Entries that cannot be used, and the errors.
    pub(crate) failures: Vec<(String, Error)>,
    /// Names that are listed more than once.
    pub(crate) duplicates: Vec<FileName>,
    /// The fingerprint of a server's listing. Local trees are never endless.
    pub(crate) fingerprint: ListingFingerprint,
    /// Names that begin with a dot are not left out.
    pub(crate) shows_dot_names: bool,
    /// Only the command that was used lets expect that (`MLSD`): no listing has shown such a name.
    pub(crate) claims_dot_names: bool,
    /// The server neither sent data nor ended the data connection: the directory may not be empty.
    pub(crate) is_without_data: bool,
}

impl Listing {
    /// Returns whether all entries of the directory are usable.
    pub(crate) fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// Lists a directory on a server, without the locks of jobs. With `is_proven`, the server has shown that it lists the
    /// directory that it is asked for, or the directory was listed from inside.
    pub(crate) async fn remote(
        client: &mut Client,
        path: &RemotePath,
        clock: &ServerClock,
        limits: &Limits,
        follow_up: FollowUp,
        is_proven: bool,
    ) -> Result<Self> {
        let (mut listing, mut budget) = (Self::default(), ListingBudget::new(limits));
        let mut entries = client.list(path).followed_by(follow_up).proven(is_proven).stream();
        while let Some(entry) = entries.next().await {
            let entry = entry?;
            listing.fingerprint.add(&entry);
            if entry.is_dir() && is_lock(entry.entry().name()) {
                continue;
            }
            budget.take(listing.nodes.push(&remote_node(&entry))?)?;
        }
        listing.failures.extend(entries.incompleteness().into_iter().map(|error| (path.to_string(), error)));
        listing.is_without_data = entries.is_without_data() && listing.nodes.is_empty();
        drop(entries);
        listing.shows_dot_names = client.dot_names() == DotNames::Shown;
        listing.claims_dot_names =
            client.relies_on_mlsd() && !listing.nodes.names().any(|name| is_dot_name(&name));
        clock.apply_zone(client, path, &mut listing.nodes).await?;
        if listing.nodes.facts().all(|facts| facts.size.unwrap_or(0) == 0) {
            listing.doubt_sizes(client, path).await?;
        }
        listing.sort(|name| path.join(name).to_string())?;
        Ok(listing)
    }

    /// Asks for the size of each file (`SIZE`) if all are listed as 0, or in blocks: some servers list no sizes. If the server
    /// confirms that the first file is empty, no other size is asked for. Sizes that it does not report are unknown.
    fn doubt_sizes<'a>(
        &'a mut self,
        client: &'a mut Client,
        directory: &'a RemotePath,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.forget_sizes(client, directory))
    }

    async fn forget_sizes(&mut self, client: &mut Client, directory: &RemotePath) -> Result<()> {
        let is_file = |node: &Node| node.kind == NodeKind::File;
        if self.nodes.iter().any(|node| is_file(&node) && node.facts.size.is_some_and(|size| size > 0)) {
            return Ok(());
        }
        let Some(first) = self.nodes.iter().find(is_file) else { return Ok(()) };
        let said = client.size_answer(&directory.join(&first.name)).await?;
        if matches!(said, SizeAnswer::Size(0)) {
            return Ok(());
        }
        let mut sized = NodeTable::default();
        for mut node in self.nodes.iter() {
            if is_file(&node) {
                node.facts.size = match client.size_answer(&directory.join(&node.name)).await? {
                    SizeAnswer::Size(size) => Some(size),
                    SizeAnswer::Missing | SizeAnswer::Unknown => None,
                };
            }
            sized.push(&node)?;
        }
        self.nodes.check()?;
        self.nodes = sized;
        Ok(())
    }

    /// Lists a local directory, without an entry that would be a job lock on a server.
    pub(crate) async fn local(fs: &dyn FileSystem, path: &Path, limits: &Limits) -> Result<Self> {
        let mut listing = Self { shows_dot_names: true, ..Self::default() };
        let mut budget = ListingBudget::new(limits);
        let mut entries = fs.open_dir(path).await?;
        while let Some(found) = entries.next_entries().await? {
            for found in found {
                listing.add_local(fs, found, &mut budget).await?;
            }
        }
        listing.sort(|name| path.join(name.to_string()).display().to_string())?;
        Ok(listing)
    }

    async fn add_local(
        &mut self,
        fs: &dyn FileSystem,
        found: DirEntry,
        budget: &mut ListingBudget,
    ) -> Result<()> {
        if found.kind == FileKind::Directory && is_lock(found.name().as_encoded_bytes()) {
            return Ok(());
        }
        let shown = found.path.display().to_string();
        match local_node(fs, found).await {
            Ok(node) => budget.take(self.nodes.push(&node)?)?,
            // It was removed after the directory was read.
            Err(Error::LocalFs(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.failures.push((shown, error)),
        }
        Ok(())
    }

    /// Sorts by name. A name that is listed more than once is a failure.
    fn sort(&mut self, full_path: impl Fn(&FileName) -> String) -> Result<()> {
        self.nodes.sort()?;
        let following = self.nodes.names().skip(1);
        let twice = self.nodes.names().zip(following).enumerate().filter(|(_, (one, next))| one == next);
        let mut duplicates: Vec<_> =
            twice.filter_map(|(index, _)| Some(self.nodes.get(index)?.name)).collect();
        duplicates.dedup();
        for name in &duplicates {
            let path = full_path(name);
            let why = "its directory lists this name more than once";
            self.failures.push((path.clone(), Error::Skipped { path, why }));
        }
        self.duplicates = duplicates;
        self.nodes.check()
    }
}

fn remote_node(entry: &PathEntry) -> Node {
    let kind = match entry.kind {
        EntryKind::File | EntryKind::Unknown => NodeKind::File,
        EntryKind::Link => NodeKind::Symlink(entry.link_target().map(Into::into)),
        _ if entry.is_dir() => NodeKind::DIRECTORY,
        _ => NodeKind::Other,
    };
    let mode = entry.mode.and_then(|mode| mode.try_into().ok());
    let modified = entry.modified.filter(|time| !is_start_of_clock(time));
    let facts = NodeFacts { size: entry.exact_size(), modified, mode };
    Node { name: entry.name(), kind, facts }
}

/// Returns whether a server without a clock shows this for every file: the first minute of a year, or a time of the first day
/// of the years with which clocks begin.
fn is_start_of_clock(time: &Timestamp) -> bool {
    let is_new_year = (time.month(), time.day()) == (1, 1);
    let is_first_year = matches!(time.year(), 1970 | 1980 | 2000);
    let is_first_minute = time.precision() == Precision::Minute
        && time.zone() == Zone::Unknown
        && (time.hour(), time.minute()) == (0, 0);
    is_new_year && (is_first_year || is_first_minute)
}

async fn local_node(fs: &dyn FileSystem, found: DirEntry) -> Result<Node> {
    let name = remote_name(&found.path)?;
    let mut facts = NodeFacts::default();
    let kind = match found.kind {
        FileKind::Directory => NodeKind::DIRECTORY,
        FileKind::File => {
            facts = local_facts(fs, &found.path).await?;
            NodeKind::File
        }
        FileKind::Symlink => NodeKind::Symlink(read_link(fs, &found.path).await),
        FileKind::Other => NodeKind::Other,
    };
    Ok(Node { name, kind, facts })
}

async fn local_facts(fs: &dyn FileSystem, path: &Path) -> Result<NodeFacts> {
    let found = fs.metadata(path).await?;
    let modified = found.modified.and_then(to_timestamp);
    Ok(NodeFacts { size: Some(found.size), modified, mode: None })
}

async fn read_link(fs: &dyn FileSystem, path: &Path) -> Option<Box<[u8]>> {
    let destination = fs.read_link(path).await.ok()?;
    Some(destination.as_os_str().as_encoded_bytes().into())
}

/// Converts a time to UTC; returns `None` for times before 1970.
pub(crate) fn to_timestamp(time: SystemTime) -> Option<Timestamp> {
    let since_epoch = time.duration_since(UNIX_EPOCH).ok()?;
    Timestamp::from_unix(since_epoch.as_secs().try_into().ok()?, since_epoch.subsec_nanos())
}
/// Returns whether a name begins with a dot.
pub(crate) fn is_dot_name(name: &[u8]) -> bool {
    name.starts_with(b".")
}
