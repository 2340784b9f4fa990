//! Extraneous nodes of one directory, and the decision which of them may be deleted after the transfers.
//!
//! The listing that shows them is older than the transfers. A case-insensitive server, for example, replaces `README`
//! when it receives `readme`: the extraneous node is then the file that was just stored. Therefore a listing taken
//! after the transfers decides.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use oxftp_proto::FileName;

use super::{
    node_selection::NodeSelection,
    node_table::NodeTable,
    plan::DirectoryPlan,
    relative_path::RelativePath,
    same_name::{folded, likely_form},
};

/// Extraneous nodes of one directory of the target.
#[derive(Debug)]
pub(crate) struct ExtraneousNodes {
    pub(crate) directory: Arc<RelativePath>,
    /// Nodes that only the target has.
    pub(crate) nodes: NodeSelection,
    /// Nodes of the source that the target lacks, and may take for the extraneous nodes at these positions.
    lookalikes: BTreeMap<usize, FileName>,
    /// The names that this mirror stored in the directory.
    pub(crate) stored: Arc<StoredNames>,
}

/// Pairs the extraneous nodes of a plan with the names to be stored that the target may take for them.
fn lookalikes(plan: &DirectoryPlan) -> BTreeMap<usize, FileName> {
    let hasher = RandomState::new();
    // Half a hash and the position of each name: there may be a million.
    let hash = |name: &FileName| hasher.hash_one(folded(name)) & !POSITION;
    let mut hashes = Vec::with_capacity(plan.extraneous.len());
    hashes.extend(plan.extraneous.iter().enumerate().map(|(index, node)| hash(&node.name) | index as u64));
    hashes.sort_unstable();
    let mut lookalikes = BTreeMap::new();
    for name in missing_names(plan) {
        let hash = hash(&name);
        let first = hashes.partition_point(|other| *other < hash);
        for other in hashes.iter().skip(first).take_while(|other| **other & !POSITION == hash) {
            let index = (*other & POSITION) as usize;
            if plan.extraneous.get(index).is_some_and(|node| folded(&node.name) == folded(&name)) {
                lookalikes.insert(index, name.clone());
            }
        }
    }
    lookalikes
}

/// The bits of a position: a table has less than 2^32 nodes.
const POSITION: u64 = u32::MAX as u64;

/// Returns the names of a plan that the target lacks.
fn missing_names(plan: &DirectoryPlan) -> impl Iterator<Item = FileName> {
    let files = plan.files.missing().filter_map(|index| Some(plan.files.get(index)?.name));
    let directories = plan.directories.iter().filter(|directory| !directory.exists);
    let names = files.chain(directories.map(|directory| directory.name.clone()));
    names.chain(plan.symlinks.iter().map(|(name, _)| name.clone()))
}

/// The names that a mirror stored in one directory, as hashes: there may be a million.
#[derive(Debug, Default)]
pub(crate) struct StoredNames {
    hasher: RandomState,
    hashes: Mutex<Vec<u64>>,
}

