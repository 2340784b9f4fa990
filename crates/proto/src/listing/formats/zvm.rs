//! Format of z/VM for files of CMS.
//!
//! ```text
//! REPORT   LISTING  V         64         31          1 1995-10-16 08:27:51 ANN191
//! DRAFTS   DIR      -          -          -          - 2002-05-29 16:04:37 -
//! NOTES    EXEC     A1 V         17          3          1  9/12/91 12:39:07
//! 08/11/2003 17:52:06 F 1 40321 'a file of the byte file system'
//! ```
//!
//! Name and type of a file are separate columns, and the server expects them with a dot between. The longest
//! record and the number of records are listed. Their product is an upper bound of the size, and is the size
//! if all records have the same length (`F`). Old systems print the file mode (`A1`) too, which is the disk
//! and not a part of the name. Listings in Unix style are parsed by `unix`.

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
    let order = context.order;
    let read = of_bytes(line).or_else(|| of_words(line, order)).map(ParsedLine::Entry);
    read.or_else(|| is_header(line).then_some(ParsedLine::NoEntry)).ok_or("no columns of CMS")
}

fn of_words(line: &[u8], order: DateOrder) -> Option<Columns<'_>> {
    let mut words = [&[][..]; MOST_WORDS];
    let mut count = 0;
    for word in line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()) {
        *words.get_mut(count)? = word;
        count += 1;
    }
    match words.get(..count)? {
        [name, name_type, mode, rest @ ..] if *name_type == b"DIR" && is_file_mode(mode) => {
            directory(name, rest, order)
        }
        [name, name_type, rest @ ..] if *name_type == b"DIR" => directory(name, rest, order),
        // The file mode of a directory stands in place of its type.
        [name, mode, directory_type, rest @ ..] if is_file_mode(mode) && *directory_type == b"DIR" => {
            directory(name, rest, order)
        }
        [name, name_type, mode, rest @ ..] if is_file_mode(mode) && is_format(rest) => {
            of_records(name, name_type, rest, order)
        }
        [name, name_type, rest @ ..] => of_records(name, name_type, rest, order),
        _ => None,
    }
}

/// `V  64  31  1 1995-10-16 08:27:51 ANN191`, with or without the disk, after the name.
fn of_records<'l>(
    name: &'l [u8],
    name_type: &'l [u8],
    words: &[&'l [u8]],
    order: DateOrder,
) -> Option<Columns<'l>> {
    let ([_format, length, count, blocks, day, clock], disk) = words.split_first_chunk()?;
    text::number(blocks).filter(|_| is_format(words))?;
    let size = text::number(length)?.checked_mul(text::number(count)?)?;
    Some(Columns {
        name,
        name_type: Some(name_type),
        kind: EntryKind::File,
        size: Some(size),
        // Records of variable length may be shorter, and line endings are added or removed in transit.
        rounded: true,
        modified: Some(time(day, clock, order)?),
        owner: owner(disk)?,
        ..Columns::default()
    })
}

/// Returns whether the first word says that the records have a variable or a fixed length.
fn is_format(words: &[&[u8]]) -> bool {
    words.first().is_some_and(|word| matches!(*word, b"V" | b"F"))
}

/// Directories of the shared file system, with a dash for each column that they do not have. Aliases and
/// erased files have dashes too, but no `DIR`.
fn directory<'l>(name: &'l [u8], words: &[&'l [u8]], order: DateOrder) -> Option<Columns<'l>> {
    let dashes = words.iter().take(MOST_DASHES).take_while(|word| **word == b"-").count();
    let ([day, clock], disk) = words.get(dashes..)?.split_first_chunk()?;
    (dashes > 1).then_some(Columns {
        name,
        kind: EntryKind::Directory,
        modified: Some(time(day, clock, order)?),
        owner: owner(disk)?,
        ..Columns::default()
    })
}

/// Returns the disk or owner, the last column; `None` if more columns follow.
fn owner<'l>(words: &[&'l [u8]]) -> Option<Option<&'l [u8]>> {
    match words {
        [] => Some(None),
        [disk] => Some(known(disk)),
        _ => None,
    }
}

/// `A1`, `B` or `*`: the letter of a disk, and a digit.
fn is_file_mode(word: &[u8]) -> bool {
    matches!(word, [b'A'..=b'Z' | b'a'..=b'z'] | [b'A'..=b'Z' | b'a'..=b'z', b'0'..=b'6'])
}

/// `FILENAME FILETYPE FM FORMAT LRECL RECORDS BLOCKS DATE TIME LABEL`
fn is_header(line: &[u8]) -> bool {
    let (name, rest) = text::next_word(line);
    let (name_type, _) = text::next_word(rest);
    name.eq_ignore_ascii_case(b"filename") && name_type.eq_ignore_ascii_case(b"filetype")
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

/// Name, type, file mode, format, record length, records, blocks, date, time and disk.
const MOST_WORDS: usize = 10;
const MOST_DASHES: usize = 5;

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
    fn file_mode_of_cms_is_skipped() {
        for line in [
            "TOOLS    EXEC     A1 V         72        125          3 11/08/91 21:46:05",
            "TOOLS    EXEC     A  V         72        125          3 11/08/1991 21:46:05",
            "TOOLS    EXEC     F2 F         72        125          3 1991-11-08 21:46:05 ANN191",
            "TOOLS    EXEC     V  V         72        125          3 11/08/91  21:46:05 -",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.size), (&b"TOOLS.EXEC"[..], Some(9000)), "{line}");
            assert_eq!(entry.modified.unwrap().to_string(), "1991-11-08T21:46:05", "{line}");
            assert_eq!(entry.exact_size(), None, "{line}");
        }
        let header = "FILENAME FILETYPE FM FORMAT LRECL RECORDS BLOCKS DATE TIME LABEL";
        assert!(testing::try_read(Format::Zvm, header).unwrap_err().is_no_entry());
    }

    #[test]
    fn directory_may_have_any_dashes() {
        for line in [
            "DRAFTS   DIR      -          -          - 2002-05-29 16:04:37 -",
            "DRAFTS   DIR      -          -          -          - 05/29/02 16:04:37",
            "DRAFTS   A   DIR  -          -          -  5/29/02 16:04:37",
            "DRAFTS   DIR A    -          -          -  5/29/02 16:04:37",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.kind), (&b"DRAFTS"[..], EntryKind::Directory), "{line}");
            assert_eq!(entry.modified.unwrap().to_string(), "2002-05-29T16:04:37", "{line}");
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
