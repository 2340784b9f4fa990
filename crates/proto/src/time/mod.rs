//! Timestamps with their precision and zone.
//!
//! A listing often shows neither seconds nor a zone. [`Timestamp`] records its precision, and adds no invented parts.
//! The dates of `LIST` are parsed in [`listing`](crate::listing).

mod server_zone;
mod time_val;

use std::{
    cmp::Ordering,
    fmt,
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, civil::DateTime};

pub use server_zone::{ServerZone, UnknownZone};
pub(crate) use time_val::{nanoseconds, two_digits};

/// Date and time from a server, with precision and zone.
///
/// Years range from 0 to 9999. Two values are equal only if their precision is equal too: noon to the minute
/// is not noon to the second. The order is that of time, with an unknown zone taken as UTC; of the same moment, the
/// less precise comes first.
///
/// ```
/// use oxftp_proto::{Precision, Timestamp, Zone};
///
/// let time = Timestamp::from_date(2021, 11, 8).and_then(|day| day.at(21, 46)).unwrap();
/// assert_eq!(time.to_string(), "2021-11-08T21:46");
/// assert_eq!(time.precision(), Precision::Minute);
/// assert_eq!(time.zone(), Zone::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp {
    civil: DateTime,
    precision: Precision,
    zone: Zone,
}

impl Timestamp {
    /// The first second of 1970, in UTC.
    pub const UNIX_EPOCH: Self = Self { civil: EPOCH, precision: Precision::Second, zone: Zone::Utc };

    /// Creates a day in an unknown zone, or `None` when the calendar has no such day.
    #[must_use]
    pub fn from_date(year: u16, month: u8, day: u8) -> Option<Self> {
        let (year, month, day) = (year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?);
        let civil = DateTime::new(year, month, day, 0, 0, 0, 0).ok()?;
        Some(Self { civil, precision: Precision::Day, zone: Zone::Unknown })
    }

