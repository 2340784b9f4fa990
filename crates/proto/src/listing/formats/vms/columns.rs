//! Columns that OpenVMS prints after a name, in any order.
//!
//! The form of a column shows its meaning: a size in blocks, a date and time, an owner in brackets, a
//! protection in parentheses. A column of another form makes the line invalid.

use crate::{
    Timestamp,
    listing::fields::{stamp, text},
};

/// The columns that a line has.
#[derive(Debug, Default)]
pub(super) struct Attributes<'l> {
    pub(super) size: Option<u64>,
    pub(super) modified: Option<Timestamp>,
    pub(super) owner: Option<&'l [u8]>,
    pub(super) group: Option<&'l [u8]>,
    pub(super) mode: Option<u32>,
    pub(super) target: Option<&'l [u8]>,
    has_size: bool,
    has_date: bool,
    has_protection: bool,
}

impl<'l> Attributes<'l> {
    pub(super) fn read(text: &'l [u8]) -> Option<Self> {
        let mut read = Self::default();
        let mut rest = text::skip_blanks(text);
        while !rest.is_empty() {
            rest = text::skip_blanks(read.take(rest)?);
        }
        Some(read)
    }

    /// Returns whether these columns are those of OpenVMS, independent of the name.
    pub(super) fn are_telling(&self) -> bool {
        self.has_size && self.has_date && self.owner.is_some() && self.has_protection
    }

