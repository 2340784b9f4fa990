//! The listing of one directory.

use bytes::BytesMut;
use oxftp_proto::{
    Command, Entry, Limits, RemotePath, Reply, TransferType,
    listing::{LineSplitter, LineTooLong, ListingParser},
};
use std::{borrow::Cow, io, sync::Arc, time::Duration};
use tokio::io::AsyncReadExt;

use super::{entry::EntryLocation, now};
use crate::config::list_command::ListCommand;
use crate::{
    Client, Error, Result,
    client::{FollowUp, is_unknown_command},
    control::ControlChannel,
    data::{DataConnection, Masks},
};

/// A directory that is being listed.
pub(crate) struct DirectoryListing {
    /// `STAT` lists without one.
    data: Option<DataConnection>,
    pub(super) command: ListCommand,
    /// It was entered to be listed.
    pub(super) from_within: bool,
    pub(super) place: Arc<EntryLocation>,
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

impl DirectoryListing {
    pub(super) fn new(
        data: DataConnection,
        command: ListCommand,
        (place, depth): (EntryLocation, usize),
        parser: ListingParser,
        limits: &Limits,
    ) -> Self {
        Self { data: Some(data), command, ..Self::empty(place, depth, parser.limits(limits), limits) }
    }

    fn empty(place: EntryLocation, depth: usize, parser: ListingParser, limits: &Limits) -> Self {
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
        place: EntryLocation,
        depth: usize,
        parser: ListingParser,
        limits: &Limits,
    ) -> Self {
        let mut parser = parser.limits(limits);
        let code = reply.code().to_string();
        let between = reply.lines().len().saturating_sub(2);
        for line in reply.lines().skip(1).take(between) {
            // Some servers begin each line with the code, and some indent them by a blank.
            let line =
                line.strip_prefix(code.as_bytes()).and_then(|line| line.strip_prefix(b"-")).unwrap_or(line);
            parser.push(line.strip_prefix(b" ").unwrap_or(line));
        }
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
        Ok(speaks_of_cut(&summary.reply))
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

/// What vsftpd and Pure-FTPd add to `226`.
fn speaks_of_cut(reply: &Reply) -> bool {
    let text = reply.text().to_ascii_lowercase();
    ["failed to open", "truncated"].iter().any(|words| text.contains(words))
}

const READ_SIZE: usize = 64 * 1024;

// ==== merged from list/open.rs
//- How the listing of one directory is opened: by which command, and what else is tried where
//- that is refused.

impl Client {
    /// Opens the listing of a directory by `wanted`, or by whichever command works; `None` when the
    /// server says that it is empty.
    pub(crate) async fn open_listing(
        &mut self,
        (path, depth): (&RemotePath, usize),
        wanted: Option<ListCommand>,
        follow_up: FollowUp,
    ) -> Result<Option<DirectoryListing>> {
        let wanted = wanted.or(self.config().list_command);
        let command = match wanted {
            Some(command) => command,
            None if self.known_mut().no_mlsd => ListCommand::List,
            None => ListCommand::Mlsd,
        };
        match self.open_listing_by(command, path, depth, follow_up).await {
            Err(error) if wanted.is_none() && command == ListCommand::Mlsd && speaks_against_mlsd(&error) => {
                self.known_mut().no_mlsd |= is_unknown_command(&error);
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
            Err(error) if says_empty(&error) => Ok(None),
            // Some servers take what follows a blank for another name.
            Err(Error::StatusCode(refused))
                if command == ListCommand::List && path.as_bytes().contains(&b' ') =>
            {
                match self.list_from_within(path, depth, follow_up).await? {
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
        Ok(DirectoryListing::new(data, command, (self.place(path), depth), parser, self.limits()))
    }

    /// Lists by `STAT`, whose reply is the listing (RFC 959, 4.1.3).
    async fn list_by_reply(&mut self, path: &RemotePath, depth: usize) -> Result<DirectoryListing> {
        let here = RemotePath::from(".");
        // Without a path it would tell of the session.
        let path_or_here = if path.is_empty() { &here } else { path };
        let reply = self.path_command("STAT", path_or_here, &["2xx"]).await?;
        Ok(DirectoryListing::of_reply(&reply, self.place(path), depth, self.list_parser(), self.limits()))
    }

    /// Enters a directory and lists it from within; `None` when it cannot be entered.
    pub(crate) async fn list_from_within(
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
        let place = (self.place(path), depth);
        let mut listed =
            DirectoryListing::new(data, ListCommand::List, place, self.list_parser(), self.limits());
        listed.from_within = true;
        Ok(Some(listed))
    }

    fn place(&self, path: &RemotePath) -> EntryLocation {
        EntryLocation { path: path.clone(), encoding: self.encoding() }
    }

    /// Makes a parser that knows what the server has said of itself.
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
        let path_or_below = match command {
            // What begins with a dash would be taken for options.
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
        Ok(Command::with_path(verb, path_or_below, encoding)?)
    }
}

/// Tells whether `LIST` may do better where `MLSD` was refused: it is unknown, or known and fails
/// by itself.
fn speaks_against_mlsd(error: &Error) -> bool {
    error.code().is_some_and(|code| code.is_unsupported() || code.get() == 451)
}

/// Some servers refuse to list what is empty: ProFTPD, drftpd, z/OS.
fn says_empty(error: &Error) -> bool {
    let words = ["no files", "no members", "no data sets", "no datasets", "empty", "nothing to list"];
    error.code().is_some_and(|code| matches!(code.get(), 450 | 550))
        && error.reply().is_some_and(|reply| {
            let text = reply.text().to_ascii_lowercase();
            words.iter().any(|words| text.contains(words))
        })
}
