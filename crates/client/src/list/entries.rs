//! Entries of a directory or a tree as a stream: one listing after the other, each examined before it is accepted.

use std::{collections::VecDeque, fmt, time::Duration};

use futures_core::Stream;
use oxftp_proto::{Entry, EntryKind, FileName, NameError, RemotePath, classify, server::ServerKind};

use super::{
    bounds::Bounds,
    confirmation::{Confirmation, record_entered},
    directory::{ByPath, DirectoryListing, Hold},
    directory_queue::{DirectoryQueue, PendingDirectory},
    entry::PathEntry,
    fallback::{ListMethod, Verb},
    list_all::ListAllComparison,
    open::ListTarget,
    passed_entries::PassedEntries,
    summary::{Ambiguity, PathClass},
    unparsed::Unparsed,
};
use crate::config::list_command::ListCommand;
use crate::{
    Client, Error, Result,
    capabilities::listing::{ListAll, ListCommandCapabilities, ListingCapabilities, NameFrame},
    client::{Entering, FollowUp},
    deadline::Deadline,
};

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
    queue: DirectoryQueue,
    current: Option<DirectoryListing>,
    /// The stage of `current`.
    stage: Stage,
    /// Entries to be returned next.
    ready: VecDeque<PathEntry>,
    /// Error of `current`, to be returned after the entries in `ready`.
    failure: Option<Error>,
    recursive: bool,
    raw_command: Option<ListCommand>,
    /// The next operation after a listing that is not recursive.
    follow_up: FollowUp,
    bounds: Bounds,
    root: RemotePath,
    refused: Vec<NameError>,
    /// The name of the last file with versions.
    newest: Vec<u8>,
    unparsed: Unparsed,
    truncated: bool,
    /// A listing ended without data, and without the end of its data connection.
    is_without_data: bool,
    /// The entries of the current directory so far.
    passed: PassedEntries,
    /// The number of times that the listing of the current directory may still be resumed.
    resumptions: u32,
    /// A listing that may be that of another directory is doubted.
    is_proven: bool,
    /// A listing has ended, and the session was not opened again since then.
    is_reopenable: bool,
    /// The data connection of a listing without entries was reset.
    was_reset: bool,
    empty_mlsd: EmptyMlsd,
    names_alone: NamesAlone,
}

/// Whether the lines of `LIST` are names, as some servers list them. They are requested by `NLST` then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum NamesAlone {
    #[default]
    Untested,
    /// The directory is listed again by `NLST`.
    Testing,
    Tested,
}

/// Whether an empty `MLSD` is believed, on a server whose `MLSD` has shown no entry yet: some send none, whatever the
/// directory contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum EmptyMlsd {
    #[default]
    Untested,
    /// The directory is listed again by `LIST`.
    Testing,
    /// `LIST` has shown no entry either, or does not work.
    Believed,
}

