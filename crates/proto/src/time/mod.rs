//! Times as FTP tells them.
//!
//! A listing often gives neither seconds nor a zone. [`Timestamp`] says how much is known instead
//! of filling in the rest. The dates of `LIST` are read in [`listing`](crate::listing).

mod server_zone;
mod time_val;

use std::fmt;

use jiff::{SignedDuration, civil::DateTime};

pub use server_zone::{ServerZone, UnknownZone};
pub(crate) use time_val::{nanoseconds, two_digits};

/// A date and time as a server told it, with its precision and zone.
///
/// Years go from 0 to 9999. Two values are equal when they say the same: noon to the minute is not
/// noon to the second.
///
/// ```
/// use oxftp_proto::{Precision, Timestamp, Zone};
///
/// let told = Timestamp::from_date(2021, 11, 8).and_then(|day| day.at(21, 46)).unwrap();
/// assert_eq!(told.to_string(), "2021-11-08T21:46");
/// assert_eq!(told.precision(), Precision::Minute);
/// assert_eq!(told.zone(), Zone::Unknown);
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

    /// Makes a day of an unknown zone, or `None` when the calendar has no such day.
    #[must_use]
    pub fn from_date(year: u16, month: u8, day: u8) -> Option<Self> {
        let (year, month, day) = (year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?);
        let civil = DateTime::new(year, month, day, 0, 0, 0, 0).ok()?;
        Some(Self { civil, precision: Precision::Day, zone: Zone::Unknown })
    }

    /// Makes a time in UTC of the seconds since 1970, or `None` beyond the years 0 to 9999 or for
    /// a whole second or more in `nanoseconds`.
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

    /// Reads the `time-val` of `MDTM`, `MFMT` and of the facts `modify` and `create`:
    /// `YYYYMMDDHHMMSS[.fff]`, in UTC (RFC 3659, 2.3).
    ///
    /// Also takes times without seconds or without a time, a leap second (as the second before
    /// it), and the year 2000 as servers with the Y2K fault spell it, `19100`.
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
    /// [`ParseTimestampError`] when the text is no such time, or no time of the calendar.
    pub fn parse_mlsx(text: &[u8]) -> Result<Self, ParseTimestampError> {
        time_val::read(text.trim_ascii()).ok_or_else(|| ParseTimestampError {
            text: String::from_utf8_lossy(text.get(..SHOWN).unwrap_or(text)).into_owned(),
        })
    }

    /// Spells the time as `MFMT` and `MDTM` want it, `YYYYMMDDHHMMSS` (RFC 3659, 2.3).
    ///
    /// The fraction is dropped, and the zone is not looked at: the commands expect UTC, see
    /// [`Timestamp::to_utc`].
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

    /// Sets the time of the day to the minute.
    #[must_use]
    pub fn at(self, hour: u8, minute: u8) -> Option<Self> {
        self.at_time(hour, minute, 0, 0, Precision::Minute)
    }

    /// Sets the time of the day to the second; there are no leap seconds.
    #[must_use]
    pub fn at_second(self, hour: u8, minute: u8, second: u8) -> Option<Self> {
        self.at_time(hour, minute, second, 0, Precision::Second)
    }

    /// Sets the time of the day to the nanosecond.
    #[must_use]
    pub fn at_nanosecond(self, hour: u8, minute: u8, second: u8, nanosecond: u32) -> Option<Self> {
        self.at_time(hour, minute, second, nanosecond, Precision::Fraction)
    }

    /// Says in which zone the time was told, without moving it.
    #[must_use]
    pub fn with_zone(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// Converts to UTC; a time of an unknown zone is taken as `offset_if_unknown` seconds east.
    ///
    /// `None` when the result is beyond the years 0 to 9999.
    #[must_use]
    pub fn to_utc(self, offset_if_unknown: i32) -> Option<Self> {
        let moved = Self::from_unix(self.to_unix(offset_if_unknown), self.nanosecond())?;
        Some(Self { precision: self.precision, ..moved })
    }

    /// Gives the whole seconds since 1970 in UTC; a time of an unknown zone is taken as
    /// `offset_if_unknown` seconds east.
    #[must_use]
    pub fn to_unix(&self, offset_if_unknown: i32) -> i64 {
        let elapsed = self.civil.duration_since(EPOCH);
        let whole = if elapsed.subsec_nanos() < 0 { elapsed.as_secs() - 1 } else { elapsed.as_secs() };
        whole - i64::from(self.zone.offset().unwrap_or(offset_if_unknown))
    }

    /// Gives the year, 0 to 9999.
    #[must_use]
    pub fn year(&self) -> u16 {
        self.civil.year().unsigned_abs()
    }

    /// Gives the month, 1 to 12.
    #[must_use]
    pub fn month(&self) -> u8 {
        self.civil.month().unsigned_abs()
    }

    /// Gives the day of the month, 1 to 31.
    #[must_use]
    pub fn day(&self) -> u8 {
        self.civil.day().unsigned_abs()
    }

    /// Gives the hour, 0 to 23; 0 when the precision is a day.
    #[must_use]
    pub fn hour(&self) -> u8 {
        self.civil.hour().unsigned_abs()
    }

    /// Gives the minute, 0 to 59; 0 when the precision is a day.
    #[must_use]
    pub fn minute(&self) -> u8 {
        self.civil.minute().unsigned_abs()
    }

    /// Gives the second, 0 to 59; 0 when the precision is coarser.
    #[must_use]
    pub fn second(&self) -> u8 {
        self.civil.second().unsigned_abs()
    }

    /// Gives the nanoseconds within the second; 0 when the precision is coarser.
    #[must_use]
    pub fn nanosecond(&self) -> u32 {
        self.civil.subsec_nanosecond().unsigned_abs()
    }

    /// Tells how much of the time is known.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Tells the zone in which the time was told.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Tells whether the clock on the wall shows a later time than `other`'s, zones aside.
    pub(crate) fn is_later_than(&self, other: &Self) -> bool {
        self.civil > other.civil
    }

    /// Moves the time by a day into the future, where there is one.
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

/// Writes ISO 8601, to the precision that is known; `Z` or an offset only where there is a time.
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

/// How much of a [`Timestamp`] is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// The day; `LIST` shows no time for files older than half a year.
    Day,
    /// The minute.
    Minute,
    /// The second.
    Second,
    /// A part of a second.
    Fraction,
}

