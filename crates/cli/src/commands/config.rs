//! `config`: checks the settings file.

use clap::{Args, Subcommand};

use crate::{app::App, failure::Result, output::Output, units::count};

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    action: ConfigAction,
}

/// Actions of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Check the settings file; an error names the line
    #[command(after_help = "Example: oxftp config check")]
    Check,
    /// Print the path of the settings file
    #[command(after_help = "Example: oxftp config path")]
    Path,
}

pub(crate) async fn run(args: ConfigArgs, app: &App) -> Result {
    let path = app.settings.path()?.display().to_string();
    let mut output = Output::new();
    match args.action {
        ConfigAction::Path => output.line(path).await?,
        // A wrong file was reported before.
        ConfigAction::Check => {
            if !std::path::Path::new(&path).try_exists().unwrap_or(true) {
                output.line(format!("{path} does not exist: no settings and no bookmarks")).await?;
                return output.flush().await;
            }
            let [defaults, hosts, bookmarks] = app.settings.counts().map(|number| number as u64);
            let defaults = count(defaults, "default", "defaults");
            let hosts = count(hosts, "host", "hosts");
            let bookmarks = count(bookmarks, "bookmark", "bookmarks");
            output.line(format!("{path}: correct, {defaults}, {hosts}, {bookmarks}")).await?;
        }
    }
    output.flush().await
}
