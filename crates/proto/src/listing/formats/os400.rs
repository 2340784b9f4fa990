//! Format of OS/400 (IBM i).
//!
//! ```text
//! ANN            61440 04/26/01 11:36:20 *DIR       letters/
//! ANN                                    *MEM       SOURCES.FILE/MENU.MBR
//! ```
//!
//! The type with its asterisk is the anchor. Before it are owner, size, date and time, each of which may be
//! missing; after it is the name. The job of the server determines the order and the separators of dates.
//! Lines of `SITE LISTFMT 1` have the Unix format.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{date_order::DateOrder, stamp, text},
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (before, object, name) = split_at_type(line).ok_or("no type with a star")?;
    let columns =
        ColumnsBeforeType::read(before, context.order).ok_or("no columns of OS/400 before the type")?;
    if columns.modified.is_none() && kind_of_object(object).is_none() {
        return Err("neither a date nor a known type");
    }
    let name = text::trim_end(text::skip_blanks(name));
    if name.is_empty() {
        // The file whose members are listed precedes them, without a name.
        return Ok(ParsedLine::NoEntry);
    }
    let (name, is_directory) = name_of(object, name).ok_or("no name after the type")?;
    let kind = match kind_of_object(object) {
        _ if is_directory => EntryKind::Directory,
        kind => kind.unwrap_or(EntryKind::File),
    };
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, kind),
        size: columns.size,
        modified: columns.modified,
        owner: columns.owner,
        ..Columns::default()
    }))
}

/// Finds the first word that is an asterisk and a few capitals, and returns the text before it, the word, and
/// the rest. An owner may be such a word too, `*NOUSRPRF`.
fn split_at_type(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let first = text::next_word(line).0;
    let owner = if first.starts_with(b"*") && kind_of_object(first).is_none() { first } else { b"" };
    let mut rest = text::skip_blanks(text::skip_blanks(line).strip_prefix(owner)?);
    for _ in 0..=MOST_COLUMNS {
        let (word, after) = text::word(rest);
        if let [b'*', letters @ ..] = word
            && (2..=9).contains(&letters.len())
            && letters.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            return Some((line.get(..line.len() - rest.len())?, word, after));
        }
        rest = text::skip_blanks(after);
    }
    None
}

/// Removes the `/` at the end of a directory's name, and the path before the name. The name of a member
/// includes its file.
fn name_of<'l>(object: &[u8], name: &'l [u8]) -> Option<(&'l [u8], bool)> {
    let (name, is_directory) = match name {
        [name @ .., b'/'] => (name, true),
        _ => (name, false),
    };
    let name = match memchr::memrchr(b'/', name) {
        Some(slash) if !matches!(object, b"*MEM" | b"*FILE") => name.get(slash + 1..)?,
        _ => name,
    };
    (!name.is_empty()).then_some((name, is_directory))
}

fn kind_of_object(object: &[u8]) -> Option<EntryKind> {
    match object {
        b"*DIR" | b"*DDIR" | b"*LIB" | b"*FLR" => Some(EntryKind::Directory),
        b"*STMF" | b"*DSTMF" | b"*FILE" | b"*MEM" | b"*DOC" | b"*SAVF" | b"*PGM" => Some(EntryKind::File),
        b"*SYMLNK" => Some(EntryKind::Link),
        b"*BLKSF" | b"*CHRSF" | b"*FIFO" | b"*SOCKET" => Some(EntryKind::Special),
        _ => None,
    }
}

/// The columns before the type.
#[derive(Debug, Default)]
struct ColumnsBeforeType<'l> {
    owner: Option<&'l [u8]>,
    size: Option<u64>,
    modified: Option<Timestamp>,
}

impl<'l> ColumnsBeforeType<'l> {
    /// Reads the columns from the end, where they are more distinctive.
    fn read(text: &'l [u8], order: DateOrder) -> Option<Self> {
        let (modified, rest) =
            trailing_time(text, order).map_or((None, text), |(time, rest)| (Some(time), rest));
        let (before, word) = text::last_word(rest);
        let size = text::number(word);
        let has_size = size.is_some() || is_out_of_range(word);
        let owner = if has_size { text::trim_end(before) } else { text::trim_end(rest) };
        let mut owners = owner.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let owner = owners.next();
        owners.next().is_none().then_some(Self { owner, size, modified })
    }
}

/// Returns whether a word marks a size that is too large for its column or for 64 bits.
fn is_out_of_range(word: &[u8]) -> bool {
    let is_all = |test: fn(&u8) -> bool| word.len() > 1 && word.iter().all(test);
    is_all(u8::is_ascii_digit) || is_all(|byte| *byte == b'*') || is_all(|byte| *byte == b'+')
}

