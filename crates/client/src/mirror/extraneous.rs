//! Extraneous nodes of one directory, and the decision which of them may be deleted after the transfers.
//!
//! The listing that shows them is older than the transfers. A server without case, for example, replaces `README` when
//! it receives `readme`: then the extraneous node is the file that was just stored. So a listing taken after the
//! transfers decides.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use oxftp_proto::FileName;

use super::{
    compare::Decision,
    node::Node,
    plan::DirectoryPlan,
    relative_path::RelativePath,
    same_name::{folded, likely_form},
    step::Reason,
};

/// Extraneous nodes of one directory of the target.
#[derive(Debug)]
pub(crate) struct ExtraneousNodes {
    pub(crate) directory: Arc<RelativePath>,
    pub(crate) nodes: Vec<ExtraneousNode>,
    /// What this mirror stored in the directory.
    pub(crate) stored: Arc<StoredNames>,
}

/// A node that only the target has.
#[derive(Debug)]
pub(crate) struct ExtraneousNode {
    pub(crate) node: Node,
    /// A node of the source that the target lacks, and may take for this one.
    lookalike: Option<FileName>,
}

impl ExtraneousNode {
    /// Pairs the extraneous nodes of a plan with the names to be stored that the target may take for them.
    pub(crate) fn of_plan(plan: &mut DirectoryPlan) -> Vec<Self> {
        let extraneous = std::mem::take(&mut plan.extraneous);
        let mut lookalikes = vec![None; extraneous.len()];
        let mut folded_names = HashMap::<_, Vec<usize>>::new();
        for (index, node) in extraneous.iter().enumerate() {
            folded_names.entry(folded(&node.name)).or_default().push(index);
        }
        if !folded_names.is_empty() {
            for name in missing_names(plan) {
                for index in folded_names.get(&folded(name)).into_iter().flatten() {
                    if let Some(lookalike) = lookalikes.get_mut(*index) {
                        *lookalike = Some(name.clone());
                    }
                }
            }
        }
        let pairs = extraneous.into_iter().zip(lookalikes);
        pairs.map(|(node, lookalike)| Self { node, lookalike }).collect()
    }
}

/// Returns the names of a plan that the target lacks.
fn missing_names(plan: &DirectoryPlan) -> impl Iterator<Item = &FileName> {
    let files = plan.files.iter().filter(|file| file.decision == Decision::Transfer(Reason::Missing));
    let directories = plan.directories.iter().filter(|directory| !directory.exists);
    let names = files.map(|file| &file.name).chain(directories.map(|directory| &directory.name));
    names.chain(plan.symlinks.iter().map(|(name, _)| name))
}

/// The names that a mirror stored in one directory, as hashes: there may be a million.
#[derive(Debug, Default)]
pub(crate) struct StoredNames {
    hasher: RandomState,
    hashes: Mutex<Vec<u64>>,
}

impl StoredNames {
    pub(crate) fn add(&self, name: &FileName) {
        let hash = self.hash(name);
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).push(hash);
    }

    /// Returns the hashes in order.
    fn sorted(&self) -> Vec<u64> {
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    fn hash(&self, name: &FileName) -> u64 {
        self.hasher.hash_one(name.as_bytes())
    }

    fn is_empty(&self) -> bool {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl ExtraneousNodes {
    /// Returns whether a new listing has to show what may be deleted.
    pub(crate) fn need_listing(&self) -> bool {
        !self.stored.is_empty()
    }

    /// Returns the nodes that may be deleted if this mirror stored nothing in the directory.
    pub(crate) fn without_listing(&self) -> Vec<Node> {
        let distinct = self.nodes.iter().filter(|extraneous| extraneous.lookalike.is_none());
        distinct.map(|extraneous| extraneous.node.clone()).collect()
    }

    /// Returns the nodes that may be deleted by a complete listing of the target that was taken after the transfers,
    /// sorted by name: those that it still shows beside all that was stored. `None` if it lacks a stored name.
    pub(crate) fn deletable(&self, listing: &[Node]) -> Option<Vec<Node>> {
        let stored = self.stored.sorted();
        let mut shown: Vec<_> = listing.iter().map(|node| self.stored.hash(&node.name)).collect();
        shown.sort_unstable();
        if !stored.iter().all(|hash| shown.binary_search(hash).is_ok()) {
            return None;
        }
        let still_shown = |extraneous: &ExtraneousNode| {
            let is_distinct =
                extraneous.lookalike.as_ref().is_none_or(|lookalike| find(listing, lookalike).is_some());
            find(listing, &extraneous.node.name).filter(|_| is_distinct).cloned()
        };
        Some(self.nodes.iter().filter_map(still_shown).collect())
    }

    /// Returns the names of the source that were stored and are missing from a listing of the target, each with the
    /// name under which the target probably has it. Both listings are sorted by name.
    pub(crate) fn renamed<'n>(
        &self,
        source: &'n [Node],
        listing: &'n [Node],
    ) -> Vec<(&'n FileName, Option<&'n FileName>)> {
        let stored = self.stored.sorted();
        let is_stored = |name: &FileName| stored.binary_search(&self.stored.hash(name)).is_ok();
        let missing = source.iter().map(|node| &node.name);
        let missing = missing.filter(|name| is_stored(name) && find(listing, name).is_none());
        let strangers: Vec<_> =
            listing.iter().map(|node| &node.name).filter(|name| find(source, name).is_none()).collect();
        missing.map(|name| (name, likely_form(name, strangers.iter().copied()))).collect()
    }
}

fn find<'n>(nodes: &'n [Node], name: &FileName) -> Option<&'n Node> {
    let position = nodes.binary_search_by(|node| node.name.as_bytes().cmp(name.as_bytes())).ok()?;
    nodes.get(position)
}

