//! Format of `wfFTP` on Nortel routers.
//!
//! ```text
//! config               48213  11/08/21  Mon.    21:46:10
//! config               48213   11/08/2021 21:46:10.
//! ```
//!
//! The dot after the day of the week, or after the time, distinguishes them from other lines that begin with
//! a name. There are no directories. The volume and its free space are printed above and below.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::{numeric, text},
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (name, rest) = text::word(line);
    if name.is_empty() {
        return if is_header_or_footer(line) { Ok(ParsedLine::NoEntry) } else { Err("no name at its start") };
    }
    let (size, rest) = text::word(text::skip_blanks(rest));
    let Some(size) = text::number(size) else {
        return if is_header_or_footer(line) {
            Ok(ParsedLine::NoEntry)
        } else {
            Err("no size after the name")
        };
    };
    let date = numeric::date(text::skip_blanks(rest), context.order);
    let (date, rest) = date.ok_or("no date after the size")?;
    let modified = time(date, rest.trim_ascii()).ok_or("no day of the week and time at its end")?;
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: kind_of(name, EntryKind::File),
        size: Some(size),
        modified: Some(modified),
        ..Columns::default()
    }))
}

/// `Mon.    21:46:10` or `21:46:10.`
fn time(date: Timestamp, text: &[u8]) -> Option<Timestamp> {
    let clock = match text.strip_suffix(b".") {
        Some(clock) => clock,
        None => {
            let (weekday, rest) = text::word(text);
            let letters = weekday.strip_suffix(b".").filter(|letters| !letters.is_empty())?;
            text::skip_blanks(letters.iter().all(u8::is_ascii_alphabetic).then_some(rest)?)
        }
    };
    let (time, rest) = numeric::time(date, clock)?;
    rest.is_empty().then_some(time)
}

/// The volume, the column names, the rule below them, and the totals at the end.
fn is_header_or_footer(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_rule = || line.len() > 40 && line.iter().all(|&byte| byte == b'-');
    let is_sum = || {
        let (number, rest) = text::word(line);
        text::number(number).is_some() && rest.starts_with(b" bytes - ")
    };
    line.starts_with(b"Volume - drive ")
        || line.starts_with(b"Directory of ") && line.ends_with(b":")
        || line.starts_with(b"File Name ") && line.ends_with(b" Time")
        || is_rule()
        || is_sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{formats::Format, testing};

    #[test]
    fn dot_follows_weekday_or_time() {
        for line in [
            "config.bak       48213  11/28/21  Thur.   21:46:10",
            "config.bak       48213   11/28/2021 21:46:10.",
        ] {
            let entry = testing::read(Format::WfFtp, line);
            assert_eq!((entry.name(), entry.kind), (&b"config.bak"[..], EntryKind::File), "{line}");
            assert_eq!(entry.size, Some(48213), "{line}");
            assert_eq!(entry.modified.unwrap().to_string(), "2021-11-28T21:46:10", "{line}");
        }
    }

    #[test]
    fn header_and_footer_are_no_entries() {
        for line in [
            "Volume - drive 3:",
            "Directory of 3:",
            "File Name             Size    Date     Day       Time",
            "-----------------------------------------------------",
            "   8388608 bytes - Total size",
        ] {
            assert!(testing::try_read(Format::WfFtp, line).unwrap_err().is_no_entry(), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "config 48213 11/28/21 21:46:10",
            "config 48213 11/28/21 Thur 21:46:10",
            "config 48213 11/28/21 . 21:46:10",
            "config 48213 11/28/21 Thur. 21:46:10 x",
            "config big 11/28/21 Thur. 21:46:10",
            " config 48213 11/28/21 Thur. 21:46:10",
        ] {
            assert!(testing::try_read(Format::WfFtp, line).is_err(), "{line}");
        }
    }
}
