//! What programs that watch are told.

use clap::Args;

/// Events in place of a display.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct EventArgs {
    /// Writes an event as a JSON object on a line of stdout when a file starts, ends or fails, and how far all
    /// is four times a second at most
    #[arg(long)]
    pub(crate) json: bool,
}
