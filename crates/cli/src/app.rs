//! What every verb is handed.

use std::io::IsTerminal;

use crate::{
    args::{Global, When},
    settings::Settings,
    terminal::Terminal,
};

/// What the global flags and the surroundings say.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) terminal: Terminal,
    pub(crate) progress: Showing,
    pub(crate) settings: Settings,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    /// Not at all.
    Nothing,
    /// As a bar that is drawn over and over.
    Bar,
    /// As a line now and then, where nothing can be drawn over.
    Lines,
    /// As events for programs.
    Events,
}

impl App {
    pub(crate) fn new(global: &Global, events: bool, settings: Settings) -> Self {
        let attended = std::io::stderr().is_terminal();
        choose_colour(global.color);
        let bookmarks = settings.bookmarks().iter().map(|(name, _)| name.to_string()).collect();
        let terminal = Terminal::new(attended && !global.quiet).with_events(events).with_bookmarks(bookmarks);
        let progress = if events { Showing::Events } else { showing(global, attended) };
        Self { terminal, progress, settings }
    }
}

/// The protocol log and a bar would write over each other, so the log alone is shown.
fn showing(global: &Global, attended: bool) -> Showing {
    match global.progress {
        When::Never => Showing::Nothing,
        When::Always if attended => Showing::Bar,
        When::Always => Showing::Lines,
        When::Auto if attended && !global.quiet && global.verbose == 0 => Showing::Bar,
        When::Auto => Showing::Nothing,
    }
}

fn choose_colour(when: When) {
    match when {
        When::Always => anstream::ColorChoice::Always.write_global(),
        When::Never => anstream::ColorChoice::Never.write_global(),
        When::Auto => {}
    }
}
