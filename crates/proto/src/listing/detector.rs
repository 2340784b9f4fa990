//! Detector of the format of a listing.
//!
//! A [`Detector`] holds one hypothesis for each format and date order, and scores them by the lines. The lines
//! themselves are kept by the parser.

use super::{
    error::Reason,
    formats::Format,
    parsed_line::{Context, ParseResult, ParsedLine},
};
use crate::{Limits, Timestamp};

/// Scores hypotheses by the lines that they can read.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    /// Hypotheses, best first; among equals, the more common format first.
    hypotheses: Vec<Hypothesis>,
    /// The format is decided.
    decided: bool,
    weighed: usize,
}

/// Hypothesis: the listing has this format, with dates in this order.
#[derive(Debug, Clone)]
struct Hypothesis {
    format: Format,
    context: Context,
    score: u64,
    /// Some line is read differently in the first order of this format.
    differs: bool,
    /// There are other hypotheses.
    among_others: bool,
}

impl Detector {
    pub(super) fn new(formats: &[Format], now: Timestamp, limits: &Limits) -> Self {
        let context = Context::new(now, limits);
        let hypotheses = formats.iter().flat_map(|&format| {
            let context = &context;
            format.date_orders().iter().map(move |&order| Hypothesis {
                format,
                context: context.with_order(order),
                score: 0,
                differs: false,
                among_others: formats.len() > 1,
            })
        });
        let hypotheses: Vec<_> = hypotheses.collect();
        let decided = hypotheses.len() < 2;
        Self { hypotheses, decided, weighed: 0 }
    }

    /// Prefers a format to which the server's description of itself points.
    pub(super) fn hint(&mut self, format: Format) {
        for hypothesis in self.hypotheses.iter_mut().filter(|hypothesis| hypothesis.format == format) {
            hypothesis.score += HINT;
        }
        self.rank();
    }

    /// Returns whether lines can be read as they arrive.
    pub(super) fn is_decided(&self) -> bool {
        self.decided
    }

    /// Scores one line.
    pub(super) fn weigh(&mut self, line: &[u8]) {
        self.weighed += 1;
        let mut first: Option<(Format, ParseResult<'_>)> = None;
        // The orders of one format are adjacent until it is decided.
        for hypothesis in &mut self.hypotheses {
            let reading = hypothesis.read(line);
            hypothesis.score += hypothesis.weight(&reading);
            match &first {
                Some((format, other)) if *format == hypothesis.format => {
                    hypothesis.differs |= *other != reading
                }
                _ => first = Some((hypothesis.format, reading)),
            }
        }
    }

    /// Scores a line after an early decision, which it may change.
    pub(super) fn reconsider(&mut self, line: &[u8]) {
        if self.hypotheses.len() > 1 && self.weighed < SAMPLE_LINES {
            self.weigh(line);
            self.rank();
        }
    }

    /// Scores a line joined with the next one, for formats that split entries over two lines.
    pub(super) fn weigh_joined(&mut self, first: &[u8], joined: &[u8]) {
        for hypothesis in &mut self.hypotheses {
            if matches!(hypothesis.read(first), Ok(ParsedLine::FirstHalf)) {
                hypothesis.score += hypothesis.weight(&hypothesis.read(joined));
            }
        }
    }

    /// Returns whether the best hypotheses differ in the order of dates only.
    pub(super) fn is_order_open(&self) -> bool {
        let [first, second, ..] = &*self.ranked() else { return false };
        first.format == second.format && first.score == second.score && second.differs
    }

    /// Decides for the best hypothesis.
    pub(super) fn decide(&mut self) {
        self.rank();
        self.decided = true;
    }

    /// Returns whether some line shows the format.
    pub(super) fn has_evidence(&self) -> bool {
        self.weighed > 0 && self.hypotheses.iter().any(|hypothesis| hypothesis.score > HINT)
    }

    /// Scores the order of dates by a line that does not count for the format.
    pub(super) fn weigh_order(&mut self, line: &[u8]) {
        self.rank();
        let Some(best) = self.hypotheses.first().map(|best| best.format) else { return };
        for hypothesis in self.hypotheses.iter_mut().filter(|hypothesis| hypothesis.format == best) {
            hypothesis.score += hypothesis.weight(&hypothesis.read(line));
        }
    }

    /// Forgets all formats but the best one, in which a bare name is not an entry from now on.
    pub(super) fn keep_best_format(&mut self) {
        let Some(best) = self.hypotheses.first().map(|best| best.format) else { return };
        self.hypotheses.retain(|hypothesis| hypothesis.format == best);
        for hypothesis in &mut self.hypotheses {
            (hypothesis.score, hypothesis.among_others) = (0, true);
        }
    }

    /// Reads a line by the best hypothesis that can read it.
    #[inline]
    pub(super) fn read<'l>(&mut self, line: &'l [u8]) -> ParseResult<'l> {
        let Some(best) = self.hypotheses.first() else { return Err("no format is known") };
        match best.read(line) {
            Ok(ParsedLine::BareName(columns)) if best.score > 0 || !best.among_others => {
                Ok(ParsedLine::Entry(columns))
            }
            Ok(ParsedLine::BareName(_)) => {
                self.read_otherwise(line, "a bare name, and nothing that shows the format")
            }
            Err(why) => self.read_otherwise(line, why),
            read => read,
        }
    }

    /// Reads a line by the other hypotheses.
    #[cold]
    fn read_otherwise<'l>(&mut self, line: &'l [u8], why: Reason) -> ParseResult<'l> {
        let mut others = self.hypotheses.iter_mut().skip(1);
        let Some(read) = others.find_map(|other| {
            let read = other.read(line).ok().filter(|read| !matches!(read, ParsedLine::BareName(_)))?;
            other.score += 1;
            Some(read)
        }) else {
            return Err(why);
        };
        self.rank();
        Ok(read)
    }

    fn rank(&mut self) {
        self.hypotheses.sort_by_key(|hypothesis| std::cmp::Reverse(hypothesis.score));
    }

    fn ranked(&self) -> Vec<&Hypothesis> {
        let mut ranked: Vec<_> = self.hypotheses.iter().collect();
        ranked.sort_by_key(|hypothesis| std::cmp::Reverse(hypothesis.score));
        ranked
    }
}

impl Hypothesis {
    #[inline]
    fn read<'l>(&self, line: &'l [u8]) -> ParseResult<'l> {
        self.format.read(line, &self.context)
    }

    /// Returns the score of a line with this result.
    fn weight(&self, reading: &ParseResult<'_>) -> u64 {
        match reading {
            Ok(ParsedLine::Entry(columns)) => match columns.modified {
                // A clock may be wrong, but a wrong format is more likely.
                Some(time) if self.context.horizon.is_beyond(&time) => FUTURE,
                _ => READ,
            },
            Ok(ParsedLine::NoEntry) => READ,
            Ok(ParsedLine::BareName(_) | ParsedLine::FirstHalf) | Err(_) => 0,
        }
    }
}

/// Lines needed to detect a format.
pub(super) const SAMPLE_LINES: usize = 32;

const READ: u64 = 4;
const FUTURE: u64 = 3;
/// Less than a line counts.
const HINT: u64 = 2;
