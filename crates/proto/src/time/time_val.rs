//! Parser for the `time-val` of RFC 3659, 2.3, and its misspellings.

use super::{Timestamp, Zone};

pub(super) fn read(text: &[u8]) -> Option<Timestamp> {
    let (whole, fraction) = match text.iter().position(|&byte| byte == b'.') {
        Some(dot) => (text.get(..dot)?, text.get(dot + 1..)?),
        None => (text, &[][..]),
    };
    let (year, rest) = read_year(whole)?;
    let (month, rest) = two_digits(rest)?;
    let (day, rest) = two_digits(rest)?;
    let date = Timestamp::from_date(year, month, day)?;
    let time = if rest.is_empty() { Some(date) } else { read_time(date, rest, fraction) };
    time.map(|time| time.with_zone(Zone::Utc))
}

fn read_time(date: Timestamp, text: &[u8], fraction: &[u8]) -> Option<Timestamp> {
    let (hour, rest) = two_digits(text)?;
    let (minute, rest) = two_digits(rest)?;
    if rest.is_empty() {
        return date.at(hour, minute);
    }
    let (second, rest) = two_digits(rest)?;
    if !rest.is_empty() {
        return None;
    }
    // Second 60 is a leap second, which neither Unix time nor any file system has.
    let second = if second == 60 { 59 } else { second };
    match fraction {
        [] => date.at_second(hour, minute, second),
        digits => date.at_nanosecond(hour, minute, second, nanoseconds(digits)?),
    }
}

/// Parses the year. wu-ftpd and its descendants print `"19%02d"` of the years since 1900, which is 5 digits
/// since 2000.
fn read_year(text: &[u8]) -> Option<(u16, &[u8])> {
    let (century, rest) = two_digits(text)?;
    if century == 19 && text.len() == 15 {
        let (tens, rest) = two_digits(rest)?;
        let (&unit, rest) = rest.split_first().filter(|(unit, _)| unit.is_ascii_digit())?;
        return Some((1900 + u16::from(tens) * 10 + u16::from(unit - b'0'), rest));
    }
    let (year, rest) = two_digits(rest)?;
    Some((u16::from(century) * 100 + u16::from(year), rest))
}

/// Takes two digits off the front, independent of the text after them.
pub(crate) fn two_digits(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [tens @ b'0'..=b'9', units @ b'0'..=b'9', rest @ ..] => {
            Some(((tens - b'0') * 10 + (units - b'0'), rest))
        }
        _ => None,
    }
}

/// Reads the digits after a decimal point; digits beyond the ninth are dropped.
pub(crate) fn nanoseconds(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
    Some(padded.take(9).fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Timestamp::parse_mlsx(text.as_bytes()).ok().map(|time| time.to_string())
    }

    #[test]
    fn time_val_keeps_its_precision() {
        assert_eq!(shown("20240229"), Some("2024-02-29".into()));
        assert_eq!(shown("202402291307"), Some("2024-02-29T13:07Z".into()));
        assert_eq!(shown("20240229130709"), Some("2024-02-29T13:07:09Z".into()));
        assert_eq!(shown("20240229130709.5"), Some("2024-02-29T13:07:09.5Z".into()));
        assert_eq!(shown("20240229130709.000"), Some("2024-02-29T13:07:09.0Z".into()));
        assert_eq!(shown("20240229130709.1234567899"), Some("2024-02-29T13:07:09.123456789Z".into()));
        assert_eq!(shown("20240229130709."), Some("2024-02-29T13:07:09Z".into()));
    }

    #[test]
    fn the_year_19100_is_2000() {
        assert_eq!(shown("191000229130709"), Some("2000-02-29T13:07:09Z".into()));
        assert_eq!(shown("191211108214605"), Some("2021-11-08T21:46:05Z".into()));
        assert_eq!(shown("19991231235959"), Some("1999-12-31T23:59:59Z".into()));
    }

    #[test]
    fn a_leap_second_is_the_second_before_it() {
        assert_eq!(shown("20161231235960"), Some("2016-12-31T23:59:59Z".into()));
    }

    #[test]
    fn invalid_time_is_refused() {
        for text in ["", "2021", "20211301", "20230229", "20211108246000", "2021110821460", "20211108214605x"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
        let error = Timestamp::parse_mlsx(b"yesterday").unwrap_err();
        assert_eq!(error.to_string(), r#""yesterday" is not a time of the form YYYYMMDDHHMMSS"#);
    }
}
