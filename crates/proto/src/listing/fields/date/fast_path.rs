//! Fast path for the common dates of `ls`: `Apr 30 09:15`, and `Nov  8  2021` for old files.

use super::{Horizon, clock::Clock, year_of};
use crate::{Timestamp, listing::fields::text, time::two_digits};

/// Takes the text after month and day off the front: a year of four digits, or hour and minute. `None` if it
/// is anything else, or more of a date may follow.
pub(in crate::listing) fn after_day<'a>(
    month: u8,
    day: u8,
    text: &'a [u8],
    horizon: &Horizon,
) -> Option<(Timestamp, &'a [u8])> {
    let (first, rest) = two_digits(text)?;
    if let Some(rest) = rest.strip_prefix(b":") {
        let (minute, rest) = two_digits(rest).filter(|(_, rest)| text::ends_word(rest))?;
        return Some((horizon.date(month, day, &Clock::to_the_minute(first, minute))?, rest));
    }
    let (second, rest) = two_digits(rest).filter(|(_, rest)| text::ends_word(rest))?;
    if text::skip_blanks(rest).first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let year = year_of(u64::from(first) * 100 + u64::from(second))?;
    Some((Timestamp::from_date(year, month, day)?, rest))
}
