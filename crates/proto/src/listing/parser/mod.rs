//! Parser for a whole listing, line by line.

use std::{collections::VecDeque, fmt, sync::Arc};

use super::{
    custom::{LineParser, ParserOrder},
    detector::{self, Detector},
    error,
    formats::Format,
    parsed_line::ParsedLine,
    reply_frame::ReplyFrame,
};
use crate::{Entry, Limits, Timestamp};

/// Parses a listing line by line, and detects its format.
///
/// All formats are tried on the first lines, at most 32. The format that reads most of them is used, until another
/// one reads more of the following lines. As long as no line shows whether `03-04-05` is in March or in April, the
/// parser looks further ahead, at most 1024 lines and 256 KiB. If the format cannot read a line, the others are
/// tried; a line that no format can read is counted and skipped.
///
/// Every pushed line results in one [`Outcome`], in order.
///
/// Some servers frame a listing by the lines of a reply, `250-Begin` and `250 End.`; these describe no file.
///
/// ```
/// use oxftp_proto::listing::{ListingParser, Outcome};
///
/// let mut parser = ListingParser::mlsx();
/// parser.push(b"type=dir; src");
/// parser.push(b"gibberish");
/// parser.push(b"type=file; a b");
/// parser.finish();
///
/// assert_eq!(parser.next_entry().unwrap().name(), b"src");
/// assert_eq!(parser.pop(), Some(Outcome::Unparsed));
/// assert_eq!(parser.next_entry().unwrap().name(), b"a b");
/// assert_eq!(parser.unparsed(), 1);
/// ```
#[derive(Clone)]
pub struct ListingParser {
    now: Timestamp,
    formats: Vec<Format>,
    detector: Detector,
    custom: Option<(Arc<dyn LineParser>, ParserOrder)>,
    /// Lines that wait until the format is detected.
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// The first half of an entry.
    first_half: Option<Vec<u8>>,
    frame: ReplyFrame,
    outcomes: VecDeque<Outcome>,
    has_lines: bool,
    unparsed: u64,
    samples: Vec<Vec<u8>>,
}

/// Result of one line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// An entry. The directory itself and its parent are entries too: see
    /// [`EntryKind::CurrentDirectory`](crate::EntryKind::CurrentDirectory).
    Entry(Entry),
    /// The line belongs to the listing but describes no file: it is blank, a total, a header, or the first
    /// half of an entry that the next line completes.
    NoEntry,
    /// No format can read the line.
    Unparsed,
}

/// A waiting line.
#[derive(Debug, Clone)]
enum Waiting {
    Line(Vec<u8>),
    /// A custom parser has read the line.
    Parsed(Outcome),
}

impl ListingParser {
    /// Creates a parser for listings of `MLSD`.
    ///
    /// A parser set with [`ListingParser::custom`] gets the year 1970 as `now`.
    #[must_use]
    pub fn mlsx() -> Self {
        Self::of(&[Format::Mlsx], Timestamp::UNIX_EPOCH)
    }

    /// Creates a parser for listings of `LIST` in any format; `now` determines the year of dates without one.
    #[must_use]
    pub fn list(now: Timestamp) -> Self {
        Self::of(&Format::OF_LIST, now)
    }

    /// Creates a parser for these formats, the most likely first.
    #[must_use]
    pub fn of(formats: &[Format], now: Timestamp) -> Self {
        Self {
            now,
            formats: formats.to_vec(),
            detector: Detector::new(formats, now, &Limits::default()),
            custom: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            first_half: None,
            frame: ReplyFrame::default(),
            outcomes: VecDeque::new(),
            has_lines: false,
            unparsed: 0,
            samples: Vec::new(),
        }
    }

    /// Adds a custom parser, to be tried before or after the built-in formats.
    #[must_use]
    pub fn custom(self, parser: Arc<dyn LineParser>, order: ParserOrder) -> Self {
        Self { custom: Some((parser, order)), ..self }
    }

