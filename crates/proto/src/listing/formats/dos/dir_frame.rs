//! Lines that the `dir` of Windows prints above and below the files.
//!
//! ```text
//!  Volume in drive C has no label.
//!  Directory of C:\pub
//!                3 File(s)          1,234 bytes
//! ```

use crate::listing::{fields::text, parsed_line::ParsedLine};

/// Reads a line that describes no file.
pub(super) fn read<'l>(line: &[u8]) -> Option<ParsedLine<'l>> {
    let indented = line.strip_prefix(b" ")?;
    (is_header(indented) || is_footer(text::skip_blanks(indented))).then_some(ParsedLine::NoEntry)
}

fn is_header(text: &[u8]) -> bool {
    // The accents are in the code page of the server.
    STARTS.iter().any(|start| text.starts_with(start.as_bytes()))
        || text.starts_with(b"R") && memchr::memmem::find(text, b"pertoire de ").is_some()
        || names_drive(text)
        || ends_with_serial_number(text)
}

/// Returns whether a path such as `C:\pub` is in the text, in any language. No name contains a colon.
fn names_drive(text: &[u8]) -> bool {
    let is_drive = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        matches!(before, [b'A'..=b'Z'] | [.., b' ', b'A'..=b'Z'])
    };
    memchr::memmem::find_iter(text, b":\\").any(is_drive)
}

/// `12AB-34CD` after the words for it.
fn ends_with_serial_number(text: &[u8]) -> bool {
    let (before, word) = text::last_word(text);
    let is_half = |half: &[u8]| half.len() == 4 && half.iter().all(u8::is_ascii_hexdigit);
    let mut halves = word.split(|&byte| byte == b'-');
    !before.is_empty()
        && !before.first().is_none_or(u8::is_ascii_digit)
        && halves.next().zip(halves.next()).is_some_and(|(one, other)| is_half(one) && is_half(other))
        && halves.next().is_none()
}

/// `3 File(s)   1,234 bytes`, `2 Datei(en), 1.234 Bytes` or `2 dirs  5.678 bytes libres`.
fn is_footer(text: &[u8]) -> bool {
    if FOOTERS.iter().any(|footer| text.starts_with(footer.as_bytes())) {
        return true;
    }
    let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let mut next = || words.next().unwrap_or_default();
    let (count, what, bytes, unit) = (next(), next(), next(), next());
    let counts = |number: &[u8]| number.first().is_some_and(u8::is_ascii_digit) && !number.contains(&b'-');
    let plural = what.contains(&b'(') || matches!(what, b"archivos" | b"dirs");
    counts(count) && plural && counts(bytes) && unit.first().is_some_and(u8::is_ascii_alphabetic)
}

/// English, German, French, Spanish and Italian.
const STARTS: [&str; 14] = [
    "Volume in drive ",
    "Volume Serial Number is ",
    "Directory of ",
    "Datentr",
    "Volume in Laufwerk ",
    "Volumeseriennummer",
    "Verzeichnis von ",
    "Le volume dans le lecteur ",
    "Le num",
    "El volumen de la unidad ",
    "Directorio de ",
    "Il volume nell'unit",
    "Numero di serie del volume",
    "Directory di ",
];

const FOOTERS: [&str; 3] = ["Total Files Listed:", "Anzahl der angezeigten Dateien:", "Total de archivos"];

#[cfg(test)]
mod tests {
    use crate::listing::{formats::Format, testing::try_read};

    #[test]
    fn headers_and_footers_are_no_entries() {
        for line in [
            " Volume in drive D is work",
            " Volume Serial Number is 12AB-34CD",
            " Directory of D:\\work\\new",
            " Datentr\u{e4}ger in Laufwerk D: ist work",
            " Verzeichnis von D:\\work",
            " R\u{e9}pertoire de D:\\work",
            "               3 File(s)          1,234 bytes",
            "               2 Dir(s)   5,678,901 bytes free",
            "               3 Datei(en),          1.234 Bytes",
            "               2 Verzeichnis(se),  5.678.901 Bytes frei",
            "               2 dirs      5.678 bytes libres",
            "     Total Files Listed:",
        ] {
            assert!(try_read(Format::Dos, line).unwrap_err().is_no_entry(), "{line}");
        }
        for line in ["Directory of x", " 3 files", " Notes of 3 File(s)"] {
            assert!(!try_read(Format::Dos, line).unwrap_err().is_no_entry(), "{line}");
        }
    }
}
