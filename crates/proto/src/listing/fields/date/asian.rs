//! Dates of East Asia: `4月 18日 21:46`, `4월 18 2003`, `2003年 4月 18日`.
//!
//! The characters after the numbers may be in UTF-8, Shift-JIS, EUC, Big5, GBK and others. They need not be
//! decoded: the value and position of a number show its meaning.

use super::{Calendar, clock::Clock, with_clock, year_of};
use crate::{Timestamp, listing::fields::text};

impl Calendar<'_> {
    /// Parses a date whose first number is followed by a character.
    pub(super) fn asian(self, text: &[u8]) -> Option<(Timestamp, &[u8])> {
        let (first, rest) = marked(text)?;
        if let Some(year) = year_of(first.into()) {
            return month_and_day(year, rest).and_then(|(date, rest)| with_clock(date, rest));
        }
        let (day, rest) = number(text::skip_blanks(rest))?;
        let (month, day) = (u8::try_from(first).ok()?, u8::try_from(day).ok()?);
        let tail = text::skip_blanks(rest);
        match marked(tail).and_then(|(year, rest)| Some((year_of(year.into())?, rest))) {
            Some((year, rest)) => with_clock(Timestamp::from_date(year, month, day)?, rest),
            None => self.year_or_clock(month, day, rest),
        }
    }
}

/// `2003   3월 20` if only the name follows; otherwise 2003 is a size, and a time follows.
pub(super) fn year_alone(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (year, rest) = text::digits(text, 4)?;
    let (date, rest) = month_and_day(year_of(year.into())?, rest)?;
    let has_more =
        text::blanks(rest).is_some_and(|rest| Clock::leading(rest).is_some() || marked(rest).is_some());
    (text::ends_word(rest) && !has_more).then_some((date, rest))
}

fn month_and_day(year: u16, text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (month, rest) = marked(text::skip_blanks(text))?;
    let (day, rest) = number(text::skip_blanks(rest))?;
    Some((Timestamp::from_date(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?, rest))
}

/// Takes a number and the character after it off the front.
fn marked(text: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = text::digits(text, 4)?;
    let ends = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'\t');
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    let (mark, rest) = rest.split_at_checked(length)?;
    // In Shift-JIS and Big5 the second byte may be ASCII.
    let is_mark = matches!(mark.first()?, b'?' | 0x80..) && mark.len() <= LONGEST_MARK;
    is_mark.then_some((number, rest))
}

/// Takes a number off the front, and the character after it, if any.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    marked(text).or_else(|| text::digits(text, 2).filter(|(_, rest)| text::ends_word(rest)))
}

/// A UTF-8 character that was taken for Latin letters and encoded as UTF-8 again.
const LONGEST_MARK: usize = 6;

#[cfg(all(test, feature = "encodings"))]
mod tests {
    use encoding_rs::{BIG5, EUC_JP, EUC_KR, GB18030, SHIFT_JIS, UTF_8};

    use crate::{
        Timestamp,
        listing::fields::date::{Horizon, leading},
    };

    fn read(text: &[u8]) -> Option<(String, &[u8])> {
        let horizon = Horizon::new(Timestamp::from_date(2024, 5, 1).unwrap());
        leading(text, &horizon).map(|(date, rest)| (date.to_string(), rest))
    }

    #[test]
    fn asian_dates_are_parsed_in_any_encoding() {
        for (text, encodings) in [
            ("11月  8日 21:46 x", &[UTF_8, SHIFT_JIS, EUC_JP, EUC_KR, BIG5, GB18030][..]),
            ("11월  8일 21:46 x", &[UTF_8, EUC_KR]),
        ] {
            for encoding in encodings {
                let expected = Some(("2023-11-08T21:46".into(), &b" x"[..]));
                assert_eq!(read(&encoding.encode(text).0), expected, "{}", encoding.name());
            }
        }
    }

    #[test]
    fn asian_dates_may_lack_characters() {
        for (text, date) in [
            ("11月 8 21:46 x", "2023-11-08T21:46"),
            ("11月8日 21:46 x", "2023-11-08T21:46"),
            ("11월  8 2019 x", "2019-11-08"),
            ("11月 8日 2019年 x", "2019-11-08"),
            ("2019年 11月  8日 x", "2019-11-08"),
            ("2019年11月8日 21:46 x", "2019-11-08T21:46"),
            ("2019年 11月 8 x", "2019-11-08"),
            ("2019   11월  8 x", "2019-11-08"),
            ("11? 8? 2019? x", "2019-11-08"),
        ] {
            for encoding in [UTF_8, SHIFT_JIS, BIG5, EUC_KR] {
                let (bytes, _, unmappable) = encoding.encode(text);
                assert!(unmappable || read(&bytes) == Some((date.into(), b" x")), "{text}");
            }
        }
    }

    #[test]
    fn size_before_month_is_no_year() {
        assert_eq!(read("2019 11月  8 21:46 x".as_bytes()), None);
        assert_eq!(read("2019 11月  8日 2020年 x".as_bytes()), None);
        assert_eq!(read("13月  8 21:46 x".as_bytes()), None);
        assert_eq!(read("11é".as_bytes()), None);
    }
}
