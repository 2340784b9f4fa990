//! What every verb is handed.

use std::io::IsTerminal;

use crate::{
    args::{Global, When},
    terminal::Terminal,
};

/// What the global flags and the surroundings say.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) terminal: Terminal,
    pub(crate) progress: Showing,
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
}

impl App {
    pub(crate) fn new(global: &Global) -> Self {
        let attended = std::io::stderr().is_terminal();
        choose_colour(global.color);
        Self { terminal: Terminal::new(attended && !global.quiet), progress: showing(global, attended) }
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
