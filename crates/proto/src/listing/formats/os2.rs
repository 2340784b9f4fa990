//! Format of OS/2.
//!
//! ```text
//!  48213      A    11-08-103  21:46  setup.cmd
//!      0 DIR       11-08-103  21:46  drivers
//! ```
//!
//! Size, `DIR` and attributes in either order, date, time, name.

use crate::{
    EntryKind, Timestamp,
    listing::{
        fields::{date_order::DateOrder, numeric, text},
        parsed_line::{Context, ParseResult, ParsedLine},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (size, rest) = text::word(text::skip_blanks(line));
    let size = text::size(size).ok_or("no size at its start")?;
    let (kind, modified, rest) =
        columns(rest, context.order).ok_or("neither attributes nor date after the size")?;
    let name = text::skip_blanks(rest);
    ParsedLine::dated(name, kind, size, modified)
}

/// Takes `DIR`, attributes, date and time off the front.
fn columns(text: &[u8], order: DateOrder) -> Option<(EntryKind, Timestamp, &[u8])> {
    let mut kind = EntryKind::File;
    let mut rest = text::blanks(text)?;
    for _ in 0..=MOST_ATTRIBUTES {
        if rest.first()?.is_ascii_digit() {
            let (modified, rest) = numeric::date_and_time(rest, order)?;
            return Some((kind, modified, rest));
        }
        let (word, tail) = text::word(rest);
        match word {
            b"DIR" | b"<DIR>" => kind = EntryKind::Directory,
            _ if is_attributes(word) => {}
            _ => return None,
        }
        rest = text::blanks(tail)?;
    }
    None
}

/// Archive, hidden, read-only and system, and the mark of extended attributes.
fn is_attributes(word: &[u8]) -> bool {
    word == b"EA" || word == b"EAs" || word.iter().all(|letter| b"ARSHEDarshed-".contains(letter))
}

/// `DIR`, and each attribute as a word.
const MOST_ATTRIBUTES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Os2, line)
    }

    #[test]
    fn a_file_is_read() {
        let entry = read("  48213      A    11-08-103  21:46  set up.cmd");

        assert_eq!((entry.name(), entry.kind), (&b"set up.cmd"[..], EntryKind::File));
        assert_eq!(entry.size, Some(48213));
        assert_eq!(entry.modified.unwrap().to_string(), "2003-11-08T21:46");
    }

    #[test]
    fn dir_mark_may_precede_or_follow_attributes() {
        for line in [
            "     0           DIR   03-14-98   18:21  SRC",
            "    0 DIR       03-14-98  18:21  SRC",
            " 812 DIR  A    03-14-98  18:21  SRC",
            "     0      RHS  DIR   03-14-1998   18:21  SRC",
            "     0  A R DIR  EAs   03-14-098   6:21p  SRC",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.kind), (&b"SRC"[..], EntryKind::Directory), "{line}");
            assert_eq!(entry.modified.unwrap().to_string(), "1998-03-14T18:21", "{line}");
        }
        assert_eq!(read("     0           DIR   03-14-98   18:21  ..").kind, EntryKind::ParentDirectory);
    }

    #[test]
    fn attributes_may_be_missing() {
        assert_eq!(read(" 731002                09-13-98   08:15  PAINT.EXE").size, Some(731_002));
    }

    #[test]
    fn sizes_may_be_grouped() {
        for line in ["  731,002  A  09-13-98  08:15  PAINT.EXE", "  731.002     09-13-98  08:15  PAINT.EXE"] {
            assert_eq!(read(line).size, Some(731_002), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "03-14-22  07:05AM 1024 x",
            "48213 files 11-08-103  21:46  x",
            "48213  A  11-08-103  21:46  ",
            "48213  A  11-08-103  x",
            "48213  A A A A A A A A 11-08-103  21:46 x",
            "48213 Nov 08, 2021 21:46 x",
        ] {
            assert!(testing::try_read(Format::Os2, line).is_err(), "{line}");
        }
    }
}
