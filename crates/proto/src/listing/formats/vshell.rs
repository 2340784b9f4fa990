//! Format of older versions of `VShell`.
//!
//! ```text
//! 48213  Nov 08, 2021 21:46 setup.exe
//! 0  Nov 08, 2021 21:46 drivers/
//! ```
//!
//! Newer versions print the format of `ls -l`, with a comma in their dates.

use crate::{
    EntryKind, Timestamp,
    listing::{
        fields::{months, numeric, text},
        parsed_line::{Context, ParseResult, ParsedLine},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], _: &Context) -> ParseResult<'l> {
    let (size, rest) = text::word(text::skip_blanks(line));
    let size = text::number(size).ok_or("no size at its start")?;
    let parsed = date_and_time(text::skip_blanks(rest));
    let (modified, rest) = parsed.ok_or("no date and time after the size")?;
    let name = rest.strip_prefix(b" ").ok_or("no blank after the time")?;
    let (name, kind) = match name.strip_suffix(b"/") {
        Some(name) => (name, EntryKind::Directory),
        None => (name, EntryKind::File),
    };
    ParsedLine::dated(name, kind, size, modified)
}

/// `Nov 08, 2021 21:46`
fn date_and_time(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (month, rest) = months::leading(text)?;
    let (day, rest) = text::digits(text::blanks(rest)?, 2)?;
    let (year, rest) = text::digits(text::blanks(rest.strip_prefix(b",")?)?, 4)?;
    let date = Timestamp::from_date(year.try_into().ok()?, month, day.try_into().ok()?)?;
    numeric::time(date, text::blanks(rest)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{formats::Format, testing};

    #[test]
    fn files_and_directories_are_read() {
        let file = testing::read(Format::VShell, "0048213  Nov 08, 2021 21:46 set up.exe");
        let directory = testing::read(Format::VShell, "0  Nov 08, 2021 21:46 drivers/");

        assert_eq!((file.name(), file.kind, file.size), (&b"set up.exe"[..], EntryKind::File, Some(48213)));
        assert_eq!(file.modified.unwrap().to_string(), "2021-11-08T21:46");
        assert_eq!((directory.name(), directory.kind), (&b"drivers"[..], EntryKind::Directory));
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "48213  Nov 08 2021 21:46 x",
            "48213  Nov 08, 2021 x",
            "48213  Nov 08, 2021 21:46",
            "48213  Nov 08, 2021 21:46 ",
            "48213  Nov 08, 2021 21:46 /",
            "x  Nov 08, 2021 21:46 x",
        ] {
            assert!(testing::try_read(Format::VShell, line).is_err(), "{line}");
        }
    }
}