fn trailing_time(text: &[u8], order: DateOrder) -> Option<(Timestamp, &[u8])> {
    let (rest, clock) = text::last_word(text);
    let (before, day) = text::last_word(rest);
    let parsed = stamp::day_in_order(day, order).and_then(|day| stamp::at_clock(day, clock));
    match parsed {
        Some(time) => Some((time, before)),
        None => Some((stamp::day_in_order(clock, order)?, rest)),
    }
}

/// Owner, size, date and time.
const MOST_COLUMNS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Os400, line)
    }

    fn try_read(line: &str) -> Result<Entry, crate::listing::ListingError> {
        testing::try_read(Format::Os400, line)
    }

    #[test]
    fn every_column_is_read() {
        let entry = read("ANN            61440 04/26/01 11:36:20 *STMF      my letter.txt");

        assert_eq!((entry.name(), entry.kind), (&b"my letter.txt"[..], EntryKind::File));
        assert_eq!((entry.size, entry.owner().as_deref()), (Some(61440), Some("ANN")));
        assert_eq!(entry.modified.unwrap().to_string(), "2001-04-26T11:36:20");
    }

    #[test]
    fn owner_may_begin_with_asterisk() {
        let entry = read("*NOUSRPRF      61440 04/26/01 11:36:20 *STMF      notes.txt");

        assert_eq!((entry.name(), entry.owner().as_deref()), (&b"notes.txt"[..], Some("*NOUSRPRF")));
    }

    #[test]
    fn size_wider_than_its_column_is_unknown() {
        for size in ["************", "18446744073709551616"] {
            let entry = read(&format!("ANN  {size} 04/26/01 11:36:20 *STMF      notes.txt"));
            assert_eq!((entry.size, entry.owner().as_deref()), (None, Some("ANN")), "{size}");
        }
    }

    #[test]
    fn dates_come_in_each_order_with_each_separator() {
        for (date, expected) in [
            ("04/26/01 11:36:20", "2001-04-26T11:36:20"),
            ("26.04.01 11.36.20", "2001-04-26T11:36:20"),
            ("31-12-99 11:36:20", "1999-12-31T11:36:20"),
            ("99,12,31 11,36,20", "1999-12-31T11:36:20"),
            ("2001-04-26 11:36:20", "2001-04-26T11:36:20"),
            ("26.04.2001 11:36:20", "2001-04-26T11:36:20"),
        ] {
            let entry = read(&format!("ANN  61440 {date} *STMF  x"));
            assert_eq!(entry.modified.unwrap().to_string(), expected, "{date}");
        }
    }

    #[test]
    fn the_type_or_a_slash_makes_a_directory() {
        for line in ["*DIR letters/", "*DIR letters", "*LIB letters", "*FILE letters/", "*FLR docs/letters/"]
        {
            let entry = read(&format!("ANN  8192 04/26/01 11:36:20 {line}"));
            assert_eq!((entry.name(), entry.kind), (&b"letters"[..], EntryKind::Directory), "{line}");
        }
        assert_eq!(read("ANN  8192 04/26/01 11:36:20 *JOBQ x").kind, EntryKind::File);
        assert_eq!(read("ANN  8192 04/26/01 11:36:20 *SYMLNK x").kind, EntryKind::Link);
    }

    #[test]
    fn columns_may_be_missing() {
        let member = read("ANN                                    *MEM       SOURCES.FILE/MENU.MBR");
        assert_eq!((member.name(), member.owner().as_deref()), (&b"SOURCES.FILE/MENU.MBR"[..], Some("ANN")));
        assert_eq!((member.size, member.modified), (None, None));

        assert_eq!(read("     61440 04/26/01 11:36:20 *STMF x").owner(), None);
        assert_eq!(read("ANN        04/26/01 11:36:20 *STMF x").size, None);
        assert_eq!(read("ANN  61440 04/26/01          *STMF x").modified.unwrap().to_string(), "2001-04-26");
        assert_eq!(read("           *MEM x").name(), b"x");
    }

    #[test]
    fn path_before_name_is_dropped_except_members() {
        assert_eq!(read("ANN  8192 04/26/01 11:36:20 *STMF /home/ann/x").name(), b"x");
        assert_eq!(read("ANN  8192 04/26/01 11:36:20 *FILE ANN.LIB/X.SAVF").name(), b"ANN.LIB/X.SAVF");
    }

    #[test]
    fn file_without_name_precedes_its_members() {
        assert!(try_read("ANN  118784 04/26/01 11:36:20 *FILE").unwrap_err().is_no_entry());
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "",
            "ANN  61440 04/36/01 11:36:20 *STMF x",
            "ANN  61440 04/26/01 11:36:20 STMF x",
            "ANN LEE  61440 04/26/01 11:36:20 *STMF x",
            "ANN  61440 04/26/01 11:36:20 *STMF /",
            "* readme",
            "*NOTE x",
        ] {
            assert!(try_read(line).is_err_and(|error| !error.is_no_entry() || line.is_empty()), "{line}");
        }
    }
}
