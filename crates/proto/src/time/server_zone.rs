//! Time zone of a server's clock.

use std::{fmt, str::FromStr};

use jiff::tz::{Offset, TimeZone};

use super::{Timestamp, Zone};

/// Zone of the times in a server's `LIST`, which do not state it.
///
/// Parsed from a name of the IANA database, which is built in, or from an offset from UTC:
///
/// ```
/// use oxftp_proto::{ServerZone, Timestamp};
///
/// let summer = Timestamp::from_date(2024, 7, 1).and_then(|day| day.at(12, 0)).unwrap();
/// let zone: ServerZone = "Europe/Berlin".parse()?;
/// assert_eq!(zone.localize(summer).to_string(), "2024-07-01T12:00+02:00");
/// let zone: ServerZone = "-0530".parse()?;
/// assert_eq!(zone.localize(summer).to_string(), "2024-07-01T12:00-05:30");
/// # Ok::<(), oxftp_proto::UnknownZone>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ServerZone(TimeZone);

impl ServerZone {
    /// UTC.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Creates the zone at a number of seconds east of UTC, or `None` beyond a day and an hour.
    #[must_use]
    pub fn offset(seconds: i32) -> Option<Self> {
        Offset::from_seconds(seconds).ok().map(|offset| Self(TimeZone::fixed(offset)))
    }

    /// Sets this zone on a time in an unknown zone; other times are unchanged.
    ///
    /// If the end of summer time repeats a time, the first one is meant.
    #[must_use]
    pub fn localize(&self, time: Timestamp) -> Timestamp {
        if time.zone() != Zone::Unknown {
            return time;
        }
        let Ok(moment) = self.0.to_ambiguous_timestamp(time.civil).compatible() else { return time };
        time.with_zone(match self.0.to_offset(moment).seconds() {
            0 => Zone::Utc,
            seconds => Zone::Offset(seconds),
        })
    }

    /// Returns the time that a clock in this zone shows at a moment, as a time in an unknown zone.
    #[must_use]
    pub fn wall_clock(&self, moment: Timestamp) -> Timestamp {
        let seconds = moment.to_unix(0);
        let offset =
            jiff::Timestamp::from_second(seconds).map_or(0, |moment| self.0.to_offset(moment).seconds());
        let shown = Timestamp::from_unix(seconds.saturating_add(offset.into()), moment.nanosecond());
        shown.unwrap_or(moment).with_zone(Zone::Unknown)
    }
}

impl fmt::Debug for ServerZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerZone({self})")
    }
}

/// Writes the name, or an offset such as `+02:00`.
impl fmt::Display for ServerZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.iana_name(), self.0.to_fixed_offset()) {
            (Some(name), _) => f.write_str(name),
            (None, Ok(offset)) => Zone::Offset(offset.seconds()).fmt(f),
            (None, Err(_)) => f.write_str("unknown"),
        }
    }
}

impl FromStr for ServerZone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone { text: text.to_owned() };
        if ["utc", "gmt", "z"].contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(Self::UTC);
        }
        let zone = match text.as_bytes().first() {
            Some(b'+' | b'-') => read_offset(text).and_then(Self::offset),
            _ => TimeZone::get(text).ok().map(Self),
        };
        zone.ok_or_else(unknown)
    }
}

/// Parses `+02:00`, `-0530` or `+2` into seconds.
fn read_offset(text: &str) -> Option<i32> {
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str, most: i32| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|number| digits && *number <= most)
    };
    let seconds = number(hours, 23)? * 3600 + number(minutes, 59)? * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// A text that names no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is neither a zone such as Europe/Berlin nor an offset such as +02:00")]
pub struct UnknownZone {
    /// The requested text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon(month: u8) -> Timestamp {
        Timestamp::from_date(2024, month, 1).and_then(|day| day.at(12, 0)).unwrap()
    }

    #[test]
    fn a_zone_is_a_name_or_an_offset() {
        for (text, placed) in [
            ("UTC", "2024-01-01T12:00Z"),
            ("z", "2024-01-01T12:00Z"),
            ("+02:00", "2024-01-01T12:00+02:00"),
            ("-0530", "2024-01-01T12:00-05:30"),
            ("+2", "2024-01-01T12:00+02:00"),
            ("america/new_york", "2024-01-01T12:00-05:00"),
        ] {
            let zone: ServerZone = text.parse().unwrap();
            assert_eq!(zone.localize(noon(1)).to_string(), placed, "{text}");
            assert_eq!(zone.to_string().parse(), Ok(zone), "{text}");
        }
        for text in ["", "Berlin", "+25:00", "+2:", "02:00", "+-2", "+02:60"] {
            assert!(text.parse::<ServerZone>().is_err(), "{text}");
        }
    }

    #[test]
    fn summer_time_counts() {
        let zone: ServerZone = "America/New_York".parse().unwrap();

        assert_eq!(zone.localize(noon(7)).to_string(), "2024-07-01T12:00-04:00");
        assert_eq!(zone.wall_clock(noon(7).with_zone(Zone::Utc)).hour(), 8);
        assert_eq!(zone.wall_clock(noon(1).with_zone(Zone::Utc)).hour(), 7);
    }

    #[test]
    fn known_zone_is_not_replaced() {
        let zone: ServerZone = "+02:00".parse().unwrap();
        assert_eq!(zone.localize(noon(1).with_zone(Zone::Utc)).zone(), Zone::Utc);
    }
}
