//! What is to be done in one directory, decided without I/O.

use std::{cmp::Ordering, collections::HashSet, iter::Peekable, vec};

use oxftp_proto::FileName;

use super::{
    compare::{Comparison, Verdict},
    node::{Node, NodeFacts, NodeKind},
    step::Reason,
};

/// What is to be done in a directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DirectoryPlan {
    /// Files to transfer, or to look at more closely.
    pub(crate) files: Vec<PlannedFile>,
    pub(crate) directories: Vec<PlannedDirectory>,
    /// Links to make, and what they are to say.
    pub(crate) links: Vec<(FileName, Box<[u8]>)>,
    /// What only the target has.
    pub(crate) extra: Vec<Node>,
    /// What has to go from the target before something else can take its place.
    pub(crate) in_the_way: Vec<Node>,
    /// What the source has and is left out.
    pub(crate) skipped: Vec<(FileName, Reason)>,
    /// What cannot be done, and why.
    pub(crate) refused: Vec<(FileName, &'static str)>,
    /// How many files are the same.
    pub(crate) unchanged: u64,
}

/// A file to transfer, or to look at more closely.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedFile {
    pub(crate) name: FileName,
    pub(crate) source: NodeFacts,
    /// What the target has in its place.
    pub(crate) target: NodeFacts,
    pub(crate) verdict: Verdict,
}

/// A directory to mirror.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedDirectory {
    pub(crate) name: FileName,
    /// The target has it.
    pub(crate) exists: bool,
    pub(crate) by_link: bool,
}

/// What a plan keeps to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanRules {
    pub(crate) comparison: Comparison,
    /// What is in the way may go.
    pub(crate) replaces: bool,
    pub(crate) copies_links: bool,
}

/// Compares what both sides have, each sorted by name and without two of one name.
pub(crate) fn plan(source: Vec<Node>, target: Vec<Node>, rules: PlanRules) -> DirectoryPlan {
    let mut plan = DirectoryPlan::default();
    let (mut source, mut target) = (source.into_iter().peekable(), target.into_iter().peekable());
    while let Some(order) = next(&mut source, &mut target) {
        match order {
            Ordering::Less => plan.extend(source.next(), None, rules),
            Ordering::Equal => plan.extend(source.next(), target.next(), rules),
            Ordering::Greater => plan.extra.extend(target.next()),
        }
    }
    plan
}

type Items = Peekable<vec::IntoIter<Node>>;

/// Tells on which side the next name stands.
fn next(source: &mut Items, target: &mut Items) -> Option<Ordering> {
    match (source.peek(), target.peek()) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(source), Some(target)) => Some(source.name.as_bytes().cmp(target.name.as_bytes())),
    }
}

impl DirectoryPlan {
    /// Leaves alone what something stays in the place of.
    pub(crate) fn give_up(&mut self, stays: &HashSet<FileName>) {
        if stays.is_empty() {
            return;
        }
        self.files.retain(|file| !stays.contains(&file.name));
        self.directories.retain(|directory| !stays.contains(&directory.name));
        self.links.retain(|(name, _)| !stays.contains(name));
    }

    fn extend(&mut self, source: Option<Node>, target: Option<Node>, rules: PlanRules) {
        let Some(source) = source else { return };
        match source.kind {
            NodeKind::File => self.add_file(source, target, rules),
            NodeKind::Directory { by_link } => self.add_directory(source, by_link, target, rules),
            NodeKind::Link(Some(says)) if rules.copies_links => {
                self.add_link((source.name, says), target, rules)
            }
            NodeKind::Link(None) if rules.copies_links => {
                self.refused.push((source.name, "the listing does not say where this link leads"));
            }
            NodeKind::Link(_) => self.skipped.push((source.name, Reason::IsLink)),
            NodeKind::Dangling => {
                self.refused.push((source.name, "the link leads to nothing that can be had"))
            }
            NodeKind::Other => self.skipped.push((source.name, Reason::IsSpecial)),
        }
    }

