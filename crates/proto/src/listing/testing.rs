//! Helpers for the tests of the formats.

use super::{custom::LineParser, formats::Format};
use crate::{Entry, Timestamp};

/// Parses one line as of 1 May 2024.
pub(super) fn read(format: Format, line: impl AsRef<[u8]>) -> Entry {
    let line = line.as_ref();
    try_read(format, line).unwrap_or_else(|why| panic!("\"{}\": {why}", line.escape_ascii()))
}

pub(super) fn try_read(format: Format, line: impl AsRef<[u8]>) -> Result<Entry, super::ListingError> {
    format.parse(line.as_ref(), Timestamp::from_date(2024, 5, 1).unwrap())
}
