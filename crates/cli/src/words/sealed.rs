//! Words as one text, for a variable of the environment.

use std::ffi::OsString;

use base64::{Engine, prelude::BASE64_STANDARD};

/// Writes words, each of which may be any bytes, as one text.
pub(super) fn seal(words: &[OsString]) -> String {
    let words = words.iter().map(|word| BASE64_STANDARD.encode(word.as_encoded_bytes()));
    words.collect::<Vec<_>>().join(" ")
}

/// Reads such a text; `None` when it is none.
pub(super) fn open(sealed: &str) -> Option<Vec<OsString>> {
    sealed.split(' ').map(|word| BASE64_STANDARD.decode(word).ok().and_then(word_of)).collect()
}

#[cfg(unix)]
fn word_of(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn word_of(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_seal() {
        let words = ["", "a b", "é", "\n"].map(OsString::from);
        assert_eq!(open(&seal(&words)).as_deref(), Some(&words[..]));
        assert_eq!(open("no seal!"), None);
    }
}
