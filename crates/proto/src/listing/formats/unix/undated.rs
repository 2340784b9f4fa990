//! Lines whose date is faulty or missing.
//!
//! ```text
//! lrw-rw-rw- 1 ann staff 54 /pub/aFeb  8 2007 a -> /pub/a
//! -rw-r--r-- 1 ann staff 132 000 17 2025 notes.txt
//! drwxr-xr-x 3 ann staff 512 src
//! -rw-r--r-- 1 ann staff 512 Feb 2007 notes.txt
//! ```
//!
//! Such a line still has a name and a size. It is read only if its date has the form of one, or if all
//! columns before the name are there. Otherwise the name would be a guess.

use super::{Split, Word, columns::is_label, date, size, split_at_date, split_where, text};
use crate::{
    Timestamp, Zone,
    listing::{
        fields::{date_order::DateOrder, months},
        parsed_line::Context,
    },
};

/// Splits at the place of the date.
pub(super) fn split<'l>(text: &'l [u8], context: &Context) -> Option<Split<'l>> {
    // A date in another order is not faulty. The listing will show its order.
    let is_date_in = |order| split_at_date(text, &context.with_order(order)).is_some();
    if ORDERS.into_iter().any(is_date_in) {
        return None;
    }
    glued(text, context)
        .or_else(|| split_where(text, compact))
        .or_else(|| split_where(text, |word| year_first(word, context)))
        .or_else(|| split_where(text, |word| Some((None, faulty(word)?))))
        .or_else(|| split_where(text, |word| Some((None, dashes(word)?))))
        .or_else(|| missing(text))
}

/// Splits before a month that touches other text: a size, or a text after the size, which is dropped.
fn glued<'l>(text: &'l [u8], context: &Context) -> Option<Split<'l>> {
    let mut at = 0;
    let mut before = &b""[..];
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (word, tail) = text::word(rest);
        let start = word.len().saturating_sub(MONTH);
        if let Some((prefix, month)) = word.split_at_checked(start).filter(|(prefix, _)| !prefix.is_empty())
            && is_month(month)
            && let Some((date, after)) = date::leading_in(rest.get(start..)?, &context.horizon, context.order)
        {
            let is_dropped = text::number(before).is_some() && size::read(prefix).is_none();
            if is_dropped || size::is_like(prefix) {
                return Some((text.get(..if is_dropped { at } else { at + start })?, Some(date), after));
            }
        }
        before = word;
        at = text.len() - text::skip_blanks(tail).len();
    }
    None
}

/// Returns whether these are the letters of an English month, such as `Feb`. Other cases are names.
fn is_month(word: &[u8]) -> bool {
    let is_capitalized = matches!(word, [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z']);
    is_capitalized && months::leading_english(word).is_some()
}

/// Takes a date of digits alone, as `ls --time-style` prints it if a server asks: `20200102`, with or without
/// a time, `20200102030405`, or seconds since 1970.
fn compact<'l>(word: &Word<'l>) -> Option<(Option<Timestamp>, &'l [u8])> {
    if word.at < COLUMNS_BEFORE_SIZE || !size::is_like(word.before) {
        return None;
    }
    let (digits, rest) = text::word(word.rest);
    let number = text::number(digits)?;
    let date = match digits.len() {
        8 | 12 | 14 => Timestamp::parse_mlsx(digits).ok()?.with_zone(Zone::Unknown),
        9 | 10 => Timestamp::from_unix(number.try_into().ok()?, 0)?,
        _ => return None,
    };
    let is_part_of_time = |byte: &u8| byte.is_ascii_digit() || *byte == b':';
    let is_name_next = || !text::skip_blanks(rest).iter().all(is_part_of_time);
    match text::blanks(rest).filter(|_| digits.len() == 8).and_then(|clock| date::at_clock(date, clock)) {
        Some((date, rest)) => Some((Some(date), rest)),
        None => is_name_next().then_some((Some(date), rest)),
    }
}

/// Takes a date such as `2020 Jan 02`.
fn year_first<'l>(word: &Word<'l>, context: &Context) -> Option<(Option<Timestamp>, &'l [u8])> {
    let (year, rest) = text::word(word.rest);
    let (month, rest) = text::next_word(rest);
    let (day, rest) = text::next_word(rest);
    let is_date = is_plausible_year(year) && months::of_name(month).is_some() && is_day(day);
    if word.at < COLUMNS_BEFORE_SIZE || !size::is_like(word.before) || !is_date || !has_name(rest) {
        return None;
    }
    let usual = [month, b" ", day, b" ", year].concat();
    let (date, _) = date::leading_in(&usual, &context.horizon, context.order)?;
    Some((Some(date), rest))
}

