//! Lines that describe datasets.
//!
//! ```text
//! Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
//! WORK01 3390   2008/07/14  2  150  FB      80  6160  PS  ANN.LETTERS
//! ```
//!
//! A partitioned dataset is a directory of members. The date of the last reference is not the date of a
//! change, and the used space is not a size: both are ignored. Some datasets have fewer columns, or words in
//! place of them.

use super::{file, is_of_names};
use crate::{EntryKind, entry::Columns, listing::fields::text};

pub(super) fn read(line: &[u8]) -> Option<Columns<'_>> {
    let (before, name) = text::last_word(line);
    let name = unquoted(name)?;
    let kind = full(before).or_else(|| short(before, name)).or_else(|| instead(before, name))?;
    Some(Columns { kind, ..file(name) })
}

/// `WORK01 3390 2008/07/14 2 150 FB 80 6160 PS`. Numbers that are too long for their column touch the text
/// before them, as in `1+++++` or `174500`.
fn full(columns: &[u8]) -> Option<EntryKind> {
    let (rest, organization) = text::last_word(columns);
    let (rest, block_size) = text::last_word(rest);
    let (rest, record_length) = text::last_word(rest);
    let (rest, record_format) = text::last_word(rest);
    let kind = kind_of(organization)?;
    if !is_number(block_size) || !is_number(record_length) {
        return None;
    }
    // The format may be missing too, or touch the extents.
    let rest = if is_count(record_format) { text::skip_blanks(columns) } else { rest };
    let mut words = rest.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let has_date = words.by_ref().take(MOST_BEFORE_DATE + 1).any(is_referred);
    (has_date && words.next().is_some_and(is_count)).then_some(kind)
}

/// `WORK01 3390 VSAM ANN.INDEX`, `WORK01 Tape ANN.BACKUP`, `GDG ANN.DAILY`
fn short(columns: &[u8], name: &[u8]) -> Option<EntryKind> {
    let (before, what) = text::last_word(columns);
    let count = before.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).count();
    let is_tape = what.eq_ignore_ascii_case(b"tape") && count == 1;
    let is_other = matches!(what, b"VSAM" | b"GDG" | b"PATH" | b"AIX" | b"HFS" | b"ZFS") && count <= 3;
    (is_dataset(name) && (is_tape || is_other)).then_some(EntryKind::File)
}

/// Words in place of the columns; some are preceded by the volume.
fn instead(columns: &[u8], name: &[u8]) -> Option<EntryKind> {
    let columns = text::trim_end(text::skip_blanks(columns));
    let (_, kind) = WORDS.iter().find(|(words, _)| is_phrase(columns, words))?;
    is_dataset(name).then_some(*kind)
}

/// Returns whether the columns are only these words, or these and one word before them.
fn is_phrase(columns: &[u8], words: &[u8]) -> bool {
    let Some(at) = columns.len().checked_sub(words.len()) else { return false };
    let Some((before, tail)) = columns.split_at_checked(at) else { return false };
    let volume = text::trim_end(before);
    tail.eq_ignore_ascii_case(words)
        && (before.is_empty() || (volume.len() < before.len() && !volume.contains(&b' ')))
}

fn kind_of(organization: &[u8]) -> Option<EntryKind> {
    match organization {
        b"PO" | b"PO-E" | b"POU" => Some(EntryKind::Directory),
        b"PS" | b"PS-E" | b"PS-L" | b"PSU" | b"DA" | b"DAU" | b"IS" | b"ISU" | b"VS" | b"VSAM" | b"VS-E"
        | b"GDG" | b"PATH" | b"AIX" | b"HFS" | b"ZFS" | b"U" | b"?" | b"??" | b"????" | b"**" | b"NONE" => {
            Some(EntryKind::File)
        }
        _ => None,
    }
}

/// `2008/07/14`, or `**NONE**` for a dataset that was never opened.
fn is_referred(word: &[u8]) -> bool {
    let mut parts = word.split(|&byte| byte == b'/');
    let is_part = |part: Option<&[u8]>, lengths: &[usize]| {
        part.is_some_and(|part| lengths.contains(&part.len()) && text::number(part).is_some())
    };
    word == b"**NONE**"
        || (is_part(parts.next(), &[2, 4])
            && is_part(parts.next(), &[2])
            && is_part(parts.next(), &[2, 4])
            && parts.next().is_none())
}

fn is_number(word: &[u8]) -> bool {
    text::number(word).is_some() || word == b"X"
}

/// Returns whether a word is a number, or the mark of a number that is unknown or too long.
fn is_count(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|byte| byte.is_ascii_digit() || b"?+*".contains(byte))
}

