//! Plan of one directory: decides what to do with each node, without I/O.

use std::{cmp::Ordering, collections::HashSet, sync::Arc};

use oxftp_proto::FileName;

use super::{
    compare::{Comparison, Decision},
    node::{Node, NodeFacts, NodeKind},
    node_selection::NodeSelection,
    node_table::{NodeReader, NodeTable},
    same_name::likely_form,
    step::Reason,
};
use crate::{Existing, Result};

/// The steps of a mirror in one directory.
#[derive(Debug)]
pub(crate) struct DirectoryPlan {
    /// Files to transfer, or to compare more closely.
    pub(crate) files: PlannedFiles,
    pub(crate) directories: Vec<PlannedDirectory>,
    /// Symbolic links to create, with the paths that they point to.
    pub(crate) symlinks: Vec<(FileName, Box<[u8]>)>,
    /// Nodes that only the target has; empty if nodes may not be deleted.
    pub(crate) extraneous: NodeSelection,
    /// Nodes of the target that must be deleted because the source has a node of another kind.
    pub(crate) in_the_way: Vec<Node>,
    /// Nodes of the source that are left out.
    pub(crate) skipped: Vec<(FileName, Reason)>,
    /// Nodes that cannot be mirrored, and why.
    pub(crate) refused: Vec<(FileName, &'static str)>,
    /// Number of unchanged files and symbolic links.
    pub(crate) unchanged: u64,
    /// An unchanged file counts as such by its size alone, although times should be compared.
    pub(crate) rests_on_sizes: bool,
}

/// The files to transfer, or to compare more closely, sorted by name. Each takes 8 bytes beside the listings.
#[derive(Debug)]
pub(crate) struct PlannedFiles {
    source: Arc<NodeTable>,
    target: Arc<NodeTable>,
    comparison: Comparison,
    rows: Vec<PlannedRow>,
}

/// The positions of a file in the listings of both sides.
#[derive(Debug, Clone, Copy)]
struct PlannedRow {
    source: u32,
    /// [`MISSING`] if the target has no such file.
    target: u32,
}

/// A file to transfer, or to compare more closely.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedFile {
    pub(crate) name: FileName,
    pub(crate) source: NodeFacts,
    pub(crate) target: NodeFacts,
    pub(crate) decision: Decision,
}

/// A directory to mirror.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedDirectory {
    pub(crate) name: FileName,
    /// The target has the directory.
    pub(crate) exists: bool,
    pub(crate) via_symlink: bool,
}

/// Settings of a plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanRules {
    pub(crate) comparison: Comparison,
    /// Nodes in the way, and extraneous nodes, may be deleted.
    pub(crate) deletes: bool,
    pub(crate) copies_symlinks: bool,
    /// Unchanged files are planned as well, because their sources are removed.
    pub(crate) removes_sources: bool,
    pub(crate) existing: Existing,
}

/// A node of one side, with its position.
struct IndexedNode {
    index: usize,
    node: Node,
}

/// Compares the nodes of both sides. Each side must be sorted by name, without duplicates.
pub(crate) fn plan(source: NodeTable, target: NodeTable, rules: PlanRules) -> DirectoryPlan {
    let (source, target) = (Arc::new(source), Arc::new(target));
    let mut plan = DirectoryPlan::new(&source, &target, rules.comparison);
    let (mut sources, mut targets) = (source.reader(), target.reader());
    let (mut next_source, mut next_target) = (0, 0);
    while let Some(order) = compare_names(sources.name(next_source), targets.name(next_target)) {
        let listed =
            |nodes: &mut NodeReader<'_>, index| nodes.node(index).map(|node| IndexedNode { index, node });
        let found = if order.is_le() { listed(&mut sources, next_source) } else { None };
        let existing = if order.is_ge() { listed(&mut targets, next_target) } else { None };
        match (found, existing) {
            (Some(found), existing) => plan.add(found, existing, rules),
            (None, Some(extraneous)) if rules.deletes => plan.extraneous.push(extraneous.index),
            (None, _) => {}
        }
        next_source += usize::from(order.is_le());
        next_target += usize::from(order.is_ge());
    }
    plan
}

