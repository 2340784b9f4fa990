//! Dates with the name of a month: `Nov  8 21:46`, `8. Nov 2021`, `Nov-08-2021`.

use super::{Calendar, all_numeric, clock::Clock, with_clock, year, year_of};
use crate::{
    Timestamp,
    listing::fields::{months, text},
};

impl Calendar<'_> {
    /// `Nov  8 …`, `Nov 8, …`, `Nov-08-…`.
    pub(super) fn month_first(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        let Some((month, rest)) = months::leading_english(text).or_else(|| foreign(text)) else {
            return hyphened(text).or_else(|| self.hyphened_day(text));
        };
        let (day, rest) = text::digits(text::blanks(rest)?, 2)?;
        let rest = rest.strip_prefix(b",").or_else(|| rest.strip_prefix(b".")).unwrap_or(rest);
        self.year_or_clock(month, u8::try_from(day).ok()?, rest)
    }

    /// `8 Nov …`, `8. Nov …`, `8-Nov-…`.
    pub(super) fn day_first(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        let (day, rest) = text::digits(text, 2)?;
        let Some(rest) = text::blanks(rest.strip_prefix(b".").unwrap_or(rest)) else {
            return hyphened(text).or_else(|| self.hyphened_day(text));
        };
        let (word, rest) = text::word(rest);
        if !begins_year_or_clock(text::skip_blanks(rest)) {
            return None;
        }
        let month = months::of_name(word).or_else(|| dotted_month(word))?;
        self.year_or_clock(month, u8::try_from(day).ok()?, rest)
    }

    /// `8-Nov …` and `Nov-08 …`, with a year or time after a blank.
    fn hyphened_day(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        let (word, rest) = text::word(text);
        let hyphen = word.iter().position(|byte| matches!(byte, b'-' | b'/'))?;
        let (first, second) = (word.get(..hyphen)?, word.get(hyphen + 1..)?);
        let (day, month) = if first.first()?.is_ascii_digit() { (first, second) } else { (second, first) };
        let (day, []) = text::digits(day, 2)? else { return None };
        self.year_or_clock(months::of_name(month)?, u8::try_from(day).ok()?, rest)
    }

    /// `Sat Sep  2 …`, as printed by `ls --full-time` and BusyBox.
    pub(super) fn after_weekday(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        let [a, b, c, rest @ ..] = text else { return None };
        if !WEEKDAYS.contains(&&[a | 0x20, b | 0x20, c | 0x20]) {
            return None;
        }
        let (letters, rest) = text::word(rest);
        let rest = text::blanks(rest).filter(|_| matches!(letters, b"" | b"." | b","))?;
        if rest.first()?.is_ascii_digit() { self.day_first(rest) } else { self.month_first(rest) }
    }

    /// Parses the text after day and month: a year, or a time in the past year, or both.
    pub(super) fn year_or_clock(self, month: u8, day: u8, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        if let Some((year, rest)) = year(text) {
            return with_clock(Timestamp::from_date(year, month, day)?, rest);
        }
        let text = text::blanks(text)?;
        let (clock, rest) = Clock::leading(text)
            .or_else(|| Clock::leading_dotted(text))
            .or_else(|| Clock::leading_unpadded(text))?;
        // `ls -T` of the BSDs prints seconds, and then the year; `date` puts a zone between them.
        let year = if clock.second.is_some() { year_after_seconds(rest) } else { None };
        match year {
            Some((year, rest)) => Some((clock.on(Timestamp::from_date(year, month, day)?)?, rest)),
            None => Some((self.horizon.date(month, day, &clock)?, rest)),
        }
    }
}

/// The month of `8. 11. 2021`.
fn dotted_month(word: &[u8]) -> Option<u8> {
    match text::digits(word, 2)? {
        (month, b".") => u8::try_from(month).ok(),
        _ => None,
    }
}

