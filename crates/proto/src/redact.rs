//! Redaction of passwords in URLs and in text that contains a URL.

use std::borrow::Cow;

/// Removes everything that may be a password from text that may hold a URL.
///
/// The text may be a URL, one that cannot be parsed, a flag with a URL as its value, or a message that quotes one.
/// Everything from the first colon after `://` (or after the start, where there is no scheme) to the last `@` is
/// removed. This may remove more than the password, but never less.
///
/// ```
/// use oxftp_proto::redact_password;
///
/// assert_eq!(redact_password("ftp://me:secret@example.org/x"), "ftp://me@example.org/x");
/// assert_eq!(redact_password("--proxy=socks5://me:p@ss:word@h"), "--proxy=socks5://me@h");
/// assert_eq!(redact_password("ftp://example.org/a:b"), "ftp://example.org/a:b");
/// ```
#[must_use]
pub fn redact_password(text: &str) -> String {
    // An `@` before `://` ends the login of a URL without a scheme.
    let scheme = text.find("://").filter(|at| text.get(..*at).is_some_and(|before| !before.contains('@')));
    let start = scheme.map_or(0, |at| at + 3);
    let (before, rest) = text.split_at(start);
    match rest.rfind('@').and_then(|end| rest.split_at_checked(end)) {
        Some((login, after)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{before}{user}{after}")
        }
        None => text.to_owned(),
    }
}

/// Removes what may be a password from each URL in a text, and leaves the rest as it is.
///
/// A URL ends at a blank or a quote, so a password that contains one is removed up to there.
///
/// ```
/// use oxftp_proto::redact_urls;
///
/// let text = "cannot open \"ftp://me:secret@example.org/x\": 12:30 by ann@work";
/// assert_eq!(redact_urls(text), "cannot open \"ftp://me@example.org/x\": 12:30 by ann@work");
/// ```
#[must_use]
pub fn redact_urls(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let is_end = |character: char| character.is_whitespace() || matches!(character, '"' | '\'' | '`');
    let words = text.split_inclusive(is_end).map(|word| match word.contains("://") {
        true => Cow::Owned(redact_password(word)),
        false => Cow::Borrowed(word),
    });
    Cow::Owned(words.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_all_urls_in_text_are_removed() {
        let text = "a:b@c 'ftp://u:one@h/x' to ftps://v:two@i, at 12:30@d";
        assert_eq!(redact_urls(text), "a:b@c 'ftp://u@h/x' to ftps://v@i, at 12:30@d");
        assert_eq!(redact_urls("no:url@here"), "no:url@here");
    }

    #[test]
    fn passwords_of_urls_are_removed() {
        for (text, expected) in [
            ("ftp://u:p@h/x", "ftp://u@h/x"),
            ("ftp://u:@h/x", "ftp://u@h/x"),
            ("ftp://:p@h/x", "ftp://@h/x"),
            ("ftp://u:p/w@h/x", "ftp://u@h/x"),
            ("ftp://u:p@w@h", "ftp://u@h"),
            ("ftp://u:p:q@[::1]:21/", "ftp://u@[::1]:21/"),
            ("http://u:p/w@h/x", "http://u@h/x"),
            ("ftp://u:p@/x", "ftp://u@/x"),
            ("ftp://u:p@h:99999/", "ftp://u@h:99999/"),
            ("--proxy=socks5://u:p:q@h", "--proxy=socks5://u@h"),
            ("me:secret@h/x", "me@h/x"),
            ("ftp://é:ü@h", "ftp://é@h"),
            ("me:secret@h/a://b", "me@h/a://b"),
        ] {
            assert_eq!(redact_password(text), expected);
        }
    }

    #[test]
    fn password_is_removed_from_a_message() {
        let message = "invalid value 'ftp://u:p@h:x' for '--proxy <URL>'";
        assert_eq!(redact_password(message), "invalid value 'ftp://u@h:x' for '--proxy <URL>'");
        let two = redact_password("from ftp://a:one@h to ftp://b:two@i");
        assert!(!two.contains("one") && !two.contains("two"), "{two}");
    }

    #[test]
    fn text_without_a_login_is_unchanged() {
        for text in
            ["", "h/x", "ftp://h/a:b", "ftp://u@h/x", "u@h", "ftp://[::g]/", "a:b", "@work", "x@y://z"]
        {
            assert_eq!(redact_password(text), text);
        }
    }
}
