//! The entries of a listing, as they arrive.

use std::{collections::VecDeque, fmt};

use futures_core::Stream;
use oxftp_proto::{Entry, EntryKind, NameError, RemotePath, classify};

use super::{
    ListCommand, PathEntry,
    directory::Directory,
    lineage::{CycleGuard, Digest, Lineage},
};
use crate::{Client, Error, Result};

/// The entries of a listing, one by one.
///
/// It holds the client, so no command can come in between; dropping it breaks the listing off.
///
/// ```compile_fail
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let mut entries = client.list("").stream();
/// let first = entries.next().await;
/// client.command("NOOP").expect("2xx").await?; // the listing still holds the client
/// # Ok(())
/// # }
/// ```
pub struct Entries<'c> {
    client: &'c mut Client,
    /// Directories to list.
    queue: VecDeque<Waiting>,
    /// How many directories were found in the tree.
    directories: usize,
    current: Option<Directory>,
    descent: Descent,
    recursive: bool,
    raw_command: Option<ListCommand>,
    refused: Vec<NameError>,
    unparsed: Unparsed,
    cut: bool,
}

/// A directory of the tree that is not listed yet.
#[derive(Clone)]
struct Waiting {
    path: RemotePath,
    depth: usize,
    lineage: Lineage,
}

/// The way down from the present directory.
struct Descent {
    guard: CycleGuard,
    lineage: Lineage,
    listing: Digest,
    below: Vec<Waiting>,
}

/// The lines that no format explains.
#[derive(Default)]
struct Unparsed {
    count: u64,
    samples: Vec<Vec<u8>>,
}

impl Unparsed {
    fn add(&mut self, (count, samples): (u64, &[Vec<u8>])) {
        self.count = self.count.saturating_add(count);
        let room = MOST_SAMPLES.saturating_sub(self.samples.len());
        self.samples.extend(samples.iter().take(room).cloned());
    }
}

impl<'c> Entries<'c> {
    pub(super) fn new(
        client: &'c mut Client,
        root: RemotePath,
        recursive: bool,
        raw_command: Option<ListCommand>,
    ) -> Self {
        let queue = VecDeque::from([Waiting { path: root, depth: 0, lineage: Lineage::default() }]);
        let guard = CycleGuard::new(client.limits());
        let (lineage, listing, below) = (Lineage::default(), Digest::default(), Vec::new());
        Self {
            client,
            queue,
            directories: 0,
            current: None,
            descent: Descent { guard, lineage, listing, below },
            recursive,
            raw_command,
            refused: Vec::new(),
            unparsed: Unparsed::default(),
            cut: false,
        }
    }

    /// Gives the next entry, `None` at the end.
    ///
    /// An error in one directory of a tree does not end the tree: the next call goes on with the
    /// next directory, unless the connection is lost. This future may be dropped and called again.
    pub async fn next(&mut self) -> Option<Result<PathEntry>> {
        loop {
            match self.step().await {
                Ok(Some(entry)) => return Some(Ok(entry)),
                Ok(None) if self.current.is_none() && self.queue.is_empty() => return None,
                Ok(None) => {}
                Err(error) => {
                    // How servers refuse to list what is no directory.
                    let refused = error.reply().is_some_and(classify::rejects_argument);
                    let opening = self.current.is_none();
                    if refused && self.is_listed_file().await {
                        self.queue.clear();
                        return None;
                    }
                    self.give_up_directory(opening);
                    return Some(Err(error));
                }
            }
        }
    }

    /// Gives the names that cannot be used, such as ones with a `/`; at most the first 64.
    ///
    /// They are left out of the listing.
    #[must_use]
    pub fn refused_names(&self) -> &[NameError] {
        &self.refused
    }

    /// Counts the lines that no format explains, in the directories that were listed to their end.
    #[must_use]
    pub fn unparsed(&self) -> u64 {
        self.unparsed.count
    }

    /// Gives the first of those lines, at most 8, each cut to 256 bytes.
    #[must_use]
    pub fn unparsed_samples(&self) -> &[Vec<u8>] {
        &self.unparsed.samples
    }

    /// Gives what keeps the listing from being all that is there.
    pub(crate) fn doubts(&self) -> Vec<Error> {
        let refused = self.refused.iter().cloned().map(Error::from);
        let unexplained = self.unparsed.samples.first().map(|sample| Error::Unexplained {
            count: self.unparsed.count,
            sample: String::from_utf8_lossy(sample).into_owned(),
        });
        let cut = self.cut.then_some(Error::ListingCut);
        refused.chain(unexplained).chain(cut).collect()
    }

