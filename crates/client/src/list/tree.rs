//! Listing of a directory or a tree: queue of pending directories, limits, and the entries as a stream.

use std::{
    collections::VecDeque,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use futures_core::Stream;
use oxftp_proto::{Entry, EntryKind, NameError, RemotePath, classify};

use super::{
    cycle::{AncestorChain, CycleDetector, ListingFingerprint},
    directory::DirectoryListing,
    entry::PathEntry,
};
use crate::config::list_command::ListCommand;
use crate::{Candidate, Client, Error, Result, Selection, client::FollowUp};

/// The entries of a listing, one by one.
///
/// It borrows the client, so no other command can be sent while it exists. Dropping it aborts the listing.
///
/// ```compile_fail
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let mut entries = client.list("").stream();
/// let first = entries.next().await;
/// client.command("NOOP").expect("2xx").await?; // the listing still borrows the client
/// # Ok(())
/// # }
/// ```
pub struct Entries<'c> {
    client: &'c mut Client,
    /// Directories to list.
    queue: VecDeque<PendingDirectory>,
    /// Number of directories found in the tree.
    directories: usize,
    detector: CycleDetector,
    current: Option<DirectoryListing>,
    /// Of `current`.
    context: DirectoryContext,
    recursive: bool,
    raw_command: Option<ListCommand>,
    /// What follows a listing that is not recursive.
    follow_up: FollowUp,
    bounds: Bounds,
    root: RemotePath,
    refused: Vec<NameError>,
    unparsed: Unparsed,
    truncated: bool,
    /// The entries of the current directory so far.
    passed: PassedEntries,
    /// How often the listing of the current directory may be resumed.
    resumptions: u32,
}

/// Number of entries that were read, and a hash of their names in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct PassedEntries {
    entries: u64,
    hash: u64,
}

impl PassedEntries {
    fn add(&mut self, entry: &Entry) {
        let mut hasher = DefaultHasher::new();
        (self.hash, entry.name()).hash(&mut hasher);
        self.hash = hasher.finish();
        self.entries += 1;
    }
}

/// Which entries of a tree are returned.
pub(super) struct Bounds {
    pub(super) selection: Option<Selection>,
    pub(super) max_depth: usize,
}

impl Bounds {
    fn accepts(&self, entry: &PathEntry, root: &RemotePath) -> bool {
        let Some(selection) = &self.selection else { return true };
        let path = entry.path();
        let below = path.as_bytes().strip_prefix(root.as_bytes()).unwrap_or(path.as_bytes());
        let relative = String::from_utf8_lossy(below.strip_prefix(b"/").unwrap_or(below));
        selection.accepts(&Candidate {
            path: &relative,
            is_dir: entry.is_dir(),
            size: entry.exact_size().filter(|_| entry.is_file()),
            modified: entry.modified,
        })
    }
}

/// A directory of the tree that is not listed yet.
#[derive(Clone)]
struct PendingDirectory {
    path: RemotePath,
    depth: usize,
    ancestors: AncestorChain,
}

/// The directory that is being listed, as a part of the tree.
#[derive(Default)]
struct DirectoryContext {
    ancestors: AncestorChain,
    fingerprint: ListingFingerprint,
    subdirectories: Vec<PendingDirectory>,
}

/// The lines that could not be parsed.
#[derive(Default)]
struct Unparsed {
    count: u64,
    samples: Vec<Vec<u8>>,
}

impl Unparsed {
    fn add(&mut self, count: u64, samples: &[Vec<u8>]) {
        self.count = self.count.saturating_add(count);
        let room = MAX_SAMPLES.saturating_sub(self.samples.len());
        self.samples.extend(samples.iter().take(room).cloned());
    }
}