/// Skips a date that is not a day of a calendar, or whose month is garbled: `000 17 2025`, `Jan  0 00:00` or
/// `0000-00-00 00:00`.
fn faulty<'l>(word: &Word<'l>) -> Option<&'l [u8]> {
    // Owners and groups may be numbers.
    if word.at < COLUMNS_BEFORE_SIZE || !size::is_like(word.before) {
        return None;
    }
    let (first, rest) = text::word(word.rest);
    let (second, after_second) = text::next_word(rest);
    if is_numeric_date(first) {
        return Some(if is_clock(second) { after_second } else { rest });
    }
    if is_clock(second) && first.len() <= LONGEST_MONTH {
        return Some(after_second);
    }
    if months::of_name(first).is_some() && is_plausible_year(second) && has_name(after_second) {
        // `Feb 2007`: files cannot be compared by a time without a day.
        return Some(after_second);
    }
    let is_name = text::number(word.before).is_some() && second.first().is_some_and(u8::is_ascii_alphabetic);
    if is_plausible_year(first) && is_name && !begins_with_parts_of_date(text::skip_blanks(rest)) {
        return Some(rest);
    }
    let (third, rest) = text::next_word(after_second);
    let begins_with_digit = |word: &[u8]| word.first().is_some_and(u8::is_ascii_digit);
    let is_month_and_number =
        months::of_name(first).is_some() && begins_with_digit(second) && second.len() <= LONGEST_DAY;
    let is_day_and_month = is_month_and_number
        || is_day(second) && first.len() <= LONGEST_MONTH
        || is_day(first) && !second.is_empty();
    let is_short_year =
        || begins_with_digit(third.strip_prefix(b"'").unwrap_or(third)) && third.len() <= LONGEST_DAY;
    let is_end = is_clock(third) || is_year(third) || is_month_and_number && is_short_year();
    if !is_day_and_month || !is_end {
        return None;
    }
    // Seconds are followed by a year, as in `Foo  8 21:46:05 2019`.
    let has_seconds = memchr::memchr_iter(b':', third).count() > 1;
    let (year, after) = text::next_word(rest);
    Some(if has_seconds && is_year(year) { after } else { rest })
}

/// `-`, `--` or `?` in place of a date.
fn is_dash(word: &[u8]) -> bool {
    matches!(word, b"-" | b"--" | b"---" | b"?")
}

/// Skips dashes in place of a date: one, or one for each of its columns.
fn dashes<'l>(word: &Word<'l>) -> Option<&'l [u8]> {
    let (first, mut rest) = text::word(word.rest);
    if word.at < COLUMNS_BEFORE_SIZE || !is_dash(first) || text::number(word.before).is_none() {
        return None;
    }
    for _ in 1..COLUMNS_OF_DATE {
        let (next, after) = text::next_word(rest);
        if !is_dash(next) || !has_name(after) {
            break;
        }
        rest = after;
    }
    has_name(rest).then_some(rest)
}

