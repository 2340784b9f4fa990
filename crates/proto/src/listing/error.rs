//! Errors of parsing a listing.

use std::borrow::Cow;

#[cfg(feature = "encodings")]
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, ISO_8859_5, ISO_8859_7, KOI8_R, SHIFT_JIS, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1257,
};

use crate::escape::write_escaped;

/// A line of a listing, or a part of one, could not be read.
///
/// Texts from the server are escaped and cut to their first 120 bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// The line is part of a normal listing, but describes no file: it is blank, `total 12`, or the header of
    /// a directory.
    #[error("the listing line \"{line}\" is not an entry")]
    NoEntry {
        /// The line.
        line: String,
    },
    /// The line has none of the known formats.
    #[error("the listing line \"{line}\" cannot be parsed: {why}")]
    NotUnderstood {
        /// The line.
        line: String,
        /// The part that is missing in the line.
        why: Cow<'static, str>,
    },
    /// The text is not a date as `LIST` shows it.
    #[error("\"{text}\" is not a date of a listing")]
    NoDate {
        /// The text in place of the date.
        text: String,
    },
    /// The text is not a mode such as `rwxr-xr-x`.
    #[error("\"{text}\" is not a mode of nine letters")]
    NoMode {
        /// The text in place of the mode.
        text: String,
    },
}

impl ListingError {
    /// Creates the error for a line that describes no file.
    #[must_use]
    pub fn no_entry(line: &[u8]) -> Self {
        Self::NoEntry { line: excerpt(line) }
    }

    /// Creates the error for a line of no known format.
    #[must_use]
    pub fn not_understood(line: &[u8], why: impl Into<Cow<'static, str>>) -> Self {
        Self::NotUnderstood { line: excerpt(line), why: why.into() }
    }

    /// Returns whether the line is valid and merely describes no file.
    #[must_use]
    pub fn is_no_entry(&self) -> bool {
        matches!(self, Self::NoEntry { .. })
    }

    /// Creates the error for a line that a format could not read.
    pub(super) fn of_line(line: &[u8], why: Reason) -> Self {
        if is_no_entry(line) { Self::no_entry(line) } else { Self::not_understood(line, why) }
    }

    pub(super) fn no_date(text: &[u8]) -> Self {
        Self::NoDate { text: excerpt(text) }
    }

    pub(super) fn no_mode(text: &[u8]) -> Self {
        Self::NoMode { text: excerpt(text) }
    }
}

/// The reason why a format cannot read a line.
pub(super) type Reason = &'static str;

/// Returns whether a line that no format can read is still part of a normal listing.
pub(super) fn is_no_entry(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || is_total(line) || is_header(line) || is_count(line) || names_columns(line)
}

/// `3 File(s)`, `3 file(s), 1 dir(s)`, `3 files, 1 dir, 2048 bytes free` or `2048 bytes free`. Another count without `(s)` may
/// be a name.
fn is_count(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).peekable();
    let is_number =
        |word: &[u8]| word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    let is_noun = |word: &[u8]| COUNTED.iter().any(|noun| word.eq_ignore_ascii_case(noun.as_bytes()));
    let (mut counts, mut has_plural, mut is_free) = (0, false, false);
    while let Some(number) = words.next() {
        let noun = words.next().map(|noun| noun.strip_suffix(b",").unwrap_or(noun)).unwrap_or_default();
        let is_plural = noun.ends_with(b"(s)");
        if !is_number(number) || !is_plural && !is_noun(noun) {
            return false;
        }
        let is_bytes = noun.eq_ignore_ascii_case(b"bytes");
        is_free |= words.next_if(|word| is_bytes && word.eq_ignore_ascii_case(b"free")).is_some();
        counts += 1;
        has_plural |= is_plural;
    }
    has_plural || is_free || counts > 1
}

/// What a line at the end of a listing counts.
const COUNTED: [&str; 9] =
    ["file", "files", "dir", "dirs", "directory", "directories", "folder", "folders", "bytes"];

/// The names of columns, such as `Mode Owner Size Date Name`, or the line below them. Lines that describe files have digits.
fn names_columns(line: &[u8]) -> bool {
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let has = |name: &str| words.clone().any(|word| word.eq_ignore_ascii_case(name.as_bytes()));
    let is_rule = |word: &[u8]| word.iter().all(|byte| matches!(byte, b'-' | b'='));
    let has_names = has("name") && has("size") && !line.iter().any(u8::is_ascii_digit);
    has_names || words.clone().count() > FEWEST_COLUMNS && words.all(is_rule)
}

/// `total 12` or `Total of 3 files`, also `insgesamt 12` and the like.
fn is_total(line: &[u8]) -> bool {
    let Some((word, rest)) = line.split_at_checked(TOTAL.len()) else { return false };
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let is_english = word.eq_ignore_ascii_case(TOTAL)
        && match rest {
            [] | [b' ', b'o', b'f', b' ', ..] => true,
            [b' ' | b'\t', ..] => rest.trim_ascii().first().is_some_and(u8::is_ascii_digit),
            _ => false,
        };
    is_english || is_foreign_total(line)
}

