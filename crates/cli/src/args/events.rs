//! Progress events for programs.

use clap::Args;

/// Flag for events instead of a progress display.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct EventArgs {
    /// Write events to stdout as JSON lines: when a file starts, ends or fails, and the overall progress up to four
    /// times a second
    #[arg(long)]
    pub(crate) json: bool,
}