/// `0000-00-00`, `00/00/80` or `??-??-??`
fn is_numeric_date(word: &[u8]) -> bool {
    let is_part = |part: &[u8]| part.len() <= 4 && (is_number(part) || is_placeholder(part));
    let is_parted_by = |separator: u8| {
        let parts = word.split(|&byte| byte == separator);
        parts.clone().count() == 3 && parts.clone().all(is_part)
    };
    (6..=10).contains(&word.len()) && [b'-', b'/', b'.'].into_iter().any(is_parted_by)
}

/// `8`, `0`, `32`, `8.` or `??`
fn is_day(word: &[u8]) -> bool {
    let word = word.strip_suffix(b".").or_else(|| word.strip_suffix(b",")).unwrap_or(word);
    word.len() <= 2 && (is_number(word) || is_placeholder(word))
}

/// `2025`, `0000` or `????`
fn is_year(word: &[u8]) -> bool {
    word.len() == 4 && (is_number(word) || is_placeholder(word))
}

/// A year that a file may have: no size, and no day with a time.
fn is_plausible_year(word: &[u8]) -> bool {
    word.len() == 4 && is_number(word) && (word.starts_with(b"19") || word.starts_with(b"20"))
}

/// Returns whether a name follows, and no time of day.
fn has_name(rest: &[u8]) -> bool {
    let (next, _) = text::next_word(rest);
    !next.is_empty() && !is_clock(next)
}

/// `21:46`, `25:61:00`, `9:46PM` or `--:--`
fn is_clock(word: &[u8]) -> bool {
    let digits = word.strip_suffix(b"AM").or_else(|| word.strip_suffix(b"PM")).unwrap_or(word);
    let mut parts = digits.split(|&byte| byte == b':');
    let is_part = |part: &[u8]| part.len() <= 2 && (is_number(part) || is_placeholder(part));
    (2..=3).contains(&parts.clone().count()) && parts.all(is_part)
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

/// Returns whether a server printed this for a number that it does not know.
fn is_placeholder(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|byte| b"?-*#".contains(byte))
}

/// Splits before the name of a line without a date: link count, owner, group and size, or these without the
/// link count.
fn missing(text: &[u8]) -> Option<Split<'_>> {
    let (links, rest) = text::next_word(text);
    let rest = if is_number(links) { text::next_word(rest).1 } else { rest };
    let (_group, rest) = text::next_word(rest);
    let (size, rest) = text::next_word(rest);
    let (size, rest) = match size {
        // `10, 200` of a device
        [.., b','] => text::next_word(rest),
        // `ls -lZ` prints a label and then the size, `ls -Z` a label and no link count.
        _ if is_label(size) && is_number(links) => text::next_word(rest),
        _ => (size, rest),
    };
    let is_size = size::read(size).is_some() || is_label(size);
    let name = text::skip_blanks(rest);
    if !is_size || name.is_empty() || is_start_of_date(name) || begins_with_parts_of_date(name) {
        return None;
    }
    Some((text.get(..text.len() - rest.len())?, None, rest))
}

/// Returns whether this may be the start of a date, at which a truncated line ends: `N`, `Nov`, `Wed` or
/// `2020-0`. If it were a name, a truncated listing would be a whole one.
fn is_start_of_date(text: &[u8]) -> bool {
    let text = text::trim_end(text);
    let shortest = if text.is_ascii() { MONTH } else { 2 * MONTH };
    let (first, rest) = text::word(text);
    let begins_with_digit =
        |word: &[u8]| word.first().is_some_and(|byte| byte.is_ascii_digit() || b"?*".contains(byte));
    let month = first.split(|byte| b"-/.".contains(byte)).next().unwrap_or_default();
    let is_month = first.len() == text.len() && months::of_name(month).is_some()
        || !first.is_ascii() && first.len() <= LONGEST_MONTH && begins_with_digit(text::skip_blanks(rest));
    text.len() < shortest || begins_with_digit(first) || WEEKDAYS.contains(&first) || is_month
}