#[cfg(test)]
mod tests {
    use super::super::{
        compare::{Compare, Comparison},
        node::{NodeFacts, NodeKind},
        plan::{PlanRules, plan},
    };
    use super::*;

    const RULES: PlanRules = PlanRules {
        comparison: Comparison { by: Compare::SizeAndTime, keeps_times: true, asks_times: true },
        replaces: true,
        copies_symlinks: false,
    };

    fn nodes(names: &[&str]) -> Vec<Node> {
        let node = |name| Node {
            name: FileName::new(name).unwrap(),
            kind: NodeKind::File,
            facts: NodeFacts { size: Some(1), modified: None },
        };
        let mut nodes: Vec<_> = names.iter().map(node).collect();
        nodes.sort_by(|one, other| one.name.as_bytes().cmp(other.name.as_bytes()));
        nodes
    }

    /// Plans a directory, and stores these names.
    fn extraneous(source: &[&str], target: &[&str], stored: &[&str]) -> ExtraneousNodes {
        let mut plan = plan(nodes(source), nodes(target), RULES);
        let names = StoredNames::default();
        stored.iter().for_each(|name| names.add(&FileName::new(name).unwrap()));
        let directory = Arc::new(RelativePath::default());
        ExtraneousNodes { directory, nodes: ExtraneousNode::of_plan(&mut plan), stored: Arc::new(names) }
    }

    fn names(nodes: Option<Vec<Node>>) -> Option<String> {
        Some(nodes?.iter().map(|node| node.name.to_string()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn name_that_replaced_another_is_not_deleted() {
        let found = extraneous(&["aaa", "b"], &["AAA", "b", "old"], &["aaa"]);

        assert_eq!(names(found.deletable(&nodes(&["AAA", "b", "old"]))), None);
        assert_eq!(names(found.deletable(&nodes(&["aaa", "b", "old"]))).as_deref(), Some("old"));
        // Both exist: the server has case.
        assert_eq!(names(found.deletable(&nodes(&["AAA", "aaa", "b", "old"]))).as_deref(), Some("AAA old"));
    }

    #[test]
    fn name_that_was_not_stored_keeps_its_lookalike() {
        let found = extraneous(&["aaa", "new"], &["AAA", "old"], &["new"]);

        assert_eq!(names(found.deletable(&nodes(&["AAA", "new", "old"]))).as_deref(), Some("old"));
        assert!(!extraneous(&["aaa"], &["AAA", "old"], &[]).need_listing());
        assert_eq!(
            names(Some(extraneous(&["aaa"], &["AAA", "old"], &[]).without_listing())).as_deref(),
            Some("old")
        );
    }

    #[test]
    fn stored_name_is_paired_with_the_name_found() {
        let found = extraneous(&["a:b", "c"], &["a_b", "c", "old"], &["a:b"]);
        let (source, listing) = (nodes(&["a:b", "c"]), nodes(&["a_b", "c", "old"]));

        assert_eq!(names(found.deletable(&listing)), None);
        let renamed = found.renamed(&source, &listing);
        assert_eq!(renamed, [(&source[0].name, Some(&listing[0].name))]);
    }
}
