//! Times of day, with AM, PM and zones.

use crate::{
    Timestamp, Zone,
    listing::fields::text,
    time::{nanoseconds, two_digits},
};

/// A time of day to the printed precision.
pub(super) struct Clock {
    hour: u8,
    minute: u8,
    pub(super) second: Option<u8>,
    nanosecond: Option<u32>,
}

impl Clock {
    pub(super) fn to_the_minute(hour: u8, minute: u8) -> Self {
        Self { hour, minute, second: None, nanosecond: None }
    }

    /// Takes `21:46`, `21:46:05`, `21:46:05.25` or `9:46PM` off the front; the word must end there.
    pub(super) fn leading(text: &[u8]) -> Option<(Self, &[u8])> {
        Self::parted_by(b':', text).filter(|(_, rest)| text::ends_word(rest))
    }

    /// Takes a time with dots off the front, as in Finland and Denmark: `21.46`.
    pub(super) fn leading_dotted(text: &[u8]) -> Option<(Self, &[u8])> {
        Self::parted_by(b'.', text).filter(|(_, rest)| text::ends_word(rest))
    }

    /// Takes a time whose numbers have no leading zero off the front, as small devices print it: `0:5`,
    /// `0: 5` or `0:5:7`.
    pub(super) fn leading_unpadded(text: &[u8]) -> Option<(Self, &[u8])> {
        let (hour, rest) = blank_padded(text)?;
        let (minute, rest) = blank_padded(rest.strip_prefix(b":")?)?;
        let clock = Self::to_the_minute(hour, minute);
        let (clock, rest) = match rest.strip_prefix(b":") {
            Some(rest) => {
                let (second, rest) = blank_padded(rest)?;
                (Self { second: Some(second), ..clock }, rest)
            }
            None => (clock, rest),
        };
        text::ends_word(rest).then_some((clock, rest))
    }

    /// Takes a time off the front, and an `AM` or `PM` that is a separate word after it.
    ///
    /// Only for dates that are printed with such times: names may begin with `PM` too.
    pub(super) fn leading_of_half(text: &[u8]) -> Option<(Self, &[u8])> {
        let (clock, rest) = Self::leading(text)?;
        let tail = text::blanks(rest).and_then(AmPm::leading_word).filter(|(_, rest)| text::ends_word(rest));
        match tail {
            Some((half, tail)) if (1..=12).contains(&clock.hour) => Some((clock.in_half(half)?, tail)),
            _ => Some((clock, rest)),
        }
    }

    /// Takes a time and its zone off the front.
    pub(super) fn leading_zoned(text: &[u8]) -> Option<(Self, Zone, &[u8])> {
        let (clock, rest) = Self::parted_by(b':', text)?;
        match zone(rest).filter(|_| clock.second.is_some()) {
            Some((zone, rest)) => Some((clock, zone, rest)),
            None => text::ends_word(rest).then_some((clock, Zone::Unknown, rest)),
        }
    }

    /// Sets the time of a day; 24:00 is the start of the next day.
    pub(super) fn on(&self, date: Timestamp) -> Option<Timestamp> {
        let (date, hour) = match self.hour {
            24 if self.minute == 0 => (date.next_day(), 0),
            hour => (date, hour),
        };
        match (self.second, self.nanosecond) {
            (None, _) => date.at(hour, self.minute),
            (Some(second), None) => date.at_second(hour, self.minute, second),
            (Some(second), Some(fraction)) => date.at_nanosecond(hour, self.minute, second, fraction),
        }
    }

    fn parted_by(separator: u8, text: &[u8]) -> Option<(Self, &[u8])> {
        let (hour, rest) = text::digits(text, 2)?;
        let (minute, rest) = two_digits(rest.strip_prefix(&[separator])?)?;
        let clock = Self::to_the_minute(u8::try_from(hour).ok()?, minute);
        if text::ends_word(rest) {
            return Some((clock, rest));
        }
        let (clock, rest) = clock.with_seconds(separator, rest)?;
        match AmPm::leading(rest) {
            Some((half, rest)) => Some((clock.in_half(half)?, rest)),
            None => Some((clock, rest)),
        }
    }

    fn with_seconds(self, separator: u8, text: &[u8]) -> Option<(Self, &[u8])> {
        let Some(text) = text.strip_prefix(&[separator]) else { return Some((self, text)) };
        let (second, rest) = two_digits(text)?;
        // A leap second is treated as the second before it.
        let clock = Self { second: Some(if second == 60 { 59 } else { second }), ..self };
        let Some(rest) = rest.strip_prefix(b".") else { return Some((clock, rest)) };
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, rest) = rest.split_at_checked(length)?;
        Some((Self { nanosecond: Some(nanoseconds(fraction)?), ..clock }, rest))
    }

    fn in_half(self, half: AmPm) -> Option<Self> {
        let hour = match (half, self.hour) {
            (AmPm::Am, 12) => 0,
            (AmPm::Am, hour @ 0..12) => hour,
            (AmPm::Pm, hour @ 0..12) => hour + 12,
            // Some servers print both, `21:46PM`.
            (AmPm::Pm, hour @ 12..24) => hour,
            _ => return None,
        };
        Some(Self { hour, ..self })
    }
}

/// Half of the day, with times of twelve hours.
#[derive(Clone, Copy)]
enum AmPm {
    Am,
    Pm,
}

impl AmPm {
    /// Takes `AM` or `PM` off the front; a single letter would be a name.
    fn leading_word(text: &[u8]) -> Option<(Self, &[u8])> {
        Self::leading(text).filter(|(_, rest)| text.len() - rest.len() > 1)
    }

    fn leading(text: &[u8]) -> Option<(Self, &[u8])> {
        match text {
            [b'A' | b'a', b'M' | b'm', rest @ ..] => Some((Self::Am, rest)),
            [b'P' | b'p', b'M' | b'm', rest @ ..] => Some((Self::Pm, rest)),
            // `9:46p`, as `dir` of Windows 9x prints it.
            [b'a', rest @ ..] if text::ends_word(rest) => Some((Self::Am, rest)),
            [b'p', rest @ ..] if text::ends_word(rest) => Some((Self::Pm, rest)),
            _ => None,
        }
    }
}

/// Takes one or two digits off the front, and one blank before them.
fn blank_padded(text: &[u8]) -> Option<(u8, &[u8])> {
    let (number, rest) = text::digits(text.strip_prefix(b" ").unwrap_or(text), 2)?;
    Some((u8::try_from(number).ok()?, rest))
}

/// Takes an offset or `GMT` off the front that is a separate word.
pub(super) fn offset(text: &[u8]) -> Option<(Zone, &[u8])> {
    match text::word(text.strip_prefix(b" ")?) {
        (b"GMT" | b"UTC", rest) => Some((Zone::Utc, rest)),
        _ => zone(text),
    }
}

/// Takes an offset such as `+0100`, `+01:00` or `Z` off the front; a blank may precede it.
fn zone(text: &[u8]) -> Option<(Zone, &[u8])> {
    let (word, rest) = text::word(text.strip_prefix(b" ").unwrap_or(text));
    let (sign, digits) = match word {
        b"Z" if text.starts_with(b"Z") => return Some((Zone::Utc, rest)),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, digits) = two_digits(digits)?;
    let (minutes, digits) = two_digits(digits.strip_prefix(b":").unwrap_or(digits))?;
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    digits.is_empty().then_some((Zone::Offset(sign * seconds), rest))
}
