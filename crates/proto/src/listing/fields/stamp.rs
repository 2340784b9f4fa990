//! Dates and times of systems other than Unix, each a single word.
//!
//! `8-SEP-2004`, `04/26/01`, `07:41:55.20`. A format with fixed columns passes the whole word. Dates of `ls`
//! are parsed in [`date`](super::date).

use super::{date_order::DateOrder, months, text};
use crate::{Timestamp, time::nanoseconds};

/// Parses `8-SEP-2004` or `9-Nov-08`.
pub(in crate::listing) fn day_of_month(word: &[u8]) -> Option<Timestamp> {
    let (day, rest) = text::digits(word, 2)?;
    let (month, year) = split_at(rest.strip_prefix(b"-")?, b'-')?;
    let (month, _) = months::leading(month).filter(|(_, rest)| rest.is_empty())?;
    calendar([year_of(year)?, month.into(), day])
}

/// Parses `04/26/01`, `26.04.2001` or `2001-04-26`, with `/`, `-`, `.` or `,` between the parts.
pub(in crate::listing) fn day_in_order(word: &[u8], order: DateOrder) -> Option<Timestamp> {
    let (first, rest) = text::digits(word, 4)?;
    let (&separator, rest) = rest.split_first().filter(|(byte, _)| b"/-.,".contains(byte))?;
    let (second, third) = split_at(rest, separator)?;
    let numbers = [first, whole(second, 2)?, whole(third, 4)?];
    let numbers = if first > 99 { numbers } else { order.arrange(numbers) };
    calendar([century(numbers[0]), numbers[1], numbers[2]])
}

/// Sets the time of a day to `07:41`, `07:41:55` or `07:41:55.20`; `.` or `,` may stand between the parts as
/// well.
pub(in crate::listing) fn at_clock(day: Timestamp, word: &[u8]) -> Option<Timestamp> {
    let (hour, rest) = text::digits(word, 2)?;
    let (&separator, rest) = rest.split_first().filter(|(byte, _)| b":.,".contains(byte))?;
    let (hour, (minute, rest)) = (u8::try_from(hour).ok()?, text::digits(rest, 2)?);
    let minute = u8::try_from(minute).ok()?;
    if rest.is_empty() {
        return day.at(hour, minute);
    }
    let (second, rest) = text::digits(rest.strip_prefix(&[separator])?, 2)?;
    let second = u8::try_from(second).ok()?;
    match rest {
        [] => day.at_second(hour, minute, second),
        [b'.', fraction @ ..] => day.at_nanosecond(hour, minute, second, nanoseconds(fraction)?),
        _ => None,
    }
}

fn split_at(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(separator, text)?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

fn whole(text: &[u8], most: usize) -> Option<u32> {
    text::digits(text, most).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

fn year_of(text: &[u8]) -> Option<u32> {
    matches!(text.len(), 2 | 4).then(|| whole(text, 4)).flatten().map(century)
}

/// Years of two digits are between 1970 and 2069, as in DOS listings.
fn century(year: u32) -> u32 {
    match year {
        0..70 => 2000 + year,
        70..100 => 1900 + year,
        _ => year,
    }
}

fn calendar([year, month, day]: [u32; 3]) -> Option<Timestamp> {
    Timestamp::from_date(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_may_stand_between_day_and_year() {
        let read = |text: &str| day_of_month(text.as_bytes()).map(|day| day.to_string());

        assert_eq!(read("9-OCT-1998"), Some("1998-10-09".into()));
        assert_eq!(read("09-oct-98"), Some("1998-10-09".into()));
        for text in ["9-OCT", "9-OCT-198", "OCT-9-1998", "31-Feb-2001", "9-OCT-1998x", "9-Octopus-1998"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn leading_year_overrides_the_date_order() {
        let read = |text: &str, order| day_in_order(text.as_bytes(), order).map(|day| day.to_string());

        assert_eq!(read("03/04/05", DateOrder::MonthFirst), Some("2005-03-04".into()));
        assert_eq!(read("03.04.05", DateOrder::DayFirst), Some("2005-04-03".into()));
        assert_eq!(read("03,04,05", DateOrder::YearFirst), Some("2003-04-05".into()));
        assert_eq!(read("1999-11-17", DateOrder::DayFirst), Some("1999-11-17".into()));
        assert_eq!(read("13/04/05", DateOrder::MonthFirst), None);
        assert_eq!(read("03/04-05", DateOrder::MonthFirst), None);
        assert_eq!(read("03/04/05/06", DateOrder::MonthFirst), None);
    }

    #[test]
    fn time_keeps_the_printed_precision() {
        let day = Timestamp::from_date(2001, 2, 3).unwrap();
        let read = |text: &str| at_clock(day, text.as_bytes()).map(|time| time.to_string());

        assert_eq!(read("7:05"), Some("2001-02-03T07:05".into()));
        assert_eq!(read("17.05.59"), Some("2001-02-03T17:05:59".into()));
        assert_eq!(read("17:05:59.25"), Some("2001-02-03T17:05:59.25".into()));
        for text in ["24:00", "17", "17:", "17:05:", "17:05.59", "17:05:59.x", "17:05x"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