impl<'c> Entries<'c> {
    pub(super) fn new(
        client: &'c mut Client,
        root: RemotePath,
        recursive: bool,
        raw_command: Option<ListCommand>,
        follow_up: FollowUp,
        bounds: Bounds,
    ) -> Self {
        let first = PendingDirectory { path: root.clone(), depth: 0, ancestors: AncestorChain::default() };
        Self {
            detector: CycleDetector::new(client.limits()),
            client,
            queue: VecDeque::from([first]),
            directories: 0,
            current: None,
            context: DirectoryContext::default(),
            recursive,
            raw_command,
            follow_up,
            bounds,
            root,
            refused: Vec::new(),
            unparsed: Unparsed::default(),
            truncated: false,
            passed: PassedEntries::default(),
            resumptions: 0,
        }
    }

    /// Returns the next entry, or `None` at the end.
    ///
    /// An error in one directory of a tree does not end the tree: the next call continues with the
    /// next directory, unless the connection is lost. This future may be dropped and called again.
    pub async fn next(&mut self) -> Option<Result<PathEntry>> {
        loop {
            match self.step().await {
                Ok(Some(entry)) => return Some(Ok(entry)),
                Ok(None) if self.current.is_none() && self.queue.is_empty() => return None,
                Ok(None) => {}
                Err(error) => {
                    // With these codes servers refuse to list a path that is not a directory.
                    let refused = error.reply().is_some_and(classify::rejects_argument);
                    let opening = self.current.is_none();
                    if refused && self.is_listed_file().await {
                        self.queue.clear();
                        return None;
                    }
                    self.skip_directory(opening);
                    return Some(Err(error));
                }
            }
        }
    }

    /// Returns the names that are not valid, such as names with a `/`; at most the first 64.
    ///
    /// They are left out of the listing.
    #[must_use]
    pub fn invalid_names(&self) -> &[NameError] {
        &self.refused
    }

    /// Returns the number of lines that could not be parsed, in the directories whose listings are complete.
    #[must_use]
    pub fn unparsed(&self) -> u64 {
        self.unparsed.count
    }

    /// Returns the first lines that could not be parsed: at most 8, each cut to 256 bytes.
    #[must_use]
    pub fn unparsed_samples(&self) -> &[Vec<u8>] {
        &self.unparsed.samples
    }

    /// Returns the reasons why entries may be missing from the listing.
    pub(crate) fn incompleteness(&self) -> Vec<Error> {
        let refused = self.refused.iter().cloned().map(Error::from);
        let unexplained = self.unparsed.samples.first().map(|sample| Error::UnparsedListing {
            count: self.unparsed.count,
            sample: String::from_utf8_lossy(sample).into_owned(),
        });
        let cut = self.truncated.then_some(Error::IncompleteListing);
        refused.chain(unexplained).chain(cut).collect()
    }

