//! What transfers do besides moving bytes.

use clap::Args;

use super::Seconds;

/// How `get` makes local files.
#[derive(Debug, Args)]
pub(crate) struct Fetched {
    /// Gives the files the permissions that the server lists
    #[arg(short, long)]
    pub(crate) perms: bool,
    /// Transfers text: line ends become those of this system
    #[arg(long, conflicts_with_all = ["resume", "range", "verify"])]
    pub(crate) ascii: bool,
    /// Waits until each file has reached the disk before it counts as downloaded
    #[arg(long, conflicts_with = "range")]
    pub(crate) fsync: bool,
}

/// How `put` makes files on the server.
#[derive(Debug, Args)]
pub(crate) struct Stored {
    /// Gives the files on the server the permissions of the local ones
    #[arg(short, long)]
    pub(crate) perms: bool,
    /// Transfers text: line ends become those of the server
    #[arg(long, conflicts_with_all = ["resume", "verify"])]
    pub(crate) ascii: bool,
    /// Stores each file under a temporary name, and renames it when it is whole and verified
    #[arg(long)]
    pub(crate) temp_name: bool,
}

/// How data and replies flow.
#[derive(Debug, Clone, PartialEq, Args)]
pub(crate) struct FlowArgs {
    /// Compresses data on their way where the server offers it (MODE Z)
    #[arg(long)]
    pub(crate) compress: bool,
    /// Sends NOOP each time so many seconds of a transfer have passed, for routers that forget silent
    /// connections
    #[arg(long, value_name = "SECONDS")]
    pub(crate) noop_during_transfers: Option<Seconds>,
    /// Waits so many seconds for the server to say that a file is whole; 0 is for ever [default: 300, or --timeout]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) completion_timeout: Option<Seconds>,
}