/// Takes a month of any language off the front, if a day follows.
fn foreign(text: &[u8]) -> Option<(u8, &[u8])> {
    let (word, rest) = text::word(text);
    // Owners and groups are tried too, and numbers after them are rarely so short.
    if begins_day(text::skip_blanks(rest)) { Some((months::of_name(word)?, rest)) } else { None }
}

/// Skips a date whose month is unknown, but which has the form of a date: letters that are not ASCII, a day,
/// and a year or time, as in `Њњњ  8 21:46`.
pub(in crate::listing) fn unknown(text: &[u8]) -> Option<&[u8]> {
    let (word, rest) = text::word(text);
    let (month, day, rest) = match begins_day(text) {
        true => {
            let (month, rest) = text::word(text::blanks(rest)?);
            (month, word.strip_suffix(b".").unwrap_or(word), rest)
        }
        false => {
            let (day, rest) = text::word(text::blanks(rest)?);
            (word, day.strip_suffix(b",").unwrap_or(day), rest)
        }
    };
    let is_name =
        month.iter().any(|byte| matches!(byte, b'?' | 0x80..)) && !month.iter().any(u8::is_ascii_digit);
    if !is_name || day.len() > 2 || !matches!(text::number(day)?, 1..=31) {
        return None;
    }
    match year(rest) {
        Some((_, rest)) => Some(rest),
        None => Clock::leading(text::blanks(rest)?).map(|(_, rest)| rest),
    }
}

/// `2003. márc. 20.` and `2003. 3. 20.`, as in Hungary and Korea, and `2003-Mar-20`.
pub(super) fn year_first(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (year, rest) = text::digits(text, 4)?;
    let Some(rest) = rest.strip_prefix(b".") else { return hyphened(text) };
    let (month, rest) = text::word(text::blanks(rest)?);
    let (day, rest) = text::digits(text::blanks(rest)?, 2)?;
    let month = match text::digits(month, 2) {
        Some((month, b".")) => u8::try_from(month).ok()?,
        Some(_) => return None,
        None => months::of_name(month)?,
    };
    let date = Timestamp::from_date(year_of(year.into())?, month, u8::try_from(day).ok()?)?;
    with_clock(date, rest.strip_prefix(b".").unwrap_or(rest))
}

/// `Nov-08-2021 21:46`, `8-Nov-21` and `2021-Nov-08`, also with slashes and dots.
fn hyphened(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (word, rest) = text::word(text);
    if !word.last()?.is_ascii_digit() {
        return None;
    }
    let &separator = word.iter().find(|byte| matches!(byte, b'-' | b'/' | b'.'))?;
    let mut parts = word.splitn(3, |&byte| byte == separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let (day, month, year) = match first {
        [b'0'..=b'9', _, _, _, ..] => (third, second, first),
        [b'0'..=b'9', ..] => (first, second, third),
        _ => (second, first, third),
    };
    let (day, []) = text::digits(day, 2)? else { return None };
    let year = match year.len() {
        2 => all_numeric::century(text::number(year)?)?,
        _ => year_of(text::number(year)?)?,
    };
    with_clock(Timestamp::from_date(year, months::of_name(month)?, u8::try_from(day).ok()?)?, rest)
}

fn year_after_seconds(text: &[u8]) -> Option<(u16, &[u8])> {
    year(text).or_else(|| {
        let (zone, rest) = text::word(text::blanks(text)?);
        let is_zone = (3..=9).contains(&zone.len())
            && zone.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b':'))
            && !zone.first().is_none_or(u8::is_ascii_digit);
        is_zone.then(|| year(rest))?
    })
}

/// Returns whether the text starts with one or two digits, not more.
fn begins_day(text: &[u8]) -> bool {
    let digits = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    (1..=2).contains(&digits)
}

/// Returns whether the text starts with as many digits as a year or an hour has.
fn begins_year_or_clock(text: &[u8]) -> bool {
    let digits = text.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    matches!(digits, 1 | 2 | 4 | 5)
}

const WEEKDAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
