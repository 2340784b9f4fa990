//! What is to be done in one directory, decided without I/O.

use std::{cmp::Ordering, collections::HashSet, iter::Peekable, vec};

use oxftp_proto::FileName;

use super::{
    compare::{Comparison, Verdict},
    node::{Facts, Item, Kind},
    step::Why,
};

/// What is to be done in a directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Files to transfer, or to look at more closely.
    pub(crate) files: Vec<File>,
    pub(crate) directories: Vec<Directory>,
    /// Links to make, and what they are to say.
    pub(crate) links: Vec<(FileName, Box<[u8]>)>,
    /// What only the target has.
    pub(crate) extra: Vec<Item>,
    /// What has to go from the target before something else can take its place.
    pub(crate) in_the_way: Vec<Item>,
    /// What the source has and is left out.
    pub(crate) skipped: Vec<(FileName, Why)>,
    /// What cannot be done, and why.
    pub(crate) refused: Vec<(FileName, &'static str)>,
    /// How many files are the same.
    pub(crate) unchanged: u64,
}

/// A file to transfer, or to look at more closely.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: FileName,
    pub(crate) source: Facts,
    /// What the target has in its place.
    pub(crate) target: Facts,
    pub(crate) verdict: Verdict,
}

/// A directory to mirror.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) name: FileName,
    /// The target has it.
    pub(crate) exists: bool,
    pub(crate) by_link: bool,
}

/// What a plan keeps to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) comparison: Comparison,
    /// What is in the way may go.
    pub(crate) replaces: bool,
    pub(crate) copies_links: bool,
}

/// Compares what both sides have, each sorted by name and without two of one name.
pub(crate) fn plan(source: Vec<Item>, target: Vec<Item>, rules: Rules) -> Plan {
    let mut plan = Plan::default();
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

type Items = Peekable<vec::IntoIter<Item>>;

/// Tells on which side the next name stands.
fn next(source: &mut Items, target: &mut Items) -> Option<Ordering> {
    match (source.peek(), target.peek()) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(source), Some(target)) => Some(source.name.as_bytes().cmp(target.name.as_bytes())),
    }
}

impl Plan {
    /// Leaves alone what something stays in the place of.
    pub(crate) fn give_up(&mut self, stays: &HashSet<FileName>) {
        if stays.is_empty() {
            return;
        }
        self.files.retain(|file| !stays.contains(&file.name));
        self.directories.retain(|directory| !stays.contains(&directory.name));
        self.links.retain(|(name, _)| !stays.contains(name));
    }

    fn extend(&mut self, source: Option<Item>, target: Option<Item>, rules: Rules) {
        let Some(source) = source else { return };
        match source.kind {
            Kind::File => self.add_file(source, target, rules),
            Kind::Directory { by_link } => self.add_directory(source, by_link, target, rules),
            Kind::Link(Some(says)) if rules.copies_links => self.add_link((source.name, says), target, rules),
            Kind::Link(None) if rules.copies_links => {
                self.refused.push((source.name, "the listing does not say where this link leads"));
            }
            Kind::Link(_) => self.skipped.push((source.name, Why::IsLink)),
            Kind::Dangling => self.refused.push((source.name, "the link leads to nothing that can be had")),
            Kind::Other => self.skipped.push((source.name, Why::IsSpecial)),
        }
    }

    fn add_file(&mut self, source: Item, target: Option<Item>, rules: Rules) {
        let missing = Verdict::Differs(Why::Missing);
        let (verdict, facts) = match target {
            None => (missing, Facts::default()),
            Some(target) if target.kind == Kind::File => {
                (rules.comparison.of(&source.facts, &target.facts), target.facts)
            }
            Some(target) if self.makes_way(&target, rules) => (missing, Facts::default()),
            Some(_) => return,
        };
        match verdict {
            Verdict::Same => self.unchanged += 1,
            verdict => {
                self.files.push(File { name: source.name, source: source.facts, target: facts, verdict })
            }
        }
    }

    fn add_directory(&mut self, source: Item, by_link: bool, target: Option<Item>, rules: Rules) {
        let exists = match target {
            None => false,
            Some(target) if target.kind.is_directory() => true,
            Some(target) if self.makes_way(&target, rules) => false,
            Some(_) => return,
        };
        self.directories.push(Directory { name: source.name, exists, by_link });
    }

    fn add_link(&mut self, (name, says): (FileName, Box<[u8]>), target: Option<Item>, rules: Rules) {
        match target {
            Some(Item { kind: Kind::Link(Some(there)), .. }) if there == says => self.unchanged += 1,
            // A link is replaced in one step.
            None | Some(Item { kind: Kind::Link(_), .. }) => self.links.push((name, says)),
            Some(target) if self.makes_way(&target, rules) => self.links.push((name, says)),
            Some(_) => {}
        }
    }

    /// Lets something of another kind go, if it may.
    fn makes_way(&mut self, target: &Item, rules: Rules) -> bool {
        match rules.replaces {
            true => self.in_the_way.push(target.clone()),
            false => self.refused.push((target.name.clone(), in_its_place(&target.kind))),
        }
        rules.replaces
    }
}

fn in_its_place(kind: &Kind) -> &'static str {
    match kind {
        Kind::File => "a file is in its place, which only a mirror that deletes replaces",
        Kind::Directory { .. } => "a directory is in its place, which only a mirror that deletes replaces",
        Kind::Link(_) | Kind::Dangling => {
            "a symbolic link is in its place, which only a mirror that deletes replaces"
        }
        Kind::Other => "something that is no file is in its place, which only a mirror that deletes replaces",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mirror::Compare;

    const RULES: Rules = Rules {
        comparison: Comparison { by: Compare::SizeAndTime, keeps_times: true },
        replaces: false,
        copies_links: false,
    };
    const REPLACING: Rules = Rules { replaces: true, ..RULES };
    const COPYING: Rules = Rules { copies_links: true, ..RULES };

    fn item(name: &str, kind: Kind, size: u64) -> Item {
        let facts = Facts { size: Some(size), modified: None };
        Item { name: FileName::new(name).unwrap(), kind, facts }
    }

    fn file(name: &str, size: u64) -> Item {
        item(name, Kind::File, size)
    }

    fn directory(name: &str) -> Item {
        item(name, Kind::DIRECTORY, 0)
    }

    fn link(name: &str, says: &str) -> Item {
        item(name, Kind::Link(Some(says.as_bytes().into())), 0)
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
        assert_eq!(plan.files[0].verdict, Verdict::Differs(Why::Size { source: 2, target: 1 }));
        assert_eq!(plan.files[1].verdict, Verdict::Differs(Why::Missing));
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
        assert_eq!(replaced.files[0].verdict, Verdict::Differs(Why::Missing));
    }

    #[test]
    fn links_are_left_out_with_what_stands_in_their_places() {
        let plan = plan(vec![link("a", "b"), item("pipe", Kind::Other, 0)], vec![file("a", 1)], REPLACING);

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

    fn side() -> impl Strategy<Value = Vec<Item>> {
        prop::collection::btree_map("[a-d]{1,2}", (0_u8..4, 0_u64..3), 0..12).prop_map(|found| {
            let make = |(name, (kind, size)): (String, (u8, u64))| match kind {
                0 => directory(&name),
                1 => link(&name, "x"),
                2 => item(&name, Kind::Other, 0),
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
            let plan = plan(source, target.clone(), Rules { replaces, copies_links, ..RULES });

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
