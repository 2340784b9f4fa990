//! Number of connections.

use std::str::FromStr;

use oxftp::Connections;

/// Value of `--jobs`: a number of connections, or `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobCount {
    Auto,
    AtMost(u16),
}

impl JobCount {
    /// Returns the maximum number of connections.
    pub(crate) fn max_connections(self) -> usize {
        match self {
            Self::Auto => AUTO_CONNECTIONS,
            Self::AtMost(jobs) => jobs.into(),
        }
    }

    /// Returns how many operands are transferred concurrently.
    pub(crate) fn max_operands(self) -> usize {
        match self {
            Self::Auto => AUTO_OPERANDS,
            Self::AtMost(jobs) => jobs.into(),
        }
    }

    pub(crate) fn connections(self) -> Connections {
        match self {
            Self::Auto => Connections::Auto,
            Self::AtMost(_) => Connections::All,
        }
    }
}

impl FromStr for JobCount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            number => number
                .parse()
                .ok()
                .filter(|jobs| (1..=256).contains(jobs))
                .map(Self::AtMost)
                .ok_or("expected auto or a number from 1 to 256"),
        }
    }
}

/// Maximum number of connections with `auto`: servers rarely allow more for one client.
const AUTO_CONNECTIONS: usize = 16;
/// Operands that are transferred concurrently with `auto`.
const AUTO_OPERANDS: usize = 4;

/// Number of segments of a large file with `auto`.
pub(crate) const DEFAULT_SEGMENTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_a_number_or_auto() {
        assert_eq!("auto".parse(), Ok(JobCount::Auto));
        assert_eq!("256".parse(), Ok(JobCount::AtMost(256)));
        for wrong in ["0", "257", "", "-1", "Auto", "1.5"] {
            assert!(wrong.parse::<JobCount>().is_err(), "{wrong}");
        }
    }
}