/// A word for *total* in another language, and a number after it.
fn is_foreign_total(line: &[u8]) -> bool {
    let Some(blank) = memchr::memrchr2(b' ', b'\t', line) else { return false };
    let Some((words, number)) = line.split_at_checked(blank) else { return false };
    let words = words.trim_ascii_end();
    let words = words.strip_suffix(b":").unwrap_or(words).trim_ascii_end();
    let number = number.trim_ascii();
    let is_number = number.first().is_some_and(u8::is_ascii_digit)
        && number.iter().all(|byte| byte.is_ascii_digit() || b".,KMGTkmgtiB".contains(byte));
    if !is_number || words.len() > LONGEST_FOREIGN_TOTAL {
        return false;
    }
    let is_known = |text: &str| FOREIGN_TOTALS.contains(&&*text.to_lowercase());
    match std::str::from_utf8(words) {
        Ok(text) => is_known(text),
        #[cfg(feature = "encodings")]
        Err(_) => ENCODINGS.iter().any(|encoding| {
            encoding
                .decode_without_bom_handling_and_without_replacement(words)
                .is_some_and(|text| is_known(&text))
        }),
        #[cfg(not(feature = "encodings"))]
        Err(_) => false,
    }
}

/// `./sub dir:` or `sub:`, which `LIST -R` prints above each directory.
fn is_header(line: &[u8]) -> bool {
    let Some(path) = line.strip_suffix(b":") else { return false };
    path.starts_with(b".") || path.starts_with(b"/") || !(path.is_empty() || path.contains(&b' '))
}

fn excerpt(text: &[u8]) -> String {
    let shown = text.get(..SHOWN).unwrap_or(text);
    let mut excerpt = String::with_capacity(shown.len());
    // Writing to a String never fails.
    let _ = write_escaped(&mut excerpt, &String::from_utf8_lossy(shown));
    if shown.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

const TOTAL: &[u8] = b"total";

/// The words that GNU `ls` prints for `total`. Languages that write it as in English are left out.
#[rustfmt::skip]
const FOREIGN_TOTALS: [&str; 43] = [
    "insgesamt", "gesamt", "summe", "totale", "totaal", "totalt", "i alt", "ialt", "yhteensä", "alls",
    "samtals", "razem", "łącznie", "celkem", "celkom", "spolu", "skupaj", "skupno", "ukupno", "összesen", "suma",
    "toplam", "kokku", "kopā", "viso", "iš viso", "guztira", "iomlán", "tổng", "tổng cộng", "итого", "всего",
    "загалом", "усього", "разам", "общо", "укупно", "σύνολο", "總計", "总用量", "总计", "合計", "합계",
];

/// Encodings of these words, besides UTF-8.
#[cfg(feature = "encodings")]
const ENCODINGS: [&Encoding; 12] = [
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
    KOI8_R,
    ISO_8859_5,
    ISO_8859_7,
    WINDOWS_1257,
    GBK,
    BIG5,
    SHIFT_JIS,
    EUC_JP,
    EUC_KR,
];

/// Bytes of the longest of these words, with a margin.
const LONGEST_FOREIGN_TOTAL: usize = 24;
const SHOWN: usize = 120;
/// A line of fewer words may be a name of dashes.
const FEWEST_COLUMNS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_blank_lines_and_headers_are_no_entries() {
        for line in [
            "",
            "  \t",
            "total 12",
            "Total: 3",
            "total",
            "Total of 3 files",
            "./sub dir:",
            "/a b:",
            "a:",
            "  2,048 bytes free",
        ] {
            assert!(is_no_entry(line.as_bytes()), "{line:?}");
        }
        for line in ["totally.txt", ":", "readme", "total1", "total recall", "-rw- what:"] {
            assert!(!is_no_entry(line.as_bytes()), "{line:?}");
        }
    }

    #[test]
    fn counts_and_columns_are_no_entries() {
        for line in [
            "     3 File(s)",
            "2 file(s), 1 dir(s)",
            "1,234 file(s)",
            "       5 files, 3 dirs, 1234 bytes free",
            "Permissions  Owner  Group  Size Date  Name",
            "---------- - ------ ---- ---------- ------------ ----",
        ] {
            assert!(is_no_entry(line.as_bytes()), "{line:?}");
        }
        for line in ["3 files", "size name2", "Name of Size 3", "---", "-- - notes", "file(s)", "3 4 file(s)"]
        {
            assert!(!is_no_entry(line.as_bytes()), "{line:?}");
        }
    }

    #[test]
    fn total_in_other_languages_is_recognized() {
        for line in
            ["insgesamt 12", "Totale 12", "i alt 12", "итого 12", "ИТОГО: 1,5M", "总用量 12", "合計 4.0K"]
        {
            assert!(is_no_entry(line.as_bytes()), "{line}");
        }
        #[cfg(feature = "encodings")]
        for (word, encoding) in [
            ("yhteensä", WINDOWS_1252),
            ("łącznie", WINDOWS_1250),
            ("итого", KOI8_R),
            ("всего", WINDOWS_1251),
            ("总用量", GBK),
            ("總計", BIG5),
            ("合計", SHIFT_JIS),
            ("合計", EUC_JP),
            ("합계", EUC_KR),
        ] {
            let line = [&encoding.encode(word).0, &b" 12"[..]].concat();
            assert!(is_no_entry(&line), "{word} in {}", encoding.name());
        }
        for line in ["summe", "insgesamt viel", "gesamt.txt 12", "file 12", "12 12", "итого12"] {
            assert!(!is_no_entry(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn error_message_shows_line_escaped_and_cut() {
        let line = [&b"\x1b[2J"[..], &[b'x'; 500]].concat();
        let message = ListingError::of_line(&line, "no mode at its start").to_string();

        assert!(message.starts_with("the listing line \"\\u{1b}[2Jxxx"), "{message}");
        assert!(message.ends_with("xxx…\" cannot be parsed: no mode at its start"), "{message}");
        assert!(message.len() < 220);
    }
}
