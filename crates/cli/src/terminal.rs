//! What goes to stderr: errors, causes, hints, summaries.

use std::{borrow::Cow, error::Error, fmt::Display, io::Write, process::ExitCode};

use clap::builder::styling::{AnsiColor, Effects, Style};

use crate::{
    failure::{Exit, Failure, chain, hint},
    progress::Event,
};

/// The user's side of stderr.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Somebody looks and wants to be told.
    talkative: bool,
    /// A program reads stdout, and is told there, too.
    events: bool,
    /// What a bookmark may have been meant to be.
    bookmarks: Vec<String>,
}

impl Terminal {
    pub(crate) fn new(talkative: bool) -> Self {
        Self { talkative, events: false, bookmarks: Vec::new() }
    }

    /// Tells failures as events, too.
    pub(crate) fn with_events(self, events: bool) -> Self {
        Self { events, ..self }
    }

    /// Suggests these bookmarks where one is not there.
    pub(crate) fn with_bookmarks(self, bookmarks: Vec<String>) -> Self {
        Self { bookmarks, ..self }
    }

    /// Tells how something went, if somebody looks and wants to know.
    pub(crate) fn summary(&self, text: impl Display) {
        if self.talkative {
            say(text);
        }
    }

    /// Says what went wrong, why, and what may help.
    pub(crate) fn failure(&self, failure: &Failure) {
        for (name, error) in failure.parts() {
            complain(&format!("{name}: {error}"), &chain(error.source()));
        }
        let Some(what) = failure.what() else { return };
        complain(&what, &failure.causes());
        if self.events {
            let exit = failure.exit().map(Exit::code);
            Event::Error { name: None, message: what, causes: failure.causes(), exit }.write();
        }
        if let Some(hint) = hint(failure, &self.bookmarks) {
            advise(&hint);
        }
    }

    /// Says what went wrong and gives the exit code.
    pub(crate) fn give_up(&self, failure: &Failure) -> ExitCode {
        self.failure(failure);
        failure.exit().map_or(ExitCode::SUCCESS, ExitCode::from)
    }
}

/// Writes a line to stderr; that it cannot be written is nobody's concern.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{}", escape(&text.to_string()));
}

/// Says what may be wrong.
pub(crate) fn warn(text: impl Display) {
    labelled("warning:", WARNING, &text.to_string());
}

/// Says what may help.
pub(crate) fn advise(hint: &str) {
    labelled("hint:", HINT, hint);
}

/// Says what went wrong and, a line for each, why.
pub(crate) fn complain(what: &str, causes: &[String]) {
    labelled("error:", ERROR, what);
    let mut last = what;
    for cause in causes.iter().filter(|cause| !cause.is_empty()) {
        // Many an error repeats its cause.
        if !last.contains(cause.as_str()) {
            labelled("caused by:", Style::new(), cause);
        }
        last = cause;
    }
}

fn labelled(label: &str, style: Style, text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{style}{label}{style:#} {}", escape(text));
}

/// Escapes control characters and marks that turn the direction of text, so that it cannot command
/// a terminal.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_dangerous(character) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn is_dangerous(character: char) -> bool {
    let turns = matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control()
}

const ERROR: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
const HINT: Style = AnsiColor::Cyan.on_default();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_command_a_terminal_is_escaped() {
        assert_eq!(escape("a\u{1b}[2J\u{202e}b\r\n"), "a\\u{1b}[2J\\u{202e}b\\u{d}\\u{a}");
        assert_eq!(escape("日本語 é 'x'"), "日本語 é 'x'");
    }

    #[test]
    fn every_control_and_every_mark_of_direction_is_escaped() {
        let controls = (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
        let marks =
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        for dangerous in controls.chain(marks.chars()) {
            let shown = escape(&dangerous.to_string()).into_owned();
            assert_eq!(shown, format!("\\u{{{:x}}}", u32::from(dangerous)));
        }
    }
}
