//! A whole listing, line by line.

use std::{collections::VecDeque, fmt, sync::Arc};

use super::{
    custom::{CustomOrder, LineParser},
    detector::{self, Detector},
    error,
    formats::Format,
    parsed_line::ParsedLine,
};
use crate::{Entry, Limits, Timestamp};

/// Reads a listing line by line, and finds out its format.
///
/// All formats are tried on the first lines, at most 32, and the one that explains most of them is
/// believed, until others explain more of what follows. While nothing tells whether `03-04-05` is
/// in March or in April, the parser looks further ahead, at most 1024 lines and 256 KiB. A line
/// that the format cannot read is tried in the others; one that nothing explains is counted and
/// passed over.
///
/// Every line that is pushed comes out as one [`Outcome`], in order.
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
    custom: Option<(Arc<dyn LineParser>, CustomOrder)>,
    /// Lines that wait for the format to be found out.
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// The first half of an entry.
    begun: Option<Vec<u8>>,
    outcomes: VecDeque<Outcome>,
    unparsed: u64,
    samples: Vec<Vec<u8>>,
}

/// What became of one line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is an entry. The directory itself and its parent are entries, too: see
    /// [`EntryKind::CurrentDirectory`](crate::EntryKind::CurrentDirectory).
    Entry(Entry),
    /// It belongs to the listing but names no file: it is blank, a total, a header, or the first
    /// half of an entry that comes with the next line.
    NoEntry,
    /// Nothing explains it.
    Unparsed,
}

/// A line that waits.
#[derive(Debug, Clone)]
enum Waiting {
    Line(Vec<u8>),
    /// A custom parser knew it.
    Known(Outcome),
}

impl ListingParser {
    /// Makes a parser for what `MLSD` lists.
    ///
    /// A parser set with [`ListingParser::custom`] is told the year 1970 as `now`.
    #[must_use]
    pub fn mlsx() -> Self {
        Self::of(&[Format::Mlsx], Timestamp::UNIX_EPOCH)
    }

    /// Makes a parser for what `LIST` lists, in any format; `now` finds the years of dates without
    /// one.
    #[must_use]
    pub fn list(now: Timestamp) -> Self {
        Self::of(&Format::OF_LIST, now)
    }

    /// Makes a parser for lines of these formats, the likeliest first.
    #[must_use]
    pub fn of(formats: &[Format], now: Timestamp) -> Self {
        Self {
            now,
            formats: formats.to_vec(),
            detector: Detector::new(formats, now, &Limits::default()),
            custom: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            begun: None,
            outcomes: VecDeque::new(),
            unparsed: 0,
            samples: Vec::new(),
        }
    }

    /// Asks `parser`, too, before or after the formats that are built in.
    #[must_use]
    pub fn custom(self, parser: Arc<dyn LineParser>, order: CustomOrder) -> Self {
        Self { custom: Some((parser, order)), ..self }
    }

    /// Bounds the facts in a line by [`Limits::facts`] of `limits`, not of the default.
    ///
    /// Goes before [`ListingParser::hint`].
    #[must_use]
    pub fn limits(self, limits: &Limits) -> Self {
        Self { detector: Detector::new(&self.formats, self.now, limits), ..self }
    }

    /// Takes what the server says of itself, in the reply to `SYST` or its greeting, as a hint; it
    /// decides only where the lines do not.
    #[must_use]
    pub fn hint(mut self, text: &str) -> Self {
        if let Some(format) = Format::hinted(text) {
            self.detector.hint(format);
        }
        self
    }

    /// Takes one line, given without its line end.
    pub fn push(&mut self, line: &[u8]) {
        if self.detector.is_decided() {
            self.detector.reconsider(line);
            let outcome = self.ask_custom(line, CustomOrder::First);
            return match outcome {
                Some(outcome) => self.put(outcome),
                None => self.read(line),
            };
        }
        self.wait(line);
        let full = self.waiting.len() >= detector::ENOUGH && !self.detector.is_order_open();
        if full || self.waiting.len() >= LONG_LOOK_AHEAD || self.waiting_bytes >= LOOK_AHEAD_BYTES {
            self.decide();
        }
    }

