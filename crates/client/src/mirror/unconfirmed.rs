//! Unconfirmed uploads of a mirror: names that the server may keep in another form, and sizes that it does not report.
//!
//! A listing of their directories after the transfers shows them. It is requested only for the first name with each
//! trait, such as the first one with capital letters: a server that keeps that name unchanged also keeps the others.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use oxftp_proto::FileName;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{node_table::NodeTable, relative_path::RelativePath, same_name::likely_form};
use crate::{Error, Result};

/// The stored nodes that a listing has to show.
#[derive(Debug, Default)]
pub(crate) struct UnconfirmedNodes {
    state: Mutex<UnconfirmedState>,
}

#[derive(Debug, Default)]
struct UnconfirmedState {
    /// The traits of the names that the server has listed as they were sent.
    kept: BTreeSet<Trait>,
    /// The traits of the names to look for.
    awaited: BTreeSet<Trait>,
    /// The lengths up to which the server has listed names as they were sent.
    kept_lengths: Lengths,
    /// The lengths of the longest names to look for.
    awaited_lengths: Lengths,
    directories: HashMap<RelativePath, Vec<StoredNode>>,
    nodes: usize,
}

/// A stored node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredNode {
    name: FileName,
    /// The number of sent bytes, if the server did not report the size.
    size: Option<u64>,
}

impl UnconfirmedNodes {
    /// Learns from the listings of both sides which names the server keeps unchanged.
    pub(crate) fn learn(&self, source: &NodeTable, target: &NodeTable) {
        if target.is_empty() {
            return;
        }
        let mut state = self.lock();
        for node in source.iter() {
            if !state.keeps(&node.name) && target.find(node.name.as_bytes()).is_some() {
                state.keep(&node.name);
            }
        }
    }

    /// Adds a node whose name the target lacked, unless the server is known to keep such names.
    pub(crate) fn add_name(&self, directory: &RelativePath, name: &FileName) {
        let mut state = self.lock();
        let is_new = |found: &Trait| !state.kept.contains(found) && !state.awaited.contains(found);
        let known = state.kept_lengths.longest(state.awaited_lengths);
        if traits(name).iter().any(is_new) || !Lengths::of(name).fit(known) {
            state.awaited.extend(traits(name));
            state.awaited_lengths = state.awaited_lengths.longest(Lengths::of(name));
            state.add(directory, StoredNode { name: name.clone(), size: None });
        }
    }

    /// Adds a file whose size the server did not report.
    pub(crate) fn add_size(&self, directory: &RelativePath, name: &FileName, size: u64) {
        self.lock().add(directory, StoredNode { name: name.clone(), size: Some(size) });
    }

    /// Takes the directories that have to be listed, with the nodes that are looked for.
    pub(crate) fn take(&self) -> Vec<(RelativePath, Vec<StoredNode>)> {
        let directories = std::mem::take(&mut self.lock().directories);
        directories.into_iter().collect()
    }

    /// Returns the nodes that are still not confirmed: in the meantime, a listing may have shown that the server
    /// keeps such names. If a directory is listed for deletions, its names are compared then.
    pub(crate) fn still_unconfirmed(
        &self,
        mut nodes: Vec<StoredNode>,
        is_listed_later: bool,
    ) -> Vec<StoredNode> {
        let state = self.lock();
        nodes.retain(|node| node.size.is_some() || !is_listed_later && !state.keeps(&node.name));
        nodes
    }

    /// Compares stored nodes with a listing of their directory that was taken afterwards. Returns the failures, by path.
    pub(crate) fn compare(
        &self,
        directory: &RelativePath,
        stored: &[StoredNode],
        listing: &NodeTable,
    ) -> Vec<(String, Error)> {
        let mut failures = Vec::new();
        for node in stored {
            let path = directory.join(&node.name).to_remote_path().to_string();
            let Some(index) = listing.find(node.name.as_bytes()) else {
                match likely_form(&node.name, listing.iter().map(|node| node.name)) {
                    Some(found) => {
                        let found = Some(found.to_string_lossy().into_owned());
                        failures.push((path.clone(), Error::StoredUnderOtherName { path, found }));
                    }
                    // Some servers show no uploads at all, and other programs may have moved the files away.
                    None if listing.is_empty() => {}
                    None => crate::trace::warn!("the upload succeeded, but the server does not list {path}"),
                }
                continue;
            };
            self.lock().keep(&node.name);
            if let Err(error) = compare_sizes(node.size, listing.facts_of(index).size) {
                failures.push((path.clone(), Error::UploadMismatch { path, source: error.into() }));
            }
        }
        failures
    }

    fn lock(&self) -> MutexGuard<'_, UnconfirmedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnconfirmedState {
    fn add(&mut self, directory: &RelativePath, node: StoredNode) {
        let is_full = self.nodes >= MAX_NODES || self.directories.len() >= MAX_DIRECTORIES;
        if is_full && !(self.nodes < MAX_NODES && self.directories.contains_key(directory)) {
            return;
        }
        self.nodes += 1;
        self.directories.entry(directory.clone()).or_default().push(node);
    }

    fn keeps(&self, name: &FileName) -> bool {
        Lengths::of(name).fit(self.kept_lengths) && traits(name).is_subset(&self.kept)
    }

    /// Records that the server has listed a name as it was sent.
    fn keep(&mut self, name: &FileName) {
        self.kept.extend(traits(name));
        self.kept_lengths = self.kept_lengths.longest(Lengths::of(name));
    }
}

