//! Format of IIS and of the `dir` of Windows.
//!
//! ```text
//! 11-08-21  09:46PM       <DIR>          drivers
//! 11-08-21  09:46PM              1048576 setup.exe
//! ```
//!
//! The lines that `dir` prints above and below the files are in [`dir_frame`], rare and faulty dates in
//! [`rare_date`].

mod dir_frame;
mod rare_date;

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{
            numeric::{self, Meridiem, TimeOfDay},
            text,
        },
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let Some((date, rest)) = numeric::date(text::skip_blanks(line), context.order) else {
        return read_otherwise(line, context);
    };
    match leading_time(date, rest) {
        Some((modified, rest)) => entry(Some(modified), rest),
        None => entry(None, rare_date::faulty_time(rest).ok_or("no time after the date")?),
    }
}

#[cold]
fn read_otherwise<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let text = text::skip_blanks(line);
    if let Some((date, rest)) = rare_date::leading(text, &context.horizon)
        && let Some((modified, rest)) = leading_time(date, rest)
    {
        return entry(Some(modified), rest);
    }
    if let Some(rest) = rare_date::faulty(text) {
        return entry(None, rest);
    }
    dir_frame::read(line).ok_or("no date at its start")
}

/// Reads the text after the time.
#[inline]
fn entry(modified: Option<Timestamp>, rest: &[u8]) -> ParseResult<'_> {
    let (what, rest) = KindAndSize::leading(rest).ok_or("neither <DIR> nor a size after the time")?;
    let (name, target) = if what.kind == EntryKind::Link { split_link(rest) } else { (rest, None) };
    if name.is_empty() {
        return Err("no name after the size");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, what.kind),
        size: what.size,
        modified,
        link_target: target,
        ..Columns::default()
    }))
}

/// `  09:46PM`, `  9:46 pm`, `  9:46p`, `  21:46` or `  下午 09:46`, with or without seconds.
fn leading_time(date: Timestamp, text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let text = text::blanks(text)?;
    let foreign = foreign_half(text);
    let text = foreign.map_or(text, |(_, text)| text::skip_blanks(text));
    let (clock, rest) = TimeOfDay::leading(text).or_else(|| TimeOfDay::leading_unpadded(text))?;
    let next = text::skip_blanks(rest);
    match Meridiem::leading(next).filter(|_| foreign.is_none()) {
        Some((half, rest)) => Some((clock.on(date, Some(half))?, rest)),
        None => {
            let after = foreign_half(next).filter(|_| foreign.is_none());
            let half = foreign.or(after).map(|(half, _)| half);
            Some((clock.on(date, half)?, after.map_or(rest, |(_, rest)| rest)))
        }
    }
}

/// Takes the half of the day off the front, which `dir` prints before the time in East Asia, and after it in
/// Greece and Turkey.
#[inline]
fn foreign_half(text: &[u8]) -> Option<(Meridiem, &[u8])> {
    if text.first()?.is_ascii() { None } else { known_half(text) }
}

#[cold]
fn known_half(text: &[u8]) -> Option<(Meridiem, &[u8])> {
    let (word, rest) = text::word(text);
    let (_, half) = FOREIGN_HALVES.iter().find(|(known, _)| *known == word)?;
    (!rest.is_empty()).then_some((*half, rest))
}

/// The column between time and name: a tag such as `<DIR>`, or a size.
struct KindAndSize {
    kind: EntryKind,
    size: Option<u64>,
}

impl KindAndSize {
    /// Takes the column off the front, and the blanks before and after it.
    ///
    /// IIS and `dir` start the name at a fixed column, and blanks after that belong to the name. If the
    /// columns differ, all blanks are treated as a gap.
    fn leading(text: &[u8]) -> Option<(Self, &[u8])> {
        let column = skip_attributes(text::blanks(text)?);
        let indent = text.len() - column.len();
        if column.first() == Some(&b'<') {
            return Self::tag(column, TAG_INDENTS.contains(&indent));
        }
        let (size, rest) = text::word(column);
        let (number, width) = match grouped_number(size) {
            Some((number, width)) => (Some(number), width),
            None if is_out_of_range(size) => (None, size.len()),
            None => return None,
        };
        let name = text::blanks(rest)?;
        let exact = rest.get(1..).filter(|_| SIZE_ENDS.contains(&(indent + width)));
        Some((Self { kind: EntryKind::File, size: number }, exact.unwrap_or(name)))
    }

