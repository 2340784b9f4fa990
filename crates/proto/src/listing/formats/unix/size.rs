//! Sizes: the last column before the date.
//!
//! Besides plain numbers, there are the sizes of `ls -h`, sizes in groups of three digits, and the two
//! numbers of a device, which are not a size.

use crate::{EntryKind, listing::fields::text};

/// Takes the size off the end. An unknown size, and the two numbers of a device, are removed too.
pub(super) fn trailing(columns: &[u8], kind: EntryKind) -> (&[u8], Option<u64>) {
    let (rest, last) = text::last_word(columns);
    match last.first() {
        Some(b'0'..=b'9') => {}
        Some(b'?' | b'-' | b'*' | b'<') if is_unknown(last) => return (rest, None),
        _ => return before_unit(rest, last).map_or((columns, None), |(rest, size)| (rest, Some(size))),
    }
    if let Some(before) = before_device(rest, last, kind) {
        return (before, None);
    }
    match text::number(last).or_else(|| read(last)).or_else(|| hexadecimal(last)) {
        Some(size) => (rest, Some(size)),
        None if last.iter().all(u8::is_ascii_digit) => (rest, None),
        None => (columns, None),
    }
}

/// Returns whether a word may be a size, its unit, or the end of a group that touches it.
pub(super) fn is_like(word: &[u8]) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    is_digit(word.last())
        || is_digit(word.first())
        || word.len() <= LONGEST_UNIT && (is_unknown(word) || unit(word).is_some())
}

/// Parses `1048576`, `1,048,576`, `4.0K` or `512B`; units are powers of 1024.
pub(super) fn read(word: &[u8]) -> Option<u64> {
    if let Some(number) = text::number(word) {
        return Some(number);
    }
    let end = word.iter().position(u8::is_ascii_alphabetic).unwrap_or(word.len());
    match word.split_at_checked(end)? {
        (number, []) => text::size(number),
        (number, letters) => scaled(number, unit(letters)?),
    }
}

/// `0x1F40`
fn hexadecimal(word: &[u8]) -> Option<u64> {
    let digits = word.strip_prefix(b"0x").filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// `1.2 MB`
fn before_unit<'l>(columns: &'l [u8], word: &[u8]) -> Option<(&'l [u8], u64)> {
    let unit = unit(word)?;
    let (rest, number) = text::last_word(columns);
    Some((rest, scaled(number, unit)?))
}

/// Units of sizes.
fn unit(letters: &[u8]) -> Option<u64> {
    let letters = match letters {
        b"bytes" | b"Bytes" | b"byte" | b"B" | b"b" => return Some(1),
        [prefix, b'B' | b'b'] | [prefix, b'i', b'B'] | [prefix, b'i'] | [prefix] => prefix,
        _ => return None,
    };
    match letters.to_ascii_uppercase() {
        b'K' => Some(1 << 10),
        b'M' => Some(1 << 20),
        b'G' => Some(1 << 30),
        b'T' => Some(1 << 40),
        b'P' => Some(1 << 50),
        b'E' => Some(1 << 60),
        _ => None,
    }
}

/// Multiplies a number with a fraction, rounded to a byte.
fn scaled(number: &[u8], unit: u64) -> Option<u64> {
    let dot = number.iter().position(|byte| matches!(byte, b'.' | b','));
    let (whole, fraction) = number.split_at_checked(dot.unwrap_or(number.len()))?;
    let whole = text::number(whole)?.checked_mul(unit)?;
    let Some((_, digits)) = fraction.split_first() else { return Some(whole) };
    let (parts, []) = text::digits(digits, 9)? else { return None };
    let of = 10_u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let rounded = (u128::from(parts) * u128::from(unit) + u128::from(of / 2)) / u128::from(of);
    whole.checked_add(u64::try_from(rounded).ok()?)
}

/// Finds the two numbers of a device, `1, 3`, `1,3` or, on HP-UX, `1 0x000003`, and returns the text before
/// them.
fn before_device<'l>(rest: &'l [u8], last: &[u8], kind: EntryKind) -> Option<&'l [u8]> {
    let is_number = |word: &[u8]| text::number(word).is_some();
    let (before, major) = text::last_word(rest);
    let is_minor = last.starts_with(b"0x") && kind == EntryKind::Special;
    if major.strip_suffix(b",").is_some_and(is_number) || is_minor && is_number(major) {
        return Some(before);
    }
    let comma = memchr::memchr(b',', last)?;
    let (major, minor) = last.split_at_checked(comma)?;
    let is_device = kind == EntryKind::Special || minor.len() != 4;
    (is_device && is_number(major) && minor.split_first().is_some_and(|(_, minor)| is_number(minor)))
        .then_some(rest)
}

/// Returns whether a word marks a size that is unknown, or too large for the server.
fn is_unknown(word: &[u8]) -> bool {
    match word {
        b"?" | b"-" | b"<DIR>" => true,
        [b'-', digits @ ..] => text::number(digits).is_some(),
        [b'*', stars @ ..] => stars.iter().all(|&byte| byte == b'*'),
        _ => false,
    }
}

/// `bytes`, or `<DIR>`
const LONGEST_UNIT: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_may_have_units_and_fractions() {
        for (word, size) in [
            ("0", 0),
            ("512B", 512),
            ("4.0K", 4096),
            ("1.3k", 1331),
            ("2,5M", 2_621_440),
            ("3GB", 3_221_225_472),
            ("1.5TiB", 1_649_267_441_664),
            ("2Ki", 2048),
            ("1E", 1 << 60),
            ("1,048,576", 1_048_576),
            ("1.048.576", 1_048_576),
            ("1'048", 1048),
        ] {
            assert_eq!(read(word.as_bytes()), Some(size), "{word}");
        }
        for word in
            ["", "K", "1.K", "1.2.3K", "1,04", "1.5", "1e3", "99999999999999999999", "99999999999G", "1,0000"]
        {
            assert_eq!(read(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn size_is_taken_from_the_end() {
        let read = |columns: &'static str, kind| {
            let (rest, size) = trailing(columns.as_bytes(), kind);
            (std::str::from_utf8(rest).unwrap().trim_end(), size)
        };
        let (file, device) = (EntryKind::File, EntryKind::Special);

        assert_eq!(read("o g 77 ", file), ("o g", Some(77)));
        assert_eq!(read("o g 1.5 MB", file), ("o g", Some(1_572_864)));
        assert_eq!(read("o g 0x1F40", file), ("o g", Some(8000)));
        assert_eq!(read("o 101 0x1f40", file), ("o 101", Some(8000)));
        assert_eq!(read("o g 123,456", file), ("o g", Some(123_456)));
        assert_eq!(read("o g 99999999999999999999", file), ("o g", None));
        assert_eq!(read("o g -2147483648", file), ("o g", None));
        assert_eq!(read("o g ?", file), ("o g", None));
        assert_eq!(read("o g *****", file), ("o g", None));
        assert_eq!(read("o g <DIR>", file), ("o g", None));
        assert_eq!(read("o g", file), ("o g", None));
        assert_eq!(read("o 3com", file), ("o 3com", None));
        assert_eq!(read("o g 0", device), ("o g", Some(0)));
        for numbers in ["o g 1, 3", "o g 1,   3", "o g 1,3", "o g 123,456", "o g 23 0x010000"] {
            assert_eq!(read(numbers, device), ("o g", None), "{numbers}");
        }
    }
}
