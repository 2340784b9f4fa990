//! Format of z/VM for files of CMS.
//!
//! ```text
//! REPORT   LISTING  V         64         31          1 1995-10-16 08:27:51 ANN191
//! DRAFTS   DIR      -          -          -          - 2002-05-29 16:04:37 -
//! 08/11/2003 17:52:06 F 1 40321 'a file of the byte file system'
//! ```
//!
//! Name and type of a file are separate columns, and the server expects them with a dot between. The longest
//! record and the number of records are listed. Their product is an upper bound of the size, and is the size
//! if all records have the same length (`F`). Listings in Unix style are parsed by `unix`.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{date_order::DateOrder, stamp, text},
        parsed_line::{Context, ParseResult, ParsedLine},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let read =
        of_bytes(line).or_else(|| of_records(line, context.order)).or_else(|| directory(line, context.order));
    read.map(ParsedLine::Entry).ok_or("no columns of CMS")
}

/// `REPORT   LISTING  V  64  31  1 1995-10-16 08:27:51 ANN191`, with or without the disk.
fn of_records(line: &[u8], order: DateOrder) -> Option<Columns<'_>> {
    let [name, name_type, format, length, count, blocks, day, clock, disk] =
        text::words(line).or_else(|| with_blank(line))?;
    if !matches!(format, b"V" | b"F") {
        return None;
    }
    text::number(blocks)?;
    let size = text::number(length)?.checked_mul(text::number(count)?)?;
    Some(Columns {
        name,
        name_type: Some(name_type),
        kind: EntryKind::File,
        size: Some(size),
        // Records of variable length may be shorter, and line endings are added or removed in transit.
        rounded: true,
        modified: Some(time(day, clock, order)?),
        owner: known(disk),
        ..Columns::default()
    })
}

/// Directories of the shared file system. Aliases and erased files have dashes too, but no `DIR`.
fn directory(line: &[u8], order: DateOrder) -> Option<Columns<'_>> {
    let [name, directory, dashes @ .., day, clock, disk] =
        text::words::<9>(line).or_else(|| with_blank(line))?;
    let columns = Columns {
        name,
        kind: EntryKind::Directory,
        modified: Some(time(day, clock, order)?),
        owner: known(disk),
        ..Columns::default()
    };
    (directory == b"DIR" && dashes.iter().all(|dash| *dash == b"-")).then_some(columns)
}

/// Lines of eight words have no disk.
fn with_blank(line: &[u8]) -> Option<[&[u8]; 9]> {
    let [a, b, c, d, e, f, g, h] = text::words(line)?;
    Some([a, b, c, d, e, f, g, h, b""])
}

/// `08/11/2003 17:52:06 F 1 40321 'notes'` of the byte file system, and `D - - 'drafts'`.
fn of_bytes(line: &[u8]) -> Option<Columns<'_>> {
    let (columns, quoted) = line.split_at_checked(memchr::memmem::find(line, b" '")?)?;
    let name = text::trim_end(quoted).strip_prefix(b" '")?.strip_suffix(b"'")?;
    let [day, clock, kind, length, count] = text::words(columns)?;
    let (kind, size) = match kind {
        b"F" => (EntryKind::File, Some(text::number(length)?.checked_mul(text::number(count)?)?)),
        b"D" if (length, count) == (b"-", b"-") => (EntryKind::Directory, None),
        _ => return None,
    };
    let modified = Some(time(day, clock, DateOrder::MonthFirst)?);
    (!name.is_empty()).then(|| Columns { name, kind, size, modified, ..Columns::default() })
}

fn time(day: &[u8], clock: &[u8], order: DateOrder) -> Option<Timestamp> {
    stamp::at_clock(stamp::day_in_order(day, order)?, clock)
}

fn known(text: &[u8]) -> Option<&[u8]> {
    (!matches!(text, b"" | b"-")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Zvm, line)
    }

    #[test]
    fn name_and_type_are_joined_by_a_dot() {
        let entry = read("REPORT   LISTING  F         80         31          1 1995-10-16 08:27:51 ANN191");

        assert_eq!((entry.name(), entry.kind), (&b"REPORT.LISTING"[..], EntryKind::File));
        assert_eq!((entry.size, entry.owner().as_deref()), (Some(2480), Some("ANN191")));
        assert_eq!(entry.modified.unwrap().to_string(), "1995-10-16T08:27:51");
    }

    #[test]
    fn disk_may_be_missing_and_year_short() {
        for line in [
            "REPORT LISTING V 64 31 1 1995-10-16 08:27:51",
            "REPORT LISTING V 64 31 1 10/16/95 08:27:51 -",
            "REPORT LISTING V 64 31 1 10/16/95 08:27:51 ANN191",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.size), (&b"REPORT.LISTING"[..], Some(1984)), "{line}");
        }
    }

    #[test]
    fn a_directory_has_no_type_and_no_size() {
        let entry = read("DRAFTS   DIR      -          -          -          - 2002-05-29 16:04:37 -");

        assert_eq!((entry.name(), entry.kind), (&b"DRAFTS"[..], EntryKind::Directory));
        assert_eq!((entry.size, entry.owner()), (None, None));
    }

    #[test]
    fn names_of_the_byte_file_system_are_quoted() {
        let file = read("08/11/2003 17:52:06 F 1 40321 'my notes'");
        let directory = read("09/24/2003 06:40:13 D -          - 'Drafts'");

        assert_eq!((file.name(), file.size), (&b"my notes"[..], Some(40321)));
        assert_eq!((directory.name(), directory.kind), (&b"Drafts"[..], EntryKind::Directory));
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "REPORT LISTING X 64 31 1 1995-10-16 08:27:51 ANN191",
            "REPORT LISTING V 64 31 1 1995-10-16 ANN191",
            "REPORT LISTING V 64 31 1 1995-14-16 08:27:51 ANN191",
            "REPORT LISTING V 9999999999 9999999999 1 1995-10-16 08:27:51 ANN191",
            "REPORT LISTING V 64 31 1 1995-10-16 08:27:51 ANN191 x",
            "DRAFTS DIRS - - - - 2002-05-29 16:04:37 -",
            "08/11/2003 17:52:06 F 1 40321 ''",
        ] {
            assert!(testing::try_read(Format::Zvm, line).is_err(), "{line}");
        }
    }
}