/// Returns whether a time, or a month and a number, are among the first words: the text is not a name then, but a
/// date of unknown form and a name.
fn begins_with_parts_of_date(text: &[u8]) -> bool {
    let mut rest = text;
    let (mut month, mut number) = (false, false);
    for _ in 0..MOST_WORDS_OF_DATE {
        let (word, tail) = text::next_word(rest);
        rest = tail;
        for part in word.split(|byte| b"-/.".contains(byte)) {
            month |= months::of_name(part).is_some();
            number |= part.first().is_some_and(u8::is_ascii_digit);
        }
        let is_time = memchr::memchr(b':', word).is_some() && word.first().is_some_and(u8::is_ascii_digit);
        let is_asian =
            word.first().is_some_and(u8::is_ascii_digit) && !word.is_ascii() && word.len() <= LONGEST_MONTH;
        if is_time || is_asian || month && number {
            return true;
        }
    }
    false
}

const ORDERS: [DateOrder; 3] = [DateOrder::MonthFirst, DateOrder::DayFirst, DateOrder::YearFirst];
const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
/// Letters of an abbreviated month.
const MONTH: usize = 3;
/// Bytes of a month that a server garbled.
const LONGEST_MONTH: usize = 12;
/// `31st`
const LONGEST_DAY: usize = 4;
/// Day of the week, month, day, time and year.
const MOST_WORDS_OF_DATE: usize = 5;
/// Month, day, and time or year.
const COLUMNS_OF_DATE: usize = 3;
/// Link count and owner, at least.
const COLUMNS_BEFORE_SIZE: usize = 3;

