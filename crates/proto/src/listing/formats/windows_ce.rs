//! Format of Windows CE.
//!
//! ```text
//! 11-08-2021  21:46       <DIR>          drivers
//! ```
//!
//! It is the format of IIS with times of 24 hours, and with days and months in the order of the server's
//! country. The DOS format parses it.

use super::dos;
use crate::listing::parsed_line::{Context, ParseResult};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    dos::read(line, context)
}

#[cfg(test)]
mod tests {
    use crate::{
        EntryKind,
        listing::{formats::Format, testing},
    };

    #[test]
    fn lines_are_those_of_dos_with_24_hours() {
        let read = |line: &str| testing::read(Format::WindowsCe, line);
        let directory = read("06-27-19  17:44       <DIR>          log files");
        let file = read("06-27-2019  17:45                 9001 start.lnk");

        assert_eq!((directory.name(), directory.kind), (&b"log files"[..], EntryKind::Directory));
        assert_eq!((file.name(), file.size), (&b"start.lnk"[..], Some(9001)));
        assert_eq!(file.modified.unwrap().to_string(), "2019-06-27T17:45");
    }
}
