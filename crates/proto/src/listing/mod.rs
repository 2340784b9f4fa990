//! Listings: parsers for the lines of `MLSD`, `MLST` and `LIST`, which return [`Entry`](crate::Entry)s.
//!
//! [`LineSplitter`] splits the bytes of a data connection into lines. [`ListingParser`] detects their format
//! and parses them; one invalid line never affects the others. The `parse_…` functions parse a single line,
//! date or mode. Each format is a module in `formats`. Names are bytes here, including blanks at both ends;
//! the caller decodes them.
//!
//! ```
//! use oxftp_proto::{Timestamp, listing::ListingParser};
//!
//! let now = Timestamp::from_date(2024, 5, 1).unwrap();
//! let mut parser = ListingParser::list(now);
//! parser.push(b"total 8");
//! parser.push(b"-rw-r--r--   1 ann  staff   512 Apr 30 09:15 notes.txt");
//! parser.finish();
//! let entry = parser.next_entry().unwrap();
//!
//! assert_eq!(entry.name(), b"notes.txt");
//! assert_eq!(entry.modified.unwrap().to_string(), "2024-04-30T09:15");
//! assert_eq!(parser.unparsed(), 0);
//! ```

mod custom;
mod detector;
mod error;
mod fields;
mod formats;
mod lines;
mod parsed_line;
mod parser;
#[cfg(test)]
mod properties;
mod reply_frame;
mod single_line;
#[cfg(test)]
mod testing;

pub use custom::{LineParser, ParserOrder};
pub use error::ListingError;
pub use fields::{date::parse_ls_date, mode::parse_unix_mode};
pub use formats::{Format, UnknownFormat};
pub use lines::{LineSplitter, LineTooLong};
pub use parser::{ListingParser, Outcome};
pub use single_line::{
    parse_dos_line, parse_list_line, parse_mlst_line, parse_mlst_reply, parse_mlsx_line, parse_unix_line,
    stat_reply_lines,
};
