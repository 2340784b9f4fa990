//! Format of SuperTCP and other servers for Windows 3.
//!
//! ```text
//! SRC             <DIR>           11-08-94        21:46
//! SETUP.EXE             48213     11-08-94        21:46
//! ```
//!
//! Chameleon (NEWT) has the same columns, but dates such as `Nov 08 1994`, and attributes after the time.
//! Names are DOS names and contain no blanks.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{months, numeric, text},
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (name, rest) = text::word(line);
    if name.is_empty() {
        return Err("no name at its start");
    }
    let (what, rest) = text::word(text::skip_blanks(rest));
    let (kind, size) = match what {
        b"<DIR>" => (EntryKind::Directory, None),
        _ => (EntryKind::File, Some(text::size(what).ok_or("neither <DIR> nor a size after the name")?)),
    };
    let rest = text::skip_blanks(rest);
    let parsed = numeric::date_and_time(rest, context.order).or_else(|| named_date_and_time(rest));
    let (modified, rest) = parsed.ok_or("no date and time at its end")?;
    if !is_attributes(rest.trim_ascii()) {
        return Err("text after the time");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, kind),
        size,
        modified: Some(modified),
        ..Columns::default()
    }))
}

/// `Nov 08 1994 21:46`
fn named_date_and_time(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (month, rest) = months::leading(text)?;
    let (day, rest) = text::digits(text::blanks(rest)?, 2)?;
    let (year, rest) = text::digits(text::blanks(rest)?, 4)?;
    let date = Timestamp::from_date(year.try_into().ok()?, month, day.try_into().ok()?)?;
    numeric::time(date, text::blanks(rest)?)
}

fn is_attributes(text: &[u8]) -> bool {
    text.iter().all(|letter| b"ARSHDarshd- ".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::SuperTcp, line)
    }

    #[test]
    fn files_and_directories_are_read() {
        let directory = read("SRC             <DIR>           02-18-96        08:10");
        let file = read("SETUP.EXE             48213     02-18-97        08:11");

        assert_eq!((directory.name(), directory.kind), (&b"SRC"[..], EntryKind::Directory));
        assert_eq!((file.name(), file.kind, file.size), (&b"SETUP.EXE"[..], EntryKind::File, Some(48213)));
        assert_eq!(file.modified.unwrap().to_string(), "1997-02-18T08:11");
        assert_eq!(
            read(".               <DIR>           02-18-96        08:10").kind,
            EntryKind::CurrentDirectory
        );
    }

    #[test]
    fn chameleon_names_the_month_and_may_add_attributes() {
        let directory = read("SRC             <DIR>     Feb 18 1996 08:10");
        let file = read("SETUP.EXE       48213     Jun 09 1996 08:12   -A");

        assert_eq!(directory.kind, EntryKind::Directory);
        assert_eq!(file.size, Some(48213));
        assert_eq!(file.modified.unwrap().to_string(), "1996-06-09T08:12");
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            " SETUP.EXE             48213     02-18-97        08:11",
            "SETUP.EXE             48213     02-18-97        08:11 notes",
            "SETUP.EXE             48213     02-18-97",
            "SETUP.EXE             big     02-18-97    08:11",
            "SETUP.EXE  48213  Feb 18 1996 The set-up",
        ] {
            assert!(testing::try_read(Format::SuperTcp, line).is_err(), "{line}");
        }
    }

    #[test]
    fn sizes_may_be_grouped() {
        let entry = testing::read(Format::SuperTcp, "SETUP.EXE     1,048,576     11-08-94        21:46");
        assert_eq!(entry.size, Some(1_048_576));
    }
}
