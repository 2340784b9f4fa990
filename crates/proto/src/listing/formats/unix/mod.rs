//! Format of `ls -l`.
//!
//! ```text
//! -rw-r--r--   1 ann  staff   512 Apr 30 09:15 notes.txt
//! ```
//!
//! Servers differ between the mode and the date: link count, owner and group may be missing or contain
//! blanks. The date is the anchor: the size precedes it, and the name follows it after one blank.
//! [`fast_path`] finds the date in most lines, [`undated`] reads lines with a faulty date or none.
//! [`columns`] parses the columns between, [`size`] the sizes, and [`stat`] lines with numbers instead of
//! mode and date. Modes and dates are parsed by [`mode`] and [`date`].

mod columns;
mod fast_path;
mod size;
mod stat;
mod undated;

use columns::Middle;

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{
            date,
            mode::{self, Permissions},
            text,
        },
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    if let Some(columns) = stat::read(line) {
        return Ok(ParsedLine::Entry(columns));
    }
    let permissions = mode::leading(skip_counts(line)).ok_or("no mode at its start")?;
    let split = fast_path::split(permissions.rest, &context.horizon);
    let Some((middle, modified, rest)) = split.or_else(|| split_at_date(permissions.rest, context)) else {
        return read_undated(&permissions, context);
    };
    let rest = if rest.starts_with(b"  ") { after_padding(permissions.rest, middle, rest) } else { rest };
    let name = rest.split_first().map_or(rest, |(_, name)| name);
    let middle = Middle::read(middle, permissions.kind);
    entry(&permissions, &middle, modified, name)
}

#[cold]
fn read_undated<'l>(permissions: &Permissions<'l>, context: &Context) -> ParseResult<'l> {
    if let Some(unknown) = unknown(permissions) {
        return Ok(unknown);
    }
    let (middle, modified, rest) =
        undated::split(permissions.rest, context).ok_or("no date after the mode")?;
    let name = rest.split_first().map_or(rest, |(_, name)| name);
    entry(permissions, &Middle::read(middle, permissions.kind), modified, name)
}

/// Removes the second blank after `Aug 13 2019`, which pads the year to the width of `09:15`, as on AIX.
///
/// A year that is padded on its left, as in `Aug 13  2019`, needs no blank on its right.
fn after_padding<'l>(text: &[u8], middle: &[u8], rest: &'l [u8]) -> &'l [u8] {
    let date = text.get(middle.len()..text.len() - rest.len()).unwrap_or_default();
    let (month, day_and_year) = text::word(date);
    let is_padded = match text::digits(text::skip_blanks(day_and_year), 2) {
        Some((_, [b' ', year @ ..])) => year.len() == 4 && year.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let is_month = !month.first().is_none_or(u8::is_ascii_digit);
    // A name has at least one byte.
    if is_month && is_padded && rest.len() > 2 { rest.get(1..).unwrap_or(rest) } else { rest }
}

fn entry<'l>(
    permissions: &Permissions<'l>,
    middle: &Middle<'l>,
    modified: Option<Timestamp>,
    name: &'l [u8],
) -> ParseResult<'l> {
    let (name, target) = match permissions.kind {
        EntryKind::Link => split_link(name, middle.size),
        EntryKind::Directory => (without_slash(name), None),
        _ => (name, None),
    };
    if name.is_empty() {
        return Err("no name after the date");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, permissions.kind),
        size: middle.size,
        rounded: middle.rounded,
        modified,
        mode: permissions.bits,
        owner: middle.owner,
        group: middle.group,
        links: middle.links,
        link_target: target,
        ..Columns::default()
    }))
}

/// Removes the inode and the blocks that `ls -is` prints at the front, and blanks.
fn skip_counts(line: &[u8]) -> &[u8] {
    let mut rest = line;
    for _ in 0..2 {
        match rest.first() {
            Some(b' ' | b'\t') => rest = text::skip_blanks(rest),
            Some(b'0'..=b'9') => {}
            _ => return rest,
        }
        let (word, tail) = text::word(rest);
        if size::read(word).is_none() {
            return rest;
        }
        rest = text::skip_blanks(tail);
    }
    rest
}

/// The text before the date, the date, and the rest.
type Split<'l> = (&'l [u8], Option<Timestamp>, &'l [u8]);