    fn tag(text: &[u8], in_column: bool) -> Option<(Self, &[u8])> {
        let (tag, padded) = text.split_at_checked(memchr::memchr(b'>', text)? + 1)?;
        let word = tag.get(1..tag.len() - 1).filter(|word| !word.is_empty() && !word.contains(&b' '))?;
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let kind = match word.len() {
            7 | 8 if is("SYMLINK") || is("SYMLINKD") || is("JUNCTION") => EntryKind::Link,
            // `dir` translates the word in the brackets, as in `<REP>`.
            _ => EntryKind::Directory,
        };
        let name = text::blanks(padded)?;
        let padding = TAG_COLUMNS.saturating_sub(tag.len()).min(padded.len() - name.len());
        let exact = padded.get(padding.max(1)..).filter(|_| in_column);
        Some((Self { kind, size: None }, exact.unwrap_or(name)))
    }
}

/// Skips a column of attributes, such as `A` or `--RH`.
fn skip_attributes(text: &[u8]) -> &[u8] {
    if text.first().is_none_or(|&byte| byte == b'<' || byte.is_ascii_digit()) {
        return text;
    }
    let (word, rest) = text::word(text);
    let is_attributes = word.iter().all(|letter| b"-_.ARSHDCIarshdci".contains(letter));
    if is_attributes { text::skip_blanks(rest) } else { text }
}

/// Parses `1048576`, `1,048,576`, `1.048.576`, `1'048'576` or the same with non-breaking blanks. Returns the
/// number and its width in characters.
fn grouped_number(text: &[u8]) -> Option<(u64, usize)> {
    text::number(text).map(|number| (number, text.len())).or_else(|| separated_number(text))
}

#[cold]
fn separated_number(text: &[u8]) -> Option<(u64, usize)> {
    let first = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (group, mut rest) = text.split_at_checked(first)?;
    let (mut sum, mut width) = (text::number(group)?, first);
    while !rest.is_empty() {
        let separator = SEPARATORS.iter().find_map(|separator| rest.strip_prefix(*separator))?;
        let (group, tail) = separator.split_at_checked(3)?;
        sum = sum.checked_mul(1000)?.checked_add(text::number(group)?)?;
        width += 4;
        rest = tail;
    }
    Some((sum, width))
}

