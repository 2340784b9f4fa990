//! Format of Novell NetWare, and of HellSoft's server for it.
//!
//! ```text
//! d [R----F--] ann                   512       Nov 08 21:46    drivers
//! -[RWCEMFA-] ann                  48213       Nov 08  2021    setup.exe
//! ```
//!
//! The brackets contain the rights of the user, which are not a mode. HellSoft omits the blank before them.
//! Dates are those of `ls`.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{
            date::{self, Horizon},
            text,
        },
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (kind, rest) = leading_kind(line).ok_or("no kind and rights at its start")?;
    let parsed = split_at_date(rest, &context.horizon);
    let (columns, modified, rest) = parsed.ok_or("no date after the rights")?;
    let (owner, size) = text::last_word(columns);
    let size = text::size(size).ok_or("no size before the date")?;
    let name = text::skip_blanks(rest);
    if name.is_empty() {
        return Err("no name after the date");
    }
    let owner = text::trim_end(text::skip_blanks(owner));
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, kind),
        size: Some(size),
        modified: Some(modified),
        owner: (!owner.is_empty()).then_some(owner),
        ..Columns::default()
    }))
}

/// Takes `d [RWCEAFMS] ` off the front.
fn leading_kind(line: &[u8]) -> Option<(EntryKind, &[u8])> {
    let (letter, rest) = line.split_first()?;
    let kind = match letter {
        b'd' => EntryKind::Directory,
        b'-' => EntryKind::File,
        _ => return None,
    };
    let rest = text::skip_blanks(rest).strip_prefix(b"[")?;
    let (rights, rest) = rest.split_at_checked(memchr::memchr(b']', rest)?)?;
    if rights.is_empty() || !rights.iter().all(|right| b"-SRWCEMFA ".contains(right)) {
        return None;
    }
    Some((kind, text::blanks(rest.strip_prefix(b"]")?)?))
}

/// Finds the first word that starts a date, and returns the text before it, the date, and the rest.
fn split_at_date<'a>(text: &'a [u8], horizon: &Horizon) -> Option<(&'a [u8], Timestamp, &'a [u8])> {
    let mut rest = text;
    while !rest.is_empty() {
        let before = text.get(..text.len() - rest.len())?;
        let follows_size = text::size(text::last_word(before).1).is_some();
        if let Some((date, after)) = follows_size.then(|| date::leading(rest, horizon)).flatten() {
            return Some((before, date, after));
        }
        rest = text::skip_blanks(text::word(rest).1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Netware, line)
    }

    #[test]
    fn files_and_directories_are_read() {
        let directory = read("d [R----F--] ann                   512       Nov 08 21:46    my drivers");
        let file = read("- [RWCEAFMS] Ann.Lab            48213       Nov 08  2021 setup.exe");

        assert_eq!((directory.name(), directory.kind), (&b"my drivers"[..], EntryKind::Directory));
        assert_eq!(directory.modified.unwrap().to_string(), "2023-11-08T21:46");
        assert_eq!((file.name(), file.kind, file.size), (&b"setup.exe"[..], EntryKind::File, Some(48213)));
        assert_eq!(file.owner().as_deref(), Some("Ann.Lab"));
        assert_eq!(file.mode, None);
    }

    #[test]
    fn hellsoft_omits_blank_before_rights() {
        let file = read("-[R----F--] ann 48213 Nov 08  2021 setup.exe");
        let directory = read("d[RWCEAFMS] ann lee  512 Nov 08 21:46 drivers");

        assert_eq!((file.kind, file.size), (EntryKind::File, Some(48213)));
        assert_eq!(directory.kind, EntryKind::Directory);
        assert_eq!(directory.owner().as_deref(), Some("ann lee"));
    }

    #[test]
    fn owner_may_be_missing_or_like_a_date() {
        assert_eq!(read("- [--------] 7 Nov 08  2021 x").owner(), None);
        let named = read("- [--------] Apr 10 7 Nov 08  2021 x");
        assert_eq!((named.owner().as_deref(), named.size), (Some("Apr 10"), Some(7)));
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "drwxr-xr-x 2 ann staff 512 Nov 08 21:46 x",
            "l [R----F--] ann 512 Nov 08 21:46 x",
            "d [notes] ann 512 Nov 08 21:46 x",
            "d [] ann 512 Nov 08 21:46 x",
            "d [R----F--] ann Nov 08 21:46 x",
            "d [R----F--] ann 512 Nov 08 21:46 ",
            "d [R----F--]ann 512 Nov 08 21:46 x",
        ] {
            assert!(testing::try_read(Format::Netware, line).is_err(), "{line}");
        }
    }

    #[test]
    fn sizes_may_be_grouped() {
        let entry = testing::read(Format::Netware, "- [RWCEAFMS] ann  1,048,576 Apr 08  2019 A.TXT");
        assert_eq!(entry.size, Some(1_048_576));
    }
}
