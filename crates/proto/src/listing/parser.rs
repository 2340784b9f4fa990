//! A whole listing, line by line.

use std::{collections::VecDeque, fmt, sync::Arc};

use super::{
    CustomOrder, Format, LineParser,
    detector::{self, Detector},
    error,
    reading::Line,
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
            if let Ok(Line::Entry(columns)) = self.detector.read(&joined) {
                let entry = Entry::of_line(&joined, &columns);
                self.outcomes.push_back(Outcome::NoEntry);
                self.outcomes.push_back(Outcome::Entry(entry));
                return;
            }
            self.read_otherwise(&first);
        }
        match self.detector.read(line) {
            Ok(Line::Entry(columns)) => {
                self.outcomes.push_back(Outcome::Entry(Entry::of_line(line, &columns)))
            }
            Ok(Line::NoEntry) => self.outcomes.push_back(Outcome::NoEntry),
            Ok(Line::Begins) => self.begun = Some(line.to_vec()),
            Ok(Line::Perhaps(_)) | Err(_) => self.read_otherwise(line),
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
mod tests {
    use super::*;
    use crate::listing::ListingError;

    const UNIX: &[u8] = b"-rw-r--r-- 1 ann staff 5 Jan  2  2020 of unix";
    const DOS: &[u8] = b"03-14-22  07:05AM 1024 of dos";

    fn now() -> Timestamp {
        Timestamp::from_date(2024, 5, 1).unwrap()
    }

    fn parser() -> ListingParser {
        ListingParser::list(now())
    }

    fn custom(line: &[u8], _: Timestamp) -> Result<Entry, ListingError> {
        match line {
            b"skip me" => Err(ListingError::no_entry(line)),
            b"odd" => Err(ListingError::not_understood(line, "it is odd")),
            _ => Ok(Entry::new("custom")),
        }
    }

    /// Names what was read, `-` for what is no entry and `?` for what nothing explains.
    fn read(parser: &mut ListingParser, lines: &[&[u8]]) -> Vec<String> {
        lines.iter().for_each(|line| parser.push(line));
        parser.finish();
        std::iter::from_fn(|| parser.pop())
            .map(|outcome| match outcome {
                Outcome::Entry(entry) => String::from_utf8_lossy(entry.name()).into_owned(),
                Outcome::NoEntry => "-".to_owned(),
                Outcome::Unparsed => "?".to_owned(),
            })
            .collect()
    }

    /// Reads dates of DOS listings.
    fn dates(dates: &[&str]) -> Vec<String> {
        let mut parser = parser();
        for date in dates {
            parser.push(format!("{date}  07:05AM 1024 x").as_bytes());
        }
        parser.finish();
        let entries = std::iter::from_fn(|| parser.next_entry());
        entries.map(|entry| entry.modified.unwrap().to_string()[..10].to_owned()).collect()
    }

    #[test]
    fn one_odd_line_does_not_cost_the_others() {
        let mut parser = parser();

        let lines = [&b"total 2"[..], UNIX, b"", b"?? what", DOS, b"./sub:", UNIX];
        let read = read(&mut parser, &lines);

        assert_eq!(read, ["-", "of unix", "-", "?", "of dos", "-", "of unix"]);
        assert_eq!(parser.unparsed(), 1);
        assert_eq!(parser.unparsed_samples(), [b"?? what"]);
    }

    #[test]
    fn one_day_beyond_twelve_tells_the_order_of_all() {
        assert_eq!(dates(&["03-04-22", "05-04-22"]), ["2022-03-04", "2022-05-04"]);
        assert_eq!(dates(&["03-04-22", "25-04-22", "05-04-22"]), ["2022-04-03", "2022-04-25", "2022-04-05"]);
        assert_eq!(dates(&["03-04-22", "04-25-22", "05-04-22"]), ["2022-03-04", "2022-04-25", "2022-05-04"]);
    }

    #[test]
    fn the_day_that_tells_the_order_may_come_late_but_not_too_late() {
        let mut many = vec!["03-04-22"; 600];
        many.push("25-04-22");
        assert!(dates(&many)[..600].iter().all(|date| date == "2022-04-03"));

        let mut more = vec!["03-04-22"; 2000];
        more.push("25-04-22");
        more.push("03-04-22");
        let dates = dates(&more);
        assert!(dates[..2000].iter().all(|date| date == "2022-03-04"));
        assert_eq!(dates[2000..], ["2022-04-25", "2022-04-03"]);
    }

    #[test]
    fn a_date_in_the_future_speaks_against_an_order() {
        assert_eq!(dates(&["02-05-24", "01-06-24"]), ["2024-02-05", "2024-01-06"]);
        assert_eq!(dates(&["05-02-24", "06-01-24"]), ["2024-02-05", "2024-01-06"]);
    }

    #[test]
    fn lines_come_out_before_the_listing_ends() {
        let mut parser = parser();
        for _ in 0..detector::ENOUGH {
            parser.push(UNIX);
        }
        assert!(parser.next_entry().is_some());

        parser.push(DOS);
        assert_eq!(std::iter::from_fn(|| parser.next_entry()).last().unwrap().name(), b"of dos");
    }

    #[test]
    fn an_indented_line_is_a_name_only_where_all_are_of_mlsd() {
        let mut mixed = ListingParser::of(&[Format::Mlsx, Format::Unix], now());
        let mut mlsd = ListingParser::mlsx();

        assert_eq!(read(&mut mixed, &[UNIX, b" odd"]), ["of unix", "?"]);
        assert_eq!(read(&mut mlsd, &[b"type=file; x", b" odd"]), ["x", "odd"]);
    }

    #[test]
    fn a_parser_can_be_made_to_settle() {
        let mut parser = parser();
        parser.push(UNIX);
        assert_eq!(parser.pop(), None);
        parser.decide();
        assert!(parser.next_entry().is_some());
    }

    #[test]
    fn a_few_samples_are_kept_and_cut() {
        let mut parser = parser();
        read(&mut parser, &[&[b'?'; 1000][..]; 20]);

        assert_eq!(parser.unparsed(), 20);
        assert_eq!(parser.unparsed_samples(), vec![vec![b'?'; 256]; 8]);
    }

    #[test]
    fn a_custom_parser_is_asked_first_or_last() {
        let mut first = parser().custom(Arc::new(custom), CustomOrder::First);
        let mut last = parser().custom(Arc::new(custom), CustomOrder::Last);

        assert_eq!(read(&mut first, &[UNIX]), ["custom"]);
        assert_eq!(read(&mut last, &[UNIX, b"neither"]), ["of unix", "custom"]);

        let half = b"a-name-that-could-go-on-in-the-next-line";
        assert_eq!(read(&mut last, &[half, UNIX, half]), ["custom", "of unix", "custom"]);
    }

    #[test]
    fn a_custom_parser_can_pass_lines_over() {
        let mut parser = parser().custom(Arc::new(custom), CustomOrder::First);

        assert_eq!(read(&mut parser, &[b"skip me", b"odd", UNIX]), ["-", "?", "custom"]);
        assert_eq!(parser.unparsed(), 1);
    }

    #[test]
    fn a_format_is_a_line_parser() {
        let parser: Arc<dyn LineParser> = Arc::new(Format::Dos);

        assert_eq!(parser.parse(DOS, now()).unwrap().name(), b"of dos");
        assert!(parser.parse(UNIX, now()).is_err());
    }

    #[test]
    fn facts_are_bounded_by_the_limits_given() {
        let mut parser = ListingParser::mlsx().limits(&Limits { facts: 1, ..Limits::default() });

        assert_eq!(read(&mut parser, &[b"type=file;size=1; x", b"type=file; y"]), ["?", "y"]);
    }
}