    /// Takes one column off the front.
    fn take(&mut self, text: &'l [u8]) -> Option<&'l [u8]> {
        match text {
            [b'[', ..] => self.take_owner(text),
            // A file identification, `(1234,5,0)`
            [b'(', b'0'..=b'9', ..] => text.get(memchr::memchr(b')', text)? + 1..),
            [b'(', ..] => self.take_protection(text),
            [b'%', b'X' | b'O', ..] => self.take_numeric_owner(text),
            [b'<', ..] => text.get(memchr::memchr(b'>', text)? + 1..),
            [b'-', b'>', b' ', target @ ..] if self.target.is_none() && !target.is_empty() => {
                self.target = Some(target);
                Some(&[])
            }
            [b'0'..=b'9', ..] => self.take_size(text).or_else(|| self.take_date(text)),
            [b'*', ..] => self.take_size(text),
            _ => None,
        }
    }

    /// `9` or `9/12`: used blocks and allocated blocks. Sizes such as `16KB` are rounded, and `******` is
    /// printed for a size that is too large for its column.
    fn take_size(&mut self, text: &'l [u8]) -> Option<&'l [u8]> {
        let (word, rest) = text::word(text);
        let (used, allocated) = match memchr::memchr(b'/', word) {
            Some(at) => (word.get(..at)?, word.get(at + 1..)?),
            None => (word, word),
        };
        if self.has_size {
            return None;
        }
        match text::number(used) {
            Some(blocks) => {
                text::number(allocated).or_else(|| is_too_large(allocated).then_some(0))?;
                self.size = Some(blocks.checked_mul(BLOCK)?);
            }
            None if is_rounded(used) && is_rounded(allocated) => {}
            None if is_too_large(used) && (is_too_large(allocated) || text::number(allocated).is_some()) => {}
            None => return None,
        }
        self.has_size = true;
        Some(rest)
    }

    /// `8-SEP-2004`, with or without a time such as `07:41`, `07:41:55.20` or `07:41:55 PM`. If the month has
    /// no known name, only the date is unknown.
    fn take_date(&mut self, text: &'l [u8]) -> Option<&'l [u8]> {
        let (word, rest) = text::word(text);
        if self.has_date {
            return None;
        }
        let day = stamp::day_of_month(word);
        self.has_date = day.is_some() || has_unknown_month(word);
        let (clock, after) = text::next_word(rest);
        let Some(day) = day else {
            let is_time = stamp::at_clock(Timestamp::UNIX_EPOCH, clock).is_some();
            return self.has_date.then_some(if is_time { after } else { rest });
        };
        let Some(time) = stamp::at_clock(day, clock) else {
            self.modified = Some(day);
            return Some(if clock.starts_with(b"24:00") { after } else { rest });
        };
        let (half, tail) = text::next_word(after);
        let is = |name: &[u8]| half.eq_ignore_ascii_case(name);
        let afternoon = is(b"PM") && time.hour() < 12;
        self.modified = Some(if afternoon { half_a_day_later(time)? } else { time });
        Some(if is(b"AM") || is(b"PM") { tail } else { after })
    }

    /// `[STAFF,ANN]`, `[ANN]` or `[1,4]`. The owner may be cut at the end of its column, `[STAFF,AN
    /// (RWED,…)`.
    fn take_owner(&mut self, text: &'l [u8]) -> Option<&'l [u8]> {
        let end = memchr::memchr2(b']', b'(', text)?;
        let inside = text.get(1..end)?;
        let (group, owner) = match memchr::memchr(b',', inside) {
            Some(comma) => (inside.get(..comma)?, inside.get(comma + 1..)?),
            None => (&[][..], inside),
        };
        let filled = |name: &'l [u8]| Some(name.trim_ascii()).filter(|name| !name.is_empty());
        (self.group, self.owner) = (filled(group), filled(owner));
        let rest = text.get(end..)?;
        Some(rest.strip_prefix(b"]").unwrap_or(rest))
    }

    /// `%X00010004`, an owner without a name.
    fn take_numeric_owner(&mut self, text: &'l [u8]) -> Option<&'l [u8]> {
        let (word, rest) = text::word(text);
        let is_number = word.get(2..)?.iter().all(u8::is_ascii_hexdigit) && self.owner.is_none();
        is_number.then(|| self.owner = Some(word))?;
        Some(rest)
    }

    /// `(RWED,RWED,RE,)`: system, owner, group, world; the system is not part of a Unix mode.
    fn take_protection(&mut self, text: &'l [u8]) -> Option<&'l [u8]> {
        let end = memchr::memchr(b')', text)?;
        let mut classes = text.get(1..end)?.split(|&byte| byte == b',');
        let mut mode = Some(0);
        for (at, class) in classes.by_ref().take(4).enumerate() {
            let bits = rights(class)?;
            mode = mode.map(|mode| if at == 0 { mode } else { mode << 3 | bits });
        }
        self.mode = mode.filter(|_| classes.next().is_none());
        self.has_protection = true;
        text.get(end + 1..)
    }
}

/// Parses `RWED` or `S:RWED`; the right to delete has no bit in a Unix mode.
fn rights(class: &[u8]) -> Option<u32> {
    let class = class.trim_ascii();
    let class = match class {
        [b'S' | b'O' | b'G' | b'W', b':', rights @ ..] => rights,
        _ => class,
    };
    class.iter().try_fold(0, |bits, letter| match letter.to_ascii_uppercase() {
        b'R' => Some(bits | 4),
        b'W' => Some(bits | 2),
        b'E' => Some(bits | 1),
        b'D' => Some(bits),
        _ => None,
    })
}

/// `16KB` or `1.5MB`, as `DIRECTORY/SIZE=UNIT=BYTES` prints sizes.
fn is_rounded(text: &[u8]) -> bool {
    let digits = match text {
        [digits @ .., b'K' | b'k' | b'M' | b'm' | b'G' | b'g' | b'T' | b't', b'B' | b'b'] => digits,
        [digits @ .., b'B' | b'b'] => digits,
        _ => return false,
    };
    digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// Returns whether a size, or one of its two numbers, did not fit into its column.
fn is_too_large(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| byte == b'*')
}

/// `8-ĴŁŅ-2004`
fn has_unknown_month(word: &[u8]) -> bool {
    let mut parts = word.split(|&byte| byte == b'-');
    let Some((day, month, year)) =
        parts.next().zip(parts.next()).zip(parts.next()).map(|((d, m), y)| (d, m, y))
    else {
        return false;
    };
    let is_month = (2..=LONGEST_MONTH).contains(&month.len()) && !month.iter().any(u8::is_ascii_digit);
    let is_day = matches!(text::digits(day, 2), Some((1..=31, [])));
    is_day && is_month && year.len() == 4 && text::number(year).is_some() && parts.next().is_none()
}

fn half_a_day_later(time: Timestamp) -> Option<Timestamp> {
    time.at_second(time.hour() + 12, time.minute(), time.second())
}

/// Bytes of the abbreviation of a month.
const LONGEST_MONTH: usize = 12;

/// Bytes in a block.
const BLOCK: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Attributes<'_>> {
        Attributes::read(text.as_bytes())
    }

    #[test]
    fn columns_may_come_in_any_order() {
        for text in [
            "5/6  3-MAR-2001 12:00 [A,B] (RWE,RWE,R,)",
            "[A,B] 5/6 3-MAR-2001 12:00 (RWE,RWE,R,)",
            "3-MAR-2001 12:00 5/6 (RWE,RWE,R,) [A,B]",
            "5/6  3-MAR-2001 12:00 [A, B](RWE,RWE,R,)",
        ] {
            let read = read(text).unwrap();
            assert_eq!(read.size, Some(2560), "{text}");
            assert_eq!(read.modified.unwrap().to_string(), "2001-03-03T12:00", "{text}");
            assert_eq!((read.group, read.owner), (Some(&b"A"[..]), Some(&b"B"[..])), "{text}");
            assert_eq!(read.mode, Some(0o740), "{text}");
        }
    }

    #[test]
    fn each_column_may_be_missing() {
        assert_eq!(read("3-MAR-2001").unwrap().modified.unwrap().to_string(), "2001-03-03");
        assert_eq!(read("5").unwrap().size, Some(2560));
        assert_eq!(read("5 <None specified>").unwrap().modified, None);
        assert_eq!(read("5 3-MAR-2001 24:00 [A]").unwrap().modified.unwrap().to_string(), "2001-03-03");
        assert_eq!(read("16KB 3-MAR-2001").unwrap().size, None);
        assert_eq!(read("5 [SYSTEM]").unwrap().owner, Some(&b"SYSTEM"[..]));
    }

    #[test]
    fn size_wider_than_its_column_is_unknown() {
        for (text, size) in [("******", None), ("****/****", None), ("***/9000", None), ("5/*", Some(2560))] {
            let text = format!("{text} 3-MAR-2001 12:00 [A,B] (RWE,RWE,R,)");
            let read = read(&text).unwrap();
            assert_eq!((read.size, read.has_size), (size, true), "{text}");
        }
    }

    #[test]
    fn owner_may_lack_closing_bracket() {
        for text in ["[STAFF,AN (RWE,RWE,R,)", "[STAFF,AN(RWE,RWE,R,)"] {
            let read = read(text).unwrap();
            assert_eq!((read.group, read.owner), (Some(&b"STAFF"[..]), Some(&b"AN"[..])), "{text}");
            assert_eq!(read.mode, Some(0o740), "{text}");
        }
        // The line is truncated, not the owner.
        assert!(read("5 3-MAR-2001 [STAFF,AN").is_none());
    }

    #[test]
    fn protection_may_have_labels() {
        assert_eq!(read("5 (S:RWED,O:RWE,G:RE,W:)").unwrap().mode, Some(0o750));
        assert!(read("5 (RWED,RWE,R").is_none());
        assert!(read("5 (S:RWED,X:R)").is_none());
    }

    #[test]
    fn identification_and_numeric_owner_are_columns() {
        assert_eq!(read("(1234,5,0) 5 3-MAR-2001 [A,B]").unwrap().size, Some(2560));
        assert_eq!(read("5 3-MAR-2001 %X00010004 (RWE,RWE,R,)").unwrap().owner, Some(&b"%X00010004"[..]));
        assert!(read("5 %XYZ").is_none());
    }

    #[test]
    fn time_may_have_am_or_pm() {
        let time = |text| read(text).unwrap().modified.unwrap().to_string();

        assert_eq!(time("5 3-MAR-2001 09:15:30 PM [A]"), "2001-03-03T21:15:30");
        assert_eq!(time("5 3-MAR-2001 12:15:30 PM [A]"), "2001-03-03T12:15:30");
        assert_eq!(time("5 3-MAR-2001 09:15:30 AM [A]"), "2001-03-03T09:15:30");
    }

    #[test]
    fn unknown_column_invalidates_the_line() {
        for text in [
            "5 6",
            "5/6/7",
            "x",
            "5 3-MAR-2001 3-MAR-2001",
            "5 32-MAR-2001",
            "(RWX)",
            "5/",
            "-> ",
            "*5",
            "5/*x",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read("99999999999999999999").is_none());
        assert!(read("18446744073709551615").is_none());
    }
}