impl StoredNames {
    pub(crate) fn add(&self, name: &FileName) {
        let hash = self.hash(name.as_bytes());
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).push(hash);
    }

    /// Returns the hashes in order.
    fn sorted(&self) -> MutexGuard<'_, Vec<u64>> {
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// Returns whether a listing shows all names.
    fn are_all_in(&self, listing: &NodeTable) -> bool {
        let stored = self.sorted();
        let mut is_shown = vec![false; stored.len()];
        for name in listing.names() {
            let position = stored.binary_search(&self.hash(&name)).ok();
            if let Some(is_shown) = position.and_then(|position| is_shown.get_mut(position)) {
                *is_shown = true;
            }
        }
        is_shown.iter().all(|is_shown| *is_shown)
    }

    fn hash(&self, name: &[u8]) -> u64 {
        self.hasher.hash_one(name)
    }

    fn is_empty(&self) -> bool {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl ExtraneousNodes {
    /// Takes the extraneous nodes of a plan.
    pub(crate) fn of_plan(
        plan: &mut DirectoryPlan,
        directory: Arc<RelativePath>,
        stored: Arc<StoredNames>,
    ) -> Self {
        let lookalikes = lookalikes(plan);
        Self { directory, nodes: std::mem::take(&mut plan.extraneous).compact(), lookalikes, stored }
    }

    /// Returns whether a new listing has to show what may be deleted.
    pub(crate) fn need_listing(&self) -> bool {
        !self.stored.is_empty()
    }

    /// Returns the nodes that may be deleted if this mirror stored nothing in the directory.
    pub(crate) fn without_listing(&self) -> NodeSelection {
        self.nodes.without(|index| self.lookalikes.contains_key(&index))
    }

    /// Returns the nodes that may be deleted according to a complete listing of the target that was taken after the
    /// transfers, sorted by name: those that it still shows beside all stored names. Returns `None` if it lacks a
    /// stored name.
    pub(crate) fn deletable(&self, listing: &Arc<NodeTable>) -> Option<NodeSelection> {
        if !self.stored.are_all_in(listing) {
            return None;
        }
        let mut deletable = NodeSelection::of(listing);
        for (index, node) in self.nodes.iter().enumerate() {
            let lookalike = self.lookalikes.get(&index);
            let is_distinct = lookalike.is_none_or(|name| listing.find(name.as_bytes()).is_some());
            if let Some(position) = listing.find(node.name.as_bytes()).filter(|_| is_distinct) {
                deletable.push(position);
            }
        }
        Some(deletable)
    }

    /// Returns the first names of the source that were stored and are missing from a listing of the target, each with
    /// the name under which the target probably has it. Both listings are sorted by name.
    pub(crate) fn renamed(
        &self,
        source: &NodeTable,
        listing: &NodeTable,
        max: usize,
    ) -> Vec<(FileName, Option<FileName>)> {
        let stored = self.stored.sorted();
        let is_stored = |name: &[u8]| stored.binary_search(&self.stored.hash(name)).is_ok();
        let is_in = |name: &[u8], other: &NodeTable| other.find(name).is_some();
        // Not collected: there may be a million.
        let strangers =
            || listing.iter().map(|node| node.name).filter(|name| source.find(name.as_bytes()).is_none());
        let missing = source.iter().map(|node| node.name);
        let missing = missing.filter(|name| is_stored(name.as_bytes()) && !is_in(name.as_bytes(), listing));
        missing
            .take(max)
            .map(|name| {
                let found = likely_form(&name, strangers());
                (name, found)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        compare::{Compare, Comparison},
        node::{Node, NodeFacts, NodeKind},
        plan::{PlanRules, plan},
    };
    use super::*;

    const RULES: PlanRules = PlanRules {
        comparison: Comparison { by: Compare::SizeAndTime, keeps_times: true, asks_times: true },
        deletes: true,
        copies_symlinks: false,
        removes_sources: false,
        existing: crate::Existing::Replace,
    };

    fn nodes(names: &[&str]) -> NodeTable {
        let node = |name| Node {
            name: FileName::new(name).unwrap(),
            kind: NodeKind::File,
            facts: NodeFacts { size: Some(1), ..NodeFacts::default() },
        };
        let mut nodes: NodeTable = names.iter().map(node).collect::<Vec<_>>().iter().collect();
        nodes.sort().unwrap();
        nodes
    }

    fn table(names: &[&str]) -> Arc<NodeTable> {
        Arc::new(nodes(names))
    }

    /// Plans a directory, and stores these names.
    fn extraneous(source: &[&str], target: &[&str], stored: &[&str]) -> ExtraneousNodes {
        let mut plan = plan(nodes(source), nodes(target), RULES);
        let names = StoredNames::default();
        stored.iter().for_each(|name| names.add(&FileName::new(name).unwrap()));
        let directory = Arc::new(RelativePath::default());
        ExtraneousNodes::of_plan(&mut plan, directory, Arc::new(names))
    }

    fn names(nodes: Option<NodeSelection>) -> Option<String> {
        Some(nodes?.iter().map(|node| node.name.to_string()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn name_that_replaced_another_is_not_deleted() {
        let found = extraneous(&["aaa", "b"], &["AAA", "b", "old"], &["aaa"]);

        assert_eq!(names(found.deletable(&table(&["AAA", "b", "old"]))), None);
        assert_eq!(names(found.deletable(&table(&["aaa", "b", "old"]))).as_deref(), Some("old"));
        // Both names exist, so the server distinguishes case.
        assert_eq!(names(found.deletable(&table(&["AAA", "aaa", "b", "old"]))).as_deref(), Some("AAA old"));
    }

    #[test]
    fn name_that_was_not_stored_keeps_its_lookalike() {
        let found = extraneous(&["aaa", "new"], &["AAA", "old"], &["new"]);

        assert_eq!(names(found.deletable(&table(&["AAA", "new", "old"]))).as_deref(), Some("old"));
        assert!(!extraneous(&["aaa"], &["AAA", "old"], &[]).need_listing());
        assert_eq!(
            names(Some(extraneous(&["aaa"], &["AAA", "old"], &[]).without_listing())).as_deref(),
            Some("old")
        );
    }

    #[test]
    fn stored_name_is_paired_with_the_name_found() {
        let found = extraneous(&["a:b", "c"], &["a_b", "c", "old"], &["a:b"]);
        let (source, listing) = (nodes(&["a:b", "c"]), table(&["a_b", "c", "old"]));

        assert_eq!(names(found.deletable(&listing)), None);
        let renamed = found.renamed(&source, &listing, 64);
        assert_eq!(renamed, [(source.get(0).unwrap().name, Some(listing.get(0).unwrap().name))]);
    }
}