/// Returns the side that has the next name: `Less` for the source, `Greater` for the target, `Equal` for both.
fn compare_names(source: Option<&[u8]>, target: Option<&[u8]>) -> Option<Ordering> {
    match (source, target) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(source), Some(target)) => Some(source.cmp(target)),
    }
}

impl PlannedFiles {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Fails if a node of either side could not be read again, so that it seemed to be missing.
    pub(crate) fn check(&self) -> Result<()> {
        self.source.check()?;
        self.target.check()
    }

    /// Returns a file, or `None` beyond the end.
    pub(crate) fn get(&self, index: usize) -> Option<PlannedFile> {
        let row = self.rows.get(index)?;
        let source = self.source.get(row.source as usize)?;
        let target = self.target.get(row.target as usize).filter(|_| row.target != MISSING);
        let decision = match &target {
            Some(target) => self.comparison.by_listing(&source.facts, &target.facts),
            None => Decision::Transfer(Reason::Missing),
        };
        let target = target.map(|target| target.facts).unwrap_or_default();
        Some(PlannedFile { name: source.name, source: source.facts, target, decision })
    }

    /// Returns whether this name is that of one of the files.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        let Some(position) = self.source.find(name) else { return false };
        self.rows.binary_search_by(|row| (row.source as usize).cmp(&position)).is_ok()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut reader = self.source.reader();
        self.rows.iter().filter_map(move |row| Some(reader.name(row.source as usize)?.to_vec()))
    }

    /// Returns the positions of the files that the target lacks.
    pub(crate) fn missing(&self) -> impl Iterator<Item = usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| row.target == MISSING).map(|(index, _)| index)
    }

    /// Returns a file of the target by its name, if the source has none of that name.
    pub(crate) fn listed_at_target(&self, name: &[u8]) -> Option<Node> {
        let node = self.target.get(self.target.find(name)?)?;
        (node.kind == NodeKind::File && self.source.find(name).is_none()).then_some(node)
    }

    /// Pairs the files that the target lacks with the files that only the target has, if one may be the other under
    /// another name: in another case, cut, or with other characters.
    pub(crate) fn in_other_forms(&self) -> Vec<(PlannedFile, Node)> {
        let max = MAX_FORMS / self.missing().count().max(1);
        let nodes = self.target.iter().filter(|node| self.source.find(node.name.as_bytes()).is_none());
        let strangers = nodes.filter(|node| node.kind == NodeKind::File);
        let strangers: Vec<Node> = strangers.take(max + 1).collect();
        if strangers.len() > max {
            return Vec::new();
        }
        let missing = self.missing().filter_map(|index| self.get(index));
        let pairs = missing.filter_map(|file| {
            let form = likely_form(&file.name, strangers.iter().map(|node| &node.name))?;
            let node = strangers.iter().find(|node| node.name == *form)?.clone();
            Some((file, node))
        });
        pairs.collect()
    }

    /// Keeps only the files with these names.
    pub(crate) fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        let mut reader = self.source.reader();
        self.rows.retain(|row| reader.name(row.source as usize).is_some_and(&keep));
    }

    /// Returns the sum of the known sizes.
    pub(crate) fn bytes(&self) -> u64 {
        let mut reader = self.source.reader();
        let facts = self.rows.iter().filter_map(|row| reader.facts(row.source as usize));
        facts.filter_map(|facts| facts.size).fold(0, u64::saturating_add)
    }

    fn add(&mut self, source: usize, target: Option<usize>) {
        // A table has less than 2^32 nodes.
        let position = |index| u32::try_from(index).unwrap_or(MISSING);
        self.rows.push(PlannedRow { source: position(source), target: target.map_or(MISSING, position) });
    }
}

