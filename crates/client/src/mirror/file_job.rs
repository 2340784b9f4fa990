//! File job: one file of a mirror, with the files that must not be transferred at the same time.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use oxftp_proto::{Encoding, FileName};

use super::{
    compare::Decision,
    extraneous::StoredNames,
    node::{Node, NodeFacts, NodeKind},
    node_selection::NodeSelection,
    node_table::NodeTable,
    plan::{PlannedFile, PlannedFiles},
    relative_path::RelativePath,
    step::Reason,
};
use crate::{PART_SUFFIX, transfer::scheduler::concurrency::WorkAmount};

/// A file to compare and transfer.
pub(crate) struct FileJob {
    pub(crate) directory: Arc<RelativePath>,
    /// The record of its name once the file is stored; `None` if nothing is deleted in the directory.
    pub(crate) stored: Option<Arc<StoredNames>>,
    pub(crate) file: PlannedFile,
    /// A file whose name is that of this file's partial file. It is transferred right after this one.
    pub(crate) part_file: Option<Box<PlannedFile>>,
    /// Another file may be the same file on this machine.
    pub(crate) has_collision: bool,
}

/// The jobs of one directory. Each is created when its turn comes.
pub(crate) struct FileJobs {
    directory: Arc<RelativePath>,
    stored: Option<Arc<StoredNames>>,
    files: PlannedFiles,
    next: usize,
    /// The source's files with names of partial files of these files.
    part_files: HashMap<FileName, Node>,
    collisions: Collisions,
}

impl FileJobs {
    /// Creates the jobs of a directory; `part_files` are the source's files with names of partial files.
    pub(crate) fn new(
        directory: Arc<RelativePath>,
        stored: Option<Arc<StoredNames>>,
        mut files: PlannedFiles,
        mut part_files: Vec<Node>,
    ) -> Self {
        part_files.retain(|node| is_part_of(&files, node));
        let part_files: HashMap<_, _> =
            part_files.into_iter().map(|node| (node.name.clone(), node)).collect();
        if !part_files.is_empty() {
            let names: HashSet<_> = part_files.keys().map(FileName::as_bytes).collect();
            files.retain(|name| !names.contains(name));
        }
        let collisions = Collisions::of(files.names(), files.len());
        Self { directory, stored, files, next: 0, part_files, collisions }
    }

    /// Returns the work of all jobs.
    pub(crate) fn work(&self) -> WorkAmount {
        WorkAmount { files: self.files.len() as u64, bytes: self.files.bytes() }
    }
}

impl Iterator for FileJobs {
    type Item = FileJob;

    fn next(&mut self) -> Option<FileJob> {
        let file = self.files.get(self.next)?;
        self.next += 1;
        let part_file = match self.part_files.is_empty() {
            true => None,
            false => part_name(&file.name).and_then(|name| self.part_files.remove(&name)).map(plan_part_file),
        };
        Some(FileJob {
            directory: Arc::clone(&self.directory),
            stored: self.stored.clone(),
            has_collision: self.collisions.is_one(file.name.as_bytes()),
            file,
            part_file,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.files.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for FileJobs {}

/// Returns the files with names that the partial files of other files would have.
pub(crate) fn part_files(source: &NodeTable) -> Vec<Node> {
    let named = source.names().enumerate().filter(|(_, name)| name.ends_with(PART));
    let nodes = named.filter_map(|(index, _)| source.get(index));
    nodes.filter(|node| node.kind == NodeKind::File).collect()
}

/// Removes the nodes with the name of a partial file of one of the files.
pub(crate) fn remove_parts_of(files: &PlannedFiles, nodes: &mut NodeSelection) {
    nodes.retain(|node| !is_part_of(files, node));
}

/// Returns whether the name of a node is that of the partial file of one of the files.
fn is_part_of(files: &PlannedFiles, node: &Node) -> bool {
    node.name.as_bytes().strip_suffix(PART).is_some_and(|name| files.contains(name))
}

fn part_name(file: &FileName) -> Option<FileName> {
    let bytes = [file.as_bytes(), PART].concat();
    FileName::from_wire(&bytes, Encoding::UTF_8).ok()
}

/// Plans the transfer of a file with the name of a partial file. The transfer of the other file overwrites the file
/// that the target has under this name.
fn plan_part_file(node: Node) -> Box<PlannedFile> {
    let decision = Decision::Transfer(Reason::Unknown);
    Box::new(PlannedFile { name: node.name, source: node.facts, target: NodeFacts::default(), decision })
}

/// The names that a case-insensitive file system would treat as those of the same file, as hashes.
struct Collisions {
    hasher: RandomState,
    repeated: HashSet<u64>,
}

impl Collisions {
    /// Finds them among this number of names.
    fn of(names: impl Iterator<Item = Vec<u8>>, number: usize) -> Self {
        let mut collisions = Self { hasher: RandomState::new(), repeated: HashSet::new() };
        let mut hashes = Vec::with_capacity(number);
        hashes.extend(names.map(|name| collisions.case_fold(&name)));
        hashes.sort_unstable();
        let twice = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        collisions.repeated = twice.collect();
        collisions
    }

    /// Returns whether a case-insensitive file system would treat this file and another one as the same.
    fn is_one(&self, name: &[u8]) -> bool {
        !self.repeated.is_empty() && self.repeated.contains(&self.case_fold(name))
    }

    fn case_fold(&self, name: &[u8]) -> u64 {
        let folded = String::from_utf8_lossy(name).to_lowercase();
        self.hasher.hash_one(folded.trim_end_matches(PART_SUFFIX))
    }
}

const PART: &[u8] = PART_SUFFIX.as_bytes();

#[cfg(test)]
mod tests {
    use super::super::{
        compare::{Compare, Comparison},
        plan::{PlanRules, plan},
    };
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::new(text).unwrap()
    }

    fn node(text: &str) -> Node {
        Node { name: name(text), kind: NodeKind::File, facts: NodeFacts::default() }
    }

    #[test]
    fn names_that_differ_in_case_collide() {
        let names = ["a", "B", "b", "c"].map(str::as_bytes);
        let collisions = Collisions::of(names.iter().map(|name| name.to_vec()), names.len());

        assert_eq!(names.map(|name| collisions.is_one(name)), [false, true, true, false]);
    }

    #[test]
    fn file_named_like_partial_file_comes_after() {
        let source: NodeTable = ["a", "a.oxftp.part", "b", "c.oxftp.part"].map(node).iter().collect();
        let comparison = Comparison { by: Compare::Size, keeps_times: true, asks_times: true };
        let existing = crate::Existing::Replace;
        let rules = PlanRules {
            comparison,
            deletes: false,
            copies_symlinks: false,
            removes_sources: false,
            existing,
        };
        let files = plan(source, NodeTable::default(), rules).files;

        let jobs = FileJobs::new(
            Arc::default(),
            None,
            files,
            ["a.oxftp.part", "b.oxftp.part", "c.oxftp.part"].map(node).into(),
        );

        assert_eq!((jobs.len(), jobs.work().files), (3, 3));
        let pairs: Vec<_> = jobs
            .map(|job| (job.file.name.clone(), job.part_file.as_ref().map(|part| part.name.clone())))
            .collect();
        let expected = [("a", Some("a.oxftp.part")), ("b", Some("b.oxftp.part")), ("c.oxftp.part", None)]
            .map(|(a, b)| (name(a), b.map(name)));
        assert_eq!(pairs, expected);
    }
}
