//! Messages on stderr: errors, causes, hints, summaries.

use std::{error::Error, fmt::Display, io::Write, process::ExitCode};

use clap::builder::styling::{AnsiColor, Effects, Style};
use oxftp::{escape, redact_password, redact_urls};

use crate::failure::{Failure, chain, hint};

/// Messages to the user on stderr.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Summaries are printed: stderr is a terminal, and the user did not ask for silence.
    verbose: bool,
    /// Called with each failure after it was printed.
    on_failure: Option<fn(&Failure)>,
    /// Names of all bookmarks, for hints.
    bookmarks: Vec<String>,
}

impl Terminal {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, on_failure: None, bookmarks: Vec::new() }
    }

    /// Sets a function that is called with each failure, such as one that writes an event.
    pub(crate) fn on_failure(self, on_failure: fn(&Failure)) -> Self {
        Self { on_failure: Some(on_failure), ..self }
    }

    /// Sets the bookmarks that hints may suggest.
    pub(crate) fn with_bookmarks(self, bookmarks: Vec<String>) -> Self {
        Self { bookmarks, ..self }
    }

    /// Prints a summary, if summaries are wanted.
    pub(crate) fn summary(&self, text: impl Display) {
        if self.verbose {
            print_line(text);
        }
    }

    /// Prints a failure, its causes, and a hint if there is one.
    pub(crate) fn failure(&self, failure: &Failure) {
        for (name, error) in failure.tree_failures() {
            let (name, text) = (shown_name(name), error.to_string());
            let names_path = matches!(error, oxftp::Error::Skipped { .. });
            let text = if names_path { text } else { format!("{name}: {text}") };
            print_error(&text, &chain(error.source()));
        }
        let Some(message) = failure.message() else { return };
        print_error(&message, &failure.causes());
        if let Some(on_failure) = self.on_failure {
            on_failure(failure);
        }
        if let Some(hint) = hint(failure, &self.bookmarks) {
            print_hint(&hint);
        }
    }

    /// Prints a failure and returns its exit code.
    pub(crate) fn report_fatal(&self, failure: &Failure) -> ExitCode {
        self.failure(failure);
        failure.exit().map_or(ExitCode::SUCCESS, ExitCode::from)
    }
}

/// Returns the width of the terminal on stderr; 80 if it is unknown.
pub(crate) fn columns() -> usize {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(std::io::stderr())
        && size.ws_col > 0
    {
        return size.ws_col.into();
    }
    80
}

/// Writes a line to stderr; errors of stderr are ignored.
pub(crate) fn print_line(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{}", escape(&redacted(&text.to_string())));
}

/// Prints a warning.
pub(crate) fn warn(text: impl Display) {
    print_labelled("warning:", WARNING, &text.to_string());
}

/// Prints a hint.
pub(crate) fn print_hint(hint: &str) {
    print_labelled("hint:", HINT, hint);
}

/// Returns the name of a file for a message: in quotes if a blank at an end of it could not be seen.
fn shown_name(name: &str) -> String {
    match name.split('/').any(|part| part.trim() != part) {
        true => format!("\"{name}\""),
        false => name.to_owned(),
    }
}

/// Prints an error and its causes, one line each.
pub(crate) fn print_error(message: &str, causes: &[String]) {
    print_labelled("error:", ERROR, message);
    let mut last = message;
    for cause in causes.iter().filter(|cause| !cause.is_empty()) {
        // Many error messages repeat their cause.
        if !last.contains(cause.as_str()) {
            print_labelled("caused by:", Style::new(), cause);
        }
        last = cause;
    }
}

fn print_labelled(label: &str, style: Style, text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{style}{label}{style:#} {}", escape(&redacted(text)));
}

/// Removes the passwords of all URLs and bookmarks in a text, such as `@work:secret@host`.
pub(crate) fn redacted(text: &str) -> String {
    let is_end = |character: char| character.is_whitespace() || matches!(character, '"' | '\'' | '`');
    let text = redact_urls(text);
    let words = text.split_inclusive(is_end).map(|word| match word.starts_with('@') {
        true => redact_password(word),
        false => word.to_owned(),
    });
    words.collect()
}

const ERROR: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
const HINT: Style = AnsiColor::Cyan.on_default();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_blank_at_end_is_quoted() {
        let shown = ["a b", "a/b ", " a/b", "a /b", "a/\tb"].map(shown_name);

        assert_eq!(shown, ["a b", "\"a/b \"", "\" a/b\"", "\"a /b\"", "\"a/\tb\""]);
    }
}
