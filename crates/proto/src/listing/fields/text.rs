//! Small parsers for text in columns.
//!
//! Each takes its part off the front and returns the rest.

/// Takes at most `most` digits (no more than nine) off the front. `None` when there is no digit, or one too
/// many.
pub(in crate::listing) fn digits(text: &[u8], most: usize) -> Option<(u32, &[u8])> {
    let mut number = 0;
    let mut rest = text;
    while let Some((digit, tail)) = rest.split_first().filter(|(byte, _)| byte.is_ascii_digit()) {
        if text.len() - rest.len() == most {
            return None;
        }
        number = push_digit(number, digit);
        rest = tail;
    }
    (rest.len() < text.len()).then_some((number, rest))
}

/// Parses a text that consists of digits only.
pub(in crate::listing) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Parses a size in bytes: `1048576`, `1,048,576`, `1.048.576` or `1'048'576`.
pub(in crate::listing) fn size(word: &[u8]) -> Option<u64> {
    if let Some(number) = number(word) {
        return Some(number);
    }
    let &separator = word.iter().find(|byte| matches!(byte, b',' | b'.' | b'\''))?;
    let mut groups = word.split(|&byte| byte == separator);
    let first = groups.next().filter(|first| first.len() <= 3)?;
    groups.try_fold(number(first)?, |sum, group| {
        let group = number(group).filter(|_| group.len() == 3)?;
        sum.checked_mul(1000)?.checked_add(group)
    })
}

/// Removes the blanks at the front.
pub(in crate::listing) fn skip_blanks(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|&&byte| is_blank(byte)).count();
    text.get(length..).unwrap_or_default()
}

/// Removes the blanks at the end.
pub(in crate::listing) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Takes the first word off; it ends at a blank.
pub(in crate::listing) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().position(|&byte| is_blank(byte)).unwrap_or(text.len());
    text.split_at_checked(length).unwrap_or((text, &[]))
}

/// Takes the next word off, and the blanks before it. The word is empty at the end.
pub(in crate::listing) fn next_word(text: &[u8]) -> (&[u8], &[u8]) {
    word(skip_blanks(text))
}

/// Splits a text that has exactly `N` words.
pub(in crate::listing) fn words<const N: usize>(text: &[u8]) -> Option<[&[u8]; N]> {
    let mut rest = text.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty());
    let mut words = [&[][..]; N];
    for word in &mut words {
        *word = rest.next()?;
    }
    rest.next().is_none().then_some(words)
}

/// Takes the last word off, and returns the text before it and the word.
pub(in crate::listing) fn last_word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = trim_end(text);
    let start = text.iter().rposition(|&byte| is_blank(byte)).map_or(0, |blank| blank + 1);
    text.split_at_checked(start).unwrap_or((&[], text))
}

/// Takes one blank or more off the front.
pub(in crate::listing) fn blanks(text: &[u8]) -> Option<&[u8]> {
    let rest = skip_blanks(text);
    (rest.len() < text.len()).then_some(rest)
}

/// Returns whether a word ends here.
pub(in crate::listing) fn ends_word(text: &[u8]) -> bool {
    text.first().is_none_or(|&byte| is_blank(byte))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn push_digit(sum: u32, byte: &u8) -> u32 {
    sum * 10 + u32::from(byte - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_overflow_are_refused() {
        assert_eq!(digits(b"2021 x", 4), Some((2021, &b" x"[..])));
        assert_eq!(digits(b"20210", 4), None);
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b""), None);
    }

    #[test]
    fn words_are_taken_from_both_ends() {
        assert_eq!(word(b"one two"), (&b"one"[..], &b" two"[..]));
        assert_eq!(last_word(b"one two  "), (&b"one "[..], &b"two"[..]));
        assert_eq!(last_word(b""), (&b""[..], &b""[..]));
        assert_eq!(next_word(b"  one two"), (&b"one"[..], &b" two"[..]));
        assert_eq!(next_word(b" "), (&b""[..], &b""[..]));
    }

    #[test]
    fn words_are_counted() {
        assert_eq!(words(b" one\t two "), Some([&b"one"[..], &b"two"[..]]));
        assert_eq!(words::<2>(b"one"), None);
        assert_eq!(words::<2>(b"one two three"), None);
    }
}
