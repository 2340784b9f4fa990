//! Cycle detection: finds directories that list the same entries as the directories above them.
//!
//! The code that walks the tree decides how to handle such a directory.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    iter::successors,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use oxftp_proto::{Entry, Limits};

/// Finds the directories of one tree below which the tree repeats.
#[derive(Debug)]
pub(crate) struct CycleDetector {
    max_identical: usize,
    directories_found: AtomicUsize,
    /// Fingerprints of the directories that repeat the directories above them.
    repeated: Mutex<HashSet<u64>>,
}

impl CycleDetector {
    pub(crate) fn new(limits: &Limits) -> Self {
        let max_identical = limits.identical_ancestors;
        Self { max_identical, directories_found: AtomicUsize::new(0), repeated: Mutex::default() }
    }

    /// Returns the number of directories found in the tree so far.
    pub(crate) fn directories_found(&self) -> usize {
        self.directories_found.load(Ordering::Relaxed)
    }

    /// Returns whether a directory that is not listed yet belongs to a cycle: it is a sibling of a directory that
    /// repeats the directories above it, or is equivalent to such a sibling.
    pub(crate) fn predicts_cycle(&self, ancestors: &AncestorChain) -> bool {
        let Some(parent) = &ancestors.parent else { return false };
        parent.identical.saturating_add(1) >= MIN_IDENTICAL_TO_PREDICT.min(self.max_identical)
            && self.repeated.lock().unwrap_or_else(PoisonError::into_inner).contains(&parent.fingerprint)
    }

    /// Returns the ancestor that the subdirectories of a directory with this listing get, or `None` if the
    /// directory repeats the directories above it.
    pub(crate) fn check(
        &self,
        ancestors: &AncestorChain,
        listing: &ListingFingerprint,
    ) -> Option<Arc<Ancestor>> {
        let found =
            self.directories_found.fetch_add(listing.directories, Ordering::Relaxed) + listing.directories;
        let identical = ancestors.count_identical(listing);
        let is_suspect = listing.directories >= 2 && identical >= 1 && found > SMALL_TREE;
        if is_suspect && identical >= self.max_identical {
            self.repeated.lock().unwrap_or_else(PoisonError::into_inner).insert(listing.sum);
            return None;
        }
        if ancestors.is_cycle(listing) {
            return None;
        }
        let (unique, parent) = (ancestors.unique, ancestors.parent.clone());
        Some(Arc::new(Ancestor { fingerprint: listing.sum, identical, is_suspect, unique, parent }))
    }
}

/// The ancestors of a directory that is not listed yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct AncestorChain {
    parent: Option<Arc<Ancestor>>,
    unique: Option<u64>,
}

impl AncestorChain {
    /// Creates a chain without ancestors, with the `unique` fact of the directory itself.
    pub(crate) fn of(entry: &Entry) -> Self {
        Self { parent: None, unique: entry.facts().get("unique").map(hash) }
    }

    pub(crate) fn with_parent(self, parent: &Arc<Ancestor>) -> Self {
        Self { parent: Some(Arc::clone(parent)), ..self }
    }

    /// Counts the consecutive ancestors, from the parent upwards, that have this listing.
    fn count_identical(&self, listing: &ListingFingerprint) -> usize {
        let same = self.parent.as_ref().filter(|parent| parent.fingerprint == listing.sum);
        same.map_or(0, |parent| parent.identical + 1)
    }

    /// Returns whether the directory is its own ancestor, by the fact `unique` (RFC 3659, 7.5.2). Some servers
    /// send the same `unique` for everything, so the listings must be identical, too.
    fn is_cycle(&self, listing: &ListingFingerprint) -> bool {
        let is_same =
            |ancestor: &Ancestor| ancestor.unique == self.unique && ancestor.fingerprint == listing.sum;
        self.unique.is_some() && self.ancestors().any(is_same)
    }

    fn ancestors(&self) -> impl Iterator<Item = &Ancestor> {
        successors(self.parent.as_deref(), |ancestor| ancestor.parent.as_deref())
    }
}

/// A listed directory that contains other directories.
#[derive(Debug)]
pub(crate) struct Ancestor {
    fingerprint: u64,
    /// Number of consecutive ancestors with the same listing.
    identical: usize,
    is_suspect: bool,
    unique: Option<u64>,
    parent: Option<Arc<Self>>,
}

impl Ancestor {
    /// Returns whether an endless tree may begin here. Its subdirectories are then listed before all other
    /// pending directories, so that a few listings are enough to find out.
    pub(crate) fn is_suspect(&self) -> bool {
        self.is_suspect
    }
}

/// Hash of a directory's entries, independent of their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ListingFingerprint {
    sum: u64,
    directories: usize,
}

impl ListingFingerprint {
    pub(crate) fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut fingerprint = Self::default();
        entries.into_iter().for_each(|entry| fingerprint.add(entry));
        fingerprint
    }

    pub(crate) fn add(&mut self, entry: &Entry) {
        let entry_hash = hash((entry.name(), entry.kind, entry.size, entry.modified));
        self.sum = self.sum.wrapping_add(entry_hash);
        self.directories += usize::from(entry.is_dir());
    }
}

