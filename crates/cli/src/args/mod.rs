//! The words of the command line.

mod connection;
mod events;
mod explain;
mod habits;
mod help;
mod jobs;
mod listing;
mod mirror;
mod range;
mod transfer;
mod values;
mod verbs;

pub(crate) use connection::{ConnectionArgs, LoginArgs, NetworkArgs, TlsArgs};
pub(crate) use events::EventArgs;
pub(crate) use explain::{explain, without_password};
pub(crate) use help::grouped;
pub(crate) use jobs::{Jobs, SEGMENTS_BY_THEMSELVES};
pub(crate) use listing::{Listed, Moment};
pub(crate) use mirror::MirrorArgs;
pub(crate) use range::ByteRange;
pub(crate) use transfer::{Fetched, FlowArgs, Stored};
pub(crate) use values::{ActiveAt, Mode, Rate, Seconds, Size};
pub(crate) use verbs::{
    BookmarkAction, BookmarkArgs, CatArgs, ChmodArgs, CompletionsArgs, DemoArgs, DuArgs, FindArgs, FxpArgs,
    GetArgs, HeadArgs, KindWanted, LsArgs, ManArgs, ManyArgs, MkdirArgs, MvArgs, ParseListingArgs, ProbeArgs,
    PutArgs, RawArgs, RcatArgs, RmArgs, RmdirArgs, ServeArgs, ServeTls, ShellArgs, StatArgs, TouchArgs, Verb,
};

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, ValueEnum};

/// An FTP and FTPS client.
#[derive(Debug, Parser)]
#[command(name = "oxftp", version, about, after_help = help::FIRST_STEPS, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Flags of every verb.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Global {
    /// Says nothing but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Shows the commands and replies, secrets hidden; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Shows how transfers go
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    #[arg(help = "Shows how transfers go: auto (on a terminal), always, never")]
    pub(crate) progress: When,
    /// Colours errors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    #[arg(help = "Colours errors: auto (on a terminal), always, never")]
    pub(crate) color: When,
    /// Takes defaults and bookmarks from this file [default: OXFTP_CONFIG, else ~/.config/oxftp/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// When something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
