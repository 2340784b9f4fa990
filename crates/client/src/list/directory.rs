//! Listing of one directory: the command that opens it, its fallbacks, and its entries as they arrive.

use std::{
    borrow::Cow,
    collections::{HashSet, VecDeque},
    io,
    sync::Arc,
    time::Duration,
};

use bytes::BytesMut;
use oxftp_proto::{
    Entry, EntryKind, Limits, Reply, StatusCodeError, classify,
    listing::{LineSplitter, LineTooLong, ListingParser, stat_reply_lines},
};
use tokio::io::AsyncReadExt;

use super::{
    entry::EntryLocation,
    fallback::{ListMethod, Verb},
    nested_lines::NestedLines,
    summary::{ListingSummary, hash, is_self_or_parent},
};
use crate::{
    Error, Result,
    capabilities::listing::NameFrame,
    control::ControlChannel,
    data::{DataConnection, Masks},
};

/// A directory that is being listed.
pub(crate) struct DirectoryListing {
    /// `None` for a listing in a reply, and for one that the server refused because it would be empty.
    data: Option<DataConnection>,
    pub(super) method: ListMethod,
    pub(super) location: Arc<EntryLocation>,
    /// The path as it is sent to the server.
    pub(super) wire_path: Vec<u8>,
    pub(super) depth: usize,
    parser: ListingParser,
    lines: LineSplitter,
    buffer: BytesMut,
    max_bytes: usize,
    at_end: bool,
    /// `Some(true)` if the server said that the listing is cut; `None` until the listing was finished.
    finished: Option<bool>,
    /// There were lines that end in LF.
    has_lines: bool,
    /// There were lines that describe a file, or the directory itself.
    pub(super) has_entries: bool,
    pub(super) summary: ListingSummary,
    /// Entries that are held back while they may be those of another directory, or the listed path itself.
    pub(super) held: VecDeque<Entry>,
    pub(super) hold: Hold,
    /// Entries were returned.
    pub(super) has_released: bool,
    /// Hashes of the names, if a second listing is to be compared with this one.
    pub(super) names: Option<HashSet<u64>>,
    /// What the directories below this one may add to its listing; `None` on servers that are known to list one directory.
    pub(super) nested: Option<NestedLines>,
    /// A line that may begin the listing of a directory below. Whether it does is known after the entries before it.
    heading: Option<Vec<u8>>,
    /// What surrounds the names, and is dropped. `None` if that is unknown.
    pub(super) name_frame: Option<NameFrame>,
    /// The method is a guess: this is the error if it shows no entries.
    pub(super) guess: Option<Error>,
    /// The refusal to enter the directory, if there was one.
    pub(super) not_entered: Option<StatusCodeError>,
    /// The server's answer to the path of this directory, before it was entered.
    pub(super) by_path: ByPath,
    /// Every form of `MLSD` was refused for this directory.
    pub(super) replaces_mlsd: bool,
    /// The listing is a reply that describes a file or directory, such as `213-Status of d:`.
    pub(super) shows_status: bool,
    /// The transfer ended with a reply that ends no transfer, such as `200`.
    has_unusual_end: bool,
    /// The server replied that the listing is complete, and neither sent data nor closed the data connection.
    is_without_data: bool,
}

/// The entries that are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    Nothing,
    /// The first entry, if it may be the listed path itself, until another follows.
    First,
    /// Those of a listing whose names may have blanks or quotes around them.
    Framed,
    /// All entries, until the end of the listing or [`MAX_HELD`].
    Some,
    All,
}

/// A server's answer to the path of a directory, before it was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByPath {
    Untried,
    /// It was refused.
    Refused,
    /// It was refused with a reply that says that it is empty.
    Empty,
}

