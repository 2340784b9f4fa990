//! Arguments of the shell.

use clap::Args;

use super::ConnectionArgs;

#[derive(Debug, Args)]
pub(crate) struct ShellArgs {
    /// Run these commands instead of reading them, up to the first failure
    #[arg(short = 'c', long, value_name = "COMMANDS")]
    pub(crate) commands: Option<String>,
    /// Server and start directory
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
