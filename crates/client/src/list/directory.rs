//! The listing of one directory.

use std::{borrow::Cow, io, sync::Arc, time::Duration};

use bytes::BytesMut;
use oxftp_proto::{
    Entry, Limits, Reply, classify,
    listing::{LineSplitter, LineTooLong, ListingParser, stat_reply_lines},
};
use tokio::io::AsyncReadExt;

use super::{ListCommand, entry::Place};
use crate::{
    Error, Result,
    control::ControlChannel,
    data::{DataConnection, Masks},
};

/// A directory that is being listed.
pub(super) struct Directory {
    /// `STAT` lists without one.
    data: Option<DataConnection>,
    pub(super) command: ListCommand,
    /// It was entered to be listed.
    pub(super) from_within: bool,
    pub(super) place: Arc<Place>,
    /// The path as the server spells it.
    spelled: Vec<u8>,
    pub(super) depth: usize,
    parser: ListingParser,
    lines: LineSplitter,
    buffer: BytesMut,
    most_bytes: usize,
    at_end: bool,
    /// The only entry so far, which looks like the listed path itself.
    pub(super) held: Option<Entry>,
    pub(super) any: bool,
}

impl Directory {
    pub(super) fn new(
        data: DataConnection,
        command: ListCommand,
        (place, depth): (Place, usize),
        parser: ListingParser,
        limits: &Limits,
    ) -> Self {
        Self { data: Some(data), command, ..Self::empty(place, depth, parser.limits(limits), limits) }
    }

    fn empty(place: Place, depth: usize, parser: ListingParser, limits: &Limits) -> Self {
        let spelled = place.path.to_wire(place.encoding).map(Cow::into_owned).unwrap_or_default();
        Self {
            data: None,
            command: ListCommand::List,
            from_within: false,
            place: Arc::new(place),
            spelled,
            depth,
            parser,
            lines: LineSplitter::new(limits.listing_line),
            buffer: BytesMut::new(),
            most_bytes: limits.listing_bytes,
            at_end: false,
            held: None,
            any: false,
        }
    }

    /// Takes the lines of a listing that came in a reply.
    pub(super) fn of_reply(
        reply: &Reply,
        place: Place,
        depth: usize,
        parser: ListingParser,
        limits: &Limits,
    ) -> Self {
        let mut parser = parser.limits(limits);
        stat_reply_lines(reply).for_each(|line| parser.push(line));
        parser.finish();
        Self {
            data: None,
            command: ListCommand::Stat,
            at_end: true,
            ..Self::empty(place, depth, parser, limits)
        }
    }

    /// Ends the transfer, which must have succeeded; tells whether the server says that not all is listed.
    pub(super) async fn finish(
        &mut self,
        control: &mut ControlChannel,
        deadline: Option<Duration>,
    ) -> Result<bool> {
        let Some(data) = &mut self.data else { return Ok(false) };
        let summary = data.finish(control, Masks::default(), deadline).await?;
        Ok(classify::is_listing_truncated(&summary.reply))
    }

    /// Gives the listing up after its connection failed; the error has the server's words.
    pub(super) async fn fail(
        &mut self,
        control: &mut ControlChannel,
        source: io::Error,
        deadline: Option<Duration>,
    ) -> Error {
        match &mut self.data {
            Some(data) => data.fail(control, source, deadline).await,
            None => Error::Data { reply: None, source },
        }
    }

    /// Tells whether there were lines, and none was understood.
    pub(super) fn is_gibberish(&self) -> bool {
        !self.any && self.parser.unparsed() > 0
    }

    /// Tells whether nothing was listed perhaps because the server cut the path at a blank, as
    /// Pure-FTPd does.
    pub(super) fn may_be_cut_at_blank(&self) -> bool {
        let by_path = self.command == ListCommand::List && !self.from_within;
        by_path && !self.any && self.place.path.as_bytes().contains(&b' ')
    }

    pub(super) fn unparsed(&self) -> (u64, &[Vec<u8>]) {
        (self.parser.unparsed(), self.parser.unparsed_samples())
    }

    /// Reads on to the next entry, `None` at the end.
    pub(super) async fn next_entry(&mut self) -> Result<Option<Entry>> {
        loop {
            while let Some(entry) = self.parser.next_entry() {
                if let Some(entry) = self.hold_back(entry) {
                    return Ok(Some(entry));
                }
            }
            if self.at_end {
                return Ok(None);
            }
            self.read_on().await?;
        }
    }

    /// Reads the next line there is, or more bytes.
    async fn read_on(&mut self) -> Result<()> {
        let too_long = |error: LineTooLong| Error::Limit { what: "bytes in a line", limit: error.limit };
        if let Some(line) = self.lines.feed(&mut self.buffer).map_err(too_long)? {
            self.parser.push(&line);
            return Ok(());
        }
        self.buffer.reserve(READ_SIZE);
        let Some(data) = &mut self.data else { return Ok(()) };
        if data.transferred() > self.most_bytes as u64 {
            return Err(Error::Limit { what: "bytes in a listing", limit: self.most_bytes });
        }
        let read = data.read_buf(&mut self.buffer).await;
        if read.map_err(|source| Error::Data { reply: None, source })? == 0 {
            let last = self.lines.finish(&mut self.buffer).map_err(too_long)?;
            self.at_end = true;
            return self.take_last(last.as_deref());
        }
        Ok(())
    }

    /// Takes what stands behind the last line end. Honest servers leave that end out; but a line that is
    /// not understood without one was cut, and so was the listing.
    fn take_last(&mut self, last: Option<&[u8]>) -> Result<()> {
        let before = self.parser.unparsed();
        if let Some(last) = last {
            self.parser.push(last);
        }
        self.parser.finish();
        // Gibberish from its first line on is another matter: such a server is asked by another command.
        let may_be_gibberish = self.command == ListCommand::Mlsd && !self.any;
        if last.is_none() || self.parser.unparsed() == before || may_be_gibberish {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::UnexpectedEof, "the listing ends within a line");
        Err(Error::Data { reply: None, source })
    }

    /// Holds the first entry back while it may be the listed file itself.
    fn hold_back(&mut self, entry: Entry) -> Option<Entry> {
        let first = !std::mem::replace(&mut self.any, true);
        if first && self.depth == 0 && entry.is_file() && self.is_named(entry.name()) {
            self.held = Some(entry);
            return None;
        }
        Some(entry)
    }

    /// Tells whether an entry is the listed directory itself under another name than `.`, as
    /// LiteSpeed lists it.
    pub(super) fn is_itself(&self, entry: &Entry) -> bool {
        entry.is_dir() && matches!(entry.name(), b"./" | b"../")
            || entry.name().contains(&b'/') && entry.name() == self.spelled
    }

    fn is_named(&self, name: &[u8]) -> bool {
        let own = &*self.spelled;
        !own.is_empty() && (own == name || own.rsplit(|byte| *byte == b'/').next() == Some(name))
    }
}

const READ_SIZE: usize = 64 * 1024;