/// Maximum number of pairs of names that are compared.
const MAX_FORMS: usize = 1_000_000;

/// No position of a node.
const MISSING: u32 = u32::MAX;

impl DirectoryPlan {
    fn new(source: &Arc<NodeTable>, target: &Arc<NodeTable>, comparison: Comparison) -> Self {
        let (source, target) = (Arc::clone(source), Arc::clone(target));
        Self {
            files: PlannedFiles { source, target: Arc::clone(&target), comparison, rows: Vec::new() },
            directories: Vec::new(),
            symlinks: Vec::new(),
            extraneous: NodeSelection::of(&target),
            in_the_way: Vec::new(),
            skipped: Vec::new(),
            refused: Vec::new(),
            unchanged: 0,
            rests_on_sizes: false,
        }
    }

    /// Removes the nodes whose place at the target is still taken.
    pub(crate) fn remove_blocked(&mut self, taken: &HashSet<FileName>) {
        if taken.is_empty() {
            return;
        }
        let taken_bytes: HashSet<_> = taken.iter().map(FileName::as_bytes).collect();
        self.files.retain(|name| !taken_bytes.contains(name));
        self.directories.retain(|directory| !taken.contains(&directory.name));
        self.symlinks.retain(|(name, _)| !taken.contains(name));
    }

    fn add(&mut self, source: IndexedNode, target: Option<IndexedNode>, rules: PlanRules) {
        let IndexedNode { index, node: source } = source;
        match source.kind {
            NodeKind::File => self.add_file(index, source, target, rules),
            NodeKind::Directory { via_symlink } => self.add_directory(source, via_symlink, target, rules),
            NodeKind::Symlink(Some(destination)) if rules.copies_symlinks => {
                self.add_symlink(source.name, destination, target, rules)
            }
            NodeKind::Symlink(None) if rules.copies_symlinks => {
                let why = "the listing does not include the destination of this symbolic link";
                self.refused.push((source.name, why));
            }
            NodeKind::Symlink(_) => self.skipped.push((source.name, Reason::IsLink)),
            NodeKind::DanglingSymlink => {
                let why = "the destination of this symbolic link does not exist or cannot be read";
                self.refused.push((source.name, why));
            }
            NodeKind::Other => self.skipped.push((source.name, Reason::IsSpecial)),
        }
    }

    fn add_file(&mut self, index: usize, source: Node, target: Option<IndexedNode>, rules: PlanRules) {
        if !rules.existing.allows(target.is_some()) {
            return;
        }
        match target {
            None => self.files.add(index, None),
            Some(target) if target.node.kind == NodeKind::File => {
                let (source, existing) = (source.facts, target.node.facts);
                match rules.comparison.by_listing(&source, &existing) {
                    Decision::Unchanged => {
                        self.rests_on_sizes |= rules.comparison.rests_on_sizes(&source, &existing);
                        match rules.removes_sources {
                            true => self.files.add(index, Some(target.index)),
                            false => self.unchanged += 1,
                        }
                    }
                    _ => self.files.add(index, Some(target.index)),
                }
            }
            Some(target) if self.replace(&target.node, rules) => self.files.add(index, None),
            Some(_) => {}
        }
    }

    fn add_directory(
        &mut self,
        source: Node,
        via_symlink: bool,
        target: Option<IndexedNode>,
        rules: PlanRules,
    ) {
        let exists = match target {
            None if rules.existing == Existing::Only => return,
            None => false,
            Some(target) if target.node.kind.is_directory() => true,
            Some(target) if self.replace(&target.node, rules) => false,
            Some(_) => return,
        };
        self.directories.push(PlannedDirectory { name: source.name, exists, via_symlink });
    }

