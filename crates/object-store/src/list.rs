//! Listings, sorted by path.

use std::{collections::VecDeque, sync::Arc};

use futures_util::{StreamExt, stream, stream::BoxStream};
use oxftp::{EntryKind, Error};
use tokio::task::JoinHandle;

use crate::{
    core::{Core, retrying},
    failure::{Failure, FailureKind, Result},
    meta::Meta,
    names,
};

/// An entry of a directory.
#[derive(Debug)]
pub(crate) enum Node {
    Object(Box<Meta>),
    Directory(String),
}

impl Node {
    /// Compares as the locations of objects do: those in a directory begin with its name and a slash.
    fn sort_key(&self) -> (&str, &str) {
        match self {
            Self::Object(meta) => (&meta.location, ""),
            Self::Directory(location) => (location, "/"),
        }
    }
}

fn sort(nodes: &mut [Node]) {
    nodes.sort_by(|one, other| {
        let ((one, slash), (other, other_slash)) = (one.sort_key(), other.sort_key());
        one.bytes().chain(slash.bytes()).cmp(other.bytes().chain(other_slash.bytes()))
    });
}

impl Core {
    /// Lists the objects and directories in one directory, sorted. A directory that does not exist is empty.
    pub(crate) async fn list_directory(&self, location: &str) -> Result<Vec<Node>> {
        let path = self.path(location);
        let listed = match retrying!(self, |session| session.list(&path).await) {
            Ok(listed) => listed,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error @ Error::StatusCode(_)) if !path.is_empty() => {
                // A file, or a path that does not exist, refused with a text that does not say so.
                return match retrying!(self, |session| session.metadata(&path).await) {
                    Ok(entry) if !entry.is_dir() => Ok(Vec::new()),
                    Err(missing) if missing.is_not_found() => Ok(Vec::new()),
                    _ => Err(Failure::of(location, error)),
                };
            }
            Err(error) => return Err(Failure::of(location, error)),
        };
        // LIST of a file is a listing of that file.
        if let [only] = listed.as_slice()
            && !location.is_empty()
            && only.entry().is_file()
            && only.name().as_str() == Some(names::split(location).1)
            && !retrying!(self, |session| session.is_dir(&path).await).unwrap_or(true)
        {
            return Ok(Vec::new());
        }
        let mut nodes = Vec::with_capacity(listed.len());
        for found in listed {
            let name = found.name();
            let Some(name) = name.as_str().filter(|name| !oxftp::is_reserved_name(name)) else { continue };
            let location = names::join(location, name);
            match found.entry().kind {
                EntryKind::Directory => nodes.push(Node::Directory(location)),
                EntryKind::File => match Meta::of(location.clone(), found.into_entry()) {
                    Some(meta) => {
                        self.recent.remember(&meta);
                        nodes.push(Node::Object(meta.into()));
                    }
                    None => nodes.push(Node::Object(self.stat(&location).await?.into())),
                },
                _ => tracing::debug!("{location} is neither a file nor a directory"),
            }
        }
        sort(&mut nodes);
        Ok(nodes)
    }

    /// Lists all objects below a directory, sorted. Directories further on are listed ahead, on several sessions.
    pub(crate) fn list_tree(self: &Arc<Self>, location: &str) -> BoxStream<'static, Result<Meta>> {
        let first = Pending::Directory(location.to_owned(), 0, None);
        let walk = Walk { core: Arc::clone(self), pending: VecDeque::from([first]) };
        stream::unfold(Some(walk), |walk| async {
            let mut walk = walk?;
            match walk.next().await {
                Some(Ok(meta)) => Some((Ok(meta), Some(walk))),
                Some(Err(failure)) => Some((Err(failure), None)),
                None => None,
            }
        })
        .boxed()
    }
}

/// Pending entries of a tree, in the order in which they are returned.
enum Pending {
    Object(Box<Meta>),
    /// A directory, its depth, and its listing if that was begun.
    Directory(String, usize, Option<Listing>),
}

struct Walk {
    core: Arc<Core>,
    pending: VecDeque<Pending>,
}

impl Walk {
    async fn next(&mut self) -> Option<Result<Meta>> {
        loop {
            self.list_ahead();
            match self.pending.pop_front()? {
                Pending::Object(meta) => return Some(Ok(*meta)),
                Pending::Directory(location, depth, _) if depth > MOST_DEPTH => {
                    let why = "the directories are nested too deeply; the tree may be cyclic";
                    return Some(Err(Failure::new(FailureKind::Other, &location, why)));
                }
                Pending::Directory(location, depth, listing) => {
                    let listing = listing.unwrap_or_else(|| Listing::begin(&self.core, &location));
                    let nodes = match listing.finish(&location).await {
                        Ok(nodes) => nodes,
                        Err(failure) => return Some(Err(failure)),
                    };
                    for node in nodes.into_iter().rev() {
                        self.pending.push_front(match node {
                            Node::Object(meta) => Pending::Object(meta),
                            Node::Directory(location) => Pending::Directory(location, depth + 1, None),
                        });
                    }
                }
            }
        }
    }

    /// Begins to list the next directories.
    fn list_ahead(&mut self) {
        let sessions = self.core.pool.limit();
        let directories = self.pending.iter_mut().take(LOOK_AHEAD).filter_map(|pending| match pending {
            Pending::Directory(location, _, listing) => Some((location, listing)),
            Pending::Object(_) => None,
        });
        for (location, listing) in directories.take(sessions) {
            listing.get_or_insert_with(|| Listing::begin(&self.core, location));
        }
    }
}

/// A listing in a task, which ends with it.
struct Listing(JoinHandle<Result<Vec<Node>>>);

impl Listing {
    fn begin(core: &Arc<Core>, location: &str) -> Self {
        let (core, location) = (Arc::clone(core), location.to_owned());
        Self(tokio::spawn(async move { core.list_directory(&location).await }))
    }

    async fn finish(mut self, location: &str) -> Result<Vec<Node>> {
        match (&mut self.0).await {
            Ok(nodes) => nodes,
            Err(error) => Err(Failure::new(FailureKind::Other, location, error)),
        }
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Number of pending entries in which directories to list ahead are searched.
const LOOK_AHEAD: usize = 1000;

/// Maximum depth of a tree.
const MOST_DEPTH: usize = 100;

#[cfg(test)]
mod tests {
    use oxftp::Entry;

    use super::*;

    #[test]
    fn directories_are_sorted_as_their_objects() {
        let object = |location: &str| {
            let mut entry = Entry::new(location);
            entry.size = Some(1);
            Node::Object(Meta::of(location.to_owned(), entry).unwrap().into())
        };
        let mut nodes =
            [Node::Directory("a".to_owned()), object("a0"), object("a-b"), object("a"), object("B")];

        sort(&mut nodes);

        let sorted: Vec<_> =
            nodes.iter().map(|node| node.sort_key().0.to_owned() + node.sort_key().1).collect();
        assert_eq!(sorted, ["B", "a", "a-b", "a/", "a0"]);
    }
}
