//! Trees without end: whether a directory lists what the directories above it list.
//!
//! What becomes of such a directory is the business of whoever goes through the tree.

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

/// Finds the directories of one tree from which on it repeats itself.
#[derive(Debug)]
pub(crate) struct CycleGuard {
    most_alike: usize,
    found: AtomicUsize,
    /// What the directories list that were found to repeat those above them.
    repeated: Mutex<HashSet<u64>>,
}

impl CycleGuard {
    pub(crate) fn new(limits: &Limits) -> Self {
        let most_alike = limits.identical_ancestors;
        Self { most_alike, found: AtomicUsize::new(0), repeated: Mutex::default() }
    }

    /// Counts the directories that were found in the tree.
    pub(crate) fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    /// Tells of a directory that was not listed yet whether it is a sibling, or the like, of one that was
    /// found to repeat those above it.
    pub(crate) fn foresees(&self, lineage: &Lineage) -> bool {
        let Some(parent) = &lineage.parent else { return false };
        parent.alike.saturating_add(1) >= SAME_FAMILY.min(self.most_alike)
            && self.repeated.lock().unwrap_or_else(PoisonError::into_inner).contains(&parent.listing)
    }

    /// Gives what the directories in a directory that lists so descend from; `None` where it repeats those
    /// above it.
    pub(crate) fn judge(&self, lineage: &Lineage, listing: &Digest) -> Option<Arc<Ancestor>> {
        let found = self.found.fetch_add(listing.directories, Ordering::Relaxed) + listing.directories;
        let alike = lineage.alike(listing);
        let is_suspect = listing.directories >= 2 && alike >= 1 && found > FEW_DIRECTORIES;
        if is_suspect && alike >= self.most_alike {
            self.repeated.lock().unwrap_or_else(PoisonError::into_inner).insert(listing.sum);
            return None;
        }
        if lineage.is_cycle(listing) {
            return None;
        }
        let (unique, parent) = (lineage.unique, lineage.parent.clone());
        Some(Arc::new(Ancestor { listing: listing.sum, alike, is_suspect, unique, parent }))
    }
}

/// Where a directory that waits comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lineage {
    parent: Option<Arc<Ancestor>>,
    unique: Option<u64>,
}

impl Lineage {
    /// Begins with what the listing tells of the directory itself.
    pub(crate) fn of(entry: &Entry) -> Self {
        Self { parent: None, unique: entry.facts().get("unique").map(hash) }
    }

    pub(crate) fn below(self, parent: &Arc<Ancestor>) -> Self {
        Self { parent: Some(Arc::clone(parent)), ..self }
    }

    /// Counts the directories above it, in a row, that list the same.
    fn alike(&self, listing: &Digest) -> usize {
        let same = self.parent.as_ref().filter(|parent| parent.listing == listing.sum);
        same.map_or(0, |parent| parent.alike + 1)
    }

    /// Tells whether one above it is this very directory, as the server says: by the fact `unique` (RFC 3659,
    /// 7.5.2), and since some servers give all things the same, by what it lists, too.
    fn is_cycle(&self, listing: &Digest) -> bool {
        let itself = |ancestor: &Ancestor| ancestor.unique == self.unique && ancestor.listing == listing.sum;
        self.unique.is_some() && self.ancestors().any(itself)
    }

    fn ancestors(&self) -> impl Iterator<Item = &Ancestor> {
        successors(self.parent.as_deref(), |ancestor| ancestor.parent.as_deref())
    }
}

/// A directory that was listed and holds others.
#[derive(Debug)]
pub(crate) struct Ancestor {
    listing: u64,
    /// How many above it, in a row, list the same.
    alike: usize,
    is_suspect: bool,
    unique: Option<u64>,
    parent: Option<Arc<Self>>,
}

impl Ancestor {
    /// Tells whether it may be the beginning of a tree without end: what is in it then goes before all that
    /// waits, so that this is found out at the price of a few listings.
    pub(crate) fn is_suspect(&self) -> bool {
        self.is_suspect
    }
}

/// What a directory lists, in whatever order, as a number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Digest {
    sum: u64,
    directories: usize,
}

impl Digest {
    pub(crate) fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut digest = Self::default();
        entries.into_iter().for_each(|entry| digest.add(entry));
        digest
    }

    pub(crate) fn add(&mut self, entry: &Entry) {
        let one = hash((entry.name(), entry.kind, entry.size, entry.modified));
        self.sum = self.sum.wrapping_add(one);
        self.directories += usize::from(entry.is_dir());
    }
}