    /// Creates a time in UTC from the seconds since 1970, or `None` outside the years 0 to 9999, or when
    /// `nanoseconds` is a whole second or more.
    ///
    /// The precision is [`Precision::Second`] when `nanoseconds` is 0.
    #[must_use]
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let fraction = i32::try_from(nanoseconds).ok().filter(|&nanoseconds| nanoseconds < 1_000_000_000)?;
        let civil = EPOCH.checked_add(SignedDuration::new(seconds, 0)).ok()?;
        let civil = civil.checked_add(SignedDuration::new(0, fraction)).ok()?;
        let precision = if fraction == 0 { Precision::Second } else { Precision::Fraction };
        (civil.year() >= 0).then_some(Self { civil, precision, zone: Zone::Utc })
    }

    /// Creates a time in UTC from the system's time, or `None` outside the years 0 to 9999.
    ///
    /// ```
    /// use oxftp_proto::Timestamp;
    /// use std::time::SystemTime;
    ///
    /// assert_eq!(Timestamp::from_system_time(SystemTime::UNIX_EPOCH), Some(Timestamp::UNIX_EPOCH));
    /// ```
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> Option<Self> {
        let (seconds, nanoseconds) = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_secs()).ok()?, after.subsec_nanos()),
            Err(before) => {
                let before = before.duration();
                let seconds = -i64::try_from(before.as_secs()).ok()?;
                match before.subsec_nanos() {
                    0 => (seconds, 0),
                    nanoseconds => (seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds),
                }
            }
        };
        Self::from_unix(seconds, nanoseconds)
    }

    /// Converts to the system's time. A time in an unknown zone is taken as `offset_if_unknown` seconds east of UTC.
    ///
    /// `None` when the system cannot represent the time.
    ///
    /// ```
    /// use oxftp_proto::Timestamp;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let time = Timestamp::from_unix(90, 0).unwrap();
    /// assert_eq!(time.to_system_time(0), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(90)));
    /// ```
    #[must_use]
    pub fn to_system_time(&self, offset_if_unknown: i32) -> Option<SystemTime> {
        let seconds = self.to_unix(offset_if_unknown);
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let epoch = SystemTime::UNIX_EPOCH;
        let whole = if seconds < 0 { epoch.checked_sub(whole)? } else { epoch.checked_add(whole)? };
        whole.checked_add(Duration::from_nanos(self.nanosecond().into()))
    }

    /// Parses the `time-val` of `MDTM`, `MFMT` and of the facts `modify` and `create`: `YYYYMMDDHHMMSS[.fff]`
    /// in UTC (RFC 3659, 2.3).
    ///
    /// Also accepts a date without seconds or without a time, a leap second (as the second before it), and
    /// `19100` for the year 2000, as servers with the Y2K bug write it.
    ///
    /// ```
    /// use oxftp_proto::Timestamp;
    ///
    /// let modified = Timestamp::parse_mlsx(b"20211108214605.25")?;
    /// assert_eq!(modified.to_string(), "2021-11-08T21:46:05.25Z");
    /// # Ok::<(), oxftp_proto::ParseTimestampError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseTimestampError`] when the text does not have this form, or the calendar has no such time.
    pub fn parse_mlsx(text: &[u8]) -> Result<Self, ParseTimestampError> {
        time_val::read(text.trim_ascii()).ok_or_else(|| ParseTimestampError {
            text: String::from_utf8_lossy(text.get(..SHOWN).unwrap_or(text)).into_owned(),
        })
    }

    /// Formats the time as `MFMT` and `MDTM` expect it, `YYYYMMDDHHMMSS` (RFC 3659, 2.3).
    ///
    /// The fraction is dropped and the zone is ignored: the commands expect UTC, see [`Timestamp::to_utc`].
    #[must_use]
    pub fn to_mlsx(&self) -> String {
        let (date, time) = (self.civil.date(), self.civil.time());
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    /// Sets the time of day to the minute.
    #[must_use]
    pub fn at(self, hour: u8, minute: u8) -> Option<Self> {
        self.at_time(hour, minute, 0, 0, Precision::Minute)
    }

    /// Sets the time of day to the second; leap seconds are rejected.
    #[must_use]
    pub fn at_second(self, hour: u8, minute: u8, second: u8) -> Option<Self> {
        self.at_time(hour, minute, second, 0, Precision::Second)
    }

    /// Sets the time of day to the nanosecond.
    #[must_use]
    pub fn at_nanosecond(self, hour: u8, minute: u8, second: u8, nanosecond: u32) -> Option<Self> {
        self.at_time(hour, minute, second, nanosecond, Precision::Fraction)
    }

    /// Sets the zone without changing the clock time.
    #[must_use]
    pub fn with_zone(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// Converts to UTC. A time in an unknown zone is taken as `offset_if_unknown` seconds east of UTC.
    ///
    /// `None` when the result is outside the years 0 to 9999.
    #[must_use]
    pub fn to_utc(self, offset_if_unknown: i32) -> Option<Self> {
        let moved = Self::from_unix(self.to_unix(offset_if_unknown), self.nanosecond())?;
        Some(Self { precision: self.precision, ..moved })
    }

    /// Returns the whole seconds since 1970 in UTC. A time in an unknown zone is taken as `offset_if_unknown`
    /// seconds east of UTC.
    #[must_use]
    pub fn to_unix(&self, offset_if_unknown: i32) -> i64 {
        let elapsed = self.civil.duration_since(EPOCH);
        let whole = if elapsed.subsec_nanos() < 0 { elapsed.as_secs() - 1 } else { elapsed.as_secs() };
        whole - i64::from(self.zone.offset().unwrap_or(offset_if_unknown))
    }

    /// Returns the year, 0 to 9999.
    #[must_use]
    pub fn year(&self) -> u16 {
        self.civil.year().unsigned_abs()
    }

    /// Returns the month, 1 to 12.
    #[must_use]
    pub fn month(&self) -> u8 {
        self.civil.month().unsigned_abs()
    }

    /// Returns the day of the month, 1 to 31.
    #[must_use]
    pub fn day(&self) -> u8 {
        self.civil.day().unsigned_abs()
    }

    /// Returns the hour, 0 to 23; 0 when the precision is a day.
    #[must_use]
    pub fn hour(&self) -> u8 {
        self.civil.hour().unsigned_abs()
    }

    /// Returns the minute, 0 to 59; 0 when the precision is a day.
    #[must_use]
    pub fn minute(&self) -> u8 {
        self.civil.minute().unsigned_abs()
    }

    /// Returns the second, 0 to 59; 0 when the precision is coarser.
    #[must_use]
    pub fn second(&self) -> u8 {
        self.civil.second().unsigned_abs()
    }

    /// Returns the nanoseconds within the second; 0 when the precision is coarser.
    #[must_use]
    pub fn nanosecond(&self) -> u32 {
        self.civil.subsec_nanosecond().unsigned_abs()
    }

    /// Returns the precision.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the zone.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Returns whether the clock time is later than that of `other`; zones are ignored.
    pub(crate) fn is_later_than(&self, other: &Self) -> bool {
        self.civil > other.civil
    }

    /// Adds a day, unless the calendar ends.
    pub(crate) fn next_day(self) -> Self {
        Self { civil: self.civil.saturating_add(SignedDuration::from_hours(24)), ..self }
    }

    fn at_time(
        self,
        hour: u8,
        minute: u8,
        second: u8,
        nanosecond: u32,
        precision: Precision,
    ) -> Option<Self> {
        let (hour, minute, second) =
            (hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?);
        let time = jiff::civil::Time::new(hour, minute, second, nanosecond.try_into().ok()?).ok()?;
        Some(Self { civil: self.civil.date().to_datetime(time), precision, ..self })
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |time: &Self| (time.to_unix(0), time.nanosecond(), time.precision, time.zone);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Writes ISO 8601 with the known precision; `Z` or an offset only if there is a time of day.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())?;
        if self.precision == Precision::Day {
            return Ok(());
        }
        write!(f, "T{:02}:{:02}", self.hour(), self.minute())?;
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", self.second())?;
        }
        if self.precision == Precision::Fraction {
            let digits = format!("{:09}", self.nanosecond());
            let short = digits.trim_end_matches('0');
            write!(f, ".{}", if short.is_empty() { "0" } else { short })?;
        }
        self.zone.fmt(f)
    }
}

