//! Wrong command lines, explained without their secrets.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::habits::verb_for;
use crate::{
    failure::Exit,
    output,
    terminal::{self, Terminal},
};

/// Shows help, a version, or what is wrong; passwords in URLs are left out.
pub(crate) fn explain(error: &clap::Error, words: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let shown = error.print().and_then(|()| io::stdout().flush());
        return match shown {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => Terminal::new(true).give_up(&output::failed(error)),
        };
    }
    let mut text = error.render().ansi().to_string();
    for word in words.iter().filter_map(|word| word.to_str()).filter(|word| word.contains("://")) {
        text = text.replace(word, &without_password(word));
    }
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    drop(stderr);
    if let Some(hint) = habit(error) {
        terminal::advise(hint);
    }
    Exit::Usage.into()
}

/// A word from another program is far from the verb that does the same here.
fn habit(error: &clap::Error) -> Option<&'static str> {
    match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(word) => verb_for(word),
        _ => None,
    }
}

/// Hides what stands between the first colon of a URL's login and the last `@`: rather too much,
/// as the word may be a URL that cannot be read.
pub(crate) fn without_password(word: &str) -> String {
    let start = word.find("://").map_or(0, |at| at + 3);
    let Some(end) = word.rfind('@').filter(|end| *end >= start) else { return word.to_owned() };
    let (before, login, after) = (&word[..start], &word[start..end], &word[end..]);
    let user = login.split(':').next().unwrap_or_default();
    format!("{before}{user}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_may_be_a_password_is_hidden() {
        assert_eq!(without_password("ftp://u:p@h/x"), "ftp://u@h/x");
        assert_eq!(without_password("ftp://u:p/w@h/x"), "ftp://u@h/x");
        assert_eq!(without_password("--proxy=socks5://u:p:q@h"), "--proxy=socks5://u@h");
        assert_eq!(without_password("ftp://h/a:b"), "ftp://h/a:b");
        assert_eq!(without_password("u@h"), "u@h");
    }
}
