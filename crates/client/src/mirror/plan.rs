//! Plan of one directory: decides what to do with each node, without I/O.

use std::{cmp::Ordering, collections::HashSet, iter::Peekable, vec};

use oxftp_proto::FileName;

use super::{
    compare::{Comparison, Decision},
    node::{Node, NodeFacts, NodeKind},
    step::Reason,
};

/// What to do in one directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DirectoryPlan {
    /// Files to transfer, or to compare more closely.
    pub(crate) files: Vec<PlannedFile>,
    pub(crate) directories: Vec<PlannedDirectory>,
    /// Symbolic links to create, with the paths that they point to.
    pub(crate) symlinks: Vec<(FileName, Box<[u8]>)>,
    /// Nodes that only the target has.
    pub(crate) extraneous: Vec<Node>,
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
    /// Nodes in the way may be deleted.
    pub(crate) replaces: bool,
    pub(crate) copies_symlinks: bool,
}

/// Compares the nodes of both sides. Each side must be sorted by name, without duplicates.
pub(crate) fn plan(source: Vec<Node>, target: Vec<Node>, rules: PlanRules) -> DirectoryPlan {
    let mut plan = DirectoryPlan::default();
    let (mut source, mut target) = (source.into_iter().peekable(), target.into_iter().peekable());
    while let Some(order) = compare_next(&mut source, &mut target) {
        match order {
            Ordering::Less => plan.add(source.next(), None, rules),
            Ordering::Equal => plan.add(source.next(), target.next(), rules),
            Ordering::Greater => plan.extraneous.extend(target.next()),
        }
    }
    plan
}

type Nodes = Peekable<vec::IntoIter<Node>>;

/// Returns which side has the next name: `Less` for the source, `Equal` for both.
fn compare_next(source: &mut Nodes, target: &mut Nodes) -> Option<Ordering> {
    match (source.peek(), target.peek()) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(source), Some(target)) => Some(source.name.as_bytes().cmp(target.name.as_bytes())),
    }
}

impl DirectoryPlan {
    /// Removes the nodes whose place at the target is still taken.
    pub(crate) fn remove_blocked(&mut self, taken: &HashSet<FileName>) {
        if taken.is_empty() {
            return;
        }
        self.files.retain(|file| !taken.contains(&file.name));
        self.directories.retain(|directory| !taken.contains(&directory.name));
        self.symlinks.retain(|(name, _)| !taken.contains(name));
    }

    fn add(&mut self, source: Option<Node>, target: Option<Node>, rules: PlanRules) {
        let Some(source) = source else { return };
        match source.kind {
            NodeKind::File => self.add_file(source, target, rules),
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

    fn add_file(&mut self, source: Node, target: Option<Node>, rules: PlanRules) {
        let missing = Decision::Transfer(Reason::Missing);
        let (decision, facts) = match target {
            None => (missing, NodeFacts::default()),
            Some(target) if target.kind == NodeKind::File => {
                (rules.comparison.by_listing(&source.facts, &target.facts), target.facts)
            }
            Some(target) if self.replace(&target, rules) => (missing, NodeFacts::default()),
            Some(_) => return,
        };
        match decision {
            Decision::Unchanged => {
                self.unchanged += 1;
                self.rests_on_sizes |= rules.comparison.rests_on_sizes(&source.facts, &facts);
            }
            decision => self.files.push(PlannedFile {
                name: source.name,
                source: source.facts,
                target: facts,
                decision,
            }),
        }
    }

    fn add_directory(&mut self, source: Node, via_symlink: bool, target: Option<Node>, rules: PlanRules) {
        let exists = match target {
            None => false,
            Some(target) if target.kind.is_directory() => true,
            Some(target) if self.replace(&target, rules) => false,
            Some(_) => return,
        };
        self.directories.push(PlannedDirectory { name: source.name, exists, via_symlink });
    }

    fn add_symlink(
        &mut self,
        name: FileName,
        destination: Box<[u8]>,
        target: Option<Node>,
        rules: PlanRules,
    ) {
        match target {
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
        match rules.replaces {
            true => self.in_the_way.push(target.clone()),
            false => self.refused.push((target.name.clone(), occupied_by(&target.kind))),
        }
        rules.replaces
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
        replaces: false,
        copies_symlinks: false,
    };
    const REPLACING: PlanRules = PlanRules { replaces: true, ..RULES };
    const COPYING: PlanRules = PlanRules { copies_symlinks: true, ..RULES };

    fn node(name: &str, kind: NodeKind, size: u64) -> Node {
        let facts = NodeFacts { size: Some(size), modified: None };
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

    fn names<'a>(names: impl IntoIterator<Item = &'a FileName>) -> String {
        names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn new_changed_unchanged_and_extraneous_files() {
        let source = vec![file("changed", 2), file("new", 1), file("same", 1)];
        let target = vec![file("changed", 1), file("extra", 1), file("same", 1)];

        let plan = plan(source, target, RULES);

        assert_eq!(names(plan.files.iter().map(|file| &file.name)), "changed new");
        assert_eq!(plan.files[0].decision, Decision::Transfer(Reason::Size { source: 2, target: 1 }));
        assert_eq!(plan.files[1].decision, Decision::Transfer(Reason::Missing));
        assert_eq!(names(plan.extraneous.iter().map(|node| &node.name)), "extra");
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
        assert!(kept.files.is_empty() && kept.directories.is_empty() && kept.in_the_way.is_empty());
        assert_eq!(names(replaced.in_the_way.iter().map(|node| &node.name)), "a b");
        assert!(!replaced.directories[0].exists);
        assert_eq!(replaced.files[0].decision, Decision::Transfer(Reason::Missing));
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
            let plan = plan(source, target.clone(), PlanRules { replaces, copies_symlinks, ..RULES });

            let handled = plan.files.len() + plan.directories.len() + plan.symlinks.len() + plan.skipped.len()
                + plan.refused.len() + plan.unchanged as usize;
            prop_assert_eq!(handled, names.len());
            for extraneous in &plan.extraneous {
                prop_assert!(!names.contains(&extraneous.name) && target.contains(extraneous));
            }
            for removed in &plan.in_the_way {
                prop_assert!(replaces && target.contains(removed));
            }
        }

        #[test]
        fn identical_trees_need_no_transfer(side in nodes()) {
            let plan = plan(side.clone(), side, COPYING);
            prop_assert!(plan.files.is_empty() && plan.symlinks.is_empty() && plan.extraneous.is_empty());
            prop_assert!(plan.directories.iter().all(|directory| directory.exists));
        }
    }
}
