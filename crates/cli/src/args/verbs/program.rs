//! Verbs about the program itself and what it remembers.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use crate::{args::ConnectionArgs, settings::BookmarkName};

#[derive(Debug, Args)]
pub(crate) struct BookmarkArgs {
    #[command(subcommand)]
    pub(crate) action: BookmarkAction,
}

/// What becomes of a bookmark.
#[derive(Debug, Subcommand)]
pub(crate) enum BookmarkAction {
    /// Keeps a URL under a name, or gives the name another URL
    #[command(after_help = "Example: oxftp bookmark add work ftpes://me@example.org/www")]
    Add {
        /// The name; @NAME and @NAME/PATH then stand for the URL
        #[arg(value_name = "NAME")]
        name: BookmarkName,
        /// The URL, without a password
        #[arg(value_name = "URL")]
        url: String,
    },
    /// Prints names and URLs
    #[command(after_help = "Example: oxftp bookmark list")]
    List {
        /// Prints a JSON object on a line for each
        #[arg(long)]
        json: bool,
    },
    /// Forgets a name
    #[command(after_help = "Example: oxftp bookmark remove work")]
    Remove {
        /// The name
        #[arg(value_name = "NAME")]
        name: BookmarkName,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell: bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Writes a page for each verb into this directory [default: the main page to stdout]
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShellArgs {
    /// Runs these commands in place of asking for some, up to the first that fails
    #[arg(short = 'c', long, value_name = "COMMANDS")]
    pub(crate) commands: Option<String>,
    /// Where to
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
