//! Dates that are rare in DOS listings, and faulty ones.
//!
//! ```text
//! 14-Mar-22  07:05AM       <DIR>          drivers
//! 2022. 03. 14.  07:05                 1024 report.doc
//! 00-00-80  00:00                      1024 report.doc
//! ```

use crate::{
    Timestamp,
    listing::fields::{
        date::{self, Horizon},
        date_order::DateOrder,
        numeric, text,
    },
};

/// Takes a date off the front that has the name of a month, East Asian characters, or dots and blanks.
pub(super) fn leading<'l>(text: &'l [u8], horizon: &Horizon) -> Option<(Timestamp, &'l [u8])> {
    let (word, rest) = text::word(text);
    let bare = word.strip_suffix(b".").unwrap_or(word);
    if let Some((date, [])) = date::leading(bare, horizon) {
        return Some((date, rest));
    }
    let (year, rest) = text::digits(text, 4)?;
    let (month, rest) = text::digits(text::blanks(rest.strip_prefix(b".")?)?, 2)?;
    let (day, rest) = text::digits(text::blanks(rest.strip_prefix(b".")?)?, 2)?;
    let date = Timestamp::from_date(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)?;
    Some((date, rest.strip_prefix(b".")?))
}

/// Skips numbers that are not a date in any order, such as `00-00-80`, and the time after them. The entry then has no
/// date.
pub(super) fn faulty(text: &[u8]) -> Option<&[u8]> {
    let (word, rest) = text::word(text);
    let is_part = |part: &[u8]| (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let is_parted_by = |separator: u8| {
        let parts = || word.split(|&byte| byte == separator);
        parts().count() == 3 && parts().all(is_part)
    };
    let is_date_in = |order| numeric::date(text, order).is_some();
    let is_faulty = [b'-', b'/', b'.'].into_iter().any(is_parted_by)
        && ![DateOrder::MonthFirst, DateOrder::DayFirst, DateOrder::YearFirst].into_iter().any(is_date_in);
    if is_faulty { faulty_time(rest) } else { None }
}

/// Skips a time, which may be none of a day: `25:10`.
pub(super) fn faulty_time(text: &[u8]) -> Option<&[u8]> {
    let (word, rest) = text::next_word(text);
    let digits = word.iter().rposition(u8::is_ascii_digit).and_then(|last| word.split_at_checked(last + 1));
    let (clock, half) = digits?;
    let mut parts = clock.split(|&byte| byte == b':');
    let is_part = |part: &[u8]| (1..=2).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let is_half =
        |half: &[u8]| [&b"am"[..], b"pm", b"a", b"p"].iter().any(|known| half.eq_ignore_ascii_case(known));
    if !(2..=3).contains(&parts.clone().count()) || !parts.all(is_part) || !(half.is_empty() || is_half(half))
    {
        return None;
    }
    let (next, after) = text::next_word(rest);
    Some(if next.len() == 2 && is_half(next) { after } else { rest })
}

#[cfg(test)]
mod tests {
    use crate::{EntryKind, listing::parse_dos_line};

    #[test]
    fn month_may_have_a_name() {
        for date in
            ["14-Mar-22", "14-Mar-2022", "Mar-14-2022", "14.mars.2022", "2022. 03. 14.", "2022.03.14."]
        {
            let entry =
                parse_dos_line(format!("{date}  07:05PM       <DIR>          my docs").as_bytes()).unwrap();
            assert_eq!((entry.name(), entry.kind), (&b"my docs"[..], EntryKind::Directory), "{date}");
            assert_eq!(entry.modified.unwrap().to_string(), "2022-03-14T19:05", "{date}");
        }
        let entry = parse_dos_line("2022年3月14日  19:05    1024 x".as_bytes()).unwrap();
        assert_eq!(entry.modified.unwrap().to_string(), "2022-03-14T19:05");
    }

    #[test]
    fn garbled_date_costs_only_the_date() {
        for date in ["00-00-80  00:00", "00/00/0000  12:00 AM", "13-32-22  07:05AM", "03-14-22  25:10"] {
            let entry = parse_dos_line(format!("{date}  1024 x").as_bytes()).unwrap();
            assert_eq!((entry.name(), entry.size, entry.modified), (&b"x"[..], Some(1024), None), "{date}");
        }
        for line in ["00-00-80 1024 x", "00-00-80 00:00 x", "00-00 00:00 1024 x", "03-14-22 0:0:0:0 1024 x"] {
            assert!(parse_dos_line(line.as_bytes()).is_err(), "{line}");
        }
    }
}
