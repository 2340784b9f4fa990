//! Result of reading one line in one format.

use super::{
    error::Reason,
    fields::{date::Horizon, date_order::DateOrder},
};
use crate::{EntryKind, Limits, Timestamp, entry::Columns};

/// A parsed line, or the reason why the format cannot read it.
pub(super) type ParseResult<'l> = Result<ParsedLine<'l>, Reason>;

/// A line that a format can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParsedLine<'l> {
    /// The line describes a file, directory or link.
    Entry(Columns<'l>),
    /// The line is a single word, which may mean something else in another format. It counts as an
    /// entry only if other lines, or the server itself, point to this format.
    BareName(Columns<'l>),
    /// The line is a header, footer or rule of this format.
    NoEntry,
    /// The line is the first half of an entry that continues on the next line. Both lines are joined
    /// by a blank and parsed again.
    FirstHalf,
}

impl<'l> ParsedLine<'l> {
    /// Returns the entry of a line whose name follows a size and a time.
    pub(super) fn dated(name: &'l [u8], kind: EntryKind, size: u64, modified: Timestamp) -> ParseResult<'l> {
        if name.is_empty() {
            return Err("no name after the time");
        }
        Ok(Self::Entry(Columns {
            name,
            kind: kind_of(name, kind),
            size: Some(size),
            modified: Some(modified),
            ..Columns::default()
        }))
    }
}

/// The context that a format needs, besides the line, to read it.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) horizon: Horizon,
    pub(super) most_facts: usize,
    /// Order in which numeric dates are read.
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

/// Returns the kind of an entry: the names `.` and `..` override the listed kind, unless that is a file. Such a
/// file is rejected later, when its name is used.
pub(super) fn kind_of(name: &[u8], listed: EntryKind) -> EntryKind {
    match name {
        _ if listed == EntryKind::File => listed,
        b"." => EntryKind::CurrentDirectory,
        b".." => EntryKind::ParentDirectory,
        _ => listed,
    }
}