#[cfg(test)]
mod tests {
    use crate::{
        Entry, EntryKind,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Unix, line)
    }

    #[test]
    fn text_glued_to_month_is_split_off() {
        for (columns, size) in [("54 /pub/aFeb", 54), ("54 /pub/a2Feb", 54), ("54Feb", 54), ("1.5KFeb", 1536)]
        {
            let entry = read(&format!("lrw-rw-rw- 1 ann staff {columns}  8 2007 a -> /pub/a"));
            assert_eq!((entry.name(), entry.link_target()), (&b"a"[..], Some(&b"/pub/a"[..])), "{columns}");
            assert_eq!((entry.size, entry.group().as_deref()), (Some(size), Some("staff")), "{columns}");
            assert_eq!(entry.modified.unwrap().to_string(), "2007-02-08", "{columns}");
        }
    }

    #[test]
    fn garbled_date_costs_only_the_date() {
        for date in [
            "000 17 2025",
            "Xyz  8 21:46",
            "Xyz  8  2019",
            "8 Xyz 2019",
            "Feb 30 2020",
            "Jan  0 00:00",
            "Jan  1 25:61",
            "Jan  1 0000",
            "Xyz  8 21:46:05 2019",
            "0000-00-00 00:00",
            "0000-00-00",
            "00/00/80 00:00:00",
            "Jan ?? ????",
            "--- -- --:--",
            "Today 21:46",
            "Jan 31st 2020",
            "Jan 31  09",
            "Jan 31 '09",
            "Jan  1 100",
            "Jan 2019",
            "Jan  2019",
            "2019",
            "-",
            "?",
            "- -",
            "- - -",
            "-- --",
        ] {
            let entry = read(&format!("-rw-r--r-- 1 ann staff 132 {date} notes.txt"));
            assert_eq!((entry.name(), entry.size), (&b"notes.txt"[..], Some(132)), "{date}");
            assert_eq!((entry.modified, entry.links), (None, Some(1)), "{date}");
        }
    }

    #[test]
    fn date_may_be_digits_alone() {
        for (date, expected) in [
            ("20200108", "2020-01-08"),
            ("20200108 21:46", "2020-01-08T21:46"),
            ("202001082146", "2020-01-08T21:46"),
            ("20200108214605", "2020-01-08T21:46:05"),
            ("1578519965", "2020-01-08T21:46:05Z"),
        ] {
            let entry = read(&format!("-rw-r--r-- 1 ann staff 132 {date} my notes.txt"));
            assert_eq!((entry.name(), entry.size), (&b"my notes.txt"[..], Some(132)), "{date}");
            assert_eq!(entry.modified.map(|time| time.to_string()).as_deref(), Some(expected), "{date}");
        }
        for line in ["20201308 x", "20200108 1", "20200108 21:4", "20200108 21:46", "2020010821"] {
            assert!(
                testing::try_read(Format::Unix, format!("-rw-r--r-- 1 ann staff 132 {line}")).is_err(),
                "{line}"
            );
        }
    }

    #[test]
    fn name_after_date_may_begin_with_dash() {
        assert_eq!(read("-rw-r--r-- 1 ann staff 132 Jan  2  2020 - a").name(), b"- a");
        assert_eq!(read("-rw-r--r-- 1 ann staff 132 - - - - a").name(), b"- a");
    }

    #[test]
    fn year_may_stand_before_month_and_day() {
        let entry = read("-rw-r--r-- 1 ann staff 132 2020 Jan 08 my notes.txt");
        assert_eq!((entry.name(), entry.size), (&b"my notes.txt"[..], Some(132)));
        assert_eq!(entry.modified.unwrap().to_string(), "2020-01-08");
    }

    #[test]
    fn date_may_be_missing() {
        for (columns, size) in [
            ("3 ann staff 512", Some(512)),
            ("3 100 100 20", Some(20)),
            ("ann staff 512", Some(512)),
            ("3 ann staff 4.0K", Some(4096)),
            ("1 ann staff 10, 200", None),
            ("ann staff system_u:object_r:usr_t:s0", None),
            ("3 ann staff system_u:object_r:usr_t:s0 512", Some(512)),
        ] {
            let entry = read(&format!("drwxr-xr-x  {columns} my sources"));
            assert_eq!((entry.name(), entry.kind), (&b"my sources"[..], EntryKind::Directory), "{columns}");
            assert_eq!((entry.size, entry.modified), (size, None), "{columns}");
        }
    }

    #[test]
    fn name_is_never_guessed_without_columns() {
        for line in [
            "-rw-r--r-- 1 ann staff notes.txt",
            "-rw-r--r-- 1 ann staff 512 ",
            "-rw-r--r-- 1 ann staff 512 Jan  8 notes.txt",
            "-rw-r--r-- 1 ann staff 512 Sat Jan 21:46:05 2020 notes.txt",
            "-rw-r--r-- 1 ann staff 512 11月 2020 notes.txt",
            "-rw-r--r-- 1 ann staff 512 32-Oct 2020 notes.txt",
            "-rw-r--r-- notes.txt",
            "-rw-r--r-- 1",
            "-rw-r--r-- 1 ann staff 512 J",
            "-rw-r--r-- 1 ann staff 512 O",
            "-rw-r--r-- 1 ann staff 512 Oct ",
            "-rw-r--r-- 1 ann staff 512 8. Oc",
            "-rw-r--r-- 1 ann staff 512 2020-Oc",
            "-rw-r--r-- 1 ann staff 512 OCT-",
            "-rw-r--r-- 1 ann staff 512 Wed Oc",
            "-rw-r--r-- 1 ann staff 512 ڤڤڤ 14",
            "crw-rw-rw- 1 root sys 21 0x03",
            "-rw-r--r-- 1 ann staff 512 dé",
            "-rw-r--r-- 1 ann staff 512 Wed",
            "-rw-r--r-- 1 ann staff 512 2020-0",
            "-rw-r--r-- 1 ann staff 512 Jan  8",
            "-rw-r--r-- 1 ann staff 512 Jan  8 21:4",
            "-rw-r--r-- 1 ann staff 512 Jan  8 202",
            "-rw-r--r-- 1 ann staff 512 Jan",
            "-rw-r--r-- 1 ann staff 512 déc.",
        ] {
            assert!(testing::try_read(Format::Unix, line).is_err(), "{line}");
        }
    }
}
