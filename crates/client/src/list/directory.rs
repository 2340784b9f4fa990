//! Listing of one directory: the command that opens it, its fallbacks, and its entries as they arrive.

use std::{
    borrow::Cow,
    io,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::BytesMut;
use oxftp_proto::{
    Command, Entry, Limits, RemotePath, Reply, Timestamp, TransferType, classify,
    listing::{LineSplitter, LineTooLong, ListingParser, stat_reply_lines},
};
use tokio::io::AsyncReadExt;

use super::entry::EntryLocation;
use crate::config::{command_memory::OptionalCommand, list_command::ListCommand};
use crate::{
    Client, Error, Result,
    client::{FollowUp, is_unknown_command},
    control::ControlChannel,
    data::{DataConnection, Masks},
};

/// A directory that is being listed.
pub(crate) struct DirectoryListing {
    /// `None` for `STAT`, which lists in its reply.
    data: Option<DataConnection>,
    pub(super) command: ListCommand,
    /// The directory was made the working directory and listed without a path.
    pub(super) is_entered: bool,
    pub(super) location: Arc<EntryLocation>,
    /// The path as it is sent to the server.
    wire_path: Vec<u8>,
    pub(super) depth: usize,
    parser: ListingParser,
    lines: LineSplitter,
    buffer: BytesMut,
    max_bytes: usize,
    at_end: bool,
    /// The first entry, while it may be the listed path itself.
    pub(super) held: Option<Entry>,
    pub(super) has_entries: bool,
}

impl DirectoryListing {
    /// Creates a listing without data connection; its parser holds all lines.
    fn without_data(location: EntryLocation, depth: usize, parser: ListingParser, limits: &Limits) -> Self {
        let wire_path = location.path.to_wire(location.encoding).map(Cow::into_owned).unwrap_or_default();
        Self {
            data: None,
            command: ListCommand::List,
            is_entered: false,
            location: Arc::new(location),
            wire_path,
            depth,
            parser: parser.limits(limits),
            lines: LineSplitter::new(limits.listing_line),
            buffer: BytesMut::new(),
            max_bytes: limits.listing_bytes,
            at_end: false,
            held: None,
            has_entries: false,
        }
    }

    /// Creates a listing from the lines of a reply.
    fn from_reply(
        reply: &Reply,
        location: EntryLocation,
        depth: usize,
        mut parser: ListingParser,
        limits: &Limits,
    ) -> Self {
        parser = parser.limits(limits);
        stat_reply_lines(reply).for_each(|line| parser.push(line));
        parser.finish();
        let listing = Self::without_data(location, depth, parser, limits);
        Self { command: ListCommand::Stat, at_end: true, ..listing }
    }

    /// Finishes the transfer, which must have succeeded; returns whether the reply says that the listing is
    /// truncated.
    pub(super) async fn finish(
        &mut self,
        control: &mut ControlChannel,
        deadline: Option<Duration>,
    ) -> Result<bool> {
        let Some(data) = &mut self.data else { return Ok(false) };
        let summary = data.finish(control, Masks::default(), deadline).await?;
        Ok(classify::is_listing_truncated(&summary.reply))
    }

    /// Ends the listing after its data connection failed; returns an error with the server's reply.
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

    /// Returns whether there were lines, and none could be parsed.
    pub(super) fn is_unparsable(&self) -> bool {
        !self.has_entries && self.parser.unparsed() > 0
    }

    /// Returns whether the listing may be empty because the server cut the path at a blank, as Pure-FTPd
    /// does.
    pub(super) fn may_be_cut_at_blank(&self) -> bool {
        let by_path = self.command == ListCommand::List && !self.is_entered;
        by_path && !self.has_entries && self.location.path.as_bytes().contains(&b' ')
    }

    /// Returns the number of lines that could not be parsed, and samples of them.
    pub(super) fn unparsed(&self) -> (u64, &[Vec<u8>]) {
        (self.parser.unparsed(), self.parser.unparsed_samples())
    }

    /// Returns the next entry, or `None` at the end.
    pub(super) async fn next_entry(&mut self) -> Result<Option<Entry>> {
        loop {
            while let Some(entry) = self.parser.next_entry() {
                if let Some(entry) = self.hold_first(entry) {
                    return Ok(Some(entry));
                }
            }
            if self.at_end {
                return Ok(None);
            }
            self.read().await?;
        }
    }

    /// Passes the next buffered line to the parser, or reads more bytes.
    async fn read(&mut self) -> Result<()> {
        let too_long = |error: LineTooLong| Error::Limit { what: "bytes in a line", limit: error.limit };
        if let Some(line) = self.lines.feed(&mut self.buffer).map_err(too_long)? {
            self.parser.push(&line);
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

    /// Parses the text after the last line end. Some correct servers omit the last line end. But if the text
    /// cannot be parsed, the line is incomplete, and so is the listing.
    fn push_last_line(&mut self, last_line: Option<&[u8]>) -> Result<()> {
        let unparsed_before = self.parser.unparsed();
        if let Some(last_line) = last_line {
            self.parser.push(last_line);
        }
        self.parser.finish();
        // An `MLSD` that cannot be parsed at all is repeated as `LIST`.
        let may_be_unparsable = self.command == ListCommand::Mlsd && !self.has_entries;
        if last_line.is_none() || self.parser.unparsed() == unparsed_before || may_be_unparsable {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::UnexpectedEof, "the listing ends in the middle of a line");
        Err(Error::Data { reply: None, source })
    }

    /// Holds the first entry back if it may be the listed file itself.
    fn hold_first(&mut self, entry: Entry) -> Option<Entry> {
        let is_first = !std::mem::replace(&mut self.has_entries, true);
        if is_first && self.depth == 0 && entry.is_file() && self.is_named(entry.name()) {
            self.held = Some(entry);
            return None;
        }
        Some(entry)
    }

    /// Returns whether an entry is the listed directory itself under another name than `.`, as LiteSpeed
    /// lists it.
    pub(super) fn is_itself(&self, entry: &Entry) -> bool {
        entry.is_dir() && matches!(entry.name(), b"./" | b"../")
            || entry.name().contains(&b'/') && entry.name() == self.wire_path
    }

    fn is_named(&self, name: &[u8]) -> bool {
        let path = &*self.wire_path;
        !path.is_empty() && (path == name || path.rsplit(|byte| *byte == b'/').next() == Some(name))
    }
}

impl Client {
    /// Opens the listing of a directory with the required command, or else with the first that works. Returns
    /// `None` when the server replies that the directory is empty.
    pub(super) async fn open_listing(
        &mut self,
        path: &RemotePath,
        depth: usize,
        required: Option<ListCommand>,
        follow_up: FollowUp,
    ) -> Result<Option<DirectoryListing>> {
        let required = required.or(self.config().list_command);
        let may_be_mlsd = required.is_none() && !self.capabilities().no_mlsd;
        let trial = if may_be_mlsd { self.try_optional(OptionalCommand::MLSD).await } else { Ok(None) };
        let command = match required {
            Some(command) => command,
            None if may_be_mlsd && trial.is_ok() => ListCommand::Mlsd,
            None => ListCommand::List,
        };
        match self.open_listing_by(command, path, depth, follow_up).await {
            Err(error)
                if required.is_none() && command == ListCommand::Mlsd && self.is_lost_to_optional() =>
            {
                match self.replace_lost(error).await {
                    Error::Unanswered { .. } => {
                        self.open_listing_by(ListCommand::List, path, depth, follow_up).await
                    }
                    error => Err(error),
                }
            }
            Err(error) if required.is_none() && command == ListCommand::Mlsd && list_may_work(&error) => {
                self.capabilities_mut().no_mlsd |= is_unknown_command(&error);
                self.open_listing_by(ListCommand::List, path, depth, follow_up).await
            }
            opened => opened,
        }
    }

    async fn open_listing_by(
        &mut self,
        command: ListCommand,
        path: &RemotePath,
        depth: usize,
        follow_up: FollowUp,
    ) -> Result<Option<DirectoryListing>> {
        let opened = match command {
            ListCommand::Stat => self.list_by_reply(path, depth).await,
            _ => self.list_by_transfer(command, path, depth, follow_up).await,
        };
        match opened {
            Err(error) if error.reply().is_some_and(classify::is_empty_listing) => Ok(None),
            // Some servers take the part after a blank for another name.
            Err(Error::StatusCode(refused))
                if command == ListCommand::List && path.as_bytes().contains(&b' ') =>
            {
                match self.enter_and_list(path, depth, follow_up).await? {
                    Some(directory) => Ok(Some(directory)),
                    None => Err(Error::StatusCode(refused)),
                }
            }
            opened => opened.map(Some),
        }
    }

    async fn list_by_transfer(
        &mut self,
        command: ListCommand,
        path: &RemotePath,
        depth: usize,
        follow_up: FollowUp,
    ) -> Result<DirectoryListing> {
        let line = self.list_line(command, path)?;
        let data = self.open_data(line, TransferType::Image, 0, follow_up).await?;
        let parser = match command {
            ListCommand::Mlsd => ListingParser::mlsx(),
            _ => self.list_parser(),
        };
        let listing = DirectoryListing::without_data(self.location(path), depth, parser, self.limits());
        Ok(DirectoryListing { data: Some(data), command, ..listing })
    }

    /// Lists a directory by `STAT`, whose reply is the listing (RFC 959, 4.1.3).
    async fn list_by_reply(&mut self, path: &RemotePath, depth: usize) -> Result<DirectoryListing> {
        let here = RemotePath::from(".");
        // Without a path the reply would describe the session.
        let path_or_here = if path.is_empty() { &here } else { path };
        let reply = self.path_command("STAT", path_or_here, &["2xx"]).await?;
        let location = self.location(path);
        Ok(DirectoryListing::from_reply(&reply, location, depth, self.list_parser(), self.limits()))
    }

    /// Enters a directory and lists it without a path; returns `None` if it cannot be entered.
    pub(super) async fn enter_and_list(
        &mut self,
        path: &RemotePath,
        depth: usize,
        follow_up: FollowUp,
    ) -> Result<Option<DirectoryListing>> {
        if !self.visit(path).await? {
            return Ok(None);
        }
        let line = self.list_line(ListCommand::List, &RemotePath::default())?;
        let data = self.open_data_here(line, TransferType::Image, 0, follow_up).await?;
        let (location, parser) = (self.location(path), self.list_parser());
        let listing = DirectoryListing::without_data(location, depth, parser, self.limits());
        Ok(Some(DirectoryListing { data: Some(data), is_entered: true, ..listing }))
    }

    fn location(&self, path: &RemotePath) -> EntryLocation {
        EntryLocation { path: path.clone(), encoding: self.encoding() }
    }

    /// Creates a parser with hints from the server's self-descriptions.
    fn list_parser(&self) -> ListingParser {
        let now = self.server_zone().map_or_else(now, |zone| zone.wall_clock(now()));
        let parser = ListingParser::list(now).limits(self.limits());
        let parser = self.self_descriptions().fold(parser, |parser, text| parser.hint(&text));
        match &self.config().list_parser {
            Some((custom, order)) => parser.custom(custom.clone(), *order),
            None => parser,
        }
    }

    fn list_line(&self, command: ListCommand, path: &RemotePath) -> Result<Command> {
        let encoding = self.encoding();
        let path = match command {
            // A path that begins with a dash would be parsed as options.
            ListCommand::List if path.as_bytes().starts_with(b"-") && !self.hides_dot_files() => {
                &RemotePath::from(".").join_path(path)
            }
            _ => path,
        };
        let verb = match command {
            ListCommand::Mlsd => "MLSD",
            ListCommand::List if self.hides_dot_files() => "LIST -a",
            _ => "LIST",
        };
        Ok(Command::with_path(verb, path, encoding)?)
    }
}

/// Returns whether `LIST` may work where `MLSD` was refused.
fn list_may_work(error: &Error) -> bool {
    error.reply().is_some_and(classify::rejects_mlsd)
}

/// Returns the present time, to the second.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(since_epoch.as_secs().try_into().unwrap_or(0), 0).unwrap_or(Timestamp::UNIX_EPOCH)
}

const READ_SIZE: usize = 64 * 1024;