/// Finds the word that starts the date: the first one after a size, else the first one.
///
/// Owners are named `may`, and files after dates.
fn split_at_date<'l>(text: &'l [u8], context: &Context) -> Option<Split<'l>> {
    let date_of = |rest| {
        date::leading_in(rest, &context.horizon, context.order).map(|(date, after)| (Some(date), after))
    };
    split_where(text, |word| {
        let found = if size::is_like(word.before) { date_of(word.rest)? } else { return None };
        (word.at != 1 || !is_owner(found.1, context)).then_some(found)
    })
    .or_else(|| split_where(text, |word| date_of(word.rest)))
    .or_else(|| split_where(text, |word| Some((None, date::unknown(word.rest)?))))
}

/// A word that may start the date.
struct Word<'l> {
    /// Number of words before it.
    at: usize,
    /// The word before it.
    before: &'l [u8],
    /// The text from this word on.
    rest: &'l [u8],
}

/// Splits at the first word for which a date is found.
fn split_where<'l>(
    text: &'l [u8],
    mut find: impl FnMut(&Word<'l>) -> Option<(Option<Timestamp>, &'l [u8])>,
) -> Option<Split<'l>> {
    let mut word = Word { at: 0, before: b"", rest: text::skip_blanks(text) };
    while !word.rest.is_empty() {
        if let Some((date, after)) = find(&word) {
            return Some((text.get(..text.len() - word.rest.len())?, date, after));
        }
        let (before, tail) = text::word(word.rest);
        word = Word { at: word.at + 1, before, rest: text::skip_blanks(tail) };
    }
    None
}

/// Returns whether an apparent date is an owner and two numbers, as in `1 jan 20 2048 Mar  3 12:00 name`:
/// only a link count precedes it, and the date follows.
fn is_owner(after: &[u8], context: &Context) -> bool {
    matches!(date::leading_in(text::skip_blanks(after), &context.horizon, context.order), Some((_, rest)) if rest.len() > 1)
}

/// Reads the line that GNU `ls` prints for a file it cannot examine: `d????????? ? ? ? ?            ? name`.
fn unknown<'l>(permissions: &Permissions<'l>) -> Option<ParsedLine<'l>> {
    let mut rest = permissions.rest;
    for _ in 0..UNKNOWN_COLUMNS {
        let (b"?", tail) = text::word(text::blanks(rest)?) else { return None };
        rest = tail;
    }
    entry(permissions, &Middle::default(), None, rest.split_first()?.1).ok()
}

/// Splits `name -> target` at the arrow before a target as long as the link, else at the first arrow.
fn split_link(text: &[u8], size: Option<u64>) -> (&[u8], Option<&[u8]>) {
    let arrow_before_target = || {
        let start = text.len().checked_sub(usize::try_from(size?).ok()?)?.checked_sub(ARROW.len())?;
        text.get(start..)?.starts_with(ARROW).then_some(start)
    };
    let arrow = arrow_before_target().filter(|&arrow| arrow > 0);
    let Some(arrow) = arrow.or_else(|| memchr::memmem::find(text, ARROW)).filter(|&arrow| arrow > 0) else {
        return (text, None);
    };
    let target = text.get(arrow + ARROW.len()..).filter(|target| !target.is_empty());
    (text.get(..arrow).unwrap_or(text), target)
}

/// Removes the slash that `ls -F` adds to directories.
fn without_slash(name: &[u8]) -> &[u8] {
    match name {
        [short @ .., b'/'] if !short.is_empty() => short,
        _ => name,
    }
}

const ARROW: &[u8] = b" -> ";

