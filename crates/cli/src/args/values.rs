//! Values of flags.

use std::{
    net::IpAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use clap::builder::{PathBufValueParser, StringValueParser, TypedValueParser};
use jiff::{Timestamp, civil, tz::Offset};

/// Returns a parser for local paths, which refuses URLs: they would become directories such as `ftp:`.
pub(crate) fn local_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match names_url(&path) {
        true => Err("a URL is given where a local path is expected"),
        false => Ok(path),
    })
}

/// Returns a parser for paths on either side, which refuses URLs as [`local_path`] does.
pub(crate) fn path_on_its_side() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().try_map(|path| match names_url(Path::new(&path)) {
        true => Err("a URL is given where a path is expected"),
        false => Ok(path),
    })
}

/// Returns whether a local path was written as a URL.
pub(crate) fn names_url(path: &Path) -> bool {
    let text = path.to_string_lossy();
    ["ftp://", "ftpes://", "ftps://"].iter().any(|scheme| text.starts_with(scheme))
}

/// A timeout or interval in seconds, possibly with a fraction; 0 is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeoutSeconds(pub(crate) Option<Duration>);

impl FromStr for TimeoutSeconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
        let duration = Duration::try_from_secs_f64(seconds).map_err(|_| "out of range")?;
        Ok(Self((!duration.is_zero()).then_some(duration)))
    }
}

/// Bytes per second, as a [`Size`], with or without `/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimit(pub(crate) u64);

impl FromStr for RateLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Size(rate) = text.strip_suffix("/s").unwrap_or(text).parse()?;
        if rate > 0 { Ok(Self(rate)) } else { Err("less than one byte per second") }
    }
}

/// A number of bytes. As in coreutils, `k`, `M`, `G` and `T`, and `KiB` to `TiB`, are powers of 1024, and `kB` to `TB`
/// powers of 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
        let base: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => return digits.parse().map(Self).or_else(|_| Self::of(digits, 1)),
            unit => match (unit.get(..1), unit.get(1..)) {
                (Some(prefix), Some("" | "i" | "ib")) => power(prefix, 1024)?,
                (Some(prefix), Some("b")) => power(prefix, 1000)?,
                _ => return Err(NO_SIZE),
            },
        };
        Self::of(digits.trim_end(), base)
    }
}

impl Size {
    fn of(number: &str, unit: u64) -> Result<Self, &'static str> {
        let number: f64 = number.parse().map_err(|_| NO_SIZE)?;
        let size = number * unit as f64;
        if size >= 0.0 && size.is_finite() { Ok(Self(size as u64)) } else { Err("not a number of bytes") }
    }
}

fn power(prefix: &str, base: u64) -> Result<u64, &'static str> {
    let exponent = "kmgt".find(prefix).ok_or(NO_SIZE)?;
    Ok(base.pow(exponent as u32 + 1))
}

const NO_SIZE: &str = "not a number of bytes, as in 500k, 2M, 5MB or 5MiB";

/// SHA-256 of a certificate, in hexadecimal with or without colons, or in Base64 as OpenSSH writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

impl FromStr for Fingerprint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "not a fingerprint such as sha256: and 64 hexadecimal digits";
        let (name, digest) = text.split_at_checked(7).ok_or(wrong)?;
        let digest = if name.eq_ignore_ascii_case("sha256:") { digest } else { text };
        let digits = digest.replace(':', "");
        let bytes: Option<Vec<u8>> = match digits.len() == 64 && digits.is_ascii() {
            true => (0..64).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect(),
            false => BASE64_STANDARD_NO_PAD.decode(digest.trim_end_matches('=')).ok(),
        };
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(wrong)
    }
}

/// A time in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnixTime(pub(crate) i64);

impl FromStr for UnixTime {
    type Err = &'static str;

    /// Parses ISO 8601; a time without a zone is UTC.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = text
            .parse()
            .or_else(|_| without_zone(text))
            .map_err(|_| "not a time such as 2024-05-01T12:00Z")?;
        Ok(Self(time.as_second()))
    }
}

fn without_zone(text: &str) -> Result<Timestamp, jiff::Error> {
    let civil: civil::DateTime = text.strip_suffix('Z').unwrap_or(text).parse()?;
    Offset::UTC.to_timestamp(civil)
}

