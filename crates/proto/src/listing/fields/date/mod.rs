//! Dates as `ls` prints them.
//!
//! `Nov  8 21:46`, `Nov  8  2021`, `8 Nov 2021`, `2021-11-08 21:46` and similar. Dates with a name of a month
//! are in [`named`], the most common of them in [`after_day`], numeric dates in [`all_numeric`], those of
//! East Asia in [`asian`], times of day in [`clock`]. The names of months are in [`months`](super::months).

mod all_numeric;
mod asian;
mod clock;
mod fast_path;
mod named;

use clock::Clock;
pub(in crate::listing) use fast_path::after_day;
pub(in crate::listing) use named::unknown;

use super::{date_order::DateOrder, text};
use crate::{Timestamp, listing::error::ListingError};

/// Parses a date of a Unix listing, such as `Nov  8 21:46`.
///
/// A date without a year is the latest that is at most a day after `now`: the server's clock and zone may be
/// ahead. For 29 February the latest leap year is used. The zone is unknown unless the date states it (`ls
/// --full-time`). Names of months are known in some forty languages, in their usual encodings. In dates such
/// as `11/08/21` the month comes first unless it is not a month.
///
/// ```
/// use oxftp_proto::{Timestamp, listing::parse_ls_date};
///
/// let now = Timestamp::from_date(2024, 1, 15).unwrap();
/// assert_eq!(parse_ls_date(b"Nov  8 21:46", now)?.to_string(), "2023-11-08T21:46");
/// assert_eq!(parse_ls_date(b"Jan 15 21:46", now)?.to_string(), "2024-01-15T21:46");
/// assert_eq!(parse_ls_date(b"Nov  8  2021", now)?.to_string(), "2021-11-08");
/// # Ok::<(), oxftp_proto::listing::ListingError>(())
/// ```
///
/// # Errors
///
/// [`ListingError::NoDate`] when the text is not exactly one date.
pub fn parse_ls_date(text: &[u8], now: Timestamp) -> Result<Timestamp, ListingError> {
    let horizon = Horizon::new(now);
    let whole = |order| match (Calendar { horizon: &horizon, order }).leading(text.trim_ascii()) {
        Some((date, [])) => Some(date),
        _ => None,
    };
    whole(Some(DateOrder::MonthFirst))
        .or_else(|| whole(Some(DateOrder::DayFirst)))
        .or_else(|| whole(Some(DateOrder::YearFirst)))
        .ok_or_else(|| ListingError::no_date(text))
}

/// Latest time that a date without a year can mean.
#[derive(Debug, Clone)]
pub(in crate::listing) struct Horizon {
    latest: Timestamp,
}

impl Horizon {
    pub(in crate::listing) fn new(now: Timestamp) -> Self {
        Self { latest: now.next_day() }
    }

    /// Returns whether a time is further in the future than a wrong zone can explain.
    pub(in crate::listing) fn is_beyond(&self, time: &Timestamp) -> bool {
        time.is_later_than(&self.latest)
    }

    /// Returns the date in the latest year that has such a day before the horizon; leap years are at most
    /// eight years apart.
    fn date(&self, month: u8, day: u8, clock: &Clock) -> Option<Timestamp> {
        (0..=8)
            .filter_map(|ago| {
                clock.on(Timestamp::from_date(self.latest.year().checked_sub(ago)?, month, day)?)
            })
            .find(|time| !time.is_later_than(&self.latest))
    }
}

/// Takes a date off the front; the word must end there.
///
/// Dates of unknown order are not accepted: see [`leading_in`].
pub(in crate::listing) fn leading<'a>(text: &'a [u8], horizon: &Horizon) -> Option<(Timestamp, &'a [u8])> {
    Calendar { horizon, order: None }.leading(text)
}

/// Takes a date off the front, including numeric dates in this order; the word must end there.
pub(in crate::listing) fn leading_in<'a>(
    text: &'a [u8],
    horizon: &Horizon,
    order: DateOrder,
) -> Option<(Timestamp, &'a [u8])> {
    Calendar { horizon, order: Some(order) }.leading(text)
}

/// The context for parsing dates.
#[derive(Clone, Copy)]
struct Calendar<'c> {
    horizon: &'c Horizon,
    /// Order of numeric dates, if these are accepted.
    order: Option<DateOrder>,
}

