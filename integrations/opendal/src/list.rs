//! Listings, sorted by path.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use opendal_core::{Error, ErrorKind, MetadataBuilder, Result, raw::oio};
use oxftp::{EntryKind, PathEntry};
use tokio::task::JoinHandle;

use crate::{
    core::{Core, metadata},
    failure::failure,
    names,
};

/// A listing of a directory, of a tree, or of what begins with a prefix.
///
/// In a tree, a directory comes after what is in it, so that its entries can be deleted in their order. Directories further on are
/// listed ahead, on several sessions.
pub(crate) struct Lister {
    core: Arc<Core>,
    is_recursive: bool,
    /// Entries in the order in which they are returned.
    pending: VecDeque<Pending>,
}

enum Pending {
    /// The directory where the listing begins, and the prefix of the entries that are wanted.
    Start(String, Option<String>),
    Entry(oio::Entry),
    /// A directory, its depth, and its listing if that was begun.
    Directory(oio::Entry, usize, Option<Listing>),
}

impl Lister {
    pub(crate) fn new(core: Arc<Core>, path: &str, is_recursive: bool) -> Self {
        let start = match path {
            "" | "/" => Pending::Start(String::new(), None),
            path if path.ends_with('/') => Pending::Start(path.to_owned(), None),
            prefix => Pending::Start(names::split(prefix).0.to_owned(), Some(prefix.to_owned())),
        };
        Self { core, is_recursive, pending: VecDeque::from([start]) }
    }

    /// Lists the directory where the listing begins.
    async fn start(&mut self, directory: &str, prefix: Option<&str>) -> Result<()> {
        let Some(mut entries) = list_directory(&self.core, directory).await? else { return Ok(()) };
        let itself = Pending::Entry(oio::Entry::new(directory, MetadataBuilder::dir().build()));
        match prefix {
            Some(prefix) => {
                entries.retain(|entry| entry.path().starts_with(prefix));
                self.push(entries, 1, None);
            }
            None if self.is_recursive => self.push(entries, 1, Some(itself)),
            None => {
                self.push(entries, 1, None);
                self.pending.push_front(itself);
            }
        }
        Ok(())
    }

    /// Puts the entries of a directory, and what comes after them, before all others.
    fn push(&mut self, entries: Vec<oio::Entry>, depth: usize, last: Option<Pending>) {
        let entries = entries.into_iter().map(|entry| match self.is_recursive && entry.mode().is_dir() {
            true => Pending::Directory(entry, depth, None),
            false => Pending::Entry(entry),
        });
        let entries: Vec<_> = entries.chain(last).collect();
        for entry in entries.into_iter().rev() {
            self.pending.push_front(entry);
        }
    }

    /// Begins to list the next directories.
    fn list_ahead(&mut self) {
        let sessions = self.core.pool.limit();
        let directories = self.pending.iter_mut().take(LOOK_AHEAD).filter_map(|pending| match pending {
            Pending::Directory(entry, _, listing) => Some((entry, listing)),
            _ => None,
        });
        for (entry, listing) in directories.take(sessions) {
            listing.get_or_insert_with(|| Listing::begin(&self.core, entry.path()));
        }
    }
}

impl oio::List for Lister {
    /// After a failure, the next call asks the server again.
    async fn next(&mut self) -> Result<Option<oio::Entry>> {
        loop {
            self.list_ahead();
            match self.pending.pop_front() {
                None => return Ok(None),
                Some(Pending::Entry(entry)) => return Ok(Some(entry)),
                Some(Pending::Start(directory, prefix)) => {
                    if let Err(error) = self.start(&directory, prefix.as_deref()).await {
                        self.pending.push_front(Pending::Start(directory, prefix));
                        return Err(error);
                    }
                }
                Some(Pending::Directory(entry, depth, _)) if depth > MOST_DEPTH => {
                    let message = "the directories are nested too deeply; the tree may be cyclic";
                    return Err(
                        Error::new(ErrorKind::Unexpected, message).with_context("directory", entry.path())
                    );
                }
                Some(Pending::Directory(entry, depth, listing)) => {
                    let listing = listing.unwrap_or_else(|| Listing::begin(&self.core, entry.path()));
                    match listing.finish().await {
                        Ok(Some(entries)) => self.push(entries, depth + 1, Some(Pending::Entry(entry))),
                        // It was deleted meanwhile.
                        Ok(None) => {}
                        Err(error) => {
                            self.pending.push_front(Pending::Directory(entry, depth, None));
                            return Err(error);
                        }
                    }
                }
            }
        }
    }
}

