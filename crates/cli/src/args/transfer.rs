//! Flags of the commands that transfer files: `get`, `put` and `mirror`.

use clap::{Args, ValueEnum};
use oxftp::{Existing, Links, Order, Verify};

use super::{BackupArgs, JobCount, LockArgs, OctalMode, path_on_its_side};
use crate::failure::{Failure, Result};

/// Number of connections, order of files, verification, and locks.
#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    /// Use at most N connections; auto opens more, up to 16, while that makes the transfer faster
    #[arg(short, long, value_name = "N", default_value = "auto")]
    pub(crate) jobs: JobCount,
    /// Order of files in a tree: found (as listed), largest, smallest or name
    #[arg(long, value_name = "ORDER", default_value = "found", hide_possible_values = true)]
    pub(crate) order: OrderArg,
    /// Verify each file after transfer: by size, by hash, by content (as hash; without hashes on the server, read
    /// the file back), or off [default: by size, if the server reports it]
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub(crate) verify: Option<VerifyArg>,
    #[command(flatten)]
    pub(crate) backup: BackupArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

impl TransferArgs {
    /// Returns the verification to use before sources are removed.
    pub(crate) fn verify_before(&self, moves: &MoveArgs) -> Verify {
        let default = if moves.is_any() { Verify::Size } else { Verify::default() };
        self.verify.map_or(default, Verify::from)
    }

    /// Fails if sources are to be removed unverified.
    pub(crate) fn check_removal(&self, moves: &MoveArgs) -> Result {
        match self.verify {
            Some(VerifyArg::Off) if moves.is_any() => Err(Failure::Usage(format!(
                "{} verifies each copy before its source is removed: it conflicts with --verify off",
                moves.name()
            ))),
            _ => Ok(()),
        }
    }
}

/// Flags that remove or move the sources of a transfer.
#[derive(Debug, Clone, Args)]
pub(crate) struct MoveArgs {
    /// Remove each source file when its copy is complete and verified; directories are kept
    #[arg(long = "move")]
    pub(crate) remove_source: bool,
    /// Move each source file into this directory, on its own side, when its copy is complete and verified; relative to the
    /// directory that contains the source, with mirror to SRC
    #[arg(long, value_name = "DIR", conflicts_with = "remove_source", value_parser = path_on_its_side())]
    pub(crate) move_to: Option<String>,
}

impl MoveArgs {
    pub(crate) fn is_any(&self) -> bool {
        self.remove_source || self.move_to.is_some()
    }

    /// Returns the flag that was given.
    pub(crate) fn name(&self) -> &'static str {
        if self.move_to.is_some() { "--move-to" } else { "--move" }
    }
}

/// Files whose names exist at the destination.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct ExistingArgs {
    /// Transfer only files whose names exist at the destination
    #[arg(long, conflicts_with = "ignore_existing")]
    existing: bool,
    /// Skip files whose names exist at the destination
    #[arg(long, visible_alias = "no-clobber")]
    ignore_existing: bool,
}

impl ExistingArgs {
    pub(crate) fn existing(self) -> Existing {
        match (self.existing, self.ignore_existing) {
            (true, _) => Existing::Only,
            (_, true) => Existing::Keep,
            _ => Existing::Replace,
        }
    }
}

/// Permissions of what a transfer creates.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ModeArgs {
    /// Give transferred files these permissions, in octal
    #[arg(long, value_name = "MODE", conflicts_with = "perms")]
    file_mode: Option<OctalMode>,
    /// Give created directories of trees these permissions, in octal
    #[arg(long, value_name = "MODE")]
    dir_mode: Option<OctalMode>,
}

impl ModeArgs {
    pub(crate) fn file_mode(self) -> Option<u32> {
        self.file_mode.map(|mode| mode.0)
    }

    pub(crate) fn dir_mode(self) -> Option<u32> {
        self.dir_mode.map(|mode| mode.0)
    }

    pub(crate) fn is_any(self) -> bool {
        self.file_mode.is_some() || self.dir_mode.is_some()
    }
}

/// Values of `--links`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinksArg {
    Skip,
    Follow,
    Copy,
}

impl From<LinksArg> for Links {
    fn from(how: LinksArg) -> Self {
        match how {
            LinksArg::Skip => Self::Skip,
            LinksArg::Follow => Self::Follow,
            LinksArg::Copy => Self::Copy,
        }
    }
}

/// Values of `--verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyArg {
    Size,
    Hash,
    Content,
    Off,
}

impl From<VerifyArg> for Verify {
    fn from(by: VerifyArg) -> Self {
        match by {
            VerifyArg::Size => Self::Size,
            VerifyArg::Hash => Self::Hash,
            VerifyArg::Content => Self::Content,
            VerifyArg::Off => Self::Nothing,
        }
    }
}

/// Values of `--order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderArg {
    Found,
    Largest,
    Smallest,
    Name,
}

impl From<OrderArg> for Order {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::Found => Self::AsFound,
            OrderArg::Largest => Self::LargestFirst,
            OrderArg::Smallest => Self::SmallestFirst,
            OrderArg::Name => Self::Name,
        }
    }
}

/// Flag for events of changes on the server.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ChangeEventArgs {
    /// Print one JSON object for each path that was changed, and for each failure
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flag for events instead of a progress display.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct EventArgs {
    /// Write events to stdout as JSON lines: when a file starts, ends or fails, and the overall progress up to four
    /// times a second
    #[arg(long)]
    pub(crate) json: bool,
}
