//! Messages about a wrong command line, with passwords redacted.

mod synonyms;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use oxftp::redact_password;

use crate::{
    failure::Exit,
    output,
    terminal::{self, Terminal},
};

/// Prints the help, the version or the error, and returns the exit code.
pub(crate) fn report(error: &clap::Error, words: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let shown = error.print().and_then(|()| io::stdout().flush());
        return match shown {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => Terminal::new(true).report_fatal(&output::failed(error)),
        };
    }
    let mut text = error.render().ansi().to_string();
    for word in words.iter().filter_map(|word| word.to_str()) {
        let shown = redact_password(word);
        if shown != word {
            text = text.replace(word, &shown);
        }
    }
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    drop(stderr);
    if let Some(hint) = hint(error) {
        terminal::print_hint(hint);
    }
    Exit::Usage.into()
}

/// Returns a hint for a command of another program; clap suggests only words of similar spelling.
fn hint(error: &clap::Error) -> Option<&'static str> {
    match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(word) => synonyms::find(word),
        _ => None,
    }
}