/// The zone in which a [`Timestamp`] was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// UTC, as RFC 3659 asks for.
    Utc,
    /// The server's local time, which `LIST` shows without saying its zone.
    Unknown,
    /// So many seconds east of UTC.
    Offset(i32),
}

impl Zone {
    /// Gives the seconds east of UTC, where they are known.
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

/// The text is no time as RFC 3659 spells it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no time of the form YYYYMMDDHHMMSS")]
pub struct ParseTimestampError {
    /// What stood in place of the time, cut to its first bytes.
    pub text: String,
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How many bytes of a text that is no time an error shows.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_zone_shows_and_moves_the_unix_time() {
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
    fn a_fraction_before_1970_rounds_to_the_second_before() {
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
        fn unix_time_there_and_back_is_the_same(seconds in -62_167_219_200_i64..253_402_300_800, ns in 0_u32..1_000_000_000) {
            let time = Timestamp::from_unix(seconds, ns).unwrap();
            prop_assert_eq!(time.to_unix(7), seconds);
            prop_assert_eq!(time.nanosecond(), ns);
            prop_assert_eq!(Timestamp::parse_mlsx(time.to_mlsx().as_bytes()).unwrap().to_unix(7), seconds);
        }

        #[test]
        fn reading_a_time_never_panics(text: Vec<u8>, offset: i32) {
            if let Ok(time) = Timestamp::parse_mlsx(&text) {
                let _ = (time.to_unix(offset), time.to_utc(offset), time.to_string());
            }
        }
    }
}