impl Calendar<'_> {
    fn leading(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        if !text.first()?.is_ascii_digit() {
            return self.month_first(text).or_else(|| self.after_weekday(text));
        }
        let digits = text.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
        match (digits, text.get(digits)?) {
            (4, b'-' | b'/' | b'.') => all_numeric::year_first(text).or_else(|| named::year_first(text)),
            (1 | 2, b'-' | b'/' | b'.') => self.numbers(text).or_else(|| self.day_first(text)),
            (1 | 2, b' ' | b'\t') => self.day_first(text).or_else(|| self.spaced(text)),
            // Some servers send `?` for characters that they cannot encode.
            (1 | 2 | 4, b'?' | 0x80..) => self.asian(text),
            (4, b' ' | b'\t') => asian::year_alone(text),
            _ => None,
        }
    }
}

/// Takes a time off the front and sets a date to it.
pub(in crate::listing) fn at_clock(date: Timestamp, text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (clock, rest) = Clock::leading_of_half(text)?;
    Some((clock.on(date)?, rest))
}

/// Adds the time after a date, if present.
fn with_clock(date: Timestamp, text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let tail = text.strip_prefix(b",").unwrap_or(text);
    let clock = text::blanks(tail).and_then(Clock::leading_of_half);
    match clock.and_then(|(clock, rest)| Some((clock.on(date)?, clock.second, rest))) {
        // Cisco IOS prints an offset after the seconds.
        Some((time, Some(_), rest)) => Some(match clock::offset(rest) {
            Some((zone, rest)) => (time.with_zone(zone), rest),
            None => (time, rest),
        }),
        Some((time, None, rest)) => Some((time, rest)),
        None => text::ends_word(text).then_some((date, text)),
    }
}

/// Takes blanks and a year off the front.
fn year(text: &[u8]) -> Option<(u16, &[u8])> {
    let (year, rest) = text::digits(text::blanks(text)?, 5)?;
    let ends = text::ends_word(rest.strip_prefix(b",").unwrap_or(rest));
    Some((year_of(year.into())?, rest)).filter(|_| ends)
}

