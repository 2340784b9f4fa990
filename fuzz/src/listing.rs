//! Invariants of listings.

use bytes::BytesMut;
use oxftp_proto::{
    Entry, Timestamp,
    listing::{Format, LineParser, LineSplitter, ListingError, ListingParser, Outcome},
};

use crate::protocol::cut;

/// Checks the results of one format for each line of a text.
pub fn check_lines(format: Format, text: &[u8]) {
    for line in lines(text) {
        match format.parse(line, now()) {
            Ok(entry) => check_entry(format, line, &entry),
            Err(error) => check_error(&error),
        }
    }
}

/// Checks a whole listing whose format must be detected; its first line is the server's description of
/// itself.
pub fn check_listing(input: &[u8]) {
    let mut lines = lines(input);
    let hint = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let lines: Vec<_> = lines.collect();
    let all: Vec<_> = Format::all().collect();
    check_outcomes(ListingParser::of(&all, now()).hint(&hint), &lines);
    check_outcomes(ListingParser::list(now()).hint(&hint), &lines);
}

/// Checks that a stream splits into the same lines in pieces of any size, none above the limit.
pub fn check_splitter(input: &[u8]) {
    let Some((size, stream)) = input.split_first() else { return };
    let whole = split(std::iter::once(stream));

    assert_eq!(split(cut(stream, *size)), whole);
    assert!(whole.0.iter().all(|line| line.len() <= LINE_LIMIT && !line.contains(&b'\n')));
}

fn check_entry(format: Format, line: &[u8], entry: &Entry) {
    assert_eq!(entry.raw(), line);
    assert!(!entry.name().is_empty(), "{entry:?}");
    // z/VM has the name in two columns, which a dot joins.
    assert!(format == Format::Zvm || is_part(entry.name(), line), "{entry:?}");
    assert!(entry.link_target().is_none_or(|target| is_part(target, line)), "{entry:?}");
    assert!(entry.mode.is_none_or(|mode| mode <= 0o7777), "{entry:?}");
    // Everything that is displayed is read too.
    let _ = (format!("{entry:?}"), entry.owner(), entry.group(), entry.facts().len());
}

fn check_error(error: &ListingError) {
    let message = error.to_string();
    assert!(message.len() < MOST_MESSAGE, "{} bytes", message.len());
    assert!(!message.contains(char::is_control), "{message:?}");
}

/// Checks that every line results in one outcome, in order, whenever it is taken.
fn check_outcomes(mut parser: ListingParser, lines: &[&[u8]]) {
    let mut eager = parser.clone();
    let mut early = Vec::new();
    for line in lines {
        parser.push(line);
        eager.push(line);
        early.extend(std::iter::from_fn(|| eager.pop()));
    }
    parser.finish();
    eager.finish();
    early.extend(std::iter::from_fn(|| eager.pop()));
    let outcomes: Vec<_> = std::iter::from_fn(|| parser.pop()).collect();

    assert_eq!(early, outcomes);
    assert_eq!(outcomes.len(), lines.len(), "each line has one outcome");
    for (at, outcome) in outcomes.iter().enumerate() {
        let Outcome::Entry(entry) = outcome else { continue };
        let spread = at.checked_sub(1).is_some_and(|first| {
            outcomes[first] == Outcome::NoEntry && entry.raw() == [lines[first], b" ", lines[at]].concat()
        });
        assert!(spread || entry.raw() == lines[at], "{entry:?} does not stand in line {at}");
        assert!(!entry.name().is_empty(), "{entry:?}");
    }
    let unparsed = outcomes.iter().filter(|outcome| **outcome == Outcome::Unparsed).count();
    // The lines of a reply around a listing count too if they turn out not to be.
    let unconfirmed = parser.unparsed() - unparsed as u64;
    assert!(unconfirmed <= 2 && unconfirmed <= (outcomes.len() - unparsed) as u64);
    assert_eq!(parser.unparsed_samples().len() as u64, parser.unparsed().min(8));
}

/// Returns the lines, and whether one exceeded the limit.
fn split<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
    let mut splitter = LineSplitter::new(LINE_LIMIT);
    let mut buffer = BytesMut::new();
    let mut lines = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match splitter.feed(&mut buffer) {
                Ok(Some(line)) => lines.push(line.to_vec()),
                Ok(None) => break,
                Err(_) => return (lines, true),
            }
        }
    }
    match splitter.finish(&mut buffer) {
        Ok(last) => {
            lines.extend(last.map(|line| line.to_vec()));
            (lines, false)
        }
        Err(_) => (lines, true),
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|&byte| byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn is_part(part: &[u8], line: &[u8]) -> bool {
    memchr::memmem::find(line, part).is_some()
}

fn now() -> Timestamp {
    Timestamp::from_date(2024, 5, 1).expect("the calendar has this day")
}

const LINE_LIMIT: usize = 16;
const MOST_MESSAGE: usize = 1500;
