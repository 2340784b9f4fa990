//! The words of the command line, kept from the list of processes.
//!
//! Everybody on the machine may read the arguments of a process. Where a password stands among them, the
//! program runs itself again in its own place without it, and is handed the whole words in a variable of the
//! environment, which its user alone may read.

mod sealed;

use std::{env, ffi::OsString};

use crate::args::without_password;

/// Gives the words that the user typed, the name of the program first.
pub(crate) fn own() -> Vec<OsString> {
    let words: Vec<OsString> = env::args_os().collect();
    let whole = env::var(SEALED).ok().and_then(|sealed| sealed::open(&sealed));
    // What another run left in the environment is not this one's.
    if let Some(whole) = whole.filter(|whole| *whole != words && bare(whole) == words) {
        return whole;
    }
    let bare = bare(&words);
    if bare != words {
        run_again(&words, &bare);
    }
    words
}

/// Takes the place of this process; comes back only where that is impossible, which does no harm but that
/// the password shows.
#[cfg(unix)]
fn run_again(words: &[OsString], bare: &[OsString]) {
    use std::os::unix::process::CommandExt;

    let (Ok(program), Some((name, rest))) = (env::current_exe(), bare.split_first()) else { return };
    let _ = std::process::Command::new(program).arg0(name).args(rest).env(SEALED, sealed::seal(words)).exec();
}

#[cfg(not(unix))]
fn run_again(_words: &[OsString], _bare: &[OsString]) {}

/// Leaves out whatever may be a password: in URLs, and behind the name after `--user`.
fn bare(words: &[OsString]) -> Vec<OsString> {
    let mut after_user = false;
    let bare = words.iter().map(|word| {
        let was_after_user = std::mem::replace(&mut after_user, word == "--user");
        let Some(text) = word.to_str() else { return word.clone() };
        match text.strip_prefix("--user=") {
            Some(login) => format!("--user={}", name(login)).into(),
            None if was_after_user => name(text).into(),
            None if text.contains("://") => without_password(text).into(),
            None => word.clone(),
        }
    });
    bare.collect()
}

fn name(login: &str) -> &str {
    login.split(':').next().unwrap_or_default()
}

/// The variable that hands over the words; programs that are started must not inherit it.
pub(crate) const SEALED: &str = "OXFTP_WORDS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_left_out_of_urls_and_logins() {
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

        assert_eq!(bare(&words.map(OsString::from)), shown.map(OsString::from));
    }
}
