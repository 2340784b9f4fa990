//! Format of Stratus VOS: files, directories and links, each below a line with their number.
//!
//! ```text
//! Files: 1   Blocks: 12
//!
//! w     12 stm       21-11-08 21:46:00  notes
//!
//! Dirs: 1
//!
//! m      1 21-11-08 21:46:10  drivers
//! ```
//!
//! The letter at the start is the access that the user has. A file has a type, such as `stm` or `seq`; a directory has
//! none. Sizes are blocks of 4096 bytes.

use crate::{
    EntryKind,
    entry::Columns,
    listing::{
        fields::{date_order::DateOrder, numeric, text},
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], _: &Context) -> ParseResult<'l> {
    let line = line.strip_prefix(b" ").unwrap_or(line);
    let (access, rest) = text::word(line);
    match access {
        [b'e' | b'm' | b'n' | b'r' | b's' | b'u' | b'w'] => {
            file_or_directory(access, text::skip_blanks(rest))
        }
        [b'0'..=b'9', ..] => link(line),
        _ if is_header(line) => Ok(ParsedLine::NoEntry),
        _ => Err("no access code at its start"),
    }
}

fn file_or_directory<'l>(access: &[u8], columns: &'l [u8]) -> ParseResult<'l> {
    let (blocks, rest) = text::word(columns);
    let blocks = text::number(blocks).ok_or("no blocks after the access code")?;
    let rest = text::skip_blanks(rest);
    let (kind, rest) = match rest.first() {
        Some(b'0'..=b'9') if matches!(access, b"m" | b"s") => (EntryKind::Directory, rest),
        Some(b'0'..=b'9') => (EntryKind::File, rest),
        _ => (EntryKind::File, text::skip_blanks(text::word(rest).1)),
    };
    let (modified, rest) =
        numeric::date_and_time(rest, DateOrder::YearFirst).ok_or("no date after the blocks")?;
    let name = text::skip_blanks(rest);
    if name.is_empty() {
        return Err("no name after the date");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, kind),
        size: blocks.checked_mul(BLOCK).filter(|_| kind == EntryKind::File),
        rounded: true,
        modified: Some(modified),
        ..Columns::default()
    }))
}

/// `21-11-08 21:46:20  old_notes  ->  %s1#d01>Ann>notes`
fn link(line: &[u8]) -> ParseResult<'_> {
    // A name contains no `>`, which separates the names of a path. Most lines of other formats end here.
    let arrow = memchr::memchr(b'>', line).and_then(|tip| tip.checked_sub(ARROW.len() - 2));
    let (source, target) = arrow.and_then(|arrow| line.split_at_checked(arrow)).unwrap_or_default();
    let target = target.strip_prefix(ARROW).ok_or("no target of a link")?;
    let (modified, name) =
        numeric::date_and_time(source, DateOrder::YearFirst).ok_or("no date at its start")?;
    let name = text::trim_end(text::skip_blanks(name));
    if name.is_empty() {
        return Err("no name after the date");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: EntryKind::Link,
        modified: Some(modified),
        link_target: Some(text::skip_blanks(target)),
        ..Columns::default()
    }))
}

/// `Files: 4   Blocks: 609`, `Dirs: 0` or `Links: 2`
fn is_header(line: &[u8]) -> bool {
    let (title, rest) = text::word(line);
    let (count, rest) = text::word(text::skip_blanks(rest));
    let has_blocks = text::skip_blanks(rest).starts_with(b"Blocks: ");
    text::number(count).is_some()
        && match title {
            b"Files:" => has_blocks,
            b"Dirs:" | b"Links:" => text::skip_blanks(rest).is_empty(),
            _ => false,
        }
}

const ARROW: &[u8] = b" -> ";

/// The size of a block in bytes.
const BLOCK: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry, Timestamp,
        listing::{ListingParser, formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Vos, line)
    }

    #[test]
    fn files_and_directories_are_read() {
        let (file, directory) = (
            read("w     12 stm       21-11-08 21:46:00  my notes"),
            read(" m      1 98-11-08 21:46:10  drivers"),
        );

        assert_eq!((file.name(), file.kind, file.size), (&b"my notes"[..], EntryKind::File, Some(49_152)));
        assert_eq!(file.exact_size(), None);
        assert_eq!(file.modified.unwrap().to_string(), "2021-11-08T21:46:00");
        assert_eq!((directory.name(), directory.kind), (&b"drivers"[..], EntryKind::Directory));
        assert_eq!(directory.modified.unwrap().to_string(), "1998-11-08T21:46:10");
    }

    #[test]
    fn link_of_vos_has_target() {
        let link = read("21-11-08 21:46:20  old_notes  ->  %s1#d01>Ann>notes");
        assert_eq!((link.name(), link.kind), (&b"old_notes"[..], EntryKind::Link));
        assert_eq!(link.link_target(), Some(&b"%s1#d01>Ann>notes"[..]));
    }

    #[test]
    fn listing_with_headers_is_detected() {
        let mut parser = ListingParser::list(Timestamp::from_date(2024, 5, 1).unwrap());
        for line in
            ["Files: 1   Blocks: 12", "", "w     12 seq       21-11-08 21:46:00  notes", "", "Dirs: 0"]
        {
            parser.push(line.as_bytes());
        }
        parser.finish();

        assert_eq!(
            parser.next_entry().map(|entry| (entry.name().to_vec(), entry.kind)),
            Some((b"notes".to_vec(), EntryKind::File))
        );
        assert_eq!((parser.next_entry(), parser.unparsed()), (None, 0));
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "w 12 stm 21-31-08 21:46:00 x",
            "w stm 21-11-08 21:46:00 x",
            "w 12 stm 21-11-08 21:46:00 ",
            "21-11-08 21:46:00 x",
            "Files: many",
            "Dirs: 1 and more",
        ] {
            let error = testing::try_read(Format::Vos, line).unwrap_err();
            assert!(!error.is_no_entry(), "{line}");
        }
    }
}