    /// Sets the limit on facts in a line ([`Limits::facts`]).
    ///
    /// Must be called before [`ListingParser::hint`].
    #[must_use]
    pub fn limits(self, limits: &Limits) -> Self {
        Self { detector: Detector::new(&self.formats, self.now, limits), ..self }
    }

    /// Uses the server's reply to `SYST` or its greeting as a hint. It decides only if the lines do not.
    #[must_use]
    pub fn hint(mut self, text: &str) -> Self {
        if let Some(format) = Format::hinted(text) {
            self.detector.hint(format);
        }
        self
    }

    /// Adds one line, without its line ending. A byte order mark before the first line is dropped.
    pub fn push(&mut self, line: &[u8]) {
        let line = match std::mem::replace(&mut self.has_lines, true) {
            true => line,
            false => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
        };
        if self.detector.is_decided() {
            self.detector.reconsider(line);
            let outcome = self.ask_custom(line, ParserOrder::First);
            return match outcome {
                Some(outcome) => self.put(outcome),
                None => self.read(line),
            };
        }
        self.wait(line);
        let full = self.waiting.len() >= detector::SAMPLE_LINES && !self.detector.is_order_open();
        if full || self.waiting.len() >= LONG_LOOK_AHEAD || self.waiting_bytes >= LOOK_AHEAD_BYTES {
            self.decide();
        }
    }

    /// Adds the last line of a listing that does not end with a line ending: the line may be truncated.
    ///
    /// It is read in the format of the lines before it, and does not change that format: the first half of a line
    /// often looks like a whole line of another format. If no line before it shows the format, this is
    /// [`ListingParser::push`].
    ///
    /// ```
    /// use oxftp_proto::{Timestamp, listing::{ListingParser, Outcome}};
    ///
    /// let mut parser = ListingParser::list(Timestamp::from_date(2024, 5, 1).unwrap());
    /// parser.push(b"04-27-24  09:09PM                 1024 notes.txt");
    /// parser.push_unterminated(b"04-27-24  09:09PM        <DI");
    /// parser.finish();
    ///
    /// assert_eq!(parser.next_entry().unwrap().name(), b"notes.txt");
    /// assert_eq!(parser.pop(), Some(Outcome::Unparsed));
    /// ```
    pub fn push_unterminated(&mut self, line: &[u8]) {
        if self.detector.has_evidence() {
            if !self.detector.is_decided() {
                self.detector.weigh_order(line);
            }
            self.decide();
            self.detector.keep_best_format();
        }
        self.push(line);
    }

    /// Decides on a format by the lines so far, without waiting for more.
    pub fn decide(&mut self) {
        if !self.detector.is_decided() && !self.waiting.is_empty() {
            self.detector.decide();
            self.read_waiting();
        }
    }

    /// Ends the listing: no more lines follow.
    pub fn finish(&mut self) {
        self.read_waiting();
        self.discard_first_half();
        self.frame.finish().iter().for_each(|line| self.count_unparsed(line));
    }

    /// Returns the result of the next line, if known.
    pub fn pop(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    /// Returns the next entry, if known, and skips other lines.
    pub fn next_entry(&mut self) -> Option<Entry> {
        while let Some(outcome) = self.pop() {
            if let Outcome::Entry(entry) = outcome {
                return Some(entry);
            }
        }
        None
    }

    /// Returns the number of lines that no format could read. After [`finish`](Self::finish), this includes the line of
    /// a reply, such as `250-Begin`, that nothing ends; its outcome was [`Outcome::NoEntry`].
    #[must_use]
    pub fn unparsed(&self) -> u64 {
        self.unparsed
    }

    /// Returns the first lines that no format could read, at most 8, each cut to 256 bytes.
    #[must_use]
    pub fn unparsed_samples(&self) -> &[Vec<u8>] {
        &self.samples
    }

    /// Scores a line and stores it.
    fn wait(&mut self, line: &[u8]) {
        if let Some(known) = self.ask_custom(line, ParserOrder::First) {
            return self.waiting.push_back(Waiting::Parsed(known));
        }
        self.detector.weigh(line);
        if let Some(Waiting::Line(first)) = self.waiting.back() {
            self.detector.weigh_joined(first, &join(first, line));
        }
        self.waiting_bytes += line.len();
        self.waiting.push_back(Waiting::Line(line.to_vec()));
    }

    fn read_waiting(&mut self) {
        if !self.detector.is_decided() {
            self.detector.decide();
        }
        self.waiting_bytes = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting {
                Waiting::Line(line) => self.read(&line),
                Waiting::Parsed(outcome) => self.put(outcome),
            }
        }
    }

