//! Names of months.
//!
//! English names are recognized directly. The names in other languages are in [`names`], and [`table`] finds
//! their bytes in the encodings that servers use.

mod charsets;
mod names;
mod table;

use super::text;

/// Takes a month off the front: at least the first three letters of its name, optionally with a dot or comma,
/// in any case, language and encoding that is known.
pub(in crate::listing) fn leading(text: &[u8]) -> Option<(u8, &[u8])> {
    let (word, rest) = text::word(text);
    leading_english(text).or_else(|| Some((of_name(word)?, rest)))
}

/// Takes the three letters of an English month off the front, the form that `ls` prints most.
pub(in crate::listing) fn leading_english(text: &[u8]) -> Option<(u8, &[u8])> {
    let [a, b, c, after @ ..] = text else { return None };
    let (month, _) = by_start([a | 0x20, b | 0x20, c | 0x20])?;
    text::ends_word(after).then_some((month, after))
}

/// Returns the month with this name or abbreviation; dots and commas at its end are ignored.
pub(in crate::listing) fn of_name(word: &[u8]) -> Option<u8> {
    let mut name = word;
    while let [rest @ .., b'.' | b','] = name {
        name = rest;
    }
    if let Some((start, letters)) = name.split_first_chunk::<3>()
        && let Some((month, tail)) = by_start(start.map(|letter| letter | 0x20))
        && tail.as_bytes().get(..letters.len()).is_some_and(|tail| tail.eq_ignore_ascii_case(letters))
    {
        return Some(month);
    }
    table::find(name)
}

/// Returns the English month with these first letters, and the rest of its name.
fn by_start(start: [u8; 3]) -> Option<(u8, &'static str)> {
    Some(match &start {
        b"jan" => (1, "uary"),
        b"feb" => (2, "ruary"),
        b"mar" => (3, "ch"),
        b"apr" => (4, "il"),
        b"may" => (5, ""),
        b"jun" => (6, "e"),
        b"jul" => (7, "y"),
        b"aug" => (8, "ust"),
        b"sep" => (9, "tember"),
        b"oct" => (10, "ober"),
        b"nov" => (11, "ember"),
        b"dec" => (12, "ember"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "encodings")]
    use encoding_rs::{
        BIG5, EUC_KR, GBK, IBM866, ISO_8859_2, KOI8_R, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    };

    use super::*;

    #[test]
    fn english_months_need_three_letters() {
        for (text, month) in [("Jan 1", 1), ("sept. 2", 9), ("MAY", 5), ("December\t3", 12), ("jun.", 6)] {
            assert_eq!(leading(text.as_bytes()).map(|(month, _)| month), Some(month), "{text}");
        }
        for text in ["", "Ma", "Marsh 3", "Jan1", "Mayor", "Foo 1", "janitor 2", "12 1"] {
            assert_eq!(leading(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn foreign_month_names_match_in_any_case() {
        for (name, month) in [
            ("Mrz", 3),
            ("mär", 3),
            ("MÄRZ", 3),
            ("Dez.", 12),
            ("Juli,", 7),
            ("févr.", 2),
            ("AOÛT", 8),
            ("giu", 6),
            ("Settembre", 9),
            ("ene", 1),
            ("março", 3),
            ("mei", 5),
            ("okt", 10),
            ("touko", 5),
            ("paź", 10),
            ("října", 10),
            ("říj", 10),
            ("szept.", 9),
            ("Янв", 1),
            ("ФЕВРАЛЯ", 2),
            ("лип", 7),
            ("Μαΐ", 5),
            ("Ιουλ", 7),
            ("Ağu", 8),
            ("dets", 12),
            ("jūn.", 6),
            ("urt", 1),
            ("desembre", 12),
            ("xan", 1),
            ("十一月", 11),
        ] {
            assert_eq!(of_name(name.as_bytes()), Some(month), "{name}");
        }
        for name in ["ann", "staff", "ftp", "j", "ju", "root", "müller"] {
            assert_eq!(of_name(name.as_bytes()), None, "{name}");
        }
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn foreign_month_names_match_in_server_encodings() {
        for (name, encoding, month) in [
            ("Mär", WINDOWS_1252, 3),
            ("fév", WINDOWS_1252, 2),
            ("ZÁŘ", ISO_8859_2, 9),
            ("Окт", KOI8_R, 10),
            ("июня", WINDOWS_1251, 6),
            ("ИЮЛ", IBM866, 7),
            ("Φεβ", WINDOWS_1253, 2),
            ("四月", GBK, 4),
            ("四月", BIG5, 4),
            ("四月", SHIFT_JIS, 4),
            ("四月", EUC_KR, 4),
        ] {
            assert_eq!(of_name(&encoding.encode(name).0), Some(month), "{name} in {}", encoding.name());
        }
        assert_eq!(of_name(b"M\x84r"), Some(3), "code page 850");
        assert_eq!(of_name(b"\xac\xb7n"), None, "no month in code page 852");
        assert_eq!(of_name(b"\xfd\xa1j"), Some(10), "code page 852");
    }

    #[test]
    fn month_names_match_without_accents() {
        assert_eq!(of_name(b"M\xc3\xa4"), Some(3), "cut to three bytes");
        assert_eq!(of_name("dÃ©c".as_bytes()), Some(12), "turned to UTF-8 twice");
        assert_eq!(of_name(b"d?c"), Some(12), "no such letter there");
        assert_eq!(of_name(b"aout"), Some(8), "written without accents");
    }
}
