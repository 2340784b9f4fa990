//! Verbs that move what files hold, but for `get` and `put`.

use clap::Args;

use crate::args::{ConnectionArgs, Size};

#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    /// Transfers text: line ends become those of this system
    #[arg(long)]
    pub(crate) ascii: bool,
    /// What to print
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FxpArgs {
    /// What to copy
    #[arg(value_name = "SRC_URL")]
    pub(crate) source: String,
    /// Where to: a directory if it ends in /, else the new name
    #[arg(value_name = "DST_URL")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct HeadArgs {
    /// Prints so many bytes, as in 500 or 2M
    #[arg(short = 'c', long, value_name = "SIZE", conflicts_with = "lines")]
    pub(crate) bytes: Option<Size>,
    /// Prints so many lines
    #[arg(short = 'n', long, value_name = "N", default_value = "10")]
    pub(crate) lines: u64,
    /// What to print the beginning of
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RcatArgs {
    /// The file to write stdin to
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