    /// Reads a line that the custom parser did not accept.
    fn read(&mut self, line: &[u8]) {
        if let Some(first) = self.first_half.take() {
            let joined = join(&first, line);
            if let Ok(ParsedLine::Entry(columns)) = self.detector.read(&joined) {
                let entry = Entry::of_line(&joined, &columns);
                self.emit(Outcome::NoEntry);
                self.emit(Outcome::Entry(entry));
                return;
            }
            self.read_otherwise(&first);
        }
        match self.detector.read(line) {
            Ok(ParsedLine::Entry(columns)) => self.emit(Outcome::Entry(Entry::of_line(line, &columns))),
            Ok(ParsedLine::NoEntry) => self.emit(Outcome::NoEntry),
            Ok(ParsedLine::FirstHalf) => self.first_half = Some(line.to_vec()),
            Ok(ParsedLine::BareName(_)) | Err(_) => self.read_otherwise(line),
        }
    }

    fn read_otherwise(&mut self, line: &[u8]) {
        match self.ask_custom(line, ParserOrder::Last) {
            Some(outcome) => self.emit(outcome),
            // An empty line may follow the end of a frame.
            None if line.trim_ascii().is_empty() => self.outcomes.push_back(Outcome::NoEntry),
            None if error::is_no_entry(line) => self.emit(Outcome::NoEntry),
            None if self.frame.take(line) => self.outcomes.push_back(Outcome::NoEntry),
            None => self.record_unparsed(line),
        }
    }

    fn put(&mut self, outcome: Outcome) {
        self.discard_first_half();
        self.emit(outcome);
    }

    #[inline]
    fn emit(&mut self, outcome: Outcome) {
        self.frame.pass();
        self.outcomes.push_back(outcome);
    }

    /// Discards a first half that the next line did not complete.
    fn discard_first_half(&mut self) {
        if let Some(first) = self.first_half.take() {
            self.read_otherwise(&first);
        }
    }

    fn ask_custom(&self, line: &[u8], turn: ParserOrder) -> Option<Outcome> {
        let (parser, _) = self.custom.as_ref().filter(|(_, order)| *order == turn)?;
        match parser.parse(line, self.now) {
            Ok(entry) => Some(Outcome::Entry(entry)),
            Err(error) => error.is_no_entry().then_some(Outcome::NoEntry),
        }
    }

    fn record_unparsed(&mut self, line: &[u8]) {
        self.emit(Outcome::Unparsed);
        self.count_unparsed(line);
    }

    fn count_unparsed(&mut self, line: &[u8]) {
        self.unparsed = self.unparsed.saturating_add(1);
        if self.samples.len() < SAMPLES {
            self.samples.push(line.get(..SAMPLE_BYTES).unwrap_or(line).to_vec());
        }
    }
}

impl fmt::Debug for ListingParser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListingParser")
            .field("detector", &self.detector)
            .field("custom", &self.custom.as_ref().map(|(_, order)| order))
            .field("unparsed", &self.unparsed)
            .finish_non_exhaustive()
    }
}

/// Joins the two lines of an entry.
fn join(first: &[u8], second: &[u8]) -> Vec<u8> {
    [first, b" ", second].concat()
}

/// Lines examined to find the order of days and months.
const LONG_LOOK_AHEAD: usize = 1024;
const LOOK_AHEAD_BYTES: usize = 256 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const SAMPLES: usize = 8;
const SAMPLE_BYTES: usize = 256;

#[cfg(test)]
mod tests;
