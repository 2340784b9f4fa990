//! Flags that several commands share, and the types of their values.

mod age;
mod backup;
mod bookmark_name;
mod connection;
mod filter;
mod jobs;
mod lock;
mod mode;
mod operands;
mod range;
mod rate;
mod record;
mod selection;
mod shell;
mod transfer;
mod values;

pub(crate) use age::Age;
pub(crate) use backup::BackupArgs;
pub(crate) use bookmark_name::BookmarkName;
pub(crate) use connection::{ConnectionArgs, KeyringArg, LoginArgs, NetworkArgs, TlsArgs};
pub(crate) use filter::FilterArgs;
pub(crate) use jobs::{DEFAULT_SEGMENTS, JobCount};
pub(crate) use lock::LockArgs;
pub(crate) use mode::{Mode, OctalMode};
pub(crate) use operands::OperandArgs;
pub(crate) use range::ByteRange;
pub(crate) use rate::RateTimetable;
pub(crate) use record::RecordArgs;
pub(crate) use selection::{ByteRegex, GlobArgs, ListedArgs, NameArgs, SelectionArgs};
pub(crate) use shell::ShellArgs;
pub(crate) use transfer::{
    ChangeEventArgs, EventArgs, ExistingArgs, LinksArg, ModeArgs, MoveArgs, TransferArgs, VerifyArg,
};
pub(crate) use values::{
    ActiveAt, Fingerprint, RateLimit, Size, TimeoutSeconds, UnixTime, local_path, names_url, path_on_its_side,
};

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Global {
    /// Print errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Print commands and replies, with secrets hidden; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Show transfer progress: auto (on a terminal), always, never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) progress: When,
    /// Colour errors: auto (on a terminal), always, never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) color: When,
    /// Read defaults and bookmarks from this file [default: OXFTP_CONFIG, else ~/.config/oxftp/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Values of `--progress` and `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}
