//! Numeric dates such as `03-14-22`, and the times after them.
//!
//! The [`DateOrder`] says which part of a date comes first, unless the date itself shows it. Dates with names
//! of months are parsed elsewhere.

use super::{date_order::DateOrder, text};
use crate::{Timestamp, time::two_digits};

/// Takes `03-14-22`, `14.03.2022`, `2022/03/14` or `03-14-122` off the front; the word must end there.
///
/// Years of two digits are between 1970 and 2069. Years of three digits count from 1900: servers with the Y2K
/// bug print them (OS/2).
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
        // With dots the day comes first, as in Germany.
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

/// Returns the full year for a year that was printed with this number of digits.
fn full_year(year: u32, digits: usize) -> Option<u16> {
    let year = match (digits, year) {
        (2, 0..70) => 2000 + year,
        (2 | 3, _) => 1900 + year,
        (4, _) => year,
        _ => return None,
    };
    year.try_into().ok()
}

/// A number, and its number of printed digits.
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

/// Takes `14:05`, `14:05:30`, `2:05p` or `02:05PM` off the front, and sets `date` to that time; the word must
/// end there.
pub(in crate::listing) fn time(date: Timestamp, text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (clock, rest) = TimeOfDay::leading(text)?;
    let (half, rest) = Meridiem::leading(rest).map_or((None, rest), |(half, rest)| (Some(half), rest));
    text::ends_word(rest).then_some((clock.on(date, half)?, rest))
}

/// Takes a date, blanks, and a time off the front; the word must end there.
pub(in crate::listing) fn date_and_time(text: &[u8], order: DateOrder) -> Option<(Timestamp, &[u8])> {
    let (date, rest) = date(text, order)?;
    time(date, text::blanks(rest)?)
}

/// A time of day to the minute or second.
pub(in crate::listing) struct TimeOfDay {
    hour: u8,
    minute: u8,
    second: Option<u8>,
}

impl TimeOfDay {
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

    /// Takes `14:5` off the front, as small devices print it.
    #[cold]
    pub(in crate::listing) fn leading_unpadded(text: &[u8]) -> Option<(Self, &[u8])> {
        let (hour, rest) = text::digits(text, 2)?;
        let (minute, rest) = text::digits(rest.strip_prefix(b":")?, 1)?;
        Some((
            Self { hour: u8::try_from(hour).ok()?, minute: u8::try_from(minute).ok()?, second: None },
            rest,
        ))
    }

    /// Sets `date` to this time, in that half of the day.
    pub(in crate::listing) fn on(&self, date: Timestamp, half: Option<Meridiem>) -> Option<Timestamp> {
        let hour = match (half, self.hour) {
            (Some(Meridiem::Am), 12) => 0,
            (Some(Meridiem::Pm), 0..12) => self.hour + 12,
            _ => self.hour,
        };
        match self.second {
            Some(second) => date.at_second(hour, self.minute, second),
            None => date.at(hour, self.minute),
        }
    }
}

/// Half of the day, with times of 12 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::listing) enum Meridiem {
    Am,
    Pm,
}

impl Meridiem {
    /// Takes `AM`, `pm`, `p.m.`, or `a` and `p` alone off the front; the word must end there.
    pub(in crate::listing) fn leading(text: &[u8]) -> Option<(Self, &[u8])> {
        let (&letter, rest) = text.split_first()?;
        let half = match letter | 0x20 {
            b'a' => Self::Am,
            b'p' => Self::Pm,
            _ => return None,
        };
        let (word, rest) = text::word(rest);
        // `dir` of DOS and Windows 9x omits the `m`.
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
    fn ambiguous_date_follows_the_given_order() {
        assert_eq!(shown("03-04-22", MonthFirst).unwrap(), "2022-03-04");
        assert_eq!(shown("03/04/2022 x", DayFirst).unwrap(), "2022-04-03");
        assert_eq!(shown("03-04-22", YearFirst).unwrap(), "2003-04-22");
        assert_eq!(shown("25-04-22", MonthFirst), None);
        assert_eq!(shown("04-25-22", DayFirst), None);
    }

    #[test]
    fn unambiguous_date_ignores_the_given_order() {
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
    fn invalid_date_is_refused() {
        for text in ["", "03-04", "03-04-2", "03-04/22", "3-4-22x", "02-30-22", "03-04-22-05", "0-0-0000"] {
            assert_eq!(shown(text, MonthFirst), None, "{text}");
        }
    }

    #[test]
    fn times_have_12_or_24_hours() {
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