    fn add_symlink(
        &mut self,
        name: FileName,
        destination: Box<[u8]>,
        target: Option<IndexedNode>,
        rules: PlanRules,
    ) {
        if !rules.existing.allows(target.is_some()) {
            return;
        }
        match target.map(|target| target.node) {
            Some(Node { kind: NodeKind::Symlink(Some(existing)), .. }) if existing == destination => {
                self.unchanged += 1;
            }
            // A symbolic link is replaced by a rename, so it is not deleted first.
            None | Some(Node { kind: NodeKind::Symlink(_), .. }) => self.symlinks.push((name, destination)),
            Some(target) if self.replace(&target, rules) => self.symlinks.push((name, destination)),
            Some(_) => {}
        }
    }

    /// Plans the deletion of a node of another kind if that is allowed; returns whether it is.
    fn replace(&mut self, target: &Node, rules: PlanRules) -> bool {
        match rules.deletes {
            true => self.in_the_way.push(target.clone()),
            false => self.refused.push((target.name.clone(), occupied_by(&target.kind))),
        }
        rules.deletes
    }
}

fn occupied_by(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::File => "the target has a file of this name, and replaces it only if deletion is enabled",
        NodeKind::Directory { .. } => {
            "the target has a directory of this name, and replaces it only if deletion is enabled"
        }
        NodeKind::Symlink(_) | NodeKind::DanglingSymlink => {
            "the target has a symbolic link of this name, and replaces it only if deletion is enabled"
        }
        NodeKind::Other => {
            "the target has a special file of this name, and replaces it only if deletion is enabled"
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::compare::Compare;
    use super::*;

    const RULES: PlanRules = PlanRules {
        comparison: Comparison { by: Compare::SizeAndTime, keeps_times: true, asks_times: true },
        deletes: false,
        copies_symlinks: false,
        removes_sources: false,
        existing: Existing::Replace,
    };
    const REPLACING: PlanRules = PlanRules { deletes: true, ..RULES };
    const COPYING: PlanRules = PlanRules { copies_symlinks: true, ..RULES };

    /// All nodes of the target would be extraneous.
    #[test]
    fn plan_of_unreadable_listing_is_refused() {
        let target: NodeTable = [file("a", 1)].iter().collect();

        assert!(super::plan(NodeTable::damaged(), target, REPLACING).files.check().is_err());
        assert!(super::plan(NodeTable::default(), NodeTable::damaged(), REPLACING).files.check().is_err());
    }

    fn node(name: &str, kind: NodeKind, size: u64) -> Node {
        let facts = NodeFacts { size: Some(size), ..NodeFacts::default() };
        Node { name: FileName::new(name).unwrap(), kind, facts }
    }

    fn file(name: &str, size: u64) -> Node {
        node(name, NodeKind::File, size)
    }

    fn directory(name: &str) -> Node {
        node(name, NodeKind::DIRECTORY, 0)
    }

    fn symlink(name: &str, destination: &str) -> Node {
        node(name, NodeKind::Symlink(Some(destination.as_bytes().into())), 0)
    }

    fn plan(source: Vec<Node>, target: Vec<Node>, rules: PlanRules) -> DirectoryPlan {
        super::plan(source.iter().collect(), target.iter().collect(), rules)
    }

    fn files(plan: &DirectoryPlan) -> Vec<PlannedFile> {
        (0..plan.files.len()).filter_map(|index| plan.files.get(index)).collect()
    }

    fn extraneous(plan: &DirectoryPlan) -> Vec<Node> {
        plan.extraneous.iter().collect()
    }

    fn names<'a>(names: impl IntoIterator<Item = &'a FileName>) -> String {
        names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn new_changed_unchanged_and_extraneous_files() {
        let source = vec![file("changed", 2), file("new", 1), file("same", 1)];
        let target = vec![file("changed", 1), file("extra", 1), file("same", 1)];

        let kept = plan(source.clone(), target.clone(), RULES);
        let plan = plan(source, target, REPLACING);

        let planned = files(&plan);
        assert_eq!(names(planned.iter().map(|file| &file.name)), "changed new");
        assert_eq!(planned[0].decision, Decision::Transfer(Reason::Size { source: 2, target: 1 }));
        assert_eq!(planned[1].decision, Decision::Transfer(Reason::Missing));
        assert_eq!(names(extraneous(&plan).iter().map(|node| &node.name)), "extra");
        assert!(kept.extraneous.is_empty());
        assert_eq!(plan.unchanged, 1);
    }

    #[test]
    fn directory_is_created_only_if_missing() {
        let plan = plan(vec![directory("a"), directory("b")], vec![directory("b")], RULES);

        assert_eq!(plan.directories.iter().map(|found| found.exists).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn other_kind_is_replaced_only_if_allowed() {
        let sides = || (vec![directory("a"), file("b", 1)], vec![symlink("a", "x"), directory("b")]);

        let (source, target) = sides();
        let kept = plan(source, target, RULES);
        let (source, target) = sides();
        let replaced = plan(source, target, REPLACING);

        assert_eq!(names(kept.refused.iter().map(|(name, _)| name)), "a b");
        assert!(kept.files.len() == 0 && kept.directories.is_empty() && kept.in_the_way.is_empty());
        assert_eq!(names(replaced.in_the_way.iter().map(|node| &node.name)), "a b");
        assert!(!replaced.directories[0].exists);
        assert_eq!(files(&replaced)[0].decision, Decision::Transfer(Reason::Missing));
    }

    #[test]
    fn skipped_symlink_keeps_target_entry() {
        let plan =
            plan(vec![symlink("a", "b"), node("pipe", NodeKind::Other, 0)], vec![file("a", 1)], REPLACING);

        assert_eq!(names(plan.skipped.iter().map(|(name, _)| name)), "a pipe");
        assert!(plan.extraneous.is_empty() && plan.in_the_way.is_empty());
    }

    #[test]
    fn symlink_with_other_destination_is_replaced() {
        let source = ["new", "other", "same", "taken"].map(|name| symlink(name, "x")).into();
        let plan = plan(source, vec![symlink("other", "y"), symlink("same", "x"), file("taken", 1)], COPYING);

        assert_eq!(names(plan.symlinks.iter().map(|(name, _)| name)), "new other");
        assert_eq!(names(plan.refused.iter().map(|(name, _)| name)), "taken");
        assert_eq!(plan.unchanged, 1);
    }

    fn nodes() -> impl Strategy<Value = Vec<Node>> {
        prop::collection::btree_map("[a-d]{1,2}", (0_u8..4, 0_u64..3), 0..12).prop_map(|found| {
            let make = |(name, (kind, size)): (String, (u8, u64))| match kind {
                0 => directory(&name),
                1 => symlink(&name, "x"),
                2 => node(&name, NodeKind::Other, 0),
                _ => file(&name, size),
            };
            found.into_iter().map(make).collect()
        })
    }

    proptest! {
        #[test]
        fn each_source_name_is_planned_once(
            source in nodes(), target in nodes(), replaces: bool, copies_symlinks: bool,
        ) {
            let names: Vec<_> = source.iter().map(|node| node.name.clone()).collect();
            let plan = plan(source, target.clone(), PlanRules { deletes: replaces, copies_symlinks, ..RULES });

            let handled = plan.files.len() + plan.directories.len() + plan.symlinks.len() + plan.skipped.len()
                + plan.refused.len() + plan.unchanged as usize;
            prop_assert_eq!(handled, names.len());
            for extraneous in plan.extraneous.iter() {
                prop_assert!(!names.contains(&extraneous.name) && target.contains(&extraneous));
            }
            for removed in &plan.in_the_way {
                prop_assert!(replaces && target.contains(removed));
            }
        }

        #[test]
        fn identical_trees_need_no_transfer(side in nodes()) {
            let plan = plan(side.clone(), side, COPYING);
            prop_assert!(plan.files.len() == 0 && plan.symlinks.is_empty() && plan.extraneous.is_empty());
            prop_assert!(plan.directories.iter().all(|directory| directory.exists));
        }
    }
}
