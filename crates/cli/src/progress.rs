//! Showing how transfers go.

mod bar;
mod bars;
mod events;
mod lines;
mod style;

pub(crate) use events::{Event, all_written};

use std::sync::Arc;

use oxftp::{Progress, ProgressEvent};

use crate::app::{App, Showing};

/// What is transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One file.
    File,
    /// Many files, of so many bytes in all if that is known.
    Tree { bytes: Option<u64> },
}

/// Starts to show a transfer as the user wants it; dropping the last of it clears the display.
pub(crate) fn start(app: &App, scope: Scope) -> Arc<dyn Progress> {
    match app.progress {
        Showing::Nothing => Arc::new(Nothing),
        Showing::Bar => match scope {
            Scope::File => Arc::new(bar::Bar::new()),
            Scope::Tree { bytes } => Arc::new(bars::Bars::new(bytes)),
        },
        Showing::Events => Arc::new(events::Events::new(scope)),
        Showing::Lines => Arc::new(lines::Lines::new(scope)),
    }
}

/// Shows nothing.
#[derive(Debug)]
pub(crate) struct Nothing;

impl Progress for Nothing {
    fn on_event(&self, _event: ProgressEvent<'_>) {}
}