/// Hashes with fixed keys: a server that knows them can only make its own trees look identical.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A tree of at most this many directories is never considered endless: walking it takes little time.
const SMALL_TREE: usize = 1000;

/// The number of consecutive identical listings, including the parent's, after which a directory is treated like one
/// that is known to repeat the directories above it.
const MIN_IDENTICAL_TO_PREDICT: usize = 3;

#[cfg(test)]
mod tests {
    use oxftp_proto::{EntryKind, listing::ListingParser};

    use super::*;

    fn directory(name: &str) -> Entry {
        let mut entry = Entry::new(name);
        entry.kind = EntryKind::Directory;
        entry
    }

    /// Returns the fingerprint of a directory that contains `count` directories.
    fn directories(count: usize) -> ListingFingerprint {
        let entries: Vec<_> = (0..count).map(|number| directory(&number.to_string())).collect();
        ListingFingerprint::of(&entries)
    }

    fn detector() -> CycleDetector {
        let mut limits = Limits::default();
        limits.identical_ancestors = 3;
        CycleDetector::new(&limits)
    }

    /// Descends through directories with these listings, and counts those that may be entered.
    fn depth(detector: &CycleDetector, listings: &[ListingFingerprint]) -> usize {
        let mut ancestors = AncestorChain::default();
        let end = listings.iter().position(|listing| match detector.check(&ancestors, listing) {
            Some(ancestor) => {
                ancestors = AncestorChain::default().with_parent(&ancestor);
                false
            }
            None => true,
        });
        end.unwrap_or(listings.len())
    }

    /// Parses a line of `MLSD`.
    fn parse(line: &str) -> Entry {
        let mut parser = ListingParser::mlsx();
        parser.push(line.as_bytes());
        parser.next_entry().unwrap()
    }

    #[test]
    fn fourth_identical_listing_ends_a_large_tree() {
        assert_eq!(depth(&detector(), &[directories(400); 6]), 3);
    }

    #[test]
    fn small_tree_may_repeat_itself() {
        assert_eq!(depth(&detector(), &[directories(10); 90]), 90);
        assert_eq!(depth(&detector(), &[directories(10); 120]), 100);
    }

    #[test]
    fn single_subdirectories_are_not_a_cycle() {
        assert_eq!(depth(&detector(), &[directories(1); 5000]), 5000);
    }

    #[test]
    fn different_listing_resets_the_cycle_count() {
        let (same, other) = (directories(400), directories(401));

        assert_eq!(depth(&detector(), &[same, same, same, other, same, same, same, other]), 8);
        assert_eq!(depth(&detector(), &[other, same, same, same, same]), 4);
    }

    #[test]
    fn two_identical_listings_are_suspect() {
        let detector = detector();
        let first = detector.check(&AncestorChain::default(), &directories(1001)).unwrap();

        let other = detector.check(&AncestorChain::default().with_parent(&first), &directories(2)).unwrap();
        let same = detector.check(&AncestorChain::default().with_parent(&first), &directories(1001)).unwrap();

        assert_eq!([&first, &other, &same].map(|listed| listed.is_suspect()), [false, false, true]);
    }

    #[test]
    fn fingerprint_ignores_order_only() {
        let sum = |entries: &[Entry]| ListingFingerprint::of(entries).sum;
        let (one, other) = (directory("a"), directory("b"));
        let larger = {
            let mut entry = directory("a");
            entry.size = Some(1);
            entry
        };
        let file = Entry::new("a");

        assert_eq!(sum(&[one.clone(), other.clone()]), sum(&[other.clone(), one.clone()]));
        for different in [larger, file, directory("c")] {
            assert_ne!(sum(&[one.clone(), other.clone()]), sum(&[different, other.clone()]));
        }
    }

    #[test]
    fn cycle_is_predicted_for_unlisted_sibling() {
        let (detector, listing) = (detector(), directories(400));
        let mut ancestors = AncestorChain::default();
        for _ in 0..3 {
            ancestors = AncestorChain::default().with_parent(&detector.check(&ancestors, &listing).unwrap());
        }
        assert!(!detector.predicts_cycle(&ancestors));

        assert!(detector.check(&ancestors, &listing).is_none());

        assert!(detector.predicts_cycle(&ancestors));
        assert!(!detector.predicts_cycle(&AncestorChain::default()));
    }

    #[test]
    fn cycle_is_detected_by_unique_fact() {
        let (detector, listing) = (detector(), directories(1));
        let top = detector.check(&AncestorChain::of(&parse("type=dir;unique=1g2; a")), &listing).unwrap();
        let between = detector.check(&AncestorChain::default().with_parent(&top), &directories(3)).unwrap();
        let below = |line: &str| AncestorChain::of(&parse(line)).with_parent(&between);

        assert!(detector.check(&below("type=dir;unique=1g2; b"), &listing).is_none());
        assert!(detector.check(&below("type=dir;unique=1g3; b"), &listing).is_some());
        // This server sends the same `unique` for everything.
        assert!(detector.check(&below("type=dir;unique=1g2; b"), &directories(2)).is_some());
    }
}
