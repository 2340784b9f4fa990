//! Flags for records of what a transfer did.

use std::path::PathBuf;

use clap::Args;

use super::local_path;

/// A summary, a log of files, and files for programs that watch the runs.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct RecordArgs {
    /// End with one line on stderr that says what was done, also without a terminal
    #[arg(long)]
    pub(crate) summary: bool,
    /// Append a line to this file for each file: time, command, result, bytes, seconds, name, error; separated by tabs
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    pub(crate) log_file: Option<PathBuf>,
    /// Write what was done to this file as a JSON object; - is stdout
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    pub(crate) summary_json: Option<PathBuf>,
    /// Write what was done to this file as Prometheus metrics, as for the textfile collector
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    pub(crate) metrics: Option<PathBuf>,
}