    fn add_file(&mut self, source: Node, target: Option<Node>, rules: PlanRules) {
        let missing = Verdict::Differs(Reason::Missing);
        let (verdict, facts) = match target {
            None => (missing, NodeFacts::default()),
            Some(target) if target.kind == NodeKind::File => {
                (rules.comparison.of(&source.facts, &target.facts), target.facts)
            }
            Some(target) if self.makes_way(&target, rules) => (missing, NodeFacts::default()),
            Some(_) => return,
        };
        match verdict {
            Verdict::Same => self.unchanged += 1,
            verdict => self.files.push(PlannedFile {
                name: source.name,
                source: source.facts,
                target: facts,
                verdict,
            }),
        }
    }

    fn add_directory(&mut self, source: Node, by_link: bool, target: Option<Node>, rules: PlanRules) {
        let exists = match target {
            None => false,
            Some(target) if target.kind.is_directory() => true,
            Some(target) if self.makes_way(&target, rules) => false,
            Some(_) => return,
        };
        self.directories.push(PlannedDirectory { name: source.name, exists, by_link });
    }

    fn add_link(&mut self, (name, says): (FileName, Box<[u8]>), target: Option<Node>, rules: PlanRules) {
        match target {
            Some(Node { kind: NodeKind::Link(Some(there)), .. }) if there == says => self.unchanged += 1,
            // A link is replaced in one step.
            None | Some(Node { kind: NodeKind::Link(_), .. }) => self.links.push((name, says)),
            Some(target) if self.makes_way(&target, rules) => self.links.push((name, says)),
            Some(_) => {}
        }
    }

    /// Lets something of another kind go, if it may.
    fn makes_way(&mut self, target: &Node, rules: PlanRules) -> bool {
        match rules.replaces {
            true => self.in_the_way.push(target.clone()),
            false => self.refused.push((target.name.clone(), in_its_place(&target.kind))),
        }
        rules.replaces
    }
}

