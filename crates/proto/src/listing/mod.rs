//! Listings: lines of `MLSD`, `MLST` and `LIST` read into [`Entry`](crate::Entry)s.
//!
//! [`LineSplitter`] cuts what a data connection brings into lines, and [`ListingParser`] finds out
//! their format and reads them; one odd line never costs the others. The `parse_…` functions read a single line, date or
//! mode. Each format has a file of its own. What the names mean is left to the caller: they are
//! bytes here, and blanks at both ends belong to them.
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

mod connect_enterprise;
mod custom;
mod date;
mod detector;
mod dls;
mod dos;
mod eplf;
mod error;
mod format;
mod lines;
mod mlsx;
mod mode;
mod months;
mod mvs;
mod netware;
mod nonstop;
mod numeric;
mod os2;
mod os400;
mod os9;
mod parser;
#[cfg(test)]
mod properties;
mod reading;
mod stamp;
mod supertcp;
#[cfg(test)]
mod testing;
mod text;
mod unix;
mod vms;
mod vshell;
mod vxworks;
mod wfftp;
mod windows_ce;
mod zvm;

pub use custom::{CustomOrder, LineParser};
pub use date::parse_ls_date;
pub use dos::parse_dos_line;
pub use error::ListingError;
pub use format::{Format, UnknownFormat, parse_list_line};
pub use lines::{LineSplitter, LineTooLong};
pub use mlsx::{parse_mlst_line, parse_mlsx_line};
pub use mode::parse_unix_mode;
pub use parser::{ListingParser, Outcome};
pub use unix::parse_unix_line;

use crate::EntryKind;

/// What a format says of a line it cannot read.
type Why = &'static str;

/// Gives the kind of an entry, which the names `.` and `..` decide for themselves; what is said to be a file stays
/// one, whose name is refused where it is used.
fn kind_of(name: &[u8], told: EntryKind) -> EntryKind {
    match name {
        _ if told == EntryKind::File => told,
        b"." => EntryKind::CurrentDirectory,
        b".." => EntryKind::ParentDirectory,
        _ => told,
    }
}
