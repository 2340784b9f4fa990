//! Custom parsers for listing lines.

use super::{error::ListingError, formats::Format, parsed_line::Context};
use crate::{Entry, Limits, Timestamp};

/// Parser for lines of a format that is not built in.
///
/// Closures implement it:
///
/// ```
/// use std::sync::Arc;
/// use oxftp_proto::{Entry, Timestamp, listing::{ParserOrder, ListingError, ListingParser}};
///
/// fn names_alone(line: &[u8], _: Timestamp) -> Result<Entry, ListingError> {
///     let name = line.strip_prefix(b"* ").ok_or(ListingError::not_understood(line, "no star"))?;
///     Ok(Entry::new(name).with_raw(line))
/// }
///
/// let now = Timestamp::from_date(2024, 5, 1).unwrap();
/// let mut parser = ListingParser::list(now).custom(Arc::new(names_alone), ParserOrder::Last);
/// parser.push(b"* readme");
/// parser.finish();
/// assert_eq!(parser.next_entry().unwrap().name(), b"readme");
/// ```
pub trait LineParser: Send + Sync {
    /// Parses one line, without its line ending.
    ///
    /// # Errors
    ///
    /// [`ListingError::no_entry`] when the line must be skipped, [`ListingError::not_understood`] when other
    /// parsers must be tried.
    fn parse(&self, line: &[u8], now: Timestamp) -> Result<Entry, ListingError>;
}

impl<F> LineParser for F
where
    F: Fn(&[u8], Timestamp) -> Result<Entry, ListingError> + Send + Sync,
{
    fn parse(&self, line: &[u8], now: Timestamp) -> Result<Entry, ListingError> {
        self(line, now)
    }
}

/// Parses lines of this format only.
impl LineParser for Format {
    fn parse(&self, line: &[u8], now: Timestamp) -> Result<Entry, ListingError> {
        self.entry(line, &Context::new(now, &Limits::default()))
    }
}

/// The position of a custom parser among the built-in formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParserOrder {
    /// Before the built-in formats.
    First,
    /// After the built-in formats, for lines that none of them can read.
    Last,
}