/// A server that knows the keys can only make its own trees seem alike.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// No tree of so many directories is taken for one without end: to go through it takes little time.
const FEW_DIRECTORIES: usize = 1000;

/// So many that are alike above a directory make it one of those of which another was found to repeat them.
const SAME_FAMILY: usize = 3;

#[cfg(test)]
mod tests {
    use oxftp_proto::{EntryKind, listing::ListingParser};

    use super::*;

    fn directory(name: &str) -> Entry {
        let mut entry = Entry::new(name);
        entry.kind = EntryKind::Directory;
        entry
    }

    /// The listing of a directory that holds so many others.
    fn directories(count: usize) -> Digest {
        let entries: Vec<_> = (0..count).map(|number| directory(&number.to_string())).collect();
        Digest::of(&entries)
    }

    fn guard() -> CycleGuard {
        let mut limits = Limits::default();
        limits.identical_ancestors = 3;
        CycleGuard::new(&limits)
    }

    /// Goes down through directories that list so, and counts those that may be entered.
    fn depth(guard: &CycleGuard, listings: &[Digest]) -> usize {
        let mut lineage = Lineage::default();
        let ends = listings.iter().position(|listing| match guard.judge(&lineage, listing) {
            Some(ancestor) => {
                lineage = Lineage::default().below(&ancestor);
                false
            }
            None => true,
        });
        ends.unwrap_or(listings.len())
    }

    /// As the server says by `MLSD`.
    fn told(line: &str) -> Entry {
        let mut parser = ListingParser::mlsx();
        parser.push(line.as_bytes());
        parser.next_entry().unwrap()
    }

    #[test]
    fn the_fourth_listing_that_is_the_same_ends_a_large_tree() {
        assert_eq!(depth(&guard(), &[directories(400); 6]), 3);
    }

    #[test]
    fn a_small_tree_may_be_the_same_everywhere() {
        assert_eq!(depth(&guard(), &[directories(10); 90]), 90);
        assert_eq!(depth(&guard(), &[directories(10); 120]), 100);
    }

    #[test]
    fn what_holds_one_directory_is_a_matter_of_depth() {
        assert_eq!(depth(&guard(), &[directories(1); 5000]), 5000);
    }

    #[test]
    fn one_listing_that_differs_begins_the_count_again() {
        let (same, other) = (directories(400), directories(401));

        assert_eq!(depth(&guard(), &[same, same, same, other, same, same, same, other]), 8);
        assert_eq!(depth(&guard(), &[other, same, same, same, same]), 4);
    }

    #[test]
    fn two_that_are_alike_in_a_large_tree_are_a_suspicion() {
        let guard = guard();
        let first = guard.judge(&Lineage::default(), &directories(1001)).unwrap();

        let other = guard.judge(&Lineage::default().below(&first), &directories(2)).unwrap();
        let same = guard.judge(&Lineage::default().below(&first), &directories(1001)).unwrap();

        assert_eq!([&first, &other, &same].map(|listed| listed.is_suspect()), [false, false, true]);
    }

    #[test]
    fn order_does_not_count_and_all_else_does() {
        let sum = |entries: &[Entry]| Digest::of(entries).sum;
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
    fn a_sibling_of_one_that_repeats_is_known_before_it_is_listed() {
        let (guard, listing) = (guard(), directories(400));
        let mut lineage = Lineage::default();
        for _ in 0..3 {
            lineage = Lineage::default().below(&guard.judge(&lineage, &listing).unwrap());
        }
        assert!(!guard.foresees(&lineage));

        assert!(guard.judge(&lineage, &listing).is_none());

        assert!(guard.foresees(&lineage));
        assert!(!guard.foresees(&Lineage::default()));
    }

    #[test]
    fn a_directory_within_itself_is_seen_at_once() {
        let (guard, listing) = (guard(), directories(1));
        let top = guard.judge(&Lineage::of(&told("type=dir;unique=1g2; a")), &listing).unwrap();
        let between = guard.judge(&Lineage::default().below(&top), &directories(3)).unwrap();
        let below = |line: &str| Lineage::of(&told(line)).below(&between);

        assert!(guard.judge(&below("type=dir;unique=1g2; b"), &listing).is_none());
        assert!(guard.judge(&below("type=dir;unique=1g3; b"), &listing).is_some());
        // A server that tells the same of all things.
        assert!(guard.judge(&below("type=dir;unique=1g2; b"), &directories(2)).is_some());
    }
}