/// Four digits outside this range are a size or a count.
fn year_of(number: u64) -> Option<u16> {
    match number {
        1600..=2999 => u16::try_from(number).ok(),
        // wu-ftpd and its descendants print 19 and the years since 1900.
        19_100..=19_199 => u16::try_from(number - 19_100 + 2000).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, now: &str) -> Option<String> {
        let now = Timestamp::parse_mlsx(now.as_bytes()).unwrap();
        parse_ls_date(text.as_bytes(), now).ok().map(|date| date.to_string())
    }

    #[test]
    fn every_form_of_ls_date_is_parsed() {
        for (text, date) in [
            ("Nov  8 21:46", "2021-11-08T21:46"),
            ("nov 8 9:05", "2021-11-08T09:05"),
            ("Nov  8 21.46", "2021-11-08T21:46"),
            ("Nov  8  2019", "2019-11-08"),
            ("Nov 8, 2019", "2019-11-08"),
            ("8 Nov 21:46", "2021-11-08T21:46"),
            ("08. November 2019", "2019-11-08"),
            ("8.   Nov.  2019", "2019-11-08"),
            ("8. Juli, 21:46", "2021-07-08T21:46"),
            ("2019. nov. 8. 21:46", "2019-11-08T21:46"),
            ("2019. 11. 8. 21:46", "2019-11-08T21:46"),
            ("8-Nov-2019 21:46", "2019-11-08T21:46"),
            ("8.Nov.2019 21:46", "2019-11-08T21:46"),
            ("8. Nov 2019, 21:46", "2019-11-08T21:46"),
            ("2019-Nov-08 21:46", "2019-11-08T21:46"),
            ("08-NOV-19", "2019-11-08"),
            ("NOV-08-2019  21:46:05", "2019-11-08T21:46:05"),
            ("Nov  8 21:46:05 2019", "2019-11-08T21:46:05"),
            ("Nov  8 21:46:05 CEST 2019", "2019-11-08T21:46:05"),
            ("Nov  8 21:46:05 GMT+02:00 2019", "2019-11-08T21:46:05"),
            ("Nov  8 21:46:05 +0200 2019", "2019-11-08T21:46:05"),
            ("Nov  8 21:6", "2021-11-08T21:06"),
            ("Nov  8  9: 6", "2021-11-08T09:06"),
            ("Nov  8 9:6:5 2019", "2019-11-08T09:06:05"),
            ("Nov  8 2019 9:46p", "2019-11-08T21:46"),
            ("Nov 08 2019 21:46:05 +01:00", "2019-11-08T21:46:05+01:00"),
            ("Nov 08 2019 21:46:05 -0330", "2019-11-08T21:46:05-03:30"),
            ("Fri, 08 Nov 2019 21:46:05 GMT", "2019-11-08T21:46:05Z"),
            ("08-Nov 2019", "2019-11-08"),
            ("8-nov 21:46", "2021-11-08T21:46"),
            ("Nov-08 2019", "2019-11-08"),
            ("08/Nov 21:46", "2021-11-08T21:46"),
            ("8. 11. 2019", "2019-11-08"),
            ("8. 11. 21:46", "2021-11-08T21:46"),
            ("Fri Nov  8 21:46:05 2019", "2019-11-08T21:46:05"),
            ("Fri, 8 Nov 2019 21:46", "2019-11-08T21:46"),
            ("Sat Nov 08 06:22", "2021-11-08T06:22"),
            ("Nov  8 21:46:05", "2021-11-08T21:46:05"),
            ("Nov  8 2019 21:46", "2019-11-08T21:46"),
            ("Nov 08, 2019 21:46:05", "2019-11-08T21:46:05"),
            ("Nov  8 09:46PM", "2021-11-08T21:46"),
            ("Nov 8 2019 12:46 am", "2019-11-08T00:46"),
            ("Nov  8 24:00", "2021-11-09T00:00"),
            ("Nov  8 19119", "2019-11-08"),
            ("2019-11-08", "2019-11-08"),
            ("2019/11/8 21:46", "2019-11-08T21:46"),
            ("2019.11.08 21:46", "2019-11-08T21:46"),
            ("2019-11-08T21:46:05", "2019-11-08T21:46:05"),
            ("2019-11-08T21:46:05Z", "2019-11-08T21:46:05Z"),
            ("2019-11-08 21:46:05.250000000 -0330", "2019-11-08T21:46:05.25-03:30"),
            ("2019-11-08 21:46:05+01:00", "2019-11-08T21:46:05+01:00"),
            ("  Nov  8  2019 ", "2019-11-08"),
        ] {
            assert_eq!(read(text, "20211201"), Some(date.into()), "{text}");
        }
    }

    #[test]
    fn numeric_dates_are_parsed() {
        for (text, date) in [
            ("11/08/19", "2019-11-08"),
            ("11-08-1999 21:46", "1999-11-08T21:46"),
            ("28-11-2003 09:46 PM", "2003-11-28T21:46"),
            ("08.11.2019 21:46", "2019-11-08T21:46"),
            ("11-08 2019", "2019-11-08"),
            ("11-08 21:46", "2021-11-08T21:46"),
            ("28/11 21:46", "2021-11-28T21:46"),
            ("08.11. 21:46", "2021-11-08T21:46"),
            ("99/11/08", "1999-11-08"),
            ("11  8 21:46", "2021-11-08T21:46"),
            ("11  8  2019", "2019-11-08"),
            ("11/08/104", "2004-11-08"),
        ] {
            assert_eq!(read(text, "20211201"), Some(date.into()), "{text}");
        }
    }

    #[test]
    fn numeric_date_follows_the_given_order() {
        let now = Timestamp::from_date(2021, 12, 1).unwrap();
        let read = |text: &str, order| {
            leading_in(text.as_bytes(), &Horizon::new(now), order).map(|(date, _)| date.to_string())
        };
        let (month, day, year) = (DateOrder::MonthFirst, DateOrder::DayFirst, DateOrder::YearFirst);

        assert_eq!(read("03-04-05", month), Some("2005-03-04".into()));
        assert_eq!(read("03-04-05", day), Some("2005-04-03".into()));
        assert_eq!(read("03-04-05", year), Some("2003-04-05".into()));
        assert_eq!(read("03-04 2005", day), Some("2005-04-03".into()));
        assert_eq!(read("30-04-05", month), None);
        assert_eq!(read("04-30-05", day), None);
        assert_eq!(read("30-04 2005", month), None);
        assert_eq!(read("03.04.2005", month), Some("2005-04-03".into()));
        assert_eq!(read("03 04 2005", month), Some("2005-03-04".into()));
        assert_eq!(read("03 04 2005", day), None);
        assert_eq!(leading(b"03-04-05", &Horizon::new(now)), None);
        assert!(leading(b"2003-04-05", &Horizon::new(now)).is_some());
    }

    #[test]
    fn unknown_month_name_is_skipped() {
        for (text, rest) in [
            (&b"\xde\xfe\xdf  8 21:46 x"[..], &b" x"[..]),
            (b"8. \xde\xfe\xdf 2019 x", b" x"),
            (b"??? 8, 2019 x", b" x"),
        ] {
            assert_eq!(unknown(text), Some(rest), "{}", text.escape_ascii());
        }
        for text in ["Foo 8 21:46 x", "é 32 21:46 x", "é 8 x", "é8 8 21:46 x", "é", "8 é", ""] {
            assert_eq!(unknown(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn date_parser_leaves_the_rest() {
        let rest = |text: &'static str| {
            let now = Timestamp::from_date(2021, 12, 1).unwrap();
            leading_in(text.as_bytes(), &Horizon::new(now), DateOrder::MonthFirst)
                .map(|(_, rest)| std::str::from_utf8(rest).unwrap())
        };

        assert_eq!(rest("Nov  8 21:46 2019 report"), Some(" 2019 report"));
        assert_eq!(rest("Nov  8 09:46 PM minutes"), Some(" PM minutes"));
        assert_eq!(rest("Nov  8  2019   x"), Some("   x"));
        assert_eq!(rest("2019-11-08 12.30"), Some(" 12.30"));
        assert_eq!(rest("2019-11-08 21:46 +0100"), Some(" +0100"));
        assert_eq!(rest("2019-11-08 21:46:05 +0100 x"), Some(" x"));
        assert_eq!(rest("11/08/19 9:46 PM x"), Some(" x"));
        assert_eq!(rest("11/08/19 21:46 PM x"), Some(" PM x"));
        assert_eq!(rest("11/08/19 9:46p x"), Some(" x"));
        assert_eq!(rest("Nov 08 2019 21:46 +0100"), Some(" +0100"));
        assert_eq!(rest("Nov 08 2019 21:46:05 +01 x"), Some(" +01 x"));
        assert_eq!(rest("11/08/19 9:46 p x"), Some(" p x"));
    }

    #[test]
    fn date_without_year_is_latest_before_tomorrow() {
        assert_eq!(read("Jul 10 10:00", "20260115"), Some("2025-07-10T10:00".into()));
        assert_eq!(read("Jan 15 10:00", "20260115093000"), Some("2026-01-15T10:00".into()));
        assert_eq!(read("Jan 16 09:30", "20260115093000"), Some("2026-01-16T09:30".into()));
        assert_eq!(read("Jan 16 09:31", "20260115093000"), Some("2025-01-16T09:31".into()));
        assert_eq!(read("Jan  1 00:10", "20251231235900"), Some("2026-01-01T00:10".into()));
        assert_eq!(read("Dec 31 23:50", "20260101000500"), Some("2025-12-31T23:50".into()));
    }

    #[test]
    fn leap_day_without_year_finds_leap_year() {
        assert_eq!(read("Feb 29 12:00", "20260115"), Some("2024-02-29T12:00".into()));
        assert_eq!(read("Feb 29 12:00", "20240228130000"), Some("2024-02-29T12:00".into()));
        assert_eq!(read("Feb 29 12:00", "19040101"), Some("1896-02-29T12:00".into()));
        assert_eq!(read("Feb 29  2023", "20260115"), None);
    }

    #[test]
    fn invalid_date_is_refused() {
        for text in [
            "",
            "Nov",
            "Nov 8",
            "Nov 8 24:01",
            "Nov 8 25:00",
            "Nov 8 13:00AM",
            "Nov 8 21:46x",
            "Nov 8 21:",
            "Nov 8 21:6x",
            "Nov 8 21:60",
            "Nov 8 12345",
            "13 8 21:46",
            "11-08",
            "13-13-21",
            "1-2-3-4",
            "Nov 8 2021 x",
            "Nov 31 10:00",
            "8 32 2021",
            "8 8 8",
            "2021-13-01",
            "Nov 8 0512",
            "8-Nov",
            "8-Nov-x 2019",
            "32-Nov 2019",
            "8. 13. 2019",
        ] {
            assert_eq!(read(text, "20211201"), None, "{text}");
        }
    }
}
