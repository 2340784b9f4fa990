//! Ages: points in time, given as a distance from now or as a date.

use std::str::FromStr;

use jiff::Timestamp;

use super::UnixTime;

/// A point in time: `30d` ago, `today`, or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age {
    /// Seconds since 1970.
    pub(crate) since: i64,
}

impl FromStr for Age {
    type Err = &'static str;

    /// Parses a number with a unit, `now`, `today`, `yesterday`, or ISO 8601. Days begin at midnight UTC.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        at(text, Timestamp::now().as_second())
    }
}

fn at(text: &str, now: i64) -> Result<Age, &'static str> {
    let today = now - now.rem_euclid(DAY);
    let since = match text {
        "now" => now,
        "today" => today,
        "yesterday" => today - DAY,
        _ => match ago(text) {
            Some(seconds) => now.saturating_sub(seconds),
            None => text.parse::<UnixTime>().map(|time| time.0).map_err(|_| EXPECTED)?,
        },
    };
    Ok(Age { since })
}

/// Returns the seconds of a number with a unit.
fn ago(text: &str) -> Option<i64> {
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "s" | "sec" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => DAY,
        "w" => 7 * DAY,
        "y" => 365 * DAY,
        _ => return None,
    };
    let seconds = number.parse::<f64>().ok()? * unit as f64;
    (seconds.is_finite() && seconds < 1e15).then_some(seconds as i64)
}

const DAY: i64 = 86_400;
const EXPECTED: &str =
    "not an age such as 30d or 12h (s, min, h, d, w, y), nor a time such as 2024-05-01T12:00Z";

#[cfg(test)]
mod tests {
    use jiff::{civil, tz::Offset};

    use super::*;

    fn midnight(year: i16, month: i8, day: i8) -> i64 {
        Offset::UTC.to_timestamp(civil::date(year, month, day).at(0, 0, 0, 0)).unwrap().as_second()
    }

    #[test]
    fn ages_are_distances_or_dates() {
        let now = midnight(2024, 5, 2) + 3600;
        let since = |text: &str| at(text, now).unwrap().since;

        assert_eq!(since("30d"), now - 30 * DAY);
        assert_eq!(since("12h"), now - 12 * 3600);
        assert_eq!(since("1.5h"), now - 5400);
        assert_eq!(since("2w"), now - 14 * DAY);
        assert_eq!([since("5m"), since("5min")], [now - 300; 2]);
        assert_eq!(since("today"), midnight(2024, 5, 2));
        assert_eq!(since("yesterday"), midnight(2024, 5, 1));
        assert_eq!(since("2024-05-01"), midnight(2024, 5, 1));
        assert_eq!(since("2024-05-01T12:00Z"), midnight(2024, 5, 1) + 12 * 3600);
        for wrong in ["", "30", "d", "-1d", "3x", "tomorrow", "1e99y"] {
            assert!(at(wrong, now).is_err(), "{wrong}");
        }
    }
}
