//! Arguments of the command line, with passwords hidden from the process list.
//!
//! Every user of a machine can read the arguments of a process. If they contain a password, the program replaces itself
//! by a run without it, and passes the full arguments in an environment variable, which only the same user can read.

use std::{env, ffi::OsString};

use base64::{Engine, prelude::BASE64_STANDARD};
use oxftp::redact_password;

/// Returns the arguments that the user typed, the name of the program first.
pub(crate) fn read() -> Vec<OsString> {
    let words: Vec<OsString> = env::args_os().collect();
    let whole = env::var(VARIABLE).ok().and_then(|encoded| decode(&encoded));
    // Ignore a variable that an earlier run left in the environment.
    if let Some(whole) = whole.filter(|whole| *whole != words && redacted(whole) == words) {
        return whole;
    }
    let redacted = redacted(&words);
    if redacted != words {
        run_again(&words, &redacted);
    }
    words
}

/// Replaces this process. Returns only if that is impossible: then the password stays visible.
#[cfg(unix)]
fn run_again(words: &[OsString], redacted: &[OsString]) {
    use std::os::unix::process::CommandExt;

    let (Ok(program), Some((name, rest))) = (env::current_exe(), redacted.split_first()) else { return };
    let _ = std::process::Command::new(program).arg0(name).args(rest).env(VARIABLE, encode(words)).exec();
}

#[cfg(not(unix))]
fn run_again(_words: &[OsString], _redacted: &[OsString]) {}

/// Removes everything that may be a password: in URLs, and after the colon in `--user`.
fn redacted(words: &[OsString]) -> Vec<OsString> {
    let mut after_user = false;
    let redacted = words.iter().map(|word| {
        let was_after_user = std::mem::replace(&mut after_user, word == "--user");
        let Some(text) = word.to_str() else { return word.clone() };
        match text.strip_prefix("--user=") {
            Some(login) => format!("--user={}", name(login)).into(),
            None if was_after_user => name(text).into(),
            None if text.contains("://") => redact_password(text).into(),
            None => word.clone(),
        }
    });
    redacted.collect()
}

fn name(login: &str) -> &str {
    login.split(':').next().unwrap_or_default()
}

/// Encodes words of any bytes as one text.
#[cfg(any(unix, test))]
fn encode(words: &[OsString]) -> String {
    let words = words.iter().map(|word| BASE64_STANDARD.encode(word.as_encoded_bytes()));
    words.collect::<Vec<_>>().join(" ")
}

/// Decodes such a text; returns `None` if it is invalid.
fn decode(encoded: &str) -> Option<Vec<OsString>> {
    encoded.split(' ').map(|word| BASE64_STANDARD.decode(word).ok().and_then(word_of)).collect()
}

#[cfg(unix)]
fn word_of(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn word_of(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

/// Environment variable for the full arguments; child processes must not inherit it.
pub(crate) const VARIABLE: &str = "OXFTP_WORDS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_removed_from_arguments() {
        let words = [
            "oxftp",
            "ls",
            "--user",
            "me:hush",
            "--user=me:hush",
            "ftp://me:hush@h/x",
            "a:b@c",
            "--proxy=http://u:hush@p",
        ];
        let shown =
            ["oxftp", "ls", "--user", "me", "--user=me", "ftp://me@h/x", "a:b@c", "--proxy=http://u@p"];

        assert_eq!(redacted(&words.map(OsString::from)), shown.map(OsString::from));
    }

    #[test]
    fn encoded_arguments_decode_unchanged() {
        let words = ["", "a b", "é", "\n"].map(OsString::from);
        assert_eq!(decode(&encode(&words)).as_deref(), Some(&words[..]));
        assert_eq!(decode("not base64!"), None);
    }
}