impl DirectoryListing {
    /// Creates a listing without data connection; its parser holds all lines.
    pub(super) fn without_data(
        method: ListMethod,
        location: EntryLocation,
        depth: usize,
        parser: ListingParser,
        limits: &Limits,
    ) -> Self {
        let wire_path = location.path.to_wire(location.encoding).map(Cow::into_owned).unwrap_or_default();
        Self {
            data: None,
            method,
            location: Arc::new(location),
            wire_path,
            depth,
            parser: parser.limits(limits),
            lines: LineSplitter::new(limits.listing_line),
            buffer: BytesMut::new(),
            max_bytes: limits.listing_bytes,
            at_end: true,
            finished: None,
            has_lines: false,
            has_entries: false,
            summary: ListingSummary::default(),
            held: VecDeque::new(),
            hold: Hold::Nothing,
            has_released: false,
            names: None,
            nested: None,
            heading: None,
            name_frame: None,
            guess: None,
            not_entered: None,
            by_path: ByPath::Untried,
            replaces_mlsd: false,
            shows_status: false,
            has_unusual_end: false,
            is_without_data: false,
        }
    }

    /// Reads the listing from a data connection.
    pub(super) fn over(self, data: DataConnection) -> Self {
        Self { data: Some(data), at_end: false, ..self }
    }

    /// Reads the listing from the lines of a reply.
    pub(super) fn in_reply(mut self, reply: &Reply) -> Self {
        stat_reply_lines(reply).for_each(|line| self.parser.push(line));
        self.parser.finish();
        self.shows_status = matches!(reply.code().get(), 212 | 213) && reply.lines().len() > 1;
        self
    }

    /// Finishes the transfer, which must have succeeded; returns whether the reply says that the listing is
    /// truncated.
    pub(super) async fn finish(
        &mut self,
        control: &mut ControlChannel,
        deadline: Option<Duration>,
    ) -> Result<bool> {
        if let Some(is_cut) = self.finished {
            return Ok(is_cut);
        }
        let is_cut = match &mut self.data {
            Some(data) => {
                let summary = data.finish(control, Masks::default(), deadline).await?;
                self.has_unusual_end = !matches!(summary.reply.code().get(), 225 | 226 | 250);
                self.is_without_data = data.is_without_data();
                // The listing may be in the reply.
                let has_lines = self.is_without_data && summary.reply.lines().len() > 2;
                has_lines || classify::is_listing_truncated(&summary.reply)
            }
            None => false,
        };
        self.finished = Some(is_cut);
        Ok(is_cut)
    }

    /// Ends a listing that the server refused after its start, as an empty listing.
    pub(super) fn at_refusal(&mut self) {
        self.finished = Some(false);
    }

    /// Ends the listing after its data connection was reset: it is complete if the server confirms it, its last line has
    /// an end, and it is so small that its bytes were sent at once. A reset discards bytes that were not sent yet.
    pub(super) async fn end_after_reset(
        &mut self,
        control: &mut ControlChannel,
        source: io::Error,
        deadline: Option<Duration>,
    ) -> Result<()> {
        let Some(data) = &mut self.data else { return Err(Error::Data { reply: None, source }) };
        let is_reset = source.kind() == io::ErrorKind::ConnectionReset;
        let is_whole = is_reset && self.buffer.is_empty() && data.transferred() <= SENT_AT_ONCE;
        data.end_after(control, source, deadline, is_whole).await?;
        self.at_end = true;
        self.push_last_line(None)
    }

    /// Makes this an empty listing, which proves nothing: the server has refused to list a directory that was entered, as if
    /// it were missing.
    pub(super) fn refused_as_missing(mut self) -> Self {
        self.is_without_data = true;
        self
    }

    /// Returns whether the listing has no data because the server has said that the directory is empty.
    pub(super) fn is_empty_by_reply(&self) -> bool {
        self.data.is_none() && !self.has_entries
    }

    /// Returns whether no byte has arrived.
    pub(super) fn is_blank(&self) -> bool {
        !self.has_lines && !self.has_entries
    }

    /// Returns whether the server said that the finished listing is cut.
    pub(super) fn is_cut(&self) -> bool {
        self.finished == Some(true)
    }

    /// Returns whether the listing is empty only because no data came.
    pub(super) fn is_without_data(&self) -> bool {
        self.is_without_data
    }

