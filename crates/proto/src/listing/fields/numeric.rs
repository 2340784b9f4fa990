//! Dates of nothing but numbers, such as `03-14-22`, and the clocks beside them.
//!
//! What stands first in a date is left to the [`DateOrder`], unless the date itself tells. Dates
//! with names of months are read elsewhere.

use super::{date_order::DateOrder, text};
use crate::{Timestamp, time::two_digits};

/// Takes `03-14-22`, `14.03.2022`, `2022/03/14` or `03-14-122` off the front; a word ends behind it.
///
/// Years of two digits lie between 1970 and 2069. Those of three count from 1900: servers with the
/// Y2K fault print them (OS/2).
pub(in crate::listing) fn date(text: &[u8], order: DateOrder) -> Option<(Timestamp, &[u8])> {
    let (first, rest) = Number::leading(text)?;
    let (&separator, rest) = rest.split_first().filter(|(byte, _)| matches!(byte, b'-' | b'/' | b'.'))?;
    let (second, rest) = Number::leading(rest)?;
    let (third, rest) = Number::leading(rest.strip_prefix(&[separator])?)?;
    if !text::ends_word(rest) {
        return None;
    }
    let numbers = [first, second, third];
    let date = match separator {
        _ if first.digits > 2 => day(DateOrder::YearFirst, numbers),
        // So the Germans write it, and whoever else puts dots there.
        b'.' => day(DateOrder::DayFirst, numbers).or_else(|| day(DateOrder::MonthFirst, numbers)),
        _ => day(order, numbers),
    };
    Some((date?, rest))
}

fn day(order: DateOrder, numbers: [Number; 3]) -> Option<Timestamp> {
    let [year, month, day] = order.arrange(numbers.map(|number| number.value));
    let digits = match order {
        DateOrder::YearFirst => numbers.first(),
        DateOrder::MonthFirst | DateOrder::DayFirst => numbers.last(),
    };
    let year = full_year(year, digits?.digits)?;
    Timestamp::from_date(year, month.try_into().ok()?, day.try_into().ok()?)
}

/// Finds the century of a year that was printed in so many digits.
fn full_year(year: u32, digits: usize) -> Option<u16> {
    let year = match (digits, year) {
        (2, 0..70) => 2000 + year,
        (2 | 3, _) => 1900 + year,
        (4, _) => year,
        _ => return None,
    };
    year.try_into().ok()
}

/// A number, and in how many digits it was printed.
#[derive(Clone, Copy)]
struct Number {
    value: u32,
    digits: usize,
}

impl Number {
    fn leading(text: &[u8]) -> Option<(Self, &[u8])> {
        let (value, rest) = text::digits(text, 4)?;
        Some((Self { value, digits: text.len() - rest.len() }, rest))
    }
}

/// Takes `14:05`, `14:05:30`, `2:05p` or `02:05PM` off the front, and sets `date` to that time; a
/// word ends behind it.
pub(in crate::listing) fn time(date: Timestamp, text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (clock, rest) = Clock::leading(text)?;
    let (half, rest) = Half::leading(rest).map_or((None, rest), |(half, rest)| (Some(half), rest));
    text::ends_word(rest).then_some((clock.on(date, half)?, rest))
}

/// Takes a date, blanks, and a time off the front; a word ends behind it.
pub(in crate::listing) fn date_and_time(text: &[u8], order: DateOrder) -> Option<(Timestamp, &[u8])> {
    let (date, rest) = date(text, order)?;
    time(date, text::blanks(rest)?)
}

/// What a clock shows.
pub(in crate::listing) struct Clock {
    hour: u8,
    minute: u8,
    second: Option<u8>,
}