/// The address and ports to listen on in active mode: `ADDR`, `ADDR:PORTS` or `:PORTS`; `PORTS` is one port or a
/// range with a dash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ActiveAt {
    pub(crate) address: Option<IpAddr>,
    pub(crate) ports: Option<RangeInclusive<u16>>,
}

impl FromStr for ActiveAt {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self { address: Some(address), ports: None });
        }
        let (address, ports) = match text.rsplit_once(':') {
            Some((address, ports)) => (address, Some(ports)),
            None => (text, None),
        };
        let address = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
        let address = match address {
            "" => None,
            address => Some(address.parse().map_err(|_| "not an IP address")?),
        };
        Ok(Self { address, ports: ports.map(range).transpose()? })
    }
}

fn range(text: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let port = |text: &str| text.parse().ok().filter(|port| *port != 0).ok_or("not a port from 1 to 65535");
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = port(first)?..=port(last)?;
    if range.is_empty() { Err("the first port is greater than the last") } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_seconds_disable_a_timeout() {
        assert_eq!("1.5".parse(), Ok(TimeoutSeconds(Some(Duration::from_millis(1500)))));
        assert_eq!("0".parse(), Ok(TimeoutSeconds(None)));
        for wrong in ["-1", "", "x", "1e300", "inf", "NaN"] {
            assert!(wrong.parse::<TimeoutSeconds>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_take_binary_units() {
        assert_eq!("500".parse(), Ok(RateLimit(500)));
        assert_eq!("500k".parse(), Ok(RateLimit(512_000)));
        assert_eq!("1.5M".parse(), Ok(RateLimit(1_572_864)));
        for text in ["5M", "5m", "5MiB", "5Mi", "5MiB/s", "5M/s", "5242880", "5242880B/s"] {
            assert_eq!(text.parse(), Ok(RateLimit(5 << 20)), "{text}");
        }
        assert_eq!("5MB".parse(), Ok(RateLimit(5_000_000)));
        assert_eq!("1TB/s".parse(), Ok(RateLimit(1_000_000_000_000)));
        for wrong in ["0", "k", "", "-1", "1x", "NaN", "inf", "5MBit", "5M/min", "5 5M", "é"] {
            assert!(wrong.parse::<RateLimit>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn fingerprints_are_hexadecimal_or_base64() {
        let colons = vec!["AB"; 32].join(":");
        let hex = "ab".repeat(32);
        for text in [&colons, &hex, &format!("sha256:{hex}"), &format!("SHA256:{colons}")] {
            assert_eq!(text.parse(), Ok(Fingerprint([0xab; 32])), "{text}");
        }
        let base64 = format!("SHA256:{}", "A".repeat(43));
        assert_eq!(base64.parse(), Ok(Fingerprint([0; 32])));
        for wrong in ["", "sha256:", "ab", &hex[1..], &"é".repeat(32)] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn active_mode_takes_an_address_and_ports() {
        let at = |text: &str| text.parse::<ActiveAt>().unwrap();
        let address = |text: &str| Some(text.parse().unwrap());

        assert_eq!(at("192.0.2.1"), ActiveAt { address: address("192.0.2.1"), ports: None });
        assert_eq!(at("::1"), ActiveAt { address: address("::1"), ports: None });
        assert_eq!(at("[::1]:5000-5100"), ActiveAt { address: address("::1"), ports: Some(5000..=5100) });
        assert_eq!(at(":5000"), ActiveAt { address: None, ports: Some(5000..=5000) });
        for wrong in ["here", "192.0.2.1:0", "192.0.2.1:9-8", ":x"] {
            assert!(wrong.parse::<ActiveAt>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_iso_8601() {
        for (text, seconds) in [
            ("1970-01-02", 86_400),
            ("1970-01-01T00:01", 60),
            ("1970-01-01 00:01:01", 61),
            ("1970-01-01T00:01:01Z", 61),
            ("1970-01-01T02:00+02:00", 0),
        ] {
            assert_eq!(text.parse(), Ok(UnixTime(seconds)), "{text}");
        }
        for wrong in ["", "yesterday", "2024-13-01", "12:00"] {
            assert!(wrong.parse::<UnixTime>().is_err(), "{wrong}");
        }
    }
}