fn in_its_place(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::File => "a file is in its place, which only a mirror that deletes replaces",
        NodeKind::Directory { .. } => {
            "a directory is in its place, which only a mirror that deletes replaces"
        }
        NodeKind::Link(_) | NodeKind::Dangling => {
            "a symbolic link is in its place, which only a mirror that deletes replaces"
        }
        NodeKind::Other => {
            "something that is no file is in its place, which only a mirror that deletes replaces"
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mirror::Compare;

    const RULES: PlanRules = PlanRules {
        comparison: Comparison { by: Compare::SizeAndTime, keeps_times: true },
        replaces: false,
        copies_links: false,
    };
    const REPLACING: PlanRules = PlanRules { replaces: true, ..RULES };
    const COPYING: PlanRules = PlanRules { copies_links: true, ..RULES };

    fn item(name: &str, kind: NodeKind, size: u64) -> Node {
        let facts = NodeFacts { size: Some(size), modified: None };
        Node { name: FileName::new(name).unwrap(), kind, facts }
    }

    fn file(name: &str, size: u64) -> Node {
        item(name, NodeKind::File, size)
    }

    fn directory(name: &str) -> Node {
        item(name, NodeKind::DIRECTORY, 0)
    }

    fn link(name: &str, says: &str) -> Node {
        item(name, NodeKind::Link(Some(says.as_bytes().into())), 0)
    }

    fn names<'a>(names: impl IntoIterator<Item = &'a FileName>) -> String {
        names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn new_changed_same_and_extra_files_are_told_apart() {
        let source = vec![file("changed", 2), file("new", 1), file("same", 1)];
        let target = vec![file("changed", 1), file("extra", 1), file("same", 1)];

        let plan = plan(source, target, RULES);

        assert_eq!(names(plan.files.iter().map(|file| &file.name)), "changed new");
        assert_eq!(plan.files[0].verdict, Verdict::Differs(Reason::Size { source: 2, target: 1 }));
        assert_eq!(plan.files[1].verdict, Verdict::Differs(Reason::Missing));
        assert_eq!(names(plan.extra.iter().map(|item| &item.name)), "extra");
        assert_eq!(plan.unchanged, 1);
    }

    #[test]
    fn a_directory_is_made_once() {
        let plan = plan(vec![directory("a"), directory("b")], vec![directory("b")], RULES);

        assert_eq!(plan.directories.iter().map(|found| found.exists).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn what_is_of_another_kind_stays_unless_it_may_be_replaced() {
        let sides = || (vec![directory("a"), file("b", 1)], vec![link("a", "x"), directory("b")]);

        let (source, target) = sides();
        let kept = plan(source, target, RULES);
        let (source, target) = sides();
        let replaced = plan(source, target, REPLACING);

        assert_eq!(names(kept.refused.iter().map(|(name, _)| name)), "a b");
        assert!(kept.files.is_empty() && kept.directories.is_empty() && kept.in_the_way.is_empty());
        assert_eq!(names(replaced.in_the_way.iter().map(|item| &item.name)), "a b");
        assert!(!replaced.directories[0].exists);
        assert_eq!(replaced.files[0].verdict, Verdict::Differs(Reason::Missing));
    }

    #[test]
    fn links_are_left_out_with_what_stands_in_their_places() {
        let plan =
            plan(vec![link("a", "b"), item("pipe", NodeKind::Other, 0)], vec![file("a", 1)], REPLACING);

        assert_eq!(names(plan.skipped.iter().map(|(name, _)| name)), "a pipe");
        assert!(plan.extra.is_empty() && plan.in_the_way.is_empty());
    }

    #[test]
    fn links_are_made_where_they_say_something_else() {
        let source = ["new", "other", "same", "taken"].map(|name| link(name, "x")).into();
        let plan = plan(source, vec![link("other", "y"), link("same", "x"), file("taken", 1)], COPYING);

        assert_eq!(names(plan.links.iter().map(|(name, _)| name)), "new other");
        assert_eq!(names(plan.refused.iter().map(|(name, _)| name)), "taken");
        assert_eq!(plan.unchanged, 1);
    }

    fn side() -> impl Strategy<Value = Vec<Node>> {
        prop::collection::btree_map("[a-d]{1,2}", (0_u8..4, 0_u64..3), 0..12).prop_map(|found| {
            let make = |(name, (kind, size)): (String, (u8, u64))| match kind {
                0 => directory(&name),
                1 => link(&name, "x"),
                2 => item(&name, NodeKind::Other, 0),
                _ => file(&name, size),
            };
            found.into_iter().map(make).collect()
        })
    }

    proptest! {
        #[test]
        fn each_name_of_the_source_is_dealt_with_once_and_nothing_of_it_is_extra(
            source in side(), target in side(), replaces: bool, copies_links: bool,
        ) {
            let wanted: Vec<_> = source.iter().map(|item| item.name.clone()).collect();
            let plan = plan(source, target.clone(), PlanRules { replaces, copies_links, ..RULES });

            let dealt = plan.files.len() + plan.directories.len() + plan.links.len() + plan.skipped.len()
                + plan.refused.len() + plan.unchanged as usize;
            prop_assert_eq!(dealt, wanted.len());
            for extra in &plan.extra {
                prop_assert!(!wanted.contains(&extra.name) && target.contains(extra));
            }
            for gone in &plan.in_the_way {
                prop_assert!(replaces && target.contains(gone));
            }
        }

        #[test]
        fn a_side_compared_with_itself_needs_nothing(side in side()) {
            let plan = plan(side.clone(), side, COPYING);
            prop_assert!(plan.files.is_empty() && plan.links.is_empty() && plan.extra.is_empty());
            prop_assert!(plan.directories.iter().all(|directory| directory.exists));
        }
    }
}
