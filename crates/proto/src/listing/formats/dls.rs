//! Format of `dls`, which describes each file.
//!
//! ```text
//! CONTENTS           1807  What is where
//! pub/                  =  Nov  8 21:46  All that is free
//! a-name-that-is-too-long.Z
//!                   60344  Nov  8  2021
//! ```
//!
//! Almost any text has a word and a number at its start. Lines without a date are therefore accepted only if
//! their columns are exactly those of `dls`.

use crate::{
    EntryKind,
    entry::Columns,
    listing::{
        fields::{date, mode, text},
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (name, rest) = text::word(line);
    if name.is_empty() {
        return Err("no name at its start");
    }
    // Wide columns of `ls -l` look like a size and a description.
    if mode::is_mode(name) {
        return Err("permissions at its start");
    }
    if rest.is_empty() {
        return if may_continue(name) { Ok(ParsedLine::FirstHalf) } else { Err("nothing after the name") };
    }
    let (size, tail) = text::word(text::skip_blanks(rest));
    let (directory, size) =
        (name.strip_suffix(b"/"), listed_size(size, name).ok_or("no size after the name")?);
    let end = line.len() - tail.len();
    let text = text::skip_blanks(tail);
    let date = if begins_with_month(text) { date::leading(text, &context.horizon) } else { None };
    let in_columns = end == SIZE_END || name.len() >= LONG && end == name.len() + 1 + SIZE_END;
    if date.is_none() && !(in_columns && (text.is_empty() || tail.starts_with(b"  "))) {
        return Err("no date after the size");
    }
    let description = date.map_or(text, |(_, rest)| text::skip_blanks(rest));
    let target = description.strip_prefix(b"-> ").map(text::trim_end).filter(|target| !target.is_empty());
    let kind = match (directory, target) {
        (Some(_), _) => EntryKind::Directory,
        (None, Some(_)) => EntryKind::Link,
        (None, None) => EntryKind::File,
    };
    let name = directory.unwrap_or(name);
    let modified = date.map(|(date, _)| date);
    let link_target = target.filter(|_| kind == EntryKind::Link);
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, kind),
        size,
        modified,
        link_target,
        ..Columns::default()
    }))
}

/// Reads the column of the size, which is empty for directories.
fn listed_size(text: &[u8], name: &[u8]) -> Option<Option<u64>> {
    match text {
        b"-" | b"=" => name.strip_suffix(b"/").filter(|name| !name.is_empty()).map(|_| None),
        _ => (name != b"/").then(|| text::number(text).map(Some)).flatten(),
    }
}

/// Returns whether a name leaves no space for the size, which is then on the next line.
fn may_continue(name: &[u8]) -> bool {
    name.len() >= LONG && !name.ends_with(b":") && name.iter().any(u8::is_ascii_alphanumeric)
}

/// `Nov  8` or `8 Nov`, but not `11-08`.
fn begins_with_month(text: &[u8]) -> bool {
    let text = match text::digits(text, 2) {
        Some((_, rest)) => text::blanks(rest).unwrap_or_default(),
        None => text,
    };
    text.first().is_some_and(u8::is_ascii_alphabetic)
}

/// End of the size column.
const SIZE_END: usize = 23;
/// Length of names that may move the size to the next line.
const LONG: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Dls, line)
    }

    #[test]
    fn a_line_with_a_date_is_read() {
        let file = read("CONTENTS           1807  Nov  8 21:46  What is where");
        let directory = read("pub/                  =   8 Nov  2021");

        assert_eq!((file.name(), file.kind, file.size), (&b"CONTENTS"[..], EntryKind::File, Some(1807)));
        assert_eq!(file.modified.unwrap().to_string(), "2023-11-08T21:46");
        assert_eq!((directory.name(), directory.kind), (&b"pub"[..], EntryKind::Directory));
        assert_eq!((directory.size, directory.modified.unwrap().to_string()), (None, "2021-11-08".into()));
    }

    #[test]
    fn line_without_date_needs_exact_columns() {
        assert_eq!(read("CONTENTS           1807  What is where").size, Some(1807));
        assert_eq!(read("bin/                  -  ").kind, EntryKind::Directory);
        assert_eq!(read("a-long-name.gz 60344000").size, Some(60_344_000));
        for line in ["CONTENTS 1807  What is where", "CONTENTS           1807 What", "bin/ -", "a 1"] {
            assert!(testing::try_read(Format::Dls, line).is_err(), "{line}");
        }
    }

    #[test]
    fn an_arrow_describes_a_link() {
        let link = read("latest               22  Nov  8  2021  -> ../all/v2");

        assert_eq!((link.name(), link.kind), (&b"latest"[..], EntryKind::Link));
        assert_eq!(link.link_target(), Some(&b"../all/v2"[..]));
    }

    #[test]
    fn long_name_continues_on_the_next_line() {
        let long = read("a-name-that-is-too-long.Z                   60344  Nov  8  2021");
        let undated = read("a-name-that-is-too-long.Z                   60344  ");

        assert_eq!((long.name(), long.size), (&b"a-name-that-is-too-long.Z"[..], Some(60344)));
        assert_eq!(undated.size, Some(60344));
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "CONTENTS",
            "pub                   =  Nov  8  2021",
            "/                     -  Nov  8  2021",
            "CONTENTS 1807 11-08-21 21:46",
            "CONTENTS 1807 2021-11-08 21:46",
            "-rw-r--r-- 1 ann staff 512 Nov  8  2021 x",
            " CONTENTS           1807  Nov  8  2021",
            "-rw-r--r--            1            0            0            512 Nov  8  2021 x",
            "drwxr-xr-x            2",
        ] {
            assert!(testing::try_read(Format::Dls, line).is_err(), "{line}");
        }
    }
}
