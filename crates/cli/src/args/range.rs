//! Byte ranges in the syntax of curl.

use std::str::FromStr;

/// A range of bytes, counted from 0; both ends are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteRange {
    /// `FROM-TO`
    Between(u64, u64),
    /// `FROM-`
    From(u64),
    /// `-N`: the last N bytes.
    Last(u64),
}

impl FromStr for ByteRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected a range such as 0-499, 500- or -500";
        // Parsing a number would accept a sign.
        let number = |digits: &str| match digits.bytes().all(|digit| digit.is_ascii_digit()) {
            true => digits.parse::<u64>().map_err(|_| wrong),
            false => Err(wrong),
        };
        match text.split_once('-').ok_or(wrong)? {
            ("", last) => number(last).map(Self::Last),
            (from, "") => number(from).map(Self::From),
            (from, to) => match (number(from)?, number(to)?) {
                (from, to) if from <= to => Ok(Self::Between(from, to)),
                _ => Err("the range ends before it begins"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_use_the_syntax_of_curl() {
        assert_eq!("0-499".parse(), Ok(ByteRange::Between(0, 499)));
        assert_eq!("500-".parse(), Ok(ByteRange::From(500)));
        assert_eq!("-500".parse(), Ok(ByteRange::Last(500)));
        for wrong in ["", "-", "5", "9-5", "a-b", "+1-5", "1--5", "0-5,7-9", "99999999999999999999-"] {
            assert!(wrong.parse::<ByteRange>().is_err(), "{wrong}");
        }
    }
}
