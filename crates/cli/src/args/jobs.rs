//! Number of connections.

use std::{str::FromStr, time::Duration};

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

    /// Returns how many operands are transferred concurrently, where a login took this long. Each of them needs a session:
    /// with `auto`, slow logins would cost more than they gain.
    pub(crate) fn max_operands(self, login: Duration) -> usize {
        match self {
            Self::Auto if login >= SLOW_LOGIN => 1,
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

/// A login that takes this long costs more than a further session gains.
const SLOW_LOGIN: Duration = Duration::from_secs(1);

/// Number of segments of a large file with `auto`.
pub(crate) const DEFAULT_SEGMENTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_logins_make_auto_operands_take_turns() {
        let (fast, slow) = (Duration::from_millis(300), Duration::from_secs(4));

        assert_eq!((JobCount::Auto.max_operands(fast), JobCount::Auto.max_operands(slow)), (4, 1));
        assert_eq!(JobCount::AtMost(8).max_operands(slow), 8);
    }

    #[test]
    fn jobs_are_a_number_or_auto() {
        assert_eq!("auto".parse(), Ok(JobCount::Auto));
        assert_eq!("256".parse(), Ok(JobCount::AtMost(256)));
        for wrong in ["0", "257", "", "-1", "Auto", "1.5"] {
            assert!(wrong.parse::<JobCount>().is_err(), "{wrong}");
        }
    }
}