    /// Returns whether there were lines, and none could be parsed.
    pub(super) fn is_unparsable(&self) -> bool {
        !self.has_entries && self.parser.unparsed() > 0
    }

    /// Returns whether the server may have agreed to the command without listing anything.
    pub(super) fn may_have_listed_nothing(&self) -> bool {
        self.has_unusual_end && !self.has_entries && self.parser.unparsed() == 0
    }

    /// Returns whether no entry of an `MLSD` shows its type.
    pub(super) fn lacks_facts(&self) -> bool {
        self.method.verb == Verb::Mlsd && self.summary.entries > 0 && !self.summary.kinds
    }

    /// Returns whether the names may have blanks or quotes around them.
    pub(super) fn may_be_framed(&self) -> bool {
        self.name_frame.is_none() && self.summary.name_frame() != NameFrame::Nothing
    }

    /// Returns whether the directory was named by a path in the command.
    pub(super) fn is_by_path(&self) -> bool {
        !self.method.entered && !self.location.path.is_empty()
    }

    /// Returns the number of lines that could not be parsed, and samples of them.
    pub(super) fn unparsed(&self) -> (u64, &[Vec<u8>]) {
        (self.parser.unparsed(), self.parser.unparsed_samples())
    }

    /// Returns the next entry, or `None` at the end, when some may still be held.
    pub(super) async fn next_entry(&mut self) -> Result<Option<Entry>> {
        loop {
            if self.hold == Hold::Nothing
                && let Some(entry) = self.held.pop_front()
            {
                return Ok(Some(entry));
            }
            while let Some(mut entry) = self.parser.next_entry() {
                entry.drop_directory(&self.wire_path);
                self.drop_frame(&mut entry);
                if let Some(nested) = &mut self.nested
                    && nested.contains(&entry, &self.wire_path)
                {
                    continue;
                }
                self.note(&entry);
                if self.hold == Hold::Nothing {
                    self.has_released = true;
                    return Ok(Some(entry));
                }
                self.held.push_back(entry);
                if !self.holds() {
                    self.hold = Hold::Nothing;
                    self.has_released = true;
                    break;
                }
            }
            if self.hold == Hold::Nothing && !self.held.is_empty() {
                continue;
            }
            if self.at_end {
                return Ok(None);
            }
            self.read().await?;
        }
    }

    /// Drops what surrounds the name.
    fn drop_frame(&self, entry: &mut Entry) {
        let is_dropped = self.name_frame.is_some_and(|frame| frame.drop_from(entry));
        if is_dropped && matches!(entry.name(), b"." | b"..") {
            entry.kind = EntryKind::CurrentDirectory;
        }
    }

    fn note(&mut self, entry: &Entry) {
        self.has_entries = true;
        self.summary.note(entry, &self.wire_path);
        if let Some(names) = &mut self.names
            && !is_self_or_parent(entry)
        {
            names.insert(hash(entry.name()));
            if names.len() > MAX_COMPARED {
                self.names = None;
            }
        }
    }

    /// Returns whether the held entries have to be held further.
    fn holds(&self) -> bool {
        match self.hold {
            Hold::Nothing => false,
            Hold::Framed => self.may_be_framed() && self.held.len() < MAX_HELD,
            Hold::First => {
                self.summary.entries == 0
                    || self.summary.may_be_itself()
                    || (self.lacks_facts() || self.may_be_framed()) && self.held.len() < MAX_HELD
            }
            Hold::Some => self.held.len() < MAX_HELD,
            Hold::All => true,
        }
    }

    /// Passes the next buffered line to the parser, or reads more bytes.
    async fn read(&mut self) -> Result<()> {
        if let Some(heading) = self.heading.take() {
            self.push_unless_nested(&heading);
            return Ok(());
        }
        let too_long = |error: LineTooLong| Error::Limit { what: "bytes in a line", limit: error.limit };
        if let Some(line) = self.lines.feed(&mut self.buffer).map_err(too_long)? {
            self.has_lines = true;
            self.push(&line);
            return Ok(());
        }
        self.buffer.reserve(READ_SIZE);
        let Some(data) = &mut self.data else { return Ok(()) };
        if data.transferred() > self.max_bytes as u64 {
            return Err(Error::Limit { what: "bytes in a listing", limit: self.max_bytes });
        }
        let read = data.read_buf(&mut self.buffer).await;
        if read.map_err(|source| Error::Data { reply: None, source })? == 0 {
            let last_line = self.lines.finish(&mut self.buffer).map_err(too_long)?;
            self.at_end = true;
            return self.push_last_line(last_line.as_deref());
        }
        Ok(())
    }