/// A listing in a task, which ends with it.
struct Listing(JoinHandle<Result<Option<Vec<oio::Entry>>>>);

impl Listing {
    fn begin(core: &Arc<Core>, directory: &str) -> Self {
        let (core, directory) = (Arc::clone(core), directory.to_owned());
        Self(tokio::spawn(async move { list_directory(&core, &directory).await }))
    }

    async fn finish(mut self) -> Result<Option<Vec<oio::Entry>>> {
        (&mut self.0).await.unwrap_or_else(|error| {
            Err(Error::new(ErrorKind::Unexpected, "the listing was interrupted").set_source(error))
        })
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lists one directory, sorted. `None` if there is no such directory. `directory` is empty for the root, or ends with a
/// slash.
async fn list_directory(core: &Core, directory: &str) -> Result<Option<Vec<oio::Entry>>> {
    let remote = core.remote(directory)?;
    let is_there = async || match directory {
        "" => core.pool.try_exists(&remote).await.map_err(failure),
        _ => Ok(core.find(directory).await?.is_some_and(|entry| entry.is_dir())),
    };
    let listed = match core.pool.list(&remote).await {
        Ok(listed) => listed,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) if error.is_transient() && error.reply().is_none() => return Err(failure(error)),
        // Perhaps a file, or a path that does not exist, refused with a code or a text that does not say so.
        Err(error) => match is_there().await? {
            true => return Err(failure(error)),
            false => return Ok(None),
        },
    };
    // LIST of what does not exist may be empty, and LIST of a file is a listing of that file.
    let may_be_none = match listed.as_slice() {
        [] => !remote.is_empty(),
        [only] => remote.file_name() == Some(only.name()) && !only.entry().is_dir(),
        _ => false,
    };
    if may_be_none && !is_there().await? {
        return Ok(None);
    }
    let (mut entries, mut seen) = (Vec::with_capacity(listed.len()), HashSet::new());
    for found in listed {
        if let Some(entry) = entry(core, directory, &found).await?
            && seen.insert(entry.path().to_owned())
        {
            entries.push(entry);
        }
    }
    entries.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(Some(entries))
}

/// Returns an entry for OpenDAL; `None` for what has no place there.
async fn entry(core: &Core, directory: &str, found: &PathEntry) -> Result<Option<oio::Entry>> {
    let name = found.name();
    let Some(name) =
        name.as_str().filter(|name| !oxftp::is_reserved_name(name) && name.len() <= LONGEST_NAME)
    else {
        return Ok(None);
    };
    let path = format!("{directory}{name}");
    match found.entry().kind {
        EntryKind::Directory => Ok(Some(oio::Entry::with(format!("{path}/"), metadata(found.entry())?))),
        EntryKind::File if found.entry().size.is_some() => {
            Ok(Some(oio::Entry::with(path, metadata(found.entry())?)))
        }
        EntryKind::File => match core.find(&path).await? {
            Some(entry) if !entry.is_dir() => Ok(Some(oio::Entry::with(path, metadata(&entry)?))),
            _ => Ok(None),
        },
        // Links may lead to a directory above.
        _ => Ok(None),
    }
}

/// Number of pending entries in which directories to list ahead are searched.
const LOOK_AHEAD: usize = 1000;

/// Maximum depth of a tree.
const MOST_DEPTH: usize = 100;

/// Longest name in bytes. The metadata of OpenDAL have no room for a path of 64 KiB.
const LONGEST_NAME: usize = 512;