/// The purpose of the listing that is being read.
#[derive(Default)]
enum Stage {
    /// It is the listing of a directory.
    #[default]
    Listing,
    /// The directory was entered and is listed again, because its first listing was ambiguous.
    Confirming(Confirmation),
    /// The listing is complete and accepted; its last entries are examined.
    Complete,
    /// `LIST -a` is compared with the `LIST` of the same directory.
    ListingAll(ListAllComparison),
    /// All listings of the directory are complete.
    Done,
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
        Self {
            queue: DirectoryQueue::new(root.clone(), client.limits()),
            client,
            current: None,
            stage: Stage::default(),
            ready: VecDeque::new(),
            failure: None,
            recursive,
            raw_command,
            follow_up,
            bounds,
            root,
            refused: Vec::new(),
            newest: Vec::new(),
            unparsed: Unparsed::default(),
            truncated: false,
            is_without_data: false,
            passed: PassedEntries::default(),
            resumptions: 0,
            is_proven: false,
            is_reopenable: false,
            was_reset: false,
            empty_mlsd: EmptyMlsd::default(),
            names_alone: NamesAlone::default(),
        }
    }

    /// Doubts a listing that may be that of another directory.
    pub(super) fn proven(mut self, is_proven: bool) -> Self {
        self.is_proven = is_proven;
        self
    }

    /// Returns the next entry, or `None` at the end.
    ///
    /// An error in one directory of a tree does not end the tree: the next call continues with the
    /// next directory, unless the connection is lost. This future may be dropped and called again.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut entries = client.list("pub").stream();
    /// while let Some(found) = entries.next().await {
    ///     println!("{}", found?.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<PathEntry>> {
        loop {
            match self.step().await {
                Ok(Some(entry)) => return Some(Ok(entry)),
                Ok(None) if self.is_at_end() => return None,
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
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut entries = client.list("pub").stream();
    /// while let Some(found) = entries.next().await {
    ///     println!("{}", found?.path());
    /// }
    /// for name in entries.invalid_names() {
    ///     println!("left out: {name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn invalid_names(&self) -> &[NameError] {
        &self.refused
    }

    /// Returns the number of lines that could not be parsed, in the directories whose listings are complete.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut entries = client.list("pub").stream();
    /// while let Some(found) = entries.next().await {
    ///     println!("{}", found?.path());
    /// }
    /// println!("{} lines were not understood", entries.unparsed());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn unparsed(&self) -> u64 {
        self.unparsed.count
    }

    /// Returns the first lines that could not be parsed: at most 8, each cut to 256 bytes.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut entries = client.list("pub").stream();
    /// while let Some(found) = entries.next().await {
    ///     println!("{}", found?.path());
    /// }
    /// for line in entries.unparsed_samples() {
    ///     println!("{}", String::from_utf8_lossy(line));
    /// }
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut entries = client.list("pub").stream();
    /// while let Some(found) = entries.next().await {
    ///     println!("{}", found?.path());
    /// }
    /// println!("more entries may exist: {}", entries.is_incomplete());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.truncated
    }

    /// Returns whether a directory counts as empty although the server has not ended the data of its listing.
    pub(crate) fn is_without_data(&self) -> bool {
        self.is_without_data
    }

    fn is_at_end(&self) -> bool {
        self.current.is_none() && self.queue.is_empty() && self.ready.is_empty()
    }

    /// Opens the session again, and lists the current directory again up to the entry after the last one. Returns whether
    /// that succeeded.
    async fn resume(&mut self, error: &Error) -> Result<bool> {
        let Some(directory) = &self.current else { return Ok(false) };
        if directory.method.entered || !matches!(self.stage, Stage::Listing) {
            return Ok(false);
        }
        let (path, depth) = (directory.location.path.clone(), directory.depth);
        let mut attempts = self.resumptions;
        if !Box::pin(self.client.recover(error, &mut attempts)).await {
            return Ok(false);
        }
        self.resumptions = attempts;
        let target = ListTarget { path: &path, depth, required: self.required() };
        let mut listing = self.client.open_listing(target, FollowUp::Nothing).await?;
        let passed = std::mem::take(&mut self.passed);
        while self.passed.entries < passed.entries {
            let Some(entry) = listing.next_entry().await? else { return Ok(false) };
            self.passed.add(&entry);
        }
        // The entries that were returned earlier must be those of this listing.
        let is_same = self.passed == passed;
        if is_same {
            self.current = Some(listing);
        }
        Ok(is_same)
    }

    async fn step(&mut self) -> Result<Option<PathEntry>> {
        if let Some(entry) = self.ready.pop_front() {
            return Ok(Some(entry));
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let deadline = self.silence_deadline();
        let Some(directory) = &mut self.current else {
            self.open_next().await?;
            return Ok(None);
        };
        let Some(next) = deadline.cut(directory.next_entry()).await else {
            self.replace_silent_argument().await?;
            return Ok(None);
        };
        let next = match next {
            // The server's reply explains more than the error of the data connection.
            Err(Error::Data { source, .. }) => {
                let deadline = self.client.completion_deadline();
                match directory.end_after_reset(self.client.control_mut(), source, deadline).await {
                    Ok(()) => {
                        // An empty listing proves nothing, so a second one has to be empty, too.
                        let is_first = matches!(self.stage, Stage::Listing) && directory.is_blank();
                        if is_first && !std::mem::replace(&mut self.was_reset, true) {
                            self.list_again();
                        }
                        return Ok(None);
                    }
                    Err(error) => Err(error),
                }
            }
            next => next,
        };
        match (next, &mut self.stage) {
            (Ok(Some(entry)), Stage::ListingAll(comparison)) => {
                comparison.add(entry);
                Ok(None)
            }
            (Ok(Some(_)), Stage::Confirming(Confirmation { has_released: true, .. })) => Ok(None),
            (Ok(Some(entry)), _) => {
                self.passed.add(&entry);
                Ok(self.accept(entry))
            }
            (Ok(None), _) => self.finish().await,
            // The listing itself is complete.
            (Err(_), Stage::ListingAll(_)) if !self.client.is_broken() => {
                self.stage = Stage::Done;
                Ok(None)
            }
            (Err(error), _) => {
                let held = std::mem::take(&mut directory.held);
                if matches!(Box::pin(self.resume(&error)).await, Ok(true)) {
                    return Ok(None);
                }
                self.release(held);
                self.failure = Some(error);
                Ok(None)
            }
        }
    }

    /// Returns how long to wait for the first byte of a listing. Some devices never list what an argument of `LIST` names, and
    /// do not refuse it either.
    fn silence_deadline(&self) -> Deadline {
        let is_awaited =
            |directory: &&DirectoryListing| directory.is_blank() && directory.method.verb.is_list();
        let shows_by_path = || self.client.listing_capabilities().list.shows_by_path;
        let limit = self.current.as_ref().filter(is_awaited).and_then(|directory| match self.stage {
            Stage::Listing if directory.is_by_path() && !shows_by_path() => Some(MAX_SILENCE),
            Stage::ListingAll(_) => Some(MAX_SILENCE),
            _ => None,
        });
        let timeout = self.client.config().timeouts.command;
        Deadline::start(limit.map(|limit| timeout.map_or(limit, |timeout| limit.min(timeout / 2))))
    }

    /// Abandons a listing whose command has an argument, and opens the session again. Its directory is entered instead.
    async fn replace_silent_argument(&mut self) -> Result<()> {
        if matches!(self.stage, Stage::ListingAll(_)) {
            // The directory was listed without the option.
            let directory = self.current.take();
            self.stage = Stage::Listing;
            self.client.reconnect().await?;
            let Some(directory) = directory else { return Ok(()) };
            return self.queue.end(&directory.location.path, directory.depth);
        }
        crate::trace::debug!("LIST with a path has no result; directories are entered from now on");
        self.client.learn_listing(|known| {
            known.list.must_enter = true;
            known.list_all = ListAll::Useless;
        });
        self.list_again();
        self.client.reconnect().await
    }

    /// Lists a directory again by `LIST` if `MLSD` has never shown an entry. Returns whether that was begun.
    async fn doubts_empty_mlsd(&mut self, known: &ListingCapabilities) -> Result<bool> {
        let Some(directory) = &self.current else { return Ok(false) };
        let (verb, summary) = (directory.method.verb, directory.summary);
        let is_empty = summary.entries == 0
            && !summary.shows_itself
            && !directory.is_empty_by_reply()
            && !directory.is_cut();
        if self.empty_mlsd == EmptyMlsd::Testing && verb.is_list() {
            self.empty_mlsd = EmptyMlsd::Believed;
            self.client.capabilities_mut().no_mlsd = summary.entries > 0 || summary.shows_itself;
            return Ok(false);
        }
        let is_doubted = verb == Verb::Mlsd && is_empty && !known.mlsd.works && self.required().is_none();
        if !is_doubted
            || self.empty_mlsd != EmptyMlsd::Untested
            || self.client.server_kind() != ServerKind::Other
        {
            return Ok(false);
        }
        self.empty_mlsd = EmptyMlsd::Testing;
        self.client.capabilities_mut().no_mlsd = true;
        if !directory.method.entered {
            self.list_again();
            return Ok(true);
        }
        // The session is in the directory.
        let (path, depth) = (directory.location.path.clone(), directory.depth);
        let target = ListTarget { path: &path, depth, required: None };
        let method = ListMethod { verb: Verb::List, entered: true, ascii: known.needs_ascii };
        match Box::pin(self.client.open_with_fallbacks(target, method, true, FollowUp::Nothing)).await {
            Ok(second) => {
                self.stage = Stage::Listing;
                self.current = Some(second);
                Ok(true)
            }
            Err(_) if self.believes_empty_mlsd() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins to list by `NLST`, as no line of `LIST` was understood. Returns `false` if that is not worth an attempt.
    fn tries_names(&mut self, known: &ListingCapabilities) -> bool {
        let is_worthwhile = self.names_alone == NamesAlone::Untested
            && self.required().is_none()
            && !known.list.works
            && self.client.server_kind() == ServerKind::Other;
        if is_worthwhile {
            self.names_alone = NamesAlone::Testing;
            self.client.learn_listing(|known| known.needs_nlst = true);
        }
        is_worthwhile
    }

    /// Returns whether `NLST` has shown no name in place of the lines of `LIST`. `LIST` is used again then.
    fn lists_no_names(&mut self) -> bool {
        if self.names_alone != NamesAlone::Testing || self.client.is_broken() {
            return false;
        }
        self.names_alone = NamesAlone::Tested;
        self.client.learn_listing(|known| known.needs_nlst = false);
        true
    }

    /// Returns whether `LIST` has failed that was to confirm an empty `MLSD`. `MLSD` is used again then.
    fn believes_empty_mlsd(&mut self) -> bool {
        if self.empty_mlsd != EmptyMlsd::Testing || self.client.is_broken() {
            return false;
        }
        self.empty_mlsd = EmptyMlsd::Believed;
        self.client.capabilities_mut().no_mlsd = false;
        true
    }

    /// Returns these entries next.
    fn release(&mut self, held: impl IntoIterator<Item = Entry>) {
        for entry in held {
            let accepted = self.accept(entry);
            self.ready.extend(accepted);
        }
    }

    async fn open_next(&mut self) -> Result<()> {
        let Some(PendingDirectory { path, depth, .. }) = self.queue.peek().cloned() else {
            return Ok(());
        };
        let follow_up = match self.recursive {
            true => FollowUp::transfer_if(self.queue.len() > 1),
            false => self.follow_up,
        };
        let required = self.required();
        let target = ListTarget { path: &path, depth, required };
        let mut opened = match Box::pin(self.client.open_listing(target, follow_up)).await {
            Err(error) if self.reopen_after_listing(&error).await => {
                Box::pin(self.client.open_listing(target, follow_up)).await?
            }
            Err(_) if self.believes_empty_mlsd() || self.lists_no_names() => return Ok(()),
            opened => opened?,
        };
        if self.is_proven && opened.hold == Hold::First {
            opened.hold = Hold::Some;
        }
        self.queue.begin();
        self.current = Some(opened);
        self.stage = Stage::Listing;
        self.passed = PassedEntries::default();
        self.resumptions = self.client.reconnects();
        self.newest.clear();
        Ok(())
    }

    /// Opens the session again if the server has ended it after a listing, as some do after each one.
    async fn reopen_after_listing(&mut self, error: &Error) -> bool {
        std::mem::take(&mut self.is_reopenable) && Box::pin(self.client.reopen_after_listing(error)).await
    }

    fn required(&self) -> Option<ListCommand> {
        self.raw_command.or(self.client.config().list_command)
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
        if directory.is_itself(&entry) {
            return None;
        }
        if entry.drop_version() {
            // A version shows that the server is OpenVMS. The newest one comes first; the older ones are not shown.
            self.client.capabilities_mut().note_versions();
            if self.newest == entry.name() {
                return None;
            }
            self.newest = entry.name().to_vec();
        }
        if let Some(zone) = self.client.server_zone() {
            entry.modified = entry.modified.map(|time| zone.localize(time));
        }
        let depth = directory.depth;
        match PathEntry::new(&directory.location, entry) {
            Ok(entry) => {
                let selected = self.bounds.accepts(&entry, &self.root);
                if self.recursive {
                    let enters = selected && depth + 1 < self.bounds.max_depth;
                    self.queue.add(&entry, depth + 1, enters);
                }
                selected.then_some(entry)
            }
            Err(error) => {
                crate::trace::warn!("{error}");
                if self.refused.len() < MAX_REFUSED {
                    self.refused.push(error);
                }
                None
            }
        }
    }

    /// Finishes the listing that was read, and decides what follows it.
    async fn finish(&mut self) -> Result<Option<PathEntry>> {
        match self.stage {
            Stage::Listing | Stage::Confirming(_) => self.examine().await?,
            Stage::Complete => return self.complete().await,
            Stage::ListingAll(_) => self.finish_list_all().await?,
            Stage::Done => self.leave().await?,
        }
        Ok(None)
    }

    /// Decides whether the listing is accepted, or the directory has to be entered and listed again.
    async fn examine(&mut self) -> Result<()> {
        let deadline = self.client.completion_deadline();
        let Some(directory) = &mut self.current else { return Ok(()) };
        match directory.finish(self.client.control_mut(), deadline).await {
            Ok(is_cut) => {
                self.truncated |= is_cut;
                self.is_without_data |= directory.is_without_data();
                self.client.note_end_of_listing();
                self.is_reopenable = true;
            }
            Err(error) if directory.is_by_path() && !directory.has_entries && is_refusal(&error) => {
                // It was refused after the preliminary reply.
                directory.guess = Some(error);
                directory.at_refusal();
            }
            Err(_) if self.believes_empty_mlsd() => {
                self.list_again();
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let known = self.client.listing_capabilities();
        let has_fallback = self.required().is_none();
        let Some(directory) = &mut self.current else { return Ok(()) };
        let is_without_facts =
            directory.lacks_facts() && !directory.has_released || directory.may_have_listed_nothing();
        let is_without_names = directory.method.verb == Verb::Nlst && !directory.has_entries;
        let is_useless = directory.is_unparsable() || is_without_facts && !known.mlsd.works;
        if has_fallback && directory.method.verb == Verb::Mlsd && is_useless {
            self.client.capabilities_mut().no_mlsd = true;
            self.list_again();
            return Ok(());
        }
        let may_be_names = directory.method.verb.is_list() && directory.is_unparsable();
        if may_be_names && self.tries_names(&known) || is_without_names && self.lists_no_names() {
            self.list_again();
            return Ok(());
        }
        let Some(directory) = &mut self.current else { return Ok(()) };
        if directory.method.verb == Verb::ListAll && known.list_all != ListAll::Works {
            let summary = directory.summary;
            let is_understood = summary.shows_itself || summary.dot_names;
            let was_harmless = known.list_all == ListAll::Harmless;
            let is_harmless = was_harmless && summary.entries > 0;
            // It is the path that the server may not honour.
            let is_doubted = was_harmless && directory.is_by_path();
            self.client.learn_listing(|known| {
                known.list_all = match is_understood {
                    true => ListAll::Works,
                    false if is_harmless => ListAll::Harmless,
                    false if is_doubted => ListAll::Unasked,
                    false => ListAll::Useless,
                }
            });
            if !is_understood && !is_harmless && !directory.has_released {
                self.list_again();
                return Ok(());
            }
        }
        if self.learns_name_frame().await? {
            self.list_again();
            return Ok(());
        }
        if let Some(ambiguity) = self.ambiguity(&known)
            && self.confirm(ambiguity).await?
        {
            return Ok(());
        }
        if self.doubts_empty_mlsd(&known).await? {
            return Ok(());
        }
        let Some(directory) = &mut self.current else { return Ok(()) };
        let summary = directory.summary;
        if summary.entries == 0
            && !summary.shows_itself
            && let Some(error) = directory.guess.take()
        {
            let shows_status = directory.shows_status && directory.unparsed().0 == 0;
            let path = directory.location.path.clone();
            // `STAT` may show the same for a missing path.
            if !shows_status || !self.client.is_directory_by_entering(&path).await? {
                return Err(error);
            }
        }
        if let Stage::Confirming(confirmation) = &self.stage
            && confirmation.has_released
            && confirmation.first.names != summary.names
        {
            return Err(Error::IncompleteListing);
        }
        self.settle();
        Ok(())
    }

    /// Finds out whether blanks or quotes surround the names of this listing: if a file exists whose name is one of them without
    /// these, which the listing does not show. Returns `true` if they do, and none of them was returned.
    async fn learns_name_frame(&mut self) -> Result<bool> {
        let Some(directory) = self.current.as_ref().filter(|directory| directory.may_be_framed()) else {
            return Ok(false);
        };
        let frame = directory.summary.name_frame();
        let location = directory.location.clone();
        let without_frame = |entry: &Entry| {
            let mut entry = entry.clone();
            let is_dropped = frame.drop_from(&mut entry);
            FileName::from_wire(entry.name(), location.encoding).ok().filter(|_| is_dropped)
        };
        let mut held = directory.held.iter().filter(|entry| !directory.is_itself(entry));
        let Some(name) = held.find_map(without_frame) else { return Ok(false) };
        let path = location.path.join_in(&name, location.encoding);
        let is_entered = directory.method.entered;
        let described = match Box::pin(self.client.describe(&path)).await {
            Err(error) if self.reopen_after_listing(&error).await => self.client.describe(&path).await?,
            described => described?,
        };
        if is_entered {
            self.client.enter(&location.path).await?;
        }
        let is_framed = described.kind != EntryKind::Unknown;
        let frame = if is_framed { frame } else { NameFrame::Nothing };
        self.client.learn_listing(|known| known.name_frame = Some(frame));
        Ok(is_framed)
    }

    /// Returns why the listing may be that of another directory.
    fn ambiguity(&self, known: &ListingCapabilities) -> Option<Ambiguity> {
        let directory = self.current.as_ref().filter(|_| matches!(self.stage, Stage::Listing))?;
        let verb = directory.method.verb;
        if !directory.is_by_path() || directory.is_cut() || verb == Verb::Nlst {
            return None;
        }
        let path = &directory.location.path;
        let command = verb.known(known);
        let ambiguity = directory.summary.ambiguity(path, directory.depth, &command);
        let is_open = || self.is_proven && directory.summary.leaves_open(path, &command);
        let ambiguity = ambiguity.or_else(|| is_open().then_some(Ambiguity::Foreign));
        ambiguity.filter(|ambiguity| verb != Verb::Stat || *ambiguity == Ambiguity::File)
    }

    /// Enters the directory to list it again; returns whether a second listing was begun.
    async fn confirm(&mut self, ambiguity: Ambiguity) -> Result<bool> {
        let required = self.required();
        let Some(directory) = &mut self.current else { return Ok(false) };
        let (path, depth) = (directory.location.path.clone(), directory.depth);
        let entering = match directory.not_entered.clone() {
            Some(reason) => Entering::Refused(reason),
            None => match self.client.enter(&path).await {
                Err(error) if self.reopen_after_listing(&error).await => self.client.enter(&path).await?,
                entering => entering?,
            },
        };
        let entering = match (entering, ambiguity) {
            (Entering::Refused(reason), Ambiguity::Foreign) if self.client.may_want_slash(&path) => {
                match self.client.enter_with_slash(&path).await? {
                    Entering::Inside => Entering::Inside,
                    _ => Entering::Refused(reason),
                }
            }
            (entering, _) => entering,
        };
        let Some(directory) = &mut self.current else { return Ok(false) };
        match (entering, ambiguity) {
            (Entering::Unavailable, _) => return Ok(false),
            // The listing of a file consists of the file itself.
            (Entering::Refused(_), Ambiguity::File) => {
                directory.held.clear();
                // The listing of a file says nothing about directories.
                directory.names = None;
                return Ok(false);
            }
            (Entering::Refused(reason), _) => {
                let refusal = directory.guess.take();
                return Err(refusal.unwrap_or_else(|| reason.into()));
            }
            // A directory may contain a file of its own name.
            (Entering::Inside, Ambiguity::File) => return Ok(false),
            (Entering::Inside, _) => {}
        }
        let method = ListMethod { entered: true, ..directory.method };
        let target = ListTarget { path: &path, depth, required };
        let confirmation =
            Confirmation { ambiguity, first: directory.summary, has_released: directory.has_released };
        let second = self.client.open_with_fallbacks(target, method, true, FollowUp::Nothing).await?;
        if confirmation.has_released {
            let (count, samples) = directory.unparsed();
            self.unparsed.add(count, samples);
        }
        self.stage = Stage::Confirming(confirmation);
        self.current = Some(second);
        Ok(true)
    }

    /// Accepts the listing: releases the entries that were held back, and records what it shows about the server.
    fn settle(&mut self) {
        let Some(directory) = &mut self.current else { return };
        let is_second = matches!(&self.stage, Stage::Confirming(it) if it.has_released);
        let held = if directory.method.verb == Verb::Nlst {
            VecDeque::new()
        } else {
            std::mem::take(&mut directory.held)
        };
        let (count, samples) = directory.unparsed();
        if !is_second {
            self.unparsed.add(count, samples);
        }
        if directory.replaces_mlsd && directory.summary.entries > 0 {
            self.client.capabilities_mut().no_mlsd = true;
        }
        self.learn();
        self.stage = Stage::Complete;
        self.release(held);
    }

    /// Records what the listing shows about the server.
    fn learn(&self) {
        let Some(directory) = &self.current else { return };
        let (summary, method) = (directory.summary, directory.method);
        let (path, by_path) = (&directory.location.path, directory.is_by_path());
        let class = PathClass::of(path);
        let works = summary.entries > 0 || summary.shows_itself;
        self.client.learn_listing(|known| {
            if method.verb == Verb::Stat && works && self.required().is_none() {
                known.stat_rescued = known.stat_rescued.saturating_add(1);
                known.needs_stat |= known.stat_rescued > 1;
            }
            known.needs_nlst |= method.verb == Verb::Nlst && works;
            known.needs_ascii |= method.ascii && works;
            known.shows_dot_names |= method.verb == Verb::List && summary.dot_names;
            let command: &mut ListCommandCapabilities = match method.verb {
                Verb::Mlsd => &mut known.mlsd,
                Verb::List | Verb::ListAll => &mut known.list,
                Verb::Nlst | Verb::Stat => return,
            };
            command.works |= works;
            match &self.stage {
                Stage::Confirming(confirmation) => {
                    confirmation.update(class, &summary, command);
                    // This does not follow for `LIST`: it shows the contents of one directory, but only the entry of
                    // a directory that it may not open.
                    command.shows_contents |= method.verb == Verb::Mlsd && command.is_faithful;
                }
                _ if directory.by_path != ByPath::Untried => {
                    record_entered(directory.by_path, class, &summary, command);
                }
                _ if by_path && class == PathClass::Plain => {
                    command.is_faithful |= summary.proves_paths(path, command);
                    command.shows_by_path |= summary.entries > 0;
                }
                _ => {}
            }
            if summary.entries > 0 && (by_path || path.is_empty()) {
                command.last = Some(summary.listing_of(path));
            }
        });
    }

    /// Examines facts that the listing does not show: the kinds of names, and whether it hides some.
    async fn complete(&mut self) -> Result<Option<PathEntry>> {
        let Some(directory) = &mut self.current else { return Ok(None) };
        if let Some(named) = directory.held.front() {
            let location = &directory.location;
            let name = FileName::from_wire(named.name(), location.encoding);
            let described = match &name {
                Ok(name) => {
                    let path = location.path.join_in(name, location.encoding);
                    Some(match self.client.describe(&path).await {
                        Err(error) if self.reopen_after_listing(&error).await => {
                            self.client.describe(&path).await?
                        }
                        described => described?,
                    })
                }
                Err(_) => None,
            };
            let Some(mut entry) = self.current.as_mut().and_then(|directory| directory.held.pop_front())
            else {
                return Ok(None);
            };
            // The lines may be the text of an error.
            let is_missing = described.as_ref().is_none_or(|found| found.kind == EntryKind::Unknown);
            if is_missing && self.lists_no_names() {
                self.list_again();
                return Ok(None);
            }
            if self.names_alone == NamesAlone::Testing {
                self.names_alone = NamesAlone::Tested;
            }
            if let Some(described) = described {
                (entry.kind, entry.size, entry.modified) =
                    (described.kind, described.size, described.modified);
            }
            return Ok(self.accept(entry));
        }
        if !self.open_list_all().await? {
            self.stage = Stage::Done;
        }
        Ok(None)
    }

    /// Lists the directory again by `LIST -a`, if it is not known whether that shows more; returns whether it is
    /// open.
    async fn open_list_all(&mut self) -> Result<bool> {
        let required = self.required();
        let Some(directory) = &mut self.current else { return Ok(false) };
        let known = self.client.listing_capabilities();
        let is_asked = !known.list_all.is_open(&directory.location.path) || known.shows_dot_names;
        let is_open = directory.is_by_path() && PathClass::of(&directory.location.path) != PathClass::Plain;
        if directory.names.is_none() || is_asked || is_open || directory.is_cut() {
            return Ok(false);
        }
        let path = directory.location.path.clone();
        let target = ListTarget { path: &path, depth: directory.depth, required };
        // If the session ends after `LIST -a`, the command is not sent again.
        self.client.learn_listing(|known| known.list_all = ListAll::Useless);
        let method = directory.method;
        let second = match self.client.open_list_all(target, method).await {
            Err(error) if self.reopen_after_listing(&error).await => {
                if method.entered {
                    self.client.enter(&path).await?;
                }
                self.client.open_list_all(target, method).await
            }
            second => second,
        };
        let second = match second {
            Ok(second) => second,
            // Some devices end the session at an option of `LIST`. The first listing was complete.
            Err(error) if self.client.is_broken() && self.client.reconnect().await.is_err() => {
                return Err(error);
            }
            Err(_) => return Ok(false),
        };
        let Some(directory) = &mut self.current else { return Ok(false) };
        let missing = directory.names.take().unwrap_or_default();
        self.stage =
            Stage::ListingAll(ListAllComparison { first: directory.summary, missing, new: Vec::new() });
        self.current = Some(second);
        Ok(true)
    }

    /// Finishes `LIST -a`, and returns its additional entries if it shows everything that `LIST` does.
    async fn finish_list_all(&mut self) -> Result<()> {
        let deadline = self.client.completion_deadline();
        let Some(directory) = &mut self.current else { return Ok(()) };
        let finished = directory.finish(self.client.control_mut(), deadline).await;
        let second = directory.summary;
        if finished.is_ok() {
            self.client.note_end_of_listing();
            self.is_reopenable = true;
        }
        let Stage::ListingAll(comparison) = std::mem::replace(&mut self.stage, Stage::Done) else {
            return Ok(());
        };
        match finished {
            Err(error) if self.client.is_broken() => return Err(error),
            Ok(false) => {}
            _ => return Ok(()),
        }
        let path = &directory.location.path;
        if let Some(list_all) = comparison.result(&second, path) {
            self.client.learn_listing(|known| known.list_all = list_all);
        }
        if comparison.missing.is_empty() {
            self.release(comparison.new);
        }
        Ok(())
    }

    /// Leaves the directory after all its listings.
    async fn leave(&mut self) -> Result<()> {
        // The files of the directory may be next.
        if !self.client.uses_bare_names() {
            match self.client.restore_working_dir().await {
                // The new session is in the home directory.
                Err(error) if self.reopen_after_listing(&error).await => {}
                left => left?,
            }
        }
        let Some(directory) = self.current.take() else { return Ok(()) };
        self.stage = Stage::Listing;
        self.queue.end(&directory.location.path, directory.depth)
    }

    /// Lists the current directory again from the start, with the present knowledge. None of its entries was
    /// returned.
    fn list_again(&mut self) {
        if let Some(directory) = self.current.take() {
            self.queue.begin_again(directory.location.path.clone(), directory.depth);
        }
    }

    fn skip_directory(&mut self, opening: bool) {
        self.current = None;
        self.stage = Stage::Listing;
        if opening {
            self.queue.skip();
        }
        self.queue.end_incomplete();
        if self.client.is_broken() {
            self.queue.clear();
        }
    }

    /// Converts into a [`Stream`] of the entries.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use futures_util::TryStreamExt;
    ///
    /// let names: Vec<_> = client.list("pub").stream().into_stream().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
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

/// Returns whether an error is a refusal of the path, after which the session is usable.
fn is_refusal(error: &Error) -> bool {
    error.reply().is_some_and(|reply| {
        matches!(reply.code().class(), 4 | 5) && !matches!(reply.code().get(), 421 | 425 | 426 | 530)
    })
}

const MAX_REFUSED: usize = 64;

/// The time in which the first byte of a listing arrives whose command has an argument, if the server understands it.
const MAX_SILENCE: Duration = Duration::from_secs(8);
