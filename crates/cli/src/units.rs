//! Human-readable amounts.

use std::{fmt, time::Duration};

/// A number of bytes, such as `12.3 MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HumanBytes(pub(crate) u64);

impl fmt::Display for HumanBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut amount = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while amount >= 1023.95 && unit + 1 < units.len() {
            amount /= 1024.0;
            unit += 1;
        }
        write!(f, "{amount:.1} {}", units.get(unit).copied().unwrap_or_default())
    }
}

/// A number of bytes and the time they took, such as `12.3 MiB in 2.0 s, 6.2 MiB/s`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throughput {
    pub(crate) bytes: u64,
    pub(crate) elapsed: Duration,
}

impl Throughput {
    /// Returns the bytes per second.
    pub(crate) fn per_second(self) -> HumanBytes {
        let seconds = self.elapsed.as_secs_f64().max(1e-6);
        HumanBytes((self.bytes as f64 / seconds) as u64)
    }

    /// Estimates the time for this number of bytes, if possible.
    pub(crate) fn time_for(self, bytes: u64) -> Option<Duration> {
        let seconds = bytes as f64 * self.elapsed.as_secs_f64() / self.bytes as f64;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}, {}/s", HumanBytes(self.bytes), HumanDuration(self.elapsed), self.per_second())
    }
}

/// A duration, such as `0.03 s` or `2 min 5 s`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HumanDuration(pub(crate) Duration);

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 => write!(f, "{:.2} s", self.0.as_secs_f64()),
            1..60 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            _ => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

/// A duration in at most six characters, such as `9s`, `2m05s` or `3h02m`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShortDuration(pub(crate) Duration);

impl fmt::Display for ShortDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..60 => write!(f, "{seconds}s"),
            60..3600 => write!(f, "{}m{:02}s", seconds / 60, seconds % 60),
            3600..360_000 => write!(f, "{}h{:02}m", seconds / 3600, seconds / 60 % 60),
            _ => write!(f, "{}d", seconds / 86_400),
        }
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_decimal_and_a_binary_unit() {
        let shown = |bytes| HumanBytes(bytes).to_string();

        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(1024), "1.0 KiB");
        assert_eq!(shown(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(shown(64 << 20), "64.0 MiB");
        assert_eq!(shown(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn longer_durations_are_less_exact() {
        let shown = |milliseconds| HumanDuration(Duration::from_millis(milliseconds)).to_string();

        assert_eq!(shown(31), "0.03 s");
        assert_eq!(shown(2_040), "2.0 s");
        assert_eq!(shown(125_000), "2 min 5 s");
        assert_eq!(shown(7_260_000), "2 h 1 min");
    }

    #[test]
    fn short_durations_have_at_most_six_characters() {
        let shown = |seconds| ShortDuration(Duration::from_secs(seconds)).to_string();

        assert_eq!([shown(9), shown(125), shown(10_920), shown(864_000)], ["9s", "2m05s", "3h02m", "10d"]);
        assert!([0, 59, 3599, 359_999].into_iter().all(|seconds| shown(seconds).len() <= 6));
    }

    #[test]
    fn zero_duration_does_not_divide_by_zero() {
        assert_eq!(Throughput { bytes: 0, elapsed: Duration::ZERO }.to_string(), "0 B in 0.00 s, 0 B/s");
    }
}