    /// Tells whether the server said of a listing that it is not whole: that it was truncated (Pure-FTPd), or
    /// that the directory could not be opened (vsftpd), both with `226`.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    async fn step(&mut self) -> Result<Option<PathEntry>> {
        let Some(directory) = &mut self.current else {
            self.open_next().await?;
            return Ok(None);
        };
        match directory.next_entry().await {
            Ok(Some(entry)) => Ok(self.accept(entry)),
            Ok(None) => self.finish().await,
            // The server's words tell more than the connection that broke.
            Err(Error::Data { source, .. }) => {
                let deadline = self.client.completion_deadline();
                Err(directory.fail(self.client.control_mut(), source, deadline).await)
            }
            Err(error) => Err(error),
        }
    }

    async fn open_next(&mut self) -> Result<()> {
        while self.queue.front().is_some_and(|next| self.descent.guard.foresees(&next.lineage)) {
            self.queue.pop_front();
        }
        let Some(Waiting { path, depth, lineage }) = self.queue.front().cloned() else { return Ok(()) };
        if self.recursive {
            // Else whoever lists knows what comes next.
            self.client.expect_more(self.queue.len() > 1);
        }
        let opened = self.client.open_listing((&path, depth), self.raw_command).await?;
        self.queue.pop_front();
        self.current = opened;
        self.descent.lineage = lineage;
        Ok(())
    }

    /// Tells whether what could not be listed is a file, whose listing is empty.
    async fn is_listed_file(&mut self) -> bool {
        let path = match (&self.current, self.queue.front()) {
            (Some(directory), _) if directory.depth == 0 && !directory.any => directory.place.path.clone(),
            (None, Some(Waiting { path, depth: 0, .. })) => path.clone(),
            _ => return false,
        };
        self.current = None;
        matches!(self.client.stat_by_mlst(&path).await, Ok(Some(entry)) if entry.is_file())
    }

    /// Turns what was listed into an entry of the tree, unless it is the directory itself.
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
        match PathEntry::new(&directory.place, entry) {
            Ok(entry) => {
                if self.recursive {
                    self.note(&entry, depth + 1);
                }
                Some(entry)
            }
            Err(error) => {
                tracing::warn!("{error}");
                if self.refused.len() < MOST_REFUSED {
                    self.refused.push(error);
                }
                None
            }
        }
    }

    /// Notes what the tree has in the present directory.
    fn note(&mut self, entry: &PathEntry, depth: usize) {
        self.descent.listing.add(entry);
        if !entry.is_dir() {
            return;
        }
        self.directories += 1;
        if self.directories <= self.client.limits().tree_directories {
            let lineage = Lineage::of(entry);
            self.descent.below.push(Waiting { path: entry.path(), depth, lineage });
        }
    }

    /// Goes on with the directories in the present one, unless it lists the same as those above it.
    fn descend(&mut self, path: &RemotePath) -> Result<()> {
        let Descent { guard, lineage, listing, below } = &mut self.descent;
        let below = std::mem::take(below);
        let Some(parent) = guard.judge(lineage, &std::mem::take(listing)) else {
            return Err(Error::EndlessTree { path: path.to_string() });
        };
        let below = below.into_iter();
        let below = below.map(|found| Waiting { lineage: found.lineage.below(&parent), ..found });
        match parent.is_suspect() {
            true => below.rev().for_each(|found| self.queue.push_front(found)),
            false => self.queue.extend(below),
        }
        Ok(())
    }

    /// Ends the present directory; may still give the entry that was held back.
    async fn finish(&mut self) -> Result<Option<PathEntry>> {
        let deadline = self.client.completion_deadline();
        let may_list_otherwise = self.raw_command.or(self.client.config().list_command).is_none();
        let Some(directory) = &mut self.current else { return Ok(None) };
        self.cut |= directory.finish(self.client.control_mut(), deadline).await?;
        if may_list_otherwise && directory.command == ListCommand::Mlsd && directory.is_gibberish() {
            return self.list_otherwise();
        }
        if directory.may_be_cut_at_blank() {
            let (path, depth) = (directory.place.path.clone(), directory.depth);
            if let Some(listed) = self.client.list_from_within(&path, depth).await? {
                self.current = Some(listed);
                return Ok(None);
            }
        }
        let Some(directory) = &mut self.current else { return Ok(None) };
        self.unparsed.add(directory.unparsed());
        self.client.go_home().await?;
        let Some(directory) = &mut self.current else { return Ok(None) };
        let held = directory.held.take();
        let path = directory.place.path.clone();
        let depth = directory.depth + 1;
        let accepted = match held {
            // A file lists as itself; a directory may hold a file of its own name.
            Some(entry) if self.client.is_directory_by_entering(&path).await? => self.accept(entry),
            _ => None,
        };
        self.descend(&path)?;
        self.current = None;
        self.check_tree(depth)?;
        Ok(accepted)
    }

    /// Fails when the tree is deeper or larger than it may be; no more of it is listed then.
    fn check_tree(&mut self, depth: usize) -> Result<()> {
        let limits = self.client.limits();
        let (deepest, most) = (limits.directory_depth, limits.tree_directories);
        let beyond = if !self.queue.is_empty() && depth > deepest {
            Error::Limit { what: "levels of directories", limit: deepest }
        } else if self.directories > most {
            Error::Limit { what: "directories in a tree", limit: most }
        } else {
            return Ok(());
        };
        self.queue.clear();
        Err(beyond)
    }

    /// Lists the present directory once more by `LIST`: some servers announce an `MLSD` that does not
    /// work.
    fn list_otherwise(&mut self) -> Result<Option<PathEntry>> {
        self.client.known_mut().no_mlsd = true;
        if let Some(directory) = self.current.take() {
            let (path, lineage) = (directory.place.path.clone(), self.descent.lineage.clone());
            self.queue.push_front(Waiting { path, depth: directory.depth, lineage });
        }
        Ok(None)
    }

    fn give_up_directory(&mut self, opening: bool) {
        self.current = None;
        if self.recursive {
            self.client.expect_more(false);
        }
        if opening {
            self.queue.pop_front();
        }
        // Those of a listing that broke off are as good as any others.
        self.descent.listing = Digest::default();
        self.queue.extend(self.descent.below.drain(..));
        if self.client.is_broken() {
            self.queue.clear();
        }
    }

    /// Gives the entries as a [`Stream`].
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

const MOST_REFUSED: usize = 64;
const MOST_SAMPLES: usize = 8;
