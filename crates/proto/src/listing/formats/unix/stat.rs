//! Lines with the numbers of `stat` instead of mode, names and date.
//!
//! ```text
//! 0100644   500  101   12345    1714468500    notes.txt
//! ```
//!
//! These are `st_mode` in octal digits, owner, group, size, and seconds since 1970.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{fields::text, parsed_line::kind_of},
};

pub(super) fn read(line: &[u8]) -> Option<Columns<'_>> {
    line.first().filter(|digit| digit.is_ascii_digit())?;
    let (mode, rest) = text::word(line);
    let mode = st_mode(mode)?;
    let kind = kind_of_mode(mode)?;
    let (owner, rest) = column(rest)?;
    let (group, rest) = column(rest)?;
    let (size, rest) = column(rest)?;
    let (seconds, rest) = column(rest)?;
    let name = text::blanks(rest).filter(|name| !name.is_empty())?;
    Some(Columns {
        name,
        kind: kind_of(name, kind),
        size: text::number(size),
        modified: Timestamp::from_unix(text::number(seconds)?.try_into().ok()?, 0),
        mode: Some(mode & 0o7777),
        owner: Some(owner),
        group: Some(group),
        ..Columns::default()
    })
}

/// Takes blanks and a number off the front.
fn column(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = text::word(text::blanks(text)?);
    word.iter().all(u8::is_ascii_digit).then_some((word, rest))
}

fn st_mode(word: &[u8]) -> Option<u32> {
    let is_octal = word.iter().all(|byte| matches!(byte, b'0'..=b'7'));
    let digits = word.iter().map(|byte| u32::from(byte - b'0'));
    ((5..=7).contains(&word.len()) && is_octal).then(|| digits.fold(0, |mode, digit| mode << 3 | digit))
}

fn kind_of_mode(mode: u32) -> Option<EntryKind> {
    match mode >> 12 {
        0o10 => Some(EntryKind::File),
        0o04 => Some(EntryKind::Directory),
        0o12 => Some(EntryKind::Link),
        0o01 | 0o02 | 0o06 | 0o14 => Some(EntryKind::Special),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_numbers_are_parsed() {
        let entry = read(b"0100640   1001  100   88000    1577955600     two words").unwrap();

        assert_eq!((entry.name, entry.kind, entry.size), (&b"two words"[..], EntryKind::File, Some(88_000)));
        assert_eq!((entry.owner, entry.group), (Some(&b"1001"[..]), Some(&b"100"[..])));
        assert_eq!(entry.mode, Some(0o640));
        assert_eq!(entry.modified.unwrap().to_string(), "2020-01-02T09:00:00Z");
    }

    #[test]
    fn upper_mode_bits_are_the_kind() {
        let kind = |mode: &str| read(format!("{mode} 1 2 3 4 x").as_bytes()).map(|entry| entry.kind);

        assert_eq!(kind("040755"), Some(EntryKind::Directory));
        assert_eq!(kind("0120777"), Some(EntryKind::Link));
        assert_eq!(kind("020666"), Some(EntryKind::Special));
        for mode in ["0644", "0300644", "100648", "-rw-r--r--", ""] {
            assert_eq!(kind(mode), None, "{mode}");
        }
    }

    #[test]
    fn stat_line_needs_name_and_numbers() {
        assert_eq!(read(b"0100644 1 2 3 4"), None);
        assert_eq!(read(b"0100644 1 2 3 4 "), None);
        assert_eq!(read(b"0100644 1 2 3 May x"), None);
    }
}
