//! Verbs that change what is on the server, but move no data.

use clap::Args;

use crate::args::{ConnectionArgs, Mode, Moment};

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Removes directories with everything in them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Does not mind what is not there
    #[arg(short, long)]
    pub(crate) force: bool,
    /// What to remove
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RmdirArgs {
    /// What to remove
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MkdirArgs {
    /// Makes what is missing above, and does not mind what exists
    #[arg(short, long)]
    pub(crate) parents: bool,
    /// What to make
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MvArgs {
    /// What to rename
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Its new path, relative to the login directory or absolute with a / at its start, or a URL on the same
    /// server; one that ends in / is a directory to put it into
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ChmodArgs {
    /// The permissions in octal, as in 644
    #[arg(value_name = "MODE")]
    pub(crate) mode: Mode,
    /// What to change
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TouchArgs {
    /// The time to set, as in 2024-05-01T12:00Z [default: now]
    #[arg(short, long, value_name = "TIME")]
    pub(crate) date: Option<Moment>,
    /// Makes no files
    #[arg(short = 'c', long)]
    pub(crate) no_create: bool,
    /// What to touch
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