/// Links, owner, group, size and date.
const UNKNOWN_COLUMNS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entry;
    use crate::listing::testing::{read as read_as, try_read as try_read_as};
    use crate::listing::{Format, ListingError};

    fn read(line: &str) -> Entry {
        read_as(Format::Unix, line)
    }

    fn try_read(line: &str) -> Result<Entry, ListingError> {
        try_read_as(Format::Unix, line)
    }

    #[test]
    fn every_column_is_read() {
        let entry = read("-rwsr-x--T+  3 ann  staff   1048576 Apr 30 09:15 tool");

        assert_eq!(entry.name(), b"tool");
        assert_eq!(entry.kind, EntryKind::File);
        assert_eq!(entry.mode, Some(0o5750));
        assert_eq!(entry.links, Some(3));
        assert_eq!(entry.owner().as_deref(), Some("ann"));
        assert_eq!(entry.group().as_deref(), Some("staff"));
        assert_eq!(entry.size, Some(1_048_576));
        assert_eq!(entry.modified.unwrap().to_string(), "2024-04-30T09:15");
        assert_eq!(entry.raw(), b"-rwsr-x--T+  3 ann  staff   1048576 Apr 30 09:15 tool");
    }

    #[test]
    fn kind_may_stand_alone_for_the_mode() {
        let file = read("-   1 ftp ftp         11 Jan  2  2020 a b");
        assert_eq!((file.name(), file.kind, file.size), (&b"a b"[..], EntryKind::File, Some(11)));
        assert_eq!((file.mode, file.links, file.group().as_deref()), (None, Some(1), Some("ftp")));
        assert_eq!(read("d 2 ftp ftp 0 Jan  2  2020 sub").kind, EntryKind::Directory);
        assert!(try_read("- x ftp ftp 11 Jan  2  2020 a").is_err());
    }

    #[test]
    fn owners_and_groups_may_look_like_dates() {
        for (columns, size) in [
            ("1 may 10 77", 77),
            ("1 jan 20 2048", 2048),
            ("jan 20 2048", 2048),
            ("1 ann 10 1999", 1999),
            ("1 ann 2003 12", 12),
            ("1 august may 5", 5),
            ("1 ann 3-4 2000", 2000),
        ] {
            let entry = read(&format!("-rw-r--r-- {columns} Jan  2  2020 x"));
            assert_eq!((entry.name(), entry.size), (&b"x"[..], Some(size)), "{columns}");
            assert_eq!(entry.modified.unwrap().to_string(), "2020-01-02", "{columns}");
        }
    }

    #[test]
    fn a_name_may_look_like_a_date() {
        for name in
            ["Apr 30 09:15 x", "5 Jan 2  2020 x", "2020-01-02", "Jan 2 2020 report", "3 Mar  4 2021 y"]
        {
            assert_eq!(read(&format!("-rw-r--r-- 1 o g 5 Jan  2  2020 {name}")).name(), name.as_bytes());
            assert_eq!(read(&format!("-rw-r--r-- 1 o g 5 Jan  2 09:15 {name}")).name(), name.as_bytes());
        }
    }

    #[test]
    fn numbers_may_stand_before_the_mode() {
        for count in ["417", "  8 ", "131077    4", "4.0K", " "] {
            let entry = read(&format!("{count} -rw-r--r-- 1 o g 5 Jan  2  2020 x"));
            assert_eq!((entry.name(), entry.links, entry.size), (&b"x"[..], Some(1), Some(5)), "{count}");
        }
        assert!(try_read("1 2 3 -rw-r--r-- 1 o g 5 Jan  2  2020 x").is_err());
        assert!(try_read("x -rw-r--r-- 1 o g 5 Jan  2  2020 x").is_err());
    }

    #[test]
    fn a_size_with_a_unit_is_not_exact() {
        let exact = |size: &str| read(&format!("-rw-r--r-- 1 o g {size} Jan  2  2020 x")).exact_size();

        assert_eq!((exact("34304"), exact("1,048,576")), (Some(34_304), Some(1_048_576)));
        assert_eq!((exact("33.5k"), exact("1.5 MB")), (None, None));
    }

    #[test]
    fn a_device_has_no_size() {
        for numbers in ["1, 3", "  1,   3", "1,3"] {
            let entry = read(&format!("crw-rw-rw- 1 root sys {numbers} Jan  2  2020 null"));
            assert_eq!((entry.size, entry.group().as_deref()), (None, Some("sys")), "{numbers}");
        }
    }

    #[test]
    fn only_first_blank_ends_the_date() {
        assert_eq!(read("-rw-r--r-- 1 o g 5 Jan  2  2020   lead and trail  ").name(), b"  lead and trail  ");
        assert_eq!(read("-rw-r--r-- 1 o g 5 Apr 30 09:15 Apr 30 09:15 x").name(), b"Apr 30 09:15 x");
        assert_eq!(read("-rw-r--r-- 1 o g 5 2020-01-02 09:15 a\tb").name(), b"a\tb");
        assert_eq!(read("-rw-r--r-- 1 o g 5 Apr 30 09:15:00 2024 x").name(), b"x");
        assert_eq!(read("-rw-r--r-- 1 o g 5 Jan  2  2020  ").name(), b" ");
    }

    #[test]
    fn symlink_is_split_at_arrow_matching_size() {
        let link = |size: u64| {
            let link = read(&format!("lrwxrwxrwx 1 o g {size} Jan  2  2020 a -> b -> c/"));
            assert_eq!(link.kind, EntryKind::Link);
            let target = link.link_target().unwrap();
            [link.name(), target].map(|part| String::from_utf8_lossy(part).into_owned())
        };

        assert_eq!(link(7), ["a", "b -> c/"]);
        assert_eq!(link(2), ["a -> b", "c/"]);
        assert_eq!(link(5), ["a", "b -> c/"]);
        assert_eq!(link(u64::MAX), ["a", "b -> c/"]);
        assert_eq!(read("lrwxrwxrwx 1 o g 5 Jan  2  2020 alone").link_target(), None);
        assert_eq!(read("-rw-r--r-- 1 o g 5 Jan  2  2020 a -> b").name(), b"a -> b");
    }

    #[test]
    fn trailing_slash_of_directory_is_removed() {
        assert_eq!(read("drwxr-xr-x 2 o g 5 Jan  2  2020 sub/").name(), b"sub");
        assert_eq!(read("drwxr-xr-x 2 o g 5 Jan  2  2020 /").name(), b"/");
    }

    #[test]
    fn padded_year_takes_the_second_blank() {
        for date in ["Jan  2 2020", "Jan 22 2020", "Jan 2 2020", "Okt 22 2020", "jan. 22 2020"] {
            assert_eq!(read(&format!("-rw-r--r-- 1 o g 5 {date} x")).name(), b"x", "{date}");
            assert_eq!(read(&format!("-rw-r--r-- 1 o g 5 {date}  x")).name(), b"x", "{date}");
            assert_eq!(read(&format!("-rw-r--r-- 1 o g 5 {date}   x")).name(), b" x", "{date}");
        }
        assert_eq!(read("-rw-r--r-- 1 o g 5 Jan 22 2020  ").name(), b" ");
        for date in ["Jan  2  2020", "Jan 22 09:15", "22 Jan 2020", "2020-01-22", "Jan 22 09:15:01 2020"] {
            assert_eq!(read(&format!("-rw-r--r-- 1 o g 5 {date}  x")).name(), b" x", "{date}");
        }
    }

    #[test]
    fn unknown_month_leaves_only_the_date_empty() {
        for date in ["ڤڤڤ  2 10:30", "2 ڤڤڤ 2020", "??? 2 10:30"] {
            let entry = read(&format!("-rw-r--r-- 1 o g 5 {date} x"));
            assert_eq!((entry.name(), entry.size, entry.modified), (&b"x"[..], Some(5), None), "{date}");
        }
    }

    #[test]
    fn unreadable_file_has_only_a_name() {
        let entry = read("d????????? ? ? ? ?            ? locked away");

        assert_eq!((entry.name(), entry.kind), (&b"locked away"[..], EntryKind::Directory));
        assert_eq!((entry.size, entry.modified, entry.owner()), (None, None, None));
        assert!(try_read("d????????? ? ? ? ? ?").is_err());
    }

    #[test]
    fn dot_and_dot_dot_set_the_kind() {
        assert_eq!(read("drwxr-xr-x 2 o g 5 Jan  2  2020 .").kind, EntryKind::CurrentDirectory);
        assert_eq!(read("drwxr-xr-x 2 o g 5 Jan  2  2020 ..").kind, EntryKind::ParentDirectory);
        assert_eq!(read("drwxr-xr-x 2 o g 5 Jan  2  2020 ...").kind, EntryKind::Directory);
    }

    #[test]
    fn error_names_the_missing_column() {
        let why = |line: &str| try_read(line).unwrap_err().to_string();

        assert!(why("hello world").ends_with("cannot be parsed: no mode at its start"));
        assert!(why("-rw-r--r-- 1 o g yesterday x").ends_with("no date after the mode"));
        assert!(why("-rw-r--r-- 1 o g 5 Jan  2  2020 ").ends_with("no name after the date"));
        assert!(try_read("total 12").unwrap_err().is_no_entry());
    }
}
