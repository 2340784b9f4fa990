//! Format of Tandem (HPE) NonStop for files of Guardian.
//!
//! ```text
//! File         Code             EOF  Last Modification    Owner  RWEP
//! LEDGER    O   101            2048   9-Nov-08 16:35:42 255, 10 "NUNU"
//! ```
//!
//! The owner is a group number and a user number. The file code and the rights are ignored, because no field
//! has the same meaning. OSS lists in the Unix format.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{stamp, text},
        parsed_line::{Context, ParseResult, ParsedLine},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], _context: &Context) -> ParseResult<'l> {
    if is_header(line) {
        return Ok(ParsedLine::NoEntry);
    }
    let (name, rest) = text::next_word(line);
    let (size, rest) = leading_size(rest).ok_or("no file code and end of file after the name")?;
    let (modified, rest) = leading_time(rest).ok_or("no date after the end of file")?;
    let (group, owner, rest) = leading_owner(rest).ok_or("no owner after the date")?;
    if !is_rights(rest) {
        return Err("no rights at its end");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: EntryKind::File,
        size: Some(size),
        modified,
        owner: Some(owner),
        group: Some(group),
        ..Columns::default()
    }))
}

/// Takes file code and size off the front. A letter before the code marks open files; letters after it mark
/// licensed programs and others.
fn leading_size(text: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = text::next_word(text);
    let is_mark = |word: &[u8]| (1..=3).contains(&word.len()) && !word.iter().any(u8::is_ascii_digit);
    let (code, rest) = if is_mark(word) { text::next_word(rest) } else { (word, rest) };
    let (_, marks) = text::digits(code, 5)?;
    if !marks.iter().all(|mark| mark.is_ascii_alphabetic() || b"+*?".contains(mark)) {
        return None;
    }
    let (size, rest) = text::next_word(rest);
    Some((text::number(size)?, rest))
}

/// `9-Nov-08 16:35:42`; `FUP` omits the date of files changed today.
fn leading_time(text: &[u8]) -> Option<(Option<Timestamp>, &[u8])> {
    let (word, rest) = text::next_word(text);
    let Some(day) = stamp::day_of_month(word) else {
        return stamp::at_clock(Timestamp::UNIX_EPOCH, word).map(|_| (None, rest));
    };
    let (clock, rest) = text::next_word(rest);
    Some((Some(stamp::at_clock(day, clock)?), rest))
}

/// `255,10` or `255, 10`
fn leading_owner(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let text = text::skip_blanks(text);
    let (group, rest) = text.split_at_checked(memchr::memchr(b',', text)?)?;
    let (user, rest) = text::next_word(rest.strip_prefix(b",")?);
    let group = text::trim_end(group);
    (text::number(group).is_some() && text::number(user).is_some()).then_some((group, user, rest))
}

/// `"NUNU"`, also without quotes, or `****` if Safeguard protects the file.
fn is_rights(text: &[u8]) -> bool {
    text::words(text).is_some_and(|[word]| {
        let inside = word.strip_prefix(b"\"").and_then(|word| word.strip_suffix(b"\"")).unwrap_or(word);
        inside.len() == 4 && inside.iter().all(|byte| byte.is_ascii_alphabetic() || b"-*?".contains(byte))
    })
}

/// The column names, or the volume above them, `$DATA01.LEDGERS`.
fn is_header(line: &[u8]) -> bool {
    let is_column = |name: &[u8]| memchr::memmem::find(line, name).is_some();
    let (word, rest) = text::next_word(line);
    let is_volume = word.starts_with(b"$") && memchr::memchr(b'.', word).is_some();
    (word.eq_ignore_ascii_case(b"file") && is_column(b"EOF") && is_column(b"RWEP"))
        || (is_volume && rest.trim_ascii().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::NonStop, line)
    }

    #[test]
    fn every_column_is_read() {
        let entry = read("LEDGER       101            2048   9-Nov-08 16:35:42 255, 10 \"NUNU\"");

        assert_eq!((entry.name(), entry.kind, entry.size), (&b"LEDGER"[..], EntryKind::File, Some(2048)));
        assert_eq!(entry.modified.unwrap().to_string(), "2008-11-09T16:35:42");
        assert_eq!((entry.group().as_deref(), entry.owner().as_deref()), (Some("255"), Some("10")));
    }

    #[test]
    fn nonstop_columns_have_several_forms() {
        for line in [
            "LEDGER O 101  2048 09-Nov-2008 16:35:42 255,10 NUNU",
            "LEDGER   101P 2048 9-Nov-08 16:35 255, 10 \"----\"",
            "LEDGER   101+ 2048 16:35:42 255,10 ****",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.size), (&b"LEDGER"[..], Some(2048)), "{line}");
            assert_eq!(entry.owner().as_deref(), Some("10"), "{line}");
        }
    }

    #[test]
    fn headers_are_no_entries() {
        for line in ["File         Code       EOF  Last Modification    Owner  RWEP", "$DATA01.LEDGERS"] {
            assert!(testing::try_read(Format::NonStop, line).unwrap_err().is_no_entry(), "{line}");
        }
    }

    #[test]
    fn line_with_missing_column_is_refused() {
        for line in [
            "LEDGER",
            "LEDGER 101",
            "LEDGER 101 2048 9-Nov-08",
            "LEDGER 101 2048 9-Nov-08 16:35:42",
            "LEDGER 101 2048 9-Nov-08 16:35:42 255, 10",
            "LEDGER 101 2048 9-Nov-08 16:35:42 255, 10 \"NUNU\" x",
            "LEDGER A-1 2048 9-Nov-08 16:35:42 255, 10 \"NUNU\"",
            "LEDGER 101 99999999999999999999 9-Nov-08 16:35:42 255, 10 \"NUNU\"",
        ] {
            assert!(testing::try_read(Format::NonStop, line).is_err(), "{line}");
        }
    }
}