fn compare_sizes(sent: Option<u64>, listed: Option<u64>) -> Result<()> {
    match (sent, listed) {
        (Some(transferred), Some(expected)) if expected != transferred => {
            Err(Error::SizeMismatch { expected, transferred })
        }
        _ => Ok(()),
    }
}

/// A property of a name that a server may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    SmallLetter,
    CapitalLetter,
    Sign(char),
    Composed,
    Decomposed,
    OtherLetter,
    SignAtStart(char),
    SignAtEnd(char),
    SeveralDots,
}

/// The lengths of a name that a server may cut: of the parts before and after its last dot, and of all, in bytes and in
/// characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lengths([usize; 4]);

impl Lengths {
    fn of(name: &FileName) -> Self {
        let text = name.to_string_lossy();
        let (stem, end) = text.rsplit_once('.').unwrap_or((&text, ""));
        Self([stem.len(), end.len(), text.len(), text.chars().count()]).longest(Self::default())
    }

    fn longest(self, other: Self) -> Self {
        let Self(mut lengths) = self;
        lengths.iter_mut().zip(other.0).for_each(|(length, other)| *length = other.max(*length));
        Self(lengths)
    }

    /// Returns whether no length is larger than that of the other.
    fn fit(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(length, other)| *length <= other)
    }
}

/// Every system has names of eight letters and three.
impl Default for Lengths {
    fn default() -> Self {
        Self([8, 3, 12, 12])
    }
}

fn traits(name: &FileName) -> BTreeSet<Trait> {
    let text = name.to_string_lossy();
    let is_sign = |letter: &char| letter.is_ascii() && !letter.is_ascii_alphanumeric();
    let mut found: BTreeSet<_> = text.chars().filter_map(of_letter).collect();
    found.extend(text.chars().next().filter(is_sign).map(Trait::SignAtStart));
    found.extend(text.chars().next_back().filter(is_sign).map(Trait::SignAtEnd));
    if text.matches('.').count() > 1 {
        found.insert(Trait::SeveralDots);
    }
    found
}

fn of_letter(letter: char) -> Option<Trait> {
    match letter {
        'a'..='z' => Some(Trait::SmallLetter),
        'A'..='Z' => Some(Trait::CapitalLetter),
        '0'..='9' => None,
        sign if sign.is_ascii() => Some(Trait::Sign(sign)),
        mark if is_combining_mark(mark) => Some(Trait::Decomposed),
        letter if letter.nfd().ne([letter]) => Some(Trait::Composed),
        letter if letter.is_alphanumeric() => Some(Trait::OtherLetter),
        sign => Some(Trait::Sign(sign)),
    }
}

/// Maximum number of stored nodes that are remembered, and of the directories that contain them.
const MAX_NODES: usize = 100_000;
const MAX_DIRECTORIES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::super::node::{Node, NodeFacts, NodeKind};
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::new(text).unwrap()
    }

    fn nodes(names: &[&str]) -> NodeTable {
        let node = |text: &&str| Node {
            name: name(text),
            kind: NodeKind::File,
            facts: NodeFacts { size: Some(1), ..NodeFacts::default() },
        };
        let mut nodes: NodeTable = names.iter().map(node).collect::<Vec<_>>().iter().collect();
        nodes.sort().unwrap();
        nodes
    }

    /// Returns how many of these names have to be looked for.
    fn unconfirmed(unconfirmed: &UnconfirmedNodes, names: &[&str]) -> usize {
        names.iter().for_each(|text| unconfirmed.add_name(&RelativePath::default(), &name(text)));
        unconfirmed.take().into_iter().map(|(_, nodes)| nodes.len()).sum()
    }

    #[test]
    fn one_stored_name_with_each_trait_is_unconfirmed() {
        for (names, expected) in [
            (&["a.txt", "b.txt", "c.txt"][..], 1),
            (&["a.txt", "A.txt", "B.TXT"], 2),
            (&["a:b", "c:d", "1", "2"], 1),
            (&["ä", "ö", "a\u{308}"], 2),
            (&["a.b", "a.b.c", ".a", "a."], 4),
            (&["averylongname.html", "a.html", "1.htm"], 1),
            (&["a.htaccess", "longername.txt", "a.txt", "alongername.txt"], 3),
        ] {
            assert_eq!(unconfirmed(&UnconfirmedNodes::default(), names), expected, "{names:?}");
        }
    }

    #[test]
    fn listed_names_confirm_names_of_their_kind() {
        let kept = UnconfirmedNodes::default();
        kept.learn(&nodes(&["a.txt", "B"]), &nodes(&["a.txt", "b"]));

        assert_eq!(unconfirmed(&kept, &["c.txt"]), 0);
        assert_eq!(unconfirmed(&kept, &["C.txt"]), 1);
    }

    #[test]
    fn stored_size_is_compared_with_listing() {
        let (unconfirmed, root) = (UnconfirmedNodes::default(), RelativePath::default());
        for (text, size) in [("a", 1), ("b", 2), ("c", 3)] {
            unconfirmed.add_size(&root, &name(text), size);
        }
        let (directory, stored) = unconfirmed.take().remove(0);

        let failures = unconfirmed.compare(&directory, &stored, &nodes(&["a", "b", "C"]));

        let [(b, mismatch), (c, renamed)] = &failures[..] else { panic!("{failures:?}") };
        assert!(b == "b" && matches!(mismatch, Error::UploadMismatch { .. }), "{mismatch:?}");
        assert!(c == "c" && matches!(renamed, Error::StoredUnderOtherName { .. }), "{renamed:?}");
    }
}