    fn push(&mut self, line: &[u8]) {
        if self.method.verb != Verb::Nlst {
            if self.nested.as_ref().is_some_and(|nested| nested.may_begin_at(line)) {
                self.parser.decide();
                self.heading = Some(line.to_vec());
            } else {
                self.push_unless_nested(line);
            }
            return;
        }
        // Some servers show the path of each file.
        // Some servers mark directories, as `ls -F` does.
        let name = line.strip_suffix(b"/").unwrap_or(line);
        let name = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
        if !name.is_empty() {
            self.note_name(name);
        }
    }

    fn push_unless_nested(&mut self, line: &[u8]) {
        let is_nested = self.nested.as_mut().is_some_and(|nested| nested.begins_at(line));
        if !is_nested {
            self.parser.push(line);
        }
    }

    fn note_name(&mut self, name: &[u8]) {
        let mut entry = Entry::new(name);
        if matches!(name, b"." | b"..") {
            entry.kind = EntryKind::CurrentDirectory;
        }
        self.note(&entry);
        self.held.push_back(entry);
    }

    /// Parses the text after the last line end. Some correct servers omit the last line end. But if the text
    /// cannot be parsed, the line is incomplete, and so is the listing.
    fn push_last_line(&mut self, last_line: Option<&[u8]>) -> Result<()> {
        let unparsed_before = self.parser.unparsed();
        let last_line = match last_line {
            // Old servers end lines in CR alone. Neither a name nor another part of a line contains one.
            Some(text) if self.method.verb.is_list() && !self.has_lines && text.contains(&b'\r') => {
                let end = text.iter().rposition(|byte| *byte == b'\r').unwrap_or_default();
                let (lines, rest) = text.split_at_checked(end).unwrap_or_default();
                lines.split(|byte| *byte == b'\r').for_each(|line| self.push(line));
                Some(rest.get(1..).unwrap_or_default()).filter(|rest| !rest.is_empty())
            }
            last_line => last_line,
        };
        // Some servers end a listing with the byte that ends a text in C or CP/M.
        let last_line = last_line.filter(|line| !line.iter().all(|byte| matches!(byte, 0 | 0x1a)));
        match last_line {
            Some(last_line) if self.method.verb == Verb::Nlst => self.push(last_line),
            Some(last_line) => self.parser.push_unterminated(last_line),
            None => {}
        }
        self.parser.finish();
        // An `MLSD` that cannot be parsed at all is repeated as `LIST`.
        let may_be_unparsable = self.method.verb == Verb::Mlsd && !self.has_entries;
        if last_line.is_none() || self.parser.unparsed() == unparsed_before || may_be_unparsable {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::UnexpectedEof, "the listing ends in the middle of a line");
        Err(Error::Data { reply: None, source })
    }

    /// Returns whether an entry is the listed directory itself or its parent, also under another name than `.`, as
    /// LiteSpeed lists it.
    pub(super) fn is_itself(&self, entry: &Entry) -> bool {
        is_self_or_parent(entry) || entry.name().contains(&b'/') && entry.name() == self.wire_path
    }
}

/// Maximum number of names that are compared with those of a second listing.
const MAX_COMPARED: usize = 1_000_000;

/// Maximum number of entries that are held back while it is uncertain whether the listing is that of their directory.
const MAX_HELD: usize = 1000;

/// The number of bytes that a server sends over a new connection before the first acknowledgement, with a margin.
const SENT_AT_ONCE: u64 = 8 * 1024;

const READ_SIZE: usize = 64 * 1024;
