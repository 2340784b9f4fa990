//! Escaping of text that is shown on a terminal.

use std::{borrow::Cow, fmt};

/// Escapes the characters that could control a terminal or disguise text.
///
/// These are control characters (C0, DEL and C1, so line breaks and escape sequences too), marks that change the
/// direction of text, line and paragraph separators, and characters without a width that make two names look alike.
/// Everything else, such as letters of any script, quotes and backslashes, is returned as it is.
///
/// ```
/// assert_eq!(oxftp_proto::escape("a\u{1b}[2J\u{202e}b\r\n"), "a\\u{1b}[2J\\u{202e}b\\u{d}\\u{a}");
/// assert_eq!(oxftp_proto::escape("日本語 é 'x'"), "日本語 é 'x'");
/// ```
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    // Writing to a String cannot fail.
    let _ = write_escaped(&mut escaped, text);
    Cow::Owned(escaped)
}

/// Writes text as [`escape`] returns it.
pub(crate) fn write_escaped(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return f.write_str(text);
    }
    for character in text.chars() {
        if is_dangerous(character) {
            write!(f, "{}", character.escape_unicode())?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

fn is_dangerous(character: char) -> bool {
    character.is_control()
        || is_direction_mark(character)
        || is_separator(character)
        || is_invisible(character)
}

fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Line and paragraph separators, which some terminals and editors show as line breaks.
fn is_separator(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Zero-width characters. The joiners U+200C and U+200D are left out: Persian and emoji need them.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_escaped() {
        for control in (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32) {
            assert_eq!(escape(&control.to_string()), format!("\\u{{{:x}}}", u32::from(control)));
        }
    }

    #[test]
    fn direction_marks_and_invisible_characters_are_escaped() {
        let marks =
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        for mark in marks.chars().chain("\u{2028}\u{2029}\u{200b}\u{2060}\u{2064}\u{feff}".chars()) {
            assert_eq!(escape(&mark.to_string()), format!("\\u{{{:x}}}", u32::from(mark)));
        }
    }

    #[test]
    fn readable_text_is_borrowed_unchanged() {
        for text in
            ["", "a/b c", "it's \"quoted\" \\ back", "日本語", "e\u{301}", "👩\u{200d}💻", "می\u{200c}خواهم"]
        {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }
}
