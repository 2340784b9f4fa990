//! Lines that describe load modules.
//!
//! ```text
//!  Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode
//!  PAYROLL   01C3A8   00A71C          00 FO             RN RU            31    ANY
//! ```
//!
//! The size is in bytes, in hexadecimal digits. An alias of a module is listed as a file, because it can be
//! retrieved too.

use super::file;
use crate::{
    entry::Columns,
    listing::fields::text::{self, last_word, next_word},
};

pub(super) fn read(line: &[u8]) -> Option<Columns<'_>> {
    let (name, rest) = next_word(line);
    let (size, rest) = next_word(rest);
    let (place, rest) = next_word(rest);
    let (rest, residence) = last_word(rest);
    let (mut rest, addressing) = last_word(rest);
    if !is_hexadecimal(place) || !is_mode(residence) || !is_mode(addressing) {
        return None;
    }
    loop {
        let (before, word) = last_word(rest);
        if is_code(word) {
            // The rest is the name of another module, or nothing.
            text::words::<0>(before).map(|_| ()).or_else(|| text::words::<1>(before).map(|_| ()))?;
            return Some(Columns { size: Some(hexadecimal(size)?), rounded: true, ..file(name) });
        }
        if !is_attribute(word) {
            return None;
        }
        rest = before;
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hexadecimal(digits))?;
    u64::from_str_radix(digits, 16).ok()
}

fn is_hexadecimal(word: &[u8]) -> bool {
    (6..=8).contains(&word.len())
        && word.iter().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(byte))
}

/// `24`, `31`, `64` or `ANY`
fn is_mode(word: &[u8]) -> bool {
    matches!(word, b"ANY" | b"MIN") || (word.len() == 2 && text::number(word).is_some())
}

/// The authorization code, `00` or `01`.
fn is_code(word: &[u8]) -> bool {
    word.len() <= 3 && text::number(word).is_some()
}

/// `FO`, `RN`, `RU`, `OL`
fn is_attribute(word: &[u8]) -> bool {
    (1..=4).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use crate::listing::{formats::Format, testing};

    #[test]
    fn the_size_is_hexadecimal() {
        for line in [
            " PAYROLL   01C3A8   00A71C          00 FO             RN RU            31    ANY",
            " PAYROLL   0001C3A8 00A71C PAYMENT  01 FO             RN RU            31    24",
            " PAYROLL   01C3A8   00A71C          00                                 64    ANY",
        ] {
            let entry = testing::read(Format::Mvs, line);
            assert_eq!((entry.name(), entry.size), (&b"PAYROLL"[..], Some(0x1C3A8)), "{line}");
            assert!(entry.is_file(), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            " PAYROLL   01C3A8   00A71C          FO             RN RU            31    ANY",
            " PAYROLL   01C3A8   00A71C          00 FO          RN ru            31    ANY",
            " PAYROLL   C3A8     00A71C          00 FO          RN RU            31    ANY",
            " PAYROLL   01C3A8   00A71C      A B 00 FO          RN RU            31    ANY",
            " PAYROLL   01C3A8   00A71C          00 FO          RN RU",
        ] {
            assert!(testing::try_read(Format::Mvs, line).is_err(), "{line}");
        }
    }
}
