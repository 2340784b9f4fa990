//! Format of OS-9 (`dir -e`).
//!
//! ```text
//! 7.31  02/05/27 19:42  dewr-wr-  5e2c  2208 drivers
//! 7.31  02/05/27 1942   --ewrewr  5e34  48213 setup
//! ```
//!
//! Owner, date of the last change with the year first, attributes, sector in hexadecimal, and number of
//! bytes.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{date_order::DateOrder, numeric, text},
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
    time::two_digits,
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], _: &Context) -> ParseResult<'l> {
    let (owner, rest) = text::word(text::skip_blanks(line));
    let Some((owner, group)) = owner_and_group(owner) else {
        return if is_header(line) { Ok(ParsedLine::NoEntry) } else { Err("no owner at its start") };
    };
    let (modified, rest) =
        date_and_time(text::skip_blanks(rest)).ok_or("no date and time after the owner")?;
    let (attributes, rest) = text::word(text::skip_blanks(rest));
    let kind = kind_of_attributes(attributes).ok_or("no attributes after the time")?;
    let (sector, rest) = text::word(text::skip_blanks(rest));
    if sector.is_empty() || !sector.iter().all(u8::is_ascii_hexdigit) {
        return Err("no sector after the attributes");
    }
    let (size, rest) = text::word(text::skip_blanks(rest));
    let size = text::number(size).ok_or("no size after the sector")?;
    let name = text::skip_blanks(rest);
    if name.is_empty() {
        return Err("no name after the size");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, kind),
        size: Some(size),
        modified: Some(modified),
        owner: Some(owner),
        group,
        ..Columns::default()
    }))
}

/// Splits `group.user`; systems for the 6809 have users only.
fn owner_and_group(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let is_number = |part: &[u8]| text::number(part).is_some();
    match memchr::memchr(b'.', text).and_then(|dot| Some((text.get(..dot)?, text.get(dot + 1..)?))) {
        Some((group, user)) => (is_number(group) && is_number(user)).then_some((user, Some(group))),
        None => is_number(text).then_some((text, None)),
    }
}

/// `02/05/27 19:42` or `02/05/27 1942`.
fn date_and_time(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (date, rest) = numeric::date(text, DateOrder::YearFirst)?;
    let rest = text::blanks(rest)?;
    numeric::time(date, rest).or_else(|| {
        let (hour, rest) = two_digits(rest)?;
        let (minute, rest) = two_digits(rest)?;
        text::ends_word(rest).then_some((date.at(hour, minute)?, rest))
    })
}

/// Directory, shared, and execute, write, read of the public and the owner.
fn kind_of_attributes(text: &[u8]) -> Option<EntryKind> {
    if text.len() < 8 || !text.iter().all(|letter| b"-dsewraDSEWRA".contains(letter)) {
        return None;
    }
    let is_directory = text.first().is_some_and(|&letter| letter | 0x20 == b'd');
    Some(if is_directory { EntryKind::Directory } else { EntryKind::File })
}

/// The path, the column names, and the rules below them.
fn is_header(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_rule = || {
        line.len() > 30 && line.starts_with(b"-----") && line.iter().all(|byte| matches!(byte, b'-' | b' '))
    };
    line.starts_with(b"Directory of ") || line.starts_with(b"Owner ") && line.ends_with(b" Name") || is_rule()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Os9, line)
    }

    #[test]
    fn files_and_directories_are_read() {
        let directory = read("7.31  02/05/27 19:42  dewr-wr-  5e2c  2208 my drivers");
        let file = read("   0.3   97/11/08 2146   ------wr    2B40     48213 setup");

        assert_eq!((directory.name(), directory.kind), (&b"my drivers"[..], EntryKind::Directory));
        assert_eq!((directory.owner().as_deref(), directory.group().as_deref()), (Some("31"), Some("7")));
        assert_eq!(directory.modified.unwrap().to_string(), "2002-05-27T19:42");
        assert_eq!((file.name(), file.kind, file.size), (&b"setup"[..], EntryKind::File, Some(48213)));
        assert_eq!(file.modified.unwrap().to_string(), "1997-11-08T21:46");
    }

    #[test]
    fn the_header_is_no_entry() {
        for line in [
            "                           Directory of . 21:46:10",
            " Owner   Last modified  Attributes Sector Bytecount Name",
            "-------  -------------  ---------- ------ --------- ----",
        ] {
            assert!(testing::try_read(Format::Os9, line).unwrap_err().is_no_entry(), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "7.x  02/05/27 19:42  dewr-wr-  5e2c  2208 x",
            "7.31  02/31/27 19:42  dewr-wr-  5e2c  2208 x",
            "7.31  02/05/27 19:42  drwxr-xr-x  5e2c  2208 x",
            "7.31  02/05/27 19:42  dewr-wr-  5e2g  2208 x",
            "7.31  02/05/27 19:42  dewr-wr-  5e2c  big x",
            "7.31  02/05/27 19:42  dewr-wr-  5e2c  2208 ",
        ] {
            assert!(testing::try_read(Format::Os9, line).is_err(), "{line}");
        }
    }
}
