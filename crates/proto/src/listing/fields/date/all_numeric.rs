//! Dates that consist of numbers: `2021-11-08 21:46`, `11/08/21`, `08.11.2021`, `11-08 21:46`.
//!
//! A year of four digits at the front is unambiguous, and so are dots: the day comes first in every country that uses
//! them. Otherwise the [`Calendar`] decides the order.

use super::{Calendar, clock::Clock, with_clock, year_of};
use crate::{
    Timestamp,
    listing::fields::{date_order::DateOrder, text},
};

/// `2021-11-08`, `2021-11-08 21:46` and `2021-11-08 21:46:05.123456789 +0100`.
pub(super) fn year_first(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (year, rest) = text::digits(text, 4)?;
    let (&separator, rest) = rest.split_first()?;
    let (month, rest) = text::digits(rest, 2)?;
    let (day, rest) = text::digits(rest.strip_prefix(&[separator])?, 2)?;
    let date = date([year, month, day])?;
    let clock = rest.strip_prefix(b"T").or_else(|| text::blanks(rest)).and_then(Clock::leading_zoned);
    match clock {
        Some((clock, zone, rest)) => Some((clock.on(date)?.with_zone(zone), rest)),
        None => text::ends_word(rest).then_some((date, rest)),
    }
}

impl Calendar<'_> {
    /// `11/08/21 …`, or `11-08` and a year or time.
    pub(super) fn numbers(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        let (first, rest) = text::digits(text, 2)?;
        let (&separator, rest) = rest.split_first()?;
        let (second, rest) = text::digits(rest, 2)?;
        let order = match (separator, self.order?) {
            (b'.', DateOrder::MonthFirst) => DateOrder::DayFirst,
            (_, order) => order,
        };
        match rest.strip_prefix(&[separator]).filter(|rest| !text::ends_word(rest)) {
            Some(rest) => {
                let (third, rest) = text::digits(rest, 4)?;
                with_clock(date(order.arrange([first, second, third]))?, rest)
            }
            None => {
                // `08.11. 21:46`
                let rest = rest.strip_prefix(b".").unwrap_or(rest);
                let (day, month) =
                    if order == DateOrder::DayFirst { (first, second) } else { (second, first) };
                self.year_or_clock(u8::try_from(month).ok()?, u8::try_from(day).ok()?, rest)
            }
        }
    }

    /// `11  8 21:46`, which macOS prints in Japanese and Chinese.
    pub(super) fn spaced(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        let (month, rest) = text::digits(text, 2)?;
        let (day, rest) = text::digits(text::blanks(rest)?, 2)?;
        self.order.filter(|order| *order != DateOrder::DayFirst)?;
        self.year_or_clock(u8::try_from(month).ok()?, u8::try_from(day).ok()?, rest)
    }
}

fn date([year, month, day]: [u32; 3]) -> Option<Timestamp> {
    let year = if year < 1000 { century(year.into()) } else { year_of(year.into()) };
    Timestamp::from_date(year?, month.try_into().ok()?, day.try_into().ok()?)
}

/// Returns the full year for a year of two digits. Three digits count the years since 1900, on servers with
/// the Y2K bug.
pub(super) fn century(year: u64) -> Option<u16> {
    match year {
        0..70 => u16::try_from(2000 + year).ok(),
        70..200 => u16::try_from(1900 + year).ok(),
        _ => None,
    }
}
