//! What a format makes of one line.

use super::{Why, date::Horizon};
use crate::{Limits, Timestamp, entry::Columns};

/// What a line turned out to be; formats that cannot read it say why.
pub(super) type Reading<'l> = Result<Line<'l>, Why>;

/// A line that a format understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line<'l> {
    /// It names a file, directory or link.
    Entry(Columns<'l>),
    /// It is a bare word, which other formats may mean otherwise: an entry only where other lines,
    /// or the server, tell of this very format.
    Perhaps(Columns<'l>),
    /// It is a header, footer or rule of this very format.
    NoEntry,
    /// It is the first half of an entry, which the next line goes on with. Both are read again,
    /// joined by a blank.
    Begins,
}

/// What reading a line needs besides the line.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) horizon: Horizon,
    pub(super) most_facts: usize,
    /// How dates of nothing but numbers are to be read.
    pub(super) order: DateOrder,
}

impl Context {
    pub(super) fn new(now: Timestamp, limits: &Limits) -> Self {
        Self { horizon: Horizon::new(now), most_facts: limits.facts, order: DateOrder::MonthFirst }
    }

    pub(super) fn with_order(&self, order: DateOrder) -> Self {
        Self { order, ..self.clone() }
    }
}

/// What comes first in a date such as `03-04-05`.
///
/// A format reads a date in this order only: where that gives no day of the calendar, it refuses
/// the line, which is how the order of a whole listing is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::enum_variant_names, reason = "each says what stands first")]
pub(super) enum DateOrder {
    /// `MM-DD-YY`
    MonthFirst,
    /// `DD-MM-YY`
    DayFirst,
    /// `YY-MM-DD`
    YearFirst,
}

impl DateOrder {
    /// Puts three numbers into the order year, month, day.
    pub(super) fn arrange(self, [first, second, third]: [u32; 3]) -> [u32; 3] {
        match self {
            Self::MonthFirst => [third, first, second],
            Self::DayFirst => [third, second, first],
            Self::YearFirst => [first, second, third],
        }
    }
}
