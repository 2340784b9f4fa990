//! Which format a listing is in.
//!
//! A [`Detector`] holds every hypothesis, a format and an order of its dates, and lets the lines
//! decide. It judges only; the lines are kept by the parser.

use super::{
    error::Reason,
    formats::Format,
    parsed_line::{Context, ParseResult, ParsedLine},
};
use crate::{Limits, Timestamp};

/// Scores hypotheses by the lines that they explain.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    /// The best stands first; among equals, the one that is likelier by itself.
    hypotheses: Vec<Hypothesis>,
    /// There is nothing left to choose, or no more time.
    decided: bool,
    weighed: usize,
}

/// That the listing is in this format, with dates in this order.
#[derive(Debug, Clone)]
struct Hypothesis {
    format: Format,
    context: Context,
    score: u64,
    /// Some line means something else in the first order of this format.
    differs: bool,
    /// It is not the only one.
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

    /// Prefers a format that what the server says of itself speaks for.
    pub(super) fn hint(&mut self, format: Format) {
        for hypothesis in self.hypotheses.iter_mut().filter(|hypothesis| hypothesis.format == format) {
            hypothesis.score += HINT;
        }
        self.rank();
    }

    /// Tells whether lines can be read as they come.
    pub(super) fn is_decided(&self) -> bool {
        self.decided
    }

    /// Takes one line as evidence.
    pub(super) fn weigh(&mut self, line: &[u8]) {
        self.weighed += 1;
        let mut first: Option<(Format, ParseResult<'_>)> = None;
        // The orders of a format stand side by side until it is decided.
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

    /// Takes a line as evidence after an early decision, which it may turn.
    pub(super) fn reconsider(&mut self, line: &[u8]) {
        if self.hypotheses.len() > 1 && self.weighed < ENOUGH {
            self.weigh(line);
            self.rank();
        }
    }

    /// Takes a line and the one after it as evidence, where a format spreads entries over two.
    pub(super) fn weigh_joined(&mut self, first: &[u8], joined: &[u8]) {
        for hypothesis in &mut self.hypotheses {
            if matches!(hypothesis.read(first), Ok(ParsedLine::FirstHalf)) {
                hypothesis.score += hypothesis.weight(&hypothesis.read(joined));
            }
        }
    }

    /// Tells whether orders of dates are all that the best hypotheses differ in.
    pub(super) fn is_order_open(&self) -> bool {
        let [first, second, ..] = &*self.ranked() else { return false };
        first.format == second.format && first.score == second.score && second.differs
    }

    /// Believes the best hypothesis from now on.
    pub(super) fn decide(&mut self) {
        self.rank();
        self.decided = true;
    }

    /// Reads a line by the best hypothesis that explains it.
    #[inline]
    pub(super) fn read<'l>(&mut self, line: &'l [u8]) -> ParseResult<'l> {
        let Some(best) = self.hypotheses.first() else { return Err("no format is known") };
        match best.read(line) {
            Ok(ParsedLine::BareName(columns)) if best.score > 0 || !best.among_others => {
                Ok(ParsedLine::Entry(columns))
            }
            Ok(ParsedLine::BareName(_)) => {
                self.read_otherwise(line, "a bare name, and nothing that tells the format")
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

    /// Says how much a line that it reads so speaks for this hypothesis.
    fn weight(&self, reading: &ParseResult<'_>) -> u64 {
        match reading {
            Ok(ParsedLine::Entry(columns)) => match columns.modified {
                // Clocks may be wrong, but less often than guesses at a format.
                Some(time) if self.context.horizon.is_beyond(&time) => FUTURE,
                _ => EXPLAINED,
            },
            Ok(ParsedLine::NoEntry) => EXPLAINED,
            Ok(ParsedLine::BareName(_) | ParsedLine::FirstHalf) | Err(_) => 0,
        }
    }
}

/// Lines by which a format is found out.
pub(super) const ENOUGH: usize = 32;

const EXPLAINED: u64 = 4;
const FUTURE: u64 = 3;
/// Less than a line.
const HINT: u64 = 2;