    /// Settles on a format by the lines so far, where it would else wait for more.
    pub fn decide(&mut self) {
        if !self.detector.is_decided() && !self.waiting.is_empty() {
            self.detector.decide();
            self.read_waiting();
        }
    }

    /// Says that no more lines will come.
    pub fn finish(&mut self) {
        self.read_waiting();
        self.break_off();
    }

    /// Gives what became of the next line, as far as that is known yet.
    pub fn pop(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    /// Gives the next entry, as far as one is known yet, and passes over other lines.
    pub fn next_entry(&mut self) -> Option<Entry> {
        while let Some(outcome) = self.pop() {
            if let Outcome::Entry(entry) = outcome {
                return Some(entry);
            }
        }
        None
    }

    /// Counts the lines that nothing explained.
    #[must_use]
    pub fn unparsed(&self) -> u64 {
        self.unparsed
    }

    /// Gives the first lines that nothing explained, at most 8, each cut to 256 bytes.
    #[must_use]
    pub fn unparsed_samples(&self) -> &[Vec<u8>] {
        &self.samples
    }

    /// Takes a line as evidence and keeps it.
    fn wait(&mut self, line: &[u8]) {
        if let Some(known) = self.ask_custom(line, CustomOrder::First) {
            return self.waiting.push_back(Waiting::Known(known));
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
                Waiting::Known(outcome) => self.put(outcome),
            }
        }
    }

    /// Reads a line that the custom parser did not take.
    fn read(&mut self, line: &[u8]) {
        if let Some(first) = self.begun.take() {
            let joined = join(&first, line);
            if let Ok(ParsedLine::Entry(columns)) = self.detector.read(&joined) {
                let entry = Entry::of_line(&joined, &columns);
                self.outcomes.push_back(Outcome::NoEntry);
                self.outcomes.push_back(Outcome::Entry(entry));
                return;
            }
            self.read_otherwise(&first);
        }
        match self.detector.read(line) {
            Ok(ParsedLine::Entry(columns)) => {
                self.outcomes.push_back(Outcome::Entry(Entry::of_line(line, &columns)))
            }
            Ok(ParsedLine::NoEntry) => self.outcomes.push_back(Outcome::NoEntry),
            Ok(ParsedLine::FirstHalf) => self.begun = Some(line.to_vec()),
            Ok(ParsedLine::BareName(_)) | Err(_) => self.read_otherwise(line),
        }
    }

    fn read_otherwise(&mut self, line: &[u8]) {
        match self.ask_custom(line, CustomOrder::Last) {
            Some(outcome) => self.outcomes.push_back(outcome),
            None if error::is_no_entry(line) => self.outcomes.push_back(Outcome::NoEntry),
            None => self.note_unparsed(line),
        }
    }

    fn put(&mut self, outcome: Outcome) {
        self.break_off();
        self.outcomes.push_back(outcome);
    }

    /// Gives up a half whose other half does not come.
    fn break_off(&mut self) {
        if let Some(first) = self.begun.take() {
            self.read_otherwise(&first);
        }
    }

    fn ask_custom(&self, line: &[u8], turn: CustomOrder) -> Option<Outcome> {
        let (parser, _) = self.custom.as_ref().filter(|(_, order)| *order == turn)?;
        match parser.parse(line, self.now) {
            Ok(entry) => Some(Outcome::Entry(entry)),
            Err(error) => error.is_no_entry().then_some(Outcome::NoEntry),
        }
    }

    fn note_unparsed(&mut self, line: &[u8]) {
        self.outcomes.push_back(Outcome::Unparsed);
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

/// Lines among which one may tell days from months.
const LONG_LOOK_AHEAD: usize = 1024;
const LOOK_AHEAD_BYTES: usize = 256 * 1024;
const SAMPLES: usize = 8;
const SAMPLE_BYTES: usize = 256;

#[cfg(test)]
mod tests;
