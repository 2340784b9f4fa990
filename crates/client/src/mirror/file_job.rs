//! File job: one file of a mirror, with the files that must not be transferred at the same time.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use oxftp_proto::{Encoding, FileName};

use super::{
    compare::Decision,
    extraneous::StoredNames,
    node::{Node, NodeFacts, NodeKind},
    plan::PlannedFile,
    relative_path::RelativePath,
    step::Reason,
};
use crate::PART_SUFFIX;

/// A file to compare and transfer.
pub(crate) struct FileJob {
    pub(crate) directory: Arc<RelativePath>,
    /// Where the name is noted once the file is stored, if something is to be deleted in the directory.
    pub(crate) stored: Option<Arc<StoredNames>>,
    pub(crate) file: PlannedFile,
    /// A file whose name is that of this file's partial file. It is transferred right after this one.
    pub(crate) part_file: Option<Box<PlannedFile>>,
    /// Another file may be the same file on this machine.
    pub(crate) has_collision: bool,
}

impl FileJob {
    /// Creates the jobs of a directory; `part_files` are the source's files with names of partial files.
    pub(crate) fn of_directory(
        directory: Arc<RelativePath>,
        stored: Option<Arc<StoredNames>>,
        mut files: Vec<PlannedFile>,
        mut part_files: Vec<Node>,
    ) -> Vec<Self> {
        retain_parts_of(&files, &mut part_files);
        let mut part_files: HashMap<_, _> =
            part_files.into_iter().map(|node| (node.name.clone(), node)).collect();
        files.retain(|file| !part_files.contains_key(&file.name));
        let collisions = collisions(&files);
        let files = files.into_iter().zip(collisions);
        files
            .map(|(file, has_collision)| {
                let part_name = part_name(&file.name);
                let part_file = part_name.and_then(|name| part_files.remove(&name)).map(plan_part_file);
                let (directory, stored) = (Arc::clone(&directory), stored.clone());
                Self { directory, stored, file, part_file, has_collision }
            })
            .collect()
    }
}

/// Returns the files with names that the partial files of other files would have.
pub(crate) fn part_files(source: &[Node]) -> Vec<Node> {
    let is_part = |node: &&Node| node.kind == NodeKind::File && node.name.as_bytes().ends_with(PART);
    source.iter().filter(is_part).cloned().collect()
}

/// Retains the nodes with the name of a partial file of one of the files.
fn retain_parts_of(files: &[PlannedFile], nodes: &mut Vec<Node>) {
    let names = part_names(files);
    nodes.retain(|node| names.contains(&node.name));
}

/// Removes the nodes with the name of a partial file of one of the files.
pub(crate) fn remove_parts_of(files: &[PlannedFile], nodes: &mut Vec<Node>) {
    let names = part_names(files);
    nodes.retain(|node| !names.contains(&node.name));
}

fn part_names(files: &[PlannedFile]) -> HashSet<FileName> {
    files.iter().filter_map(|file| part_name(&file.name)).collect()
}

fn part_name(file: &FileName) -> Option<FileName> {
    let bytes = [file.as_bytes(), PART].concat();
    FileName::from_wire(&bytes, Encoding::UTF_8).ok()
}

/// Plans the transfer of a file with the name of a partial file. The transfer of the other file overwrites whatever
/// the target has under this name.
fn plan_part_file(node: Node) -> Box<PlannedFile> {
    let decision = Decision::Transfer(Reason::Unknown);
    Box::new(PlannedFile { name: node.name, source: node.facts, target: NodeFacts::default(), decision })
}

/// Returns for each file whether a case-insensitive file system would treat it and another one as the same file.
fn collisions(files: &[PlannedFile]) -> Vec<bool> {
    let folded: Vec<_> = files.iter().map(|file| case_fold(&file.name)).collect();
    let mut sorted: Vec<_> = folded.iter().collect();
    sorted.sort_unstable();
    let twice: HashSet<_> = sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    folded.iter().map(|name| twice.contains(name)).collect()
}

fn case_fold(name: &FileName) -> String {
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
        let decision = Decision::Transfer(Reason::Missing);
        PlannedFile { name: name(text), source: NodeFacts::default(), target: NodeFacts::default(), decision }
    }

    fn node(text: &str) -> Node {
        Node { name: name(text), kind: NodeKind::File, facts: NodeFacts::default() }
    }

    #[test]
    fn names_that_differ_in_case_collide() {
        assert_eq!(collisions(&["a", "B", "b", "c"].map(file)), [false, true, true, false]);
    }

    #[test]
    fn file_named_like_partial_file_comes_after() {
        let files = vec![file("a"), file("a.oxftp.part"), file("b"), file("c.oxftp.part")];

        let jobs = FileJob::of_directory(
            Arc::default(),
            None,
            files,
            ["a.oxftp.part", "b.oxftp.part", "c.oxftp.part"].map(node).into(),
        );

        let pairs: Vec<_> = jobs
            .iter()
            .map(|job| (job.file.name.clone(), job.part_file.as_ref().map(|part| part.name.clone())))
            .collect();
        let expected = [("a", Some("a.oxftp.part")), ("b", Some("b.oxftp.part")), ("c.oxftp.part", None)]
            .map(|(a, b)| (name(a), b.map(name)));
        assert_eq!(pairs, expected);
    }
}