    /// Returns whether the server reported that a listing is incomplete: that it was truncated (Pure-FTPd), or
    /// that the directory could not be opened (vsftpd). Both servers send this with `226`.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.truncated
    }

    /// Makes a step; continues after a lost session with the entry that comes next.
    async fn step(&mut self) -> Result<Option<PathEntry>> {
        match self.step_once().await {
            Err(error) => match self.resume().await {
                Ok(true) => Ok(None),
                _ => Err(error),
            },
            stepped => stepped,
        }
    }

    /// Opens the session again, and lists the current directory again up to the entry after the last one. Returns whether
    /// that succeeded.
    async fn resume(&mut self) -> Result<bool> {
        let Some(directory) = &self.current else { return Ok(false) };
        let (path, depth) = (directory.location.path.clone(), directory.depth);
        let lost = Error::Closed { reply: None };
        let mut attempts = self.resumptions;
        if directory.is_entered || !self.client.recover(&lost, &mut attempts).await {
            return Ok(false);
        }
        self.resumptions = attempts;
        let opened = self.client.open_listing(&path, depth, self.raw_command, FollowUp::Nothing).await?;
        let Some(mut listing) = opened else { return Ok(false) };
        let passed = std::mem::take(&mut self.passed);
        while self.passed.entries < passed.entries {
            let Some(entry) = listing.next_entry().await? else { return Ok(false) };
            self.passed.add(&entry);
        }
        self.current = Some(listing);
        // The entries that were returned before must be those of this listing.
        Ok(self.passed == passed)
    }

    async fn step_once(&mut self) -> Result<Option<PathEntry>> {
        let Some(directory) = &mut self.current else {
            self.open_next().await?;
            return Ok(None);
        };
        match directory.next_entry().await {
            Ok(Some(entry)) => {
                self.passed.add(&entry);
                Ok(self.accept(entry))
            }
            Ok(None) => self.finish().await,
            // The server's reply explains more than the error of the data connection.
            Err(Error::Data { source, .. }) => {
                let deadline = self.client.completion_deadline();
                Err(directory.fail(self.client.control_mut(), source, deadline).await)
            }
            Err(error) => Err(error),
        }
    }

    async fn open_next(&mut self) -> Result<()> {
        while self.queue.front().is_some_and(|next| self.detector.predicts_cycle(&next.ancestors)) {
            self.queue.pop_front();
        }
        let Some(PendingDirectory { path, depth, ancestors }) = self.queue.front().cloned() else {
            return Ok(());
        };
        let follow_up = match self.recursive {
            true => FollowUp::transfer_if(self.queue.len() > 1),
            false => self.follow_up,
        };
        let opened = self.client.open_listing(&path, depth, self.raw_command, follow_up).await?;
        self.queue.pop_front();
        self.current = opened;
        self.passed = PassedEntries::default();
        self.resumptions = self.client.reconnects();
        self.context.ancestors = ancestors;
        Ok(())
    }

    /// Returns whether the path that could not be listed is a file. The listing of a file is empty.
    async fn is_listed_file(&mut self) -> bool {
        let path = match (&self.current, self.queue.front()) {
            (Some(directory), _) if directory.depth == 0 && !directory.has_entries => {
                directory.location.path.clone()
            }
            (None, Some(PendingDirectory { path, depth: 0, .. })) => path.clone(),
            _ => return false,
        };
        self.current = None;
        matches!(self.client.stat_by_mlst(&path).await, Ok(Some(entry)) if entry.is_file())
    }

    /// Converts a parsed line into an entry of the tree; returns `None` for the directory itself and for names
    /// that are not valid.
    fn accept(&mut self, mut entry: Entry) -> Option<PathEntry> {
        let directory = self.current.as_ref()?;
        if matches!(entry.kind, EntryKind::CurrentDirectory | EntryKind::ParentDirectory)
            || directory.is_itself(&entry)
        {
            return None;
        }
        if let Some(zone) = self.client.server_zone() {
            entry.modified = entry.modified.map(|time| zone.localize(time));
        }
        let depth = directory.depth;
        match PathEntry::new(&directory.location, entry) {
            Ok(entry) => {
                let selected = self.bounds.accepts(&entry, &self.root);
                if self.recursive {
                    self.note(&entry, depth + 1, selected);
                }
                selected.then_some(entry)
            }
            Err(error) => {
                tracing::warn!("{error}");
                if self.refused.len() < MAX_REFUSED {
                    self.refused.push(error);
                }
                None
            }
        }
    }

    /// Adds an entry to the context of the current directory.
    fn note(&mut self, entry: &PathEntry, depth: usize, selected: bool) {
        self.context.fingerprint.add(entry);
        if !entry.is_dir() || !selected || depth >= self.bounds.max_depth {
            return;
        }
        self.directories += 1;
        if self.directories <= self.client.limits().tree_directories {
            let ancestors = AncestorChain::of(entry);
            self.context.subdirectories.push(PendingDirectory { path: entry.path(), depth, ancestors });
        }
    }

    /// Queues the subdirectories of the current directory, unless it repeats the directories above it.
    fn queue_subdirectories(&mut self, path: &RemotePath) -> Result<()> {
        let fingerprint = std::mem::take(&mut self.context.fingerprint);
        let subdirectories = std::mem::take(&mut self.context.subdirectories);
        let Some(parent) = self.detector.check(&self.context.ancestors, &fingerprint) else {
            return Err(Error::CyclicTree { path: path.to_string() });
        };
        let subdirectories = subdirectories
            .into_iter()
            .map(|found| PendingDirectory { ancestors: found.ancestors.with_parent(&parent), ..found });
        match parent.is_suspect() {
            true => subdirectories.rev().for_each(|found| self.queue.push_front(found)),
            false => self.queue.extend(subdirectories),
        }
        Ok(())
    }

    /// Finishes the current directory; may still return the entry that was held back.
    async fn finish(&mut self) -> Result<Option<PathEntry>> {
        let deadline = self.client.completion_deadline();
        let has_fallback = self.raw_command.or(self.client.config().list_command).is_none();
        let Some(directory) = &mut self.current else { return Ok(None) };
        self.truncated |= directory.finish(self.client.control_mut(), deadline).await?;
        if has_fallback && directory.command == ListCommand::Mlsd && directory.is_unparsable() {
            return self.fall_back_to_list();
        }
        if directory.may_be_cut_at_blank() {
            let (path, depth) = (directory.location.path.clone(), directory.depth);
            if let Some(listed) = self.client.enter_and_list(&path, depth, FollowUp::Nothing).await? {
                self.current = Some(listed);
                return Ok(None);
            }
        }
        let Some(directory) = &mut self.current else { return Ok(None) };
        self.client.capabilities_mut().mlsd_works |= directory.command == ListCommand::Mlsd;
        let (count, samples) = directory.unparsed();
        self.unparsed.add(count, samples);
        self.client.go_home().await?;
        let Some(directory) = &mut self.current else { return Ok(None) };
        let held = directory.held.take();
        let path = directory.location.path.clone();
        let depth = directory.depth + 1;
        let accepted = match held {
            // The listing of a file is the file itself; but a directory may contain a file of its own name.
            Some(entry) if self.client.is_directory_by_entering(&path).await? => self.accept(entry),
            _ => None,
        };
        self.queue_subdirectories(&path)?;
        self.current = None;
        self.check_limits(depth)?;
        Ok(accepted)
    }

    /// Fails if the tree exceeds the limits of depth or size, and clears the queue.
    fn check_limits(&mut self, depth: usize) -> Result<()> {
        let limits = self.client.limits();
        let (max_depth, max_directories) = (limits.directory_depth, limits.tree_directories);
        let exceeded = if !self.queue.is_empty() && depth > max_depth {
            Error::Limit { what: "levels of directories", limit: max_depth }
        } else if self.directories > max_directories {
            Error::Limit { what: "directories in a tree", limit: max_directories }
        } else {
            return Ok(());
        };
        self.queue.clear();
        Err(exceeded)
    }

    /// Lists the current directory again by `LIST`: some servers announce an `MLSD` that does not work.
    fn fall_back_to_list(&mut self) -> Result<Option<PathEntry>> {
        self.client.capabilities_mut().no_mlsd = true;
        if let Some(directory) = self.current.take() {
            let (path, ancestors) = (directory.location.path.clone(), self.context.ancestors.clone());
            self.queue.push_front(PendingDirectory { path, depth: directory.depth, ancestors });
        }
        Ok(None)
    }

    fn skip_directory(&mut self, opening: bool) {
        self.current = None;
        if opening {
            self.queue.pop_front();
        }
        // The subdirectories found before the listing failed are listed all the same.
        self.context.fingerprint = ListingFingerprint::default();
        self.queue.extend(self.context.subdirectories.drain(..));
        if self.client.is_broken() {
            self.queue.clear();
        }
    }

    /// Converts into a [`Stream`] of the entries.
    pub fn into_stream(self) -> impl Stream<Item = Result<PathEntry>> {
        futures_util::stream::unfold(self, async |mut entries| {
            entries.next().await.map(|entry| (entry, entries))
        })
    }
}

impl Drop for Entries<'_> {
    fn drop(&mut self) {
        self.current = None;
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("waiting_directories", &self.queue.len()).finish_non_exhaustive()
    }
}

const MAX_REFUSED: usize = 64;
const MAX_SAMPLES: usize = 8;
