//! Queue of the directories of a tree that are not listed yet, within the limits of the tree.

use std::collections::VecDeque;

use oxftp_proto::{Limits, RemotePath};

use super::{
    cycle::{AncestorChain, CycleDetector, ListingFingerprint},
    entry::PathEntry,
};
use crate::{Error, Result};

/// The directories of a tree that are not listed yet, and what is known of the one that is being listed.
pub(super) struct DirectoryQueue {
    pending: VecDeque<PendingDirectory>,
    /// Number of directories that were found in the tree.
    found: usize,
    max_depth: usize,
    max_directories: usize,
    detector: CycleDetector,
    current: CurrentDirectory,
}

/// A directory of the tree that is not listed yet.
#[derive(Clone)]
pub(super) struct PendingDirectory {
    pub(super) path: RemotePath,
    pub(super) depth: usize,
    ancestors: AncestorChain,
}

/// The directory that is being listed, as a part of the tree.
#[derive(Default)]
struct CurrentDirectory {
    ancestors: AncestorChain,
    fingerprint: ListingFingerprint,
    subdirectories: Vec<PendingDirectory>,
}

impl DirectoryQueue {
    pub(super) fn new(root: RemotePath, limits: &Limits) -> Self {
        let first = PendingDirectory { path: root, depth: 0, ancestors: AncestorChain::default() };
        Self {
            pending: VecDeque::from([first]),
            found: 0,
            max_depth: limits.directory_depth,
            max_directories: limits.tree_directories,
            detector: CycleDetector::new(limits),
            current: CurrentDirectory::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.pending.clear();
    }

    /// Returns the next directory, which stays in the queue. Directories that would continue a cycle are dropped.
    pub(super) fn peek(&mut self) -> Option<&PendingDirectory> {
        while self.pending.front().is_some_and(|next| self.detector.predicts_cycle(&next.ancestors)) {
            self.pending.pop_front();
        }
        self.pending.front()
    }

    /// Returns the next directory, whether it continues a cycle or not.
    pub(super) fn front(&self) -> Option<&PendingDirectory> {
        self.pending.front()
    }

    /// Begins with the next directory.
    pub(super) fn begin(&mut self) {
        if let Some(next) = self.pending.pop_front() {
            self.current.ancestors = next.ancestors;
        }
    }

    /// Queues the current directory again, to be listed from the start. None of its entries was added.
    pub(super) fn begin_again(&mut self, path: RemotePath, depth: usize) {
        let ancestors = self.current.ancestors.clone();
        self.pending.push_front(PendingDirectory { path, depth, ancestors });
    }

    /// Drops the next directory, which cannot be listed.
    pub(super) fn skip(&mut self) {
        self.pending.pop_front();
    }

    /// Adds an entry of the current directory; `enters` if it is to be listed itself.
    pub(super) fn add(&mut self, entry: &PathEntry, depth: usize, enters: bool) {
        self.current.fingerprint.add(entry);
        if !entry.is_dir() || !enters {
            return;
        }
        self.found += 1;
        if self.found <= self.max_directories {
            let ancestors = AncestorChain::of(entry);
            self.current.subdirectories.push(PendingDirectory { path: entry.path(), depth, ancestors });
        }
    }

    /// Queues the subdirectories of the current directory, which is complete, unless it repeats the directories above it.
    /// Fails if the tree exceeds the limits of depth or size, and clears the queue.
    pub(super) fn end(&mut self, path: &RemotePath, depth: usize) -> Result<()> {
        let fingerprint = std::mem::take(&mut self.current.fingerprint);
        let subdirectories = std::mem::take(&mut self.current.subdirectories);
        let Some(parent) = self.detector.check(&self.current.ancestors, &fingerprint) else {
            return Err(Error::CyclicTree { path: path.to_string() });
        };
        let subdirectories = subdirectories
            .into_iter()
            .map(|found| PendingDirectory { ancestors: found.ancestors.with_parent(&parent), ..found });
        match parent.is_suspect() {
            true => subdirectories.rev().for_each(|found| self.pending.push_front(found)),
            false => self.pending.extend(subdirectories),
        }
        self.check_limits(depth + 1)
    }

    /// Ends the current directory, whose listing failed. Subdirectories that were found before are still listed.
    pub(super) fn end_incomplete(&mut self) {
        self.current.fingerprint = ListingFingerprint::default();
        self.pending.extend(self.current.subdirectories.drain(..));
    }

    fn check_limits(&mut self, depth: usize) -> Result<()> {
        let exceeded = if !self.pending.is_empty() && depth > self.max_depth {
            Error::Limit { what: "levels of directories", limit: self.max_depth }
        } else if self.found > self.max_directories {
            Error::Limit { what: "directories in a tree", limit: self.max_directories }
        } else {
            return Ok(());
        };
        self.pending.clear();
        Err(exceeded)
    }
}
