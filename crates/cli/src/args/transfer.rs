//! Flags of the commands that transfer files: `get`, `put` and `mirror`.

use clap::{Args, ValueEnum};
use oxftp::{Order, Verify};

use super::{JobCount, LockArgs};

/// Number of connections, order of files, verification, and locks.
#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    /// Use at most N connections; auto opens more, up to 16, while that makes the transfer faster
    #[arg(short, long, value_name = "N", default_value = "auto")]
    pub(crate) jobs: JobCount,
    /// Order of files in a tree: found (as listed), largest, smallest or name
    #[arg(long, value_name = "ORDER", default_value = "found", hide_possible_values = true)]
    pub(crate) order: OrderArg,
    /// Verify each file after transfer: by size, by hash, or off [default: by size, if that takes no extra
    /// command]
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub(crate) verify: Option<VerifyArg>,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

impl TransferArgs {
    /// Returns the verification to use.
    pub(crate) fn verify(&self) -> Verify {
        self.verify.map(Verify::from).unwrap_or_default()
    }
}

/// Values of `--verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyArg {
    Size,
    Hash,
    Off,
}

impl From<VerifyArg> for Verify {
    fn from(by: VerifyArg) -> Self {
        match by {
            VerifyArg::Size => Self::Size,
            VerifyArg::Hash => Self::Hash,
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

/// Flag for events instead of a progress display.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct EventArgs {
    /// Write events to stdout as JSON lines: when a file starts, ends or fails, and the overall progress up to four
    /// times a second
    #[arg(long)]
    pub(crate) json: bool,
}
