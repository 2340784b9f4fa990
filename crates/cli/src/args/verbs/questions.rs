//! Verbs that ask and change nothing.

use clap::{ArgAction, Args, ValueEnum};
use globset::{Glob, GlobMatcher};

use crate::args::{ConnectionArgs, Moment, Size};

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Shows kind, mode, size and time
    #[arg(short, long)]
    pub(crate) long: bool,
    /// Shows names that begin with a dot, too
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Lists the directories below, too
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Prints a JSON object on a line for each
    #[arg(long, conflicts_with = "long")]
    pub(crate) json: bool,
    /// What to list
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatArgs {
    /// Prints a JSON object on a line for each
    #[arg(long)]
    pub(crate) json: bool,
    /// What to ask about
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Finds names that match a pattern, as in *.log
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) name: Option<GlobMatcher>,
    /// Finds files (f), directories (d) or symbolic links (l), or several of them: f,l
    #[arg(long = "type", value_name = "KINDS", value_delimiter = ',', hide_possible_values = true)]
    pub(crate) kinds: Vec<KindWanted>,
    /// Finds what was modified after this time, as in 2024-05-01T12:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) newer: Option<Moment>,
    /// Finds files of more than so many bytes, as in 500k or 2M
    #[arg(long, value_name = "SIZE")]
    pub(crate) larger: Option<Size>,
    /// Prints a JSON object on a line for each
    #[arg(long)]
    pub(crate) json: bool,
    /// Where to search
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// A kind that is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindWanted {
    #[value(name = "f")]
    File,
    #[value(name = "d")]
    Directory,
    #[value(name = "l")]
    Link,
}

/// Reads a pattern in which `*` stands for any characters, `/` too: it is compared with names.
fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

// -h is a size for people here, as it is for du everywhere.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct DuArgs {
    /// Prints the sum alone, and no directories below
    #[arg(short, long)]
    pub(crate) summarize: bool,
    /// Prints sizes as people read them, as in 1.5 MiB
    #[arg(short = 'h', long, conflicts_with = "json")]
    pub(crate) human: bool,
    /// Prints a JSON object on a line for each directory
    #[arg(long)]
    pub(crate) json: bool,
    /// Prints this help
    #[arg(long, action = ArgAction::Help)]
    pub(crate) help: Option<bool>,
    /// What to add up
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
