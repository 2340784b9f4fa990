//! Rate limits: one for the whole day, or a timetable.

use std::{fmt, str::FromStr};

use super::RateLimit;

/// A rate limit that holds all day, or changes at certain times of the day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RateTimetable {
    /// Sorted by time; at least one. Before the first one, the last one holds.
    changes: Vec<RateChange>,
}

/// The rate limit from a time of the day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct RateChange {
    /// Minutes since midnight.
    minute: u32,
    /// Bytes per second; `None` is no limit.
    limit: Option<u64>,
}

impl RateTimetable {
    /// Returns the limit in bytes per second at a minute of the day; `None` if there is none.
    pub(crate) fn at(&self, minute: u32) -> Option<u64> {
        let begun = self.changes.iter().rev().find(|change| change.minute <= minute);
        begun.or(self.changes.last()).and_then(|change| change.limit)
    }

    /// Returns whether the limit never changes.
    pub(crate) fn is_constant(&self) -> bool {
        self.changes.iter().all(|change| Some(change.limit) == self.changes.first().map(|first| first.limit))
    }
}

impl FromStr for RateTimetable {
    type Err = &'static str;

    /// Parses a rate, `off`, or a timetable such as `08:00,512k 19:00,off`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.contains([':', ',']) {
            return Ok(Self { changes: vec![RateChange { minute: 0, limit: limit(text)? }] });
        }
        let mut changes = text.split_whitespace().map(change).collect::<Result<Vec<_>, _>>()?;
        changes.sort_by_key(|change| change.minute);
        if changes.is_empty() {
            return Err(EXPECTED);
        }
        match changes.windows(2).any(|pair| matches!(pair, [one, next] if one.minute == next.minute)) {
            true => Err("a time of the timetable is given twice"),
            false => Ok(Self { changes }),
        }
    }
}

fn change(text: &str) -> Result<RateChange, &'static str> {
    let (time, rate) = text.split_once(',').ok_or(EXPECTED)?;
    let (hours, minutes) = time.split_once(':').ok_or(EXPECTED)?;
    let two_digits = |text: &str, end: u32| match text.len() {
        1 | 2 => text.parse().ok().filter(|number: &u32| *number < end && !text.starts_with('+')),
        _ => None,
    };
    let (hours, minutes) = two_digits(hours, 24).zip(two_digits(minutes, 60)).ok_or(EXPECTED)?;
    Ok(RateChange { minute: 60 * hours + minutes, limit: limit(rate)? })
}

fn limit(text: &str) -> Result<Option<u64>, &'static str> {
    match text {
        "off" => Ok(None),
        rate => rate.parse().map(|RateLimit(rate)| Some(rate)),
    }
}

/// Formats the timetable as it is typed, in bytes per second.
impl fmt::Display for RateTimetable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, RateChange { minute, limit }) in self.changes.iter().enumerate() {
            if self.changes.len() > 1 {
                let separator = if index == 0 { "" } else { " " };
                write!(f, "{separator}{:02}:{:02},", minute / 60, minute % 60)?;
            }
            match limit {
                Some(limit) => write!(f, "{limit}")?,
                None => f.write_str("off")?,
            }
        }
        Ok(())
    }
}

const EXPECTED: &str = "expected a rate such as 500k, off, or a timetable such as \"08:00,512k 19:00,off\"";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> RateTimetable {
        text.parse().unwrap()
    }

    #[test]
    fn limit_rate_timetable_changes_with_the_time() {
        let timetable = parsed("19:00,off 08:00,512k 9:30,2M");

        for (minute, limit) in [
            (0, None),
            (8 * 60 - 1, None),
            (8 * 60, Some(512 << 10)),
            (9 * 60 + 30, Some(2 << 20)),
            (19 * 60, None),
        ] {
            assert_eq!(timetable.at(minute), limit, "{minute}");
        }
        assert!(!timetable.is_constant() && parsed("5M").is_constant() && parsed("off").is_constant());
        assert_eq!(timetable.to_string(), "08:00,524288 09:30,2097152 19:00,off");
        assert_eq!((parsed("5M").at(0), parsed("off").at(0)), (Some(5 << 20), None));
        assert_eq!(parsed("22:00,1M").at(60), Some(1 << 20));
    }

    #[test]
    fn limit_rate_refuses_wrong_timetables() {
        for wrong in
            ["", "0", "8,1M", "08:00", "24:00,1M", "08:60,1M", "08:00,0", "08:00,1M 8:00,2M", "08:00 1M", ","]
        {
            assert!(wrong.parse::<RateTimetable>().is_err(), "{wrong}");
        }
    }
}