impl Clock {
    /// Takes `14:05` or `14:05:30` off the front.
    pub(in crate::listing) fn leading(text: &[u8]) -> Option<(Self, &[u8])> {
        let (hour, rest) = text::digits(text, 2)?;
        let (minute, rest) = two_digits(rest.strip_prefix(b":")?)?;
        let clock = Self { hour: u8::try_from(hour).ok()?, minute, second: None };
        match rest.strip_prefix(b":").and_then(two_digits) {
            Some((second, rest)) => Some((Self { second: Some(second), ..clock }, rest)),
            None => Some((clock, rest)),
        }
    }

    /// Sets `date` to this time, in that half of the day.
    pub(in crate::listing) fn on(&self, date: Timestamp, half: Option<Half>) -> Option<Timestamp> {
        let hour = match (half, self.hour) {
            (Some(Half::Am), 12) => 0,
            (Some(Half::Pm), 0..12) => self.hour + 12,
            _ => self.hour,
        };
        match self.second {
            Some(second) => date.at_second(hour, self.minute, second),
            None => date.at(hour, self.minute),
        }
    }
}

/// Half of the day on a clock of 12 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::listing) enum Half {
    Am,
    Pm,
}

impl Half {
    /// Takes `AM`, `pm`, `p.m.`, or `a` and `p` alone off the front; a word ends behind it.
    pub(in crate::listing) fn leading(text: &[u8]) -> Option<(Self, &[u8])> {
        let (&letter, rest) = text.split_first()?;
        let half = match letter | 0x20 {
            b'a' => Self::Am,
            b'p' => Self::Pm,
            _ => return None,
        };
        let (word, rest) = text::word(rest);
        // `dir` of DOS and Windows 9x leaves the `m` away.
        matches!(word, b"" | b"M" | b"m" | b".m." | b".M.").then_some((half, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::{DateOrder::*, *};

    fn shown(text: &str, order: DateOrder) -> Option<String> {
        date(text.as_bytes(), order).map(|(date, _)| date.to_string())
    }

    #[test]
    fn an_open_date_is_read_in_the_order_asked_for_alone() {
        assert_eq!(shown("03-04-22", MonthFirst).unwrap(), "2022-03-04");
        assert_eq!(shown("03/04/2022 x", DayFirst).unwrap(), "2022-04-03");
        assert_eq!(shown("03-04-22", YearFirst).unwrap(), "2003-04-22");
        assert_eq!(shown("25-04-22", MonthFirst), None);
        assert_eq!(shown("04-25-22", DayFirst), None);
    }

    #[test]
    fn a_date_that_tells_its_order_is_read_under_every_order() {
        for order in [MonthFirst, DayFirst, YearFirst] {
            assert_eq!(shown("2022-03-04", order).unwrap(), "2022-03-04");
            assert_eq!(shown("03.04.2022", order).unwrap(), "2022-04-03");
            assert_eq!(shown("04.25.22", order).unwrap(), "2022-04-25");
        }
    }

    #[test]
    fn short_years_find_their_century() {
        for (text, date) in [
            ("03-04-69", "2069-03-04"),
            ("03-04-70", "1970-03-04"),
            ("03-04-099", "1999-03-04"),
            ("03-04-104", "2004-03-04"),
        ] {
            assert_eq!(shown(text, MonthFirst).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "03-04", "03-04-2", "03-04/22", "3-4-22x", "02-30-22", "03-04-22-05", "0-0-0000"] {
            assert_eq!(shown(text, MonthFirst), None, "{text}");
        }
    }

    #[test]
    fn clocks_have_12_or_24_hours() {
        let day = Timestamp::from_date(2022, 3, 4).unwrap();
        let shown = |text: &str| Some(time(day, text.as_bytes())?.0.to_string().split_off(11));

        for (text, clock) in [
            ("14:05", "14:05"),
            ("2:05p", "14:05"),
            ("12:05AM", "00:05"),
            ("12:05:09pm x", "12:05:09"),
            ("1:05p.m.", "13:05"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(clock), "{text}");
        }
        for text in ["", "14", "24:00", "1:5", "14:05x", "14:05:99", "14:05pmx"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