/// Removes the quotes around a full name.
fn unquoted(name: &[u8]) -> Option<&[u8]> {
    let inside = name.strip_prefix(b"'").and_then(|name| name.strip_suffix(b"'"));
    Some(inside.unwrap_or(name)).filter(|name| !name.is_empty())
}

/// Capitals, digits, `@#$-` and dots. Words in place of the columns are accepted only before such a name.
fn is_dataset(name: &[u8]) -> bool {
    name.len() <= 44 && name.iter().all(|byte| is_of_names(*byte) || b"-.".contains(byte))
}

/// Volume and unit.
const MOST_BEFORE_DATE: usize = 2;
const WORDS: [(&[u8], EntryKind); 9] = [
    (b"Migrated", EntryKind::File),
    (b"Not Direct Access Device", EntryKind::File),
    (b"Not Mounted", EntryKind::File),
    (b"Volume Not Mounted", EntryKind::File),
    (b"Error determining attributes", EntryKind::File),
    (b"Error determining attribute", EntryKind::File),
    (b"Pseudo Directory", EntryKind::Directory),
    (b"User catalog connector", EntryKind::Special),
    (b"Alias", EntryKind::Link),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Mvs, line)
    }

    fn fails(line: &str) -> bool {
        testing::try_read(Format::Mvs, line).is_err()
    }

    #[test]
    fn a_partitioned_dataset_is_a_directory() {
        for (organization, kind) in [
            ("PS", EntryKind::File),
            ("DA", EntryKind::File),
            ("PO", EntryKind::Directory),
            ("PO-E", EntryKind::Directory),
            ("?", EntryKind::File),
        ] {
            let entry = read(&format!(
                "WORK01 3390   2008/07/14  2  150  FB      80  6160  {organization}  ANN.LETTERS"
            ));
            assert_eq!((entry.name(), entry.kind), (&b"ANN.LETTERS"[..], kind), "{organization}");
            assert_eq!((entry.size, entry.modified), (None, None), "{organization}");
        }
    }

    #[test]
    fn columns_may_be_unknown_or_run_together() {
        for columns in [
            "**NONE**   1   20  NONE     0     0  PO ",
            "2008/07/14  1 ????  FB      80  6160  PO ",
            "2008/07/14  1 ++++  U        0 27998  PO ",
            "2008/07/14  1+++++  VBS  32767 27966  PO ",
            "2008/07/14 174500  U        0 27998  PO ",
            "2008/07/14  2  150           0     0  PO ",
            "2008/07/14  1 12345678  FB      X  8000  PO ",
        ] {
            let entry = read(&format!("WORK01 3390   {columns} ANN.LETTERS"));
            assert_eq!(entry.kind, EntryKind::Directory, "{columns}");
        }
    }

    #[test]
    fn other_datasets_have_fewer_columns() {
        for line in [
            "WORK01 3390          VSAM ANN.INDEX",
            "                     VSAM ANN.INDEX",
            "WORK01 Tape                                      ANN.INDEX",
            "WORK01 3390   2008/07/14  GDG  ANN.INDEX",
            "                          PATH ANN.INDEX",
            "WORK01 3390   **NONE**    1    1  ?        0     0  VS   'ANN.INDEX'",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.kind), (&b"ANN.INDEX"[..], EntryKind::File), "{line}");
        }
    }

    #[test]
    fn dataset_columns_may_be_replaced_by_words() {
        for (words, kind) in [
            ("Migrated", EntryKind::File),
            ("MIGRATED", EntryKind::File),
            ("ARCIVE Not Direct Access Device", EntryKind::File),
            ("WORK01 Not Mounted", EntryKind::File),
            ("Error determining attributes", EntryKind::File),
            ("Pseudo Directory", EntryKind::Directory),
            ("User catalog connector", EntryKind::Special),
            ("Alias", EntryKind::Link),
        ] {
            let entry = read(&format!("{words}                  ANN.LETTERS"));
            assert_eq!((entry.name(), entry.kind), (&b"ANN.LETTERS"[..], kind), "{words}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "WORK01 3390   2008/07/14  2  150  FB      80  6160  QQ  ANN.LETTERS",
            "WORK01 3390   2008/07/14  1  200  FB      80  x     PS  ANN.LETTERS",
            "WORK01 3390   14-JUL-08   2  150  FB      80  6160  PS  ANN.LETTERS",
            "WORK01 3390   2008/07/14  FB      80  6160  PS  ANN.LETTERS",
            "a search path ANN",
            "that PATH to",
            "Migrated from elsewhere",
            "Migrated",
        ] {
            assert!(fails(line), "{line}");
        }
    }
}