/// The precision to which a [`Timestamp`] is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// The day; `LIST` shows no time for files older than half a year.
    Day,
    /// The minute.
    Minute,
    /// The second.
    Second,
    /// A fraction of a second.
    Fraction,
}

/// Zone of a [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zone {
    /// UTC, as RFC 3659 requires.
    Utc,
    /// The server's local time, which `LIST` shows without its zone.
    Unknown,
    /// Seconds east of UTC.
    Offset(i32),
}

impl Zone {
    /// Returns the seconds east of UTC, if known.
    fn offset(self) -> Option<i32> {
        match self {
            Self::Utc => Some(0),
            Self::Unknown => None,
            Self::Offset(seconds) => Some(seconds),
        }
    }
}

/// Writes `Z`, nothing, or an offset such as `+02:00`.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = match *self {
            Self::Utc => return f.write_str("Z"),
            Self::Unknown => return Ok(()),
            Self::Offset(seconds) => seconds,
        };
        let sign = if seconds < 0 { '-' } else { '+' };
        let seconds = seconds.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
        if seconds % 60 != 0 { write!(f, ":{:02}", seconds % 60) } else { Ok(()) }
    }
}

/// A text that is not a time as RFC 3659 defines it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time of the form YYYYMMDDHHMMSS")]
pub struct ParseTimestampError {
    /// The text, cut to its first bytes.
    pub text: String,
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Bytes of the text that an error shows.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn timestamps_are_ordered_by_time_then_precision() {
        let day = Timestamp::from_date(2021, 11, 8).unwrap();
        let (minute, second) = (day.at(0, 0).unwrap(), day.at_second(0, 0, 0).unwrap());
        let later = day.at_second(0, 0, 1).unwrap();
        // Two hours east of UTC it was midnight two hours earlier.
        let east = second.with_zone(Zone::Offset(7200));

        let mut sorted = [later, second, east, minute, day];
        sorted.sort();
        assert_eq!(sorted, [east, day, minute, second, later]);
    }

    #[test]
    fn system_time_conversion_round_trips() {
        for (seconds, nanoseconds) in
            [(0, 0), (1, 5), (-1, 0), (-1, 999_999_999), (-90, 1), (4_000_000_000, 0)]
        {
            let time = Timestamp::from_unix(seconds, nanoseconds).unwrap();
            let system = time.to_system_time(0).unwrap();
            assert_eq!(Timestamp::from_system_time(system), Some(time), "{seconds} {nanoseconds}");
        }
    }

    #[test]
    fn zone_offset_changes_the_unix_time() {
        let noon = Timestamp::from_date(1970, 1, 2).and_then(|day| day.at_second(12, 0, 0)).unwrap();

        assert_eq!(noon.to_unix(0), 129_600);
        assert_eq!(noon.to_unix(3600), 126_000);
        assert_eq!(noon.with_zone(Zone::Utc).to_unix(3600), 129_600);
        let east = noon.with_zone(Zone::Offset(19_800));
        assert_eq!(east.to_string(), "1970-01-02T12:00:00+05:30");
        assert_eq!(east.to_utc(0).unwrap().to_mlsx(), "19700102063000");
        assert_eq!(noon.with_zone(Zone::Offset(-61)).to_string(), "1970-01-02T12:00:00-00:01:01");
    }

    #[test]
    fn fraction_before_1970_rounds_down() {
        let time = Timestamp::from_unix(-1, 500_000_000).unwrap();

        assert_eq!(time.to_string(), "1969-12-31T23:59:59.5Z");
        assert_eq!(time.to_unix(0), -1);
    }

    #[test]
    fn times_beyond_the_calendar_are_refused() {
        assert_eq!(Timestamp::from_unix(i64::MAX, 0), None);
        assert_eq!(Timestamp::from_unix(i64::MIN, 999_999_999), None);
        assert_eq!(Timestamp::from_unix(0, 1_000_000_000), None);
        assert_eq!(Timestamp::from_date(10_000, 1, 1), None);
        assert_eq!(Timestamp::from_date(2021, 255, 1), None);
    }

    proptest! {
        #[test]
        fn unix_time_round_trips(seconds in -62_167_219_200_i64..253_402_300_800, ns in 0_u32..1_000_000_000) {
            let time = Timestamp::from_unix(seconds, ns).unwrap();
            prop_assert_eq!(time.to_unix(7), seconds);
            prop_assert_eq!(time.nanosecond(), ns);
            prop_assert_eq!(Timestamp::parse_mlsx(time.to_mlsx().as_bytes()).unwrap().to_unix(7), seconds);
        }

        #[test]
        fn time_parser_never_panics(text: Vec<u8>, offset: i32) {
            if let Ok(time) = Timestamp::parse_mlsx(&text) {
                let _ = (time.to_unix(offset), time.to_utc(offset), time.to_string());
            }
        }
    }
}