/// Returns whether this is a size below 0 or above 64 bits, which servers print for files that are too large
/// for them.
fn is_out_of_range(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Splits `name [target]`, also `name -> target`.
fn split_link(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let bracket =
        text.strip_suffix(b"]").and_then(|inside| split_at(inside, memchr::memmem::rfind(inside, b" [")?, 2));
    let split = bracket.or_else(|| split_at(text, memchr::memmem::find(text, b" -> ")?, 4));
    split.map_or((text, None), |(name, target)| (name, Some(target)))
}

fn split_at(text: &[u8], at: usize, width: usize) -> Option<(&[u8], &[u8])> {
    let target = text.get(at + width..).filter(|target| !target.is_empty())?;
    Some((text.get(..at).filter(|name| !name.is_empty())?, target))
}

/// From the `<` of a tag to the name; the same for IIS and `dir`.
const TAG_COLUMNS: usize = 15;
/// From the time to a tag: `dir`, `dir` of Windows 2000, and IIS.
const TAG_INDENTS: [usize; 3] = [4, 6, 7];
/// From the time to the end of the size, for the same three.
const SIZE_ENDS: [usize; 3] = [18, 20, 21];

/// Separators of thousands. The last ones are non-breaking blanks, in UTF-8 (wide and narrow), Latin 1 and
/// code page 850.
const SEPARATORS: [&[u8]; 8] =
    [b",", b".", b"'", "’".as_bytes(), b"\xC2\xA0", "\u{202f}".as_bytes(), b"\xA0", b"\xFF"];

/// Morning and afternoon in Chinese, Korean, Japanese, Greek and Turkish, and in the encodings of East Asia.
const FOREIGN_HALVES: [(&[u8], Meridiem); 22] = [
    ("上午".as_bytes(), Meridiem::Am),
    ("下午".as_bytes(), Meridiem::Pm),
    ("오전".as_bytes(), Meridiem::Am),
    ("오후".as_bytes(), Meridiem::Pm),
    ("午前".as_bytes(), Meridiem::Am),
    ("午後".as_bytes(), Meridiem::Pm),
    ("πμ".as_bytes(), Meridiem::Am),
    ("μμ".as_bytes(), Meridiem::Pm),
    ("π.μ.".as_bytes(), Meridiem::Am),
    ("μ.μ.".as_bytes(), Meridiem::Pm),
    ("ÖÖ".as_bytes(), Meridiem::Am),
    ("ÖS".as_bytes(), Meridiem::Pm),
    // GBK
    (b"\xC9\xCF\xCE\xE7", Meridiem::Am),
    (b"\xCF\xC2\xCE\xE7", Meridiem::Pm),
    // Big5
    (b"\xA4\x57\xA4\xC8", Meridiem::Am),
    (b"\xA4\x55\xA4\xC8", Meridiem::Pm),
    // EUC-KR
    (b"\xBF\xC0\xC0\xFC", Meridiem::Am),
    (b"\xBF\xC0\xC8\xC4", Meridiem::Pm),
    // Shift-JIS
    (b"\x8C\xDF\x91\x4F", Meridiem::Am),
    (b"\x8C\xDF\x8C\xE3", Meridiem::Pm),
    // Code page 1253
    (b"\xF0\xEC", Meridiem::Am),
    (b"\xEC\xEC", Meridiem::Pm),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, listing::parse_dos_line};

    fn read(line: &str) -> Entry {
        parse_dos_line(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_directory_of_iis_is_read() {
        let entry = read("03-14-22  07:05AM       <DIR>          aspnet_client");

        assert_eq!(entry.name(), b"aspnet_client");
        assert_eq!(entry.kind, EntryKind::Directory);
        assert_eq!(entry.size, None);
        assert_eq!(entry.modified.unwrap().to_string(), "2022-03-14T07:05");
    }

    #[test]
    fn each_spelling_of_date_and_time_is_read() {
        for (text, time) in [
            ("03-14-22  12:05AM", "2022-03-14T00:05"),
            ("03-14-22  12:05PM", "2022-03-14T12:05"),
            ("03-14-70  07:05PM", "1970-03-14T19:05"),
            ("03-14-69  07:05 pm", "2069-03-14T19:05"),
            ("03-14-98   7:05p", "1998-03-14T19:05"),
            ("03-14-98  07:05 A", "1998-03-14T07:05"),
            ("03-14-102  07:05PM", "2002-03-14T19:05"),
            ("03/14/2022  19:05", "2022-03-14T19:05"),
            ("03-14-22  07:05:30PM", "2022-03-14T19:05:30"),
            ("14.03.2022  19:05:30", "2022-03-14T19:05:30"),
            ("14.03.22  19:05", "2022-03-14T19:05"),
            ("2022-03-14  19:05", "2022-03-14T19:05"),
            ("2022/03/14  下午 07:05", "2022-03-14T19:05"),
            ("2022-03-14  오전 12:05", "2022-03-14T00:05"),
            ("3/4/2022 7:05 AM", "2022-03-04T07:05"),
            ("14/03/2022  07:05 p.m.", "2022-03-14T19:05"),
            ("98-12-31  07:05", "1998-12-31T07:05"),
            ("2022/03/14  午後 07:05", "2022-03-14T19:05"),
            ("2022/03/14  07:05 下午", "2022-03-14T19:05"),
            ("14/03/2022  12:05 πμ", "2022-03-14T00:05"),
            ("14/03/2022  07:05 μ.μ.", "2022-03-14T19:05"),
            ("03-14-22  7:5PM", "2022-03-14T19:05"),
        ] {
            let entry = read(&format!("{text}      1024 x"));
            assert_eq!(entry.modified.unwrap().to_string(), time, "{text}");
        }
    }

    #[test]
    fn sizes_may_be_grouped() {
        for (text, size) in [
            ("0", 0),
            ("1024", 1024),
            ("1,048,576", 1_048_576),
            ("1.048.576", 1_048_576),
            ("1'048'576", 1_048_576),
            ("1\u{a0}048\u{a0}576", 1_048_576),
            ("1\u{202f}048", 1048),
        ] {
            assert_eq!(read(&format!("03-14-22  07:05AM {text} x")).size, Some(size), "{text}");
        }
        for separator in [b"\xA0", b"\xFF"] {
            let line = [b"14/03/2022  19:05             1", &separator[..], b"024 x"].concat();
            assert_eq!(parse_dos_line(&line).unwrap().size, Some(1024));
        }
        for text in ["99999999999999999999", "-1", "-2147483648"] {
            assert_eq!(read(&format!("03-14-22  07:05AM {text} x")).size, None, "{text}");
        }
        for text in ["1,04", "1e3", "-", ",1", "1,", "1,0245"] {
            assert!(parse_dos_line(format!("03-14-22  07:05AM {text} x").as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn blanks_beyond_the_column_belong_to_the_name() {
        assert_eq!(read("03-14-22  07:05AM       <DIR>            two before").name(), b"  two before");
        assert_eq!(read("03-14-22  07:05AM                 1024  one before").name(), b" one before");
        assert_eq!(read("03/14/2022  07:05 AM    <DIR>           one before").name(), b" one before");
        assert_eq!(read("03/14/2022  07:05 AM             1,024  one before").name(), b" one before");
        assert_eq!(read("14.03.2022  19:05             1\u{a0}024  one before").name(), b" one before");
    }

    #[test]
    fn blanks_are_a_gap_in_unknown_columns() {
        assert_eq!(read("03-14-22  07:05AM <DIR>   narrow ").name(), b"narrow ");
        assert_eq!(read("03-14-22  07:05AM <DIR>                 wide").name(), b"wide");
        assert_eq!(read("03-14-22  07:05AM 24   narrow ").name(), b"narrow ");
        assert_eq!(read("  03-14-22  07:05AM\t<DIR>\ttabs").name(), b"tabs");
    }

    #[test]
    fn attributes_are_skipped() {
        assert_eq!(read("03-14-22  07:05AM  A--H   1024 x").size, Some(1024));
        assert_eq!(read("03-14-22  07:05AM  R  <DIR>  x").kind, EntryKind::Directory);
    }

    #[test]
    fn junctions_and_symbolic_links_are_links() {
        for line in [
            "<SYMLINKD>     data [E:\\the data]",
            "<SYMLINK>      data [E:\\the data]",
            "<JUNCTION>     data [E:\\the data]",
            "<JUNCTION>     data -> E:\\the data",
        ] {
            let link = read(&format!("03-14-22  07:05AM    {line}"));
            assert_eq!((link.kind, link.name()), (EntryKind::Link, &b"data"[..]), "{line}");
            assert_eq!(link.link_target(), Some(&b"E:\\the data"[..]), "{line}");
        }
        assert_eq!(read("03-14-22  07:05AM    <DIR>          data [old]").name(), b"data [old]");
        assert_eq!(read("03-14-22  07:05AM    <JUNCTION>     [x]").name(), b"[x]");
        assert_eq!(read("14/03/2022  19:05    <REP>          Bureau").kind, EntryKind::Directory);
    }

    #[test]
    fn error_names_the_missing_column() {
        let why = |line: &str| parse_dos_line(line.as_bytes()).unwrap_err().to_string();

        assert!(why("hello").ends_with("no date at its start"));
        assert!(why("13-32-22  1 x").ends_with("no date at its start"));
        assert!(why("03-14-22  1024 x").ends_with("no time after the date"));
        assert!(why("03-14-22  07:05AM x").ends_with("neither <DIR> nor a size after the time"));
        assert!(why("03-14-22  07:05AM 1024 ").ends_with("no name after the size"));
    }
}
