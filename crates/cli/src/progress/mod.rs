//! Display of transfer progress.

mod events;
mod file_bar;
mod lines;
mod multi_bar;
mod pace;
mod style;

pub(crate) use events::{check_written, write_done, write_failure};
pub(crate) use lines::JobProgress;

use std::sync::Arc;

use oxftp::{Progress, ProgressEvent};

use crate::{terminal::warn, units::count};

/// The form in which progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProgressMode {
    /// Not shown.
    Off,
    /// A bar that is redrawn.
    Bar,
    /// A line every second, for logs.
    Lines,
    /// JSON events for programs.
    Events,
}

/// The files that a command transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One file.
    File,
    /// Many files, with the sum of their sizes if it is known.
    Tree { bytes: Option<u64> },
}

/// Starts a display; dropping its last reference clears it.
pub(crate) fn start(mode: ProgressMode, scope: Scope) -> Arc<dyn Progress> {
    Arc::new(WithNotes(display(mode, scope)))
}

/// Counts a transfer in the background without a display.
pub(crate) fn start_in_background(job: &JobProgress, scope: Scope) -> Arc<dyn Progress> {
    Arc::new(WithNotes(job.start(scope)))
}

fn display(mode: ProgressMode, scope: Scope) -> Arc<dyn Progress> {
    match mode {
        ProgressMode::Off => Arc::new(Silent),
        ProgressMode::Bar => match scope {
            Scope::File => Arc::new(file_bar::FileBar::new()),
            Scope::Tree { bytes } => Arc::new(multi_bar::MultiBar::new(bytes)),
        },
        ProgressMode::Events => Arc::new(events::Events::new(scope)),
        ProgressMode::Lines => Arc::new(lines::Lines::new(scope)),
    }
}

/// A display, and notes about the connections.
#[derive(Debug)]
struct WithNotes(Arc<dyn Progress>);

impl Progress for WithNotes {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::ConnectionsLimited { connections } = event {
            let allowed = count(connections as u64, "connection", "connections");
            warn(format_args!(
                "the server has no room for more than {allowed}: the transfer continues with these"
            ));
        }
        self.0.on_event(event);
    }
}

/// Shows nothing.
#[derive(Debug)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn on_event(&self, _event: ProgressEvent<'_>) {}
}
