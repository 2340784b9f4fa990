//! How many connections.

use std::str::FromStr;

use oxftp::Connections;

/// A number of connections, or as many as make it faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jobs {
    Auto,
    AtMost(u16),
}

impl Jobs {
    /// Gives how many connections there may be.
    pub(crate) fn most(self) -> usize {
        match self {
            Self::Auto => MOST_BY_ITSELF,
            Self::AtMost(jobs) => jobs.into(),
        }
    }

    /// Gives how many things named one by one are transferred at once.
    pub(crate) fn at_once(self) -> usize {
        match self {
            Self::Auto => AT_ONCE_BY_ITSELF,
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

impl FromStr for Jobs {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            number => number
                .parse()
                .ok()
                .filter(|jobs| (1..=256).contains(jobs))
                .map(Self::AtMost)
                .ok_or("not a number from 1 to 256, nor auto"),
        }
    }
}

/// Servers rarely allow more to one client.
const MOST_BY_ITSELF: usize = 16;
const AT_ONCE_BY_ITSELF: usize = 4;

/// How many segments a large file has where nothing else is said.
pub(crate) const SEGMENTS_BY_THEMSELVES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_a_number_or_auto() {
        assert_eq!("auto".parse(), Ok(Jobs::Auto));
        assert_eq!("256".parse(), Ok(Jobs::AtMost(256)));
        for wrong in ["0", "257", "", "-1", "Auto", "1.5"] {
            assert!(wrong.parse::<Jobs>().is_err(), "{wrong}");
        }
    }
}
