//! Values of the flags of `parse-listing`.

use std::str::FromStr;

use jiff::{Timestamp, civil, tz::Offset};
use oxftp::listing::Format;

/// Which formats a line may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Any.
    Auto,
    /// Any of `LIST`.
    List,
    /// This one alone.
    Only(Format),
}

impl FromStr for Listed {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "list" => Ok(Self::List),
            name => name.parse().map(Self::Only).map_err(|error| format!("{error}")),
        }
    }
}

/// A moment, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) i64);

impl FromStr for Moment {
    type Err = &'static str;

    /// Reads ISO 8601; a time without a zone is taken as UTC.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let moment = text
            .parse()
            .or_else(|_| without_zone(text))
            .map_err(|_| "not a time such as 2024-05-01T12:00Z")?;
        Ok(Self(moment.as_second()))
    }
}

fn without_zone(text: &str) -> Result<Timestamp, jiff::Error> {
    let civil: civil::DateTime = text.strip_suffix('Z').unwrap_or(text).parse()?;
    Offset::UTC.to_timestamp(civil)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_iso_8601() {
        for (text, seconds) in [
            ("1970-01-02", 86_400),
            ("1970-01-01T00:01", 60),
            ("1970-01-01 00:01:01", 61),
            ("1970-01-01T00:01:01Z", 61),
            ("1970-01-01T02:00+02:00", 0),
        ] {
            assert_eq!(text.parse(), Ok(Moment(seconds)), "{text}");
        }
        for wrong in ["", "yesterday", "2024-13-01", "12:00"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn formats_are_known_by_name() {
        assert_eq!("auto".parse(), Ok(Listed::Auto));
        assert_eq!("MLSD".parse(), Ok(Listed::Only(Format::Mlsx)));
        assert!("vax".parse::<Listed>().is_err());
    }
}
