//! A file that a mirror deals with, and those that must not be dealt with beside it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use oxftp_proto::{Encoding, FileName};

use super::{
    compare::Verdict,
    node::{Node, NodeFacts, NodeKind},
    plan::PlannedFile,
    relative_path::RelativePath,
    step::Reason,
};
use crate::PART_SUFFIX;

/// A file of both sides.
pub(crate) struct Job {
    pub(crate) within: Arc<RelativePath>,
    pub(crate) file: PlannedFile,
    /// A file that is called as the part file of this one is: it comes right after.
    pub(crate) then: Option<Box<PlannedFile>>,
    /// Another file may be the same on this machine.
    pub(crate) has_collision: bool,
}

impl Job {
    /// Makes jobs of the files of a directory; `parts` are those that are called like part files.
    pub(crate) fn all(within: &RelativePath, mut files: Vec<PlannedFile>, mut parts: Vec<Node>) -> Vec<Self> {
        retain_parts_of(&files, &mut parts);
        let mut parts: HashMap<_, _> = parts.into_iter().map(|part| (part.name.clone(), part)).collect();
        files.retain(|file| !parts.contains_key(&file.name));
        let within = Arc::new(within.clone());
        let collisions = collisions(&files);
        let job = |(file, has_collision): (PlannedFile, bool)| {
            let then = part_name(&file.name).and_then(|name| parts.remove(&name)).map(anew);
            Self { within: Arc::clone(&within), file, then, has_collision }
        };
        files.into_iter().zip(collisions).map(job).collect()
    }
}

/// Finds the files that are called as the part files of others would be.
pub(crate) fn parts(source: &[Node]) -> Vec<Node> {
    let named_so = |item: &&Node| item.kind == NodeKind::File && item.name.as_bytes().ends_with(PART);
    source.iter().filter(named_so).cloned().collect()
}

/// Keeps what is called as the part file of one of the files.
fn retain_parts_of(files: &[PlannedFile], items: &mut Vec<Node>) {
    let names = part_names(files);
    items.retain(|item| names.contains(&item.name));
}

/// Keeps what is not called as the part file of one of the files.
pub(crate) fn remove_parts_of(files: &[PlannedFile], items: &mut Vec<Node>) {
    let names = part_names(files);
    items.retain(|item| !names.contains(&item.name));
}

fn part_names(files: &[PlannedFile]) -> HashSet<FileName> {
    files.iter().filter_map(|file| part_name(&file.name)).collect()
}

fn part_name(whole: &FileName) -> Option<FileName> {
    let bytes = [whole.as_bytes(), PART].concat();
    FileName::from_wire(&bytes, Encoding::UTF_8).ok()
}

/// Whatever the target had under this name is lost when the other file comes.
fn anew(part: Node) -> Box<PlannedFile> {
    let verdict = Verdict::Differs(Reason::Unknown);
    Box::new(PlannedFile { name: part.name, source: part.facts, target: NodeFacts::default(), verdict })
}

/// Tells of each file whether a file system without case makes it one with another.
fn collisions(files: &[PlannedFile]) -> Vec<bool> {
    let folded: Vec<_> = files.iter().map(|file| fold(&file.name)).collect();
    let mut sorted: Vec<_> = folded.iter().collect();
    sorted.sort_unstable();
    let twice: HashSet<_> = sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    folded.iter().map(|name| twice.contains(name)).collect()
}

/// Keeps what is under no name of the others on a file system without case.
pub(crate) fn remove_twins_of<'n>(names: impl Iterator<Item = &'n FileName>, items: &mut Vec<Node>) {
    let taken: HashSet<_> = names.map(|name| name.to_string_lossy().to_lowercase()).collect();
    items.retain(|item| !taken.contains(&item.name.to_string_lossy().to_lowercase()));
}

fn fold(name: &FileName) -> String {
    name.to_string_lossy().to_lowercase().trim_end_matches(PART_SUFFIX).to_owned()
}

const PART: &[u8] = PART_SUFFIX.as_bytes();

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::new(text).unwrap()
    }

    fn file(text: &str) -> PlannedFile {
        let verdict = Verdict::Differs(Reason::Missing);
        PlannedFile { name: name(text), source: NodeFacts::default(), target: NodeFacts::default(), verdict }
    }

    fn item(text: &str) -> Node {
        Node { name: name(text), kind: NodeKind::File, facts: NodeFacts::default() }
    }

    #[test]
    fn names_that_may_be_one_are_twins() {
        assert_eq!(collisions(&["a", "B", "b", "c"].map(file)), [false, true, true, false]);
    }

    #[test]
    fn what_is_one_with_a_file_of_the_source_where_case_does_not_count_stays() {
        let mut extra = vec![item("README"), item("other")];

        remove_twins_of([name("readme")].iter(), &mut extra);

        assert_eq!(extra, [item("other")]);
    }

    #[test]
    fn a_file_called_like_a_part_file_comes_right_after_the_whole() {
        let files = vec![file("a"), file("a.oxftp.part"), file("b"), file("c.oxftp.part")];

        let jobs = Job::all(
            &RelativePath::default(),
            files,
            ["a.oxftp.part", "b.oxftp.part", "c.oxftp.part"].map(item).into(),
        );

        let pairs: Vec<_> = jobs
            .iter()
            .map(|job| (job.file.name.clone(), job.then.as_ref().map(|then| then.name.clone())))
            .collect();
        let expected = [("a", Some("a.oxftp.part")), ("b", Some("b.oxftp.part")), ("c.oxftp.part", None)]
            .map(|(a, b)| (name(a), b.map(name)));
        assert_eq!(pairs, expected);
    }
}
