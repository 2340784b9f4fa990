//! `bookmark`: manages bookmarks.

use clap::{Args, Subcommand};
use oxftp::FtpUrl;
use serde::Serialize;

use crate::{
    app::App,
    args::BookmarkName,
    failure::{Exit, Failure, Result},
    output::Output,
    session,
    settings::{self, Settings},
    terminal::print_error,
};

#[derive(Debug, Args)]
pub(crate) struct BookmarkArgs {
    #[command(subcommand)]
    action: BookmarkAction,
}

/// Actions of `bookmark`.
#[derive(Debug, Subcommand)]
pub(crate) enum BookmarkAction {
    /// Add a bookmark or change its URL
    #[command(after_help = "Example: oxftp bookmark add work ftpes://me@example.org/www")]
    Add {
        /// Name; @NAME and @NAME/PATH stand for the URL
        #[arg(value_name = "NAME")]
        name: BookmarkName,
        /// URL without a password
        #[arg(value_name = "URL")]
        url: String,
    },
    /// Print names and URLs
    #[command(after_help = "Example: oxftp bookmark list")]
    List {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Remove a bookmark
    #[command(after_help = "Example: oxftp bookmark remove work")]
    Remove {
        /// Name
        #[arg(value_name = "NAME")]
        name: BookmarkName,
    },
}

pub(crate) async fn run(args: BookmarkArgs, app: &App) -> Result {
    match args.action {
        BookmarkAction::Add { name, url } => add(&name, &url, &app.settings),
        BookmarkAction::List { json } => list(json, &app.settings).await,
        BookmarkAction::Remove { name } => remove(&name, &app.settings),
    }
}

fn add(name: &BookmarkName, url: &str, settings: &Settings) -> Result {
    let url = session::url(url)?;
    if url.password().is_some() {
        let why = "a bookmark cannot contain a password: use --netrc or --password-file";
        return Err(Failure::Usage(why.to_owned()));
    }
    settings::add(settings.path()?, name, &url)
}

async fn list(json: bool, settings: &Settings) -> Result {
    let mut output = Output::new();
    for (name, url) in settings.bookmarks() {
        // The user may have written a password into the file: it is not printed.
        let url = session::url(url)?;
        let line = if json { object(name, &url) } else { format!("{name}\t{url}") };
        output.line(line).await?;
    }
    output.flush().await
}

fn object(name: &BookmarkName, url: &FtpUrl) -> String {
    #[derive(Serialize)]
    struct Bookmark<'b> {
        name: &'b str,
        url: String,
    }
    // Strings cannot fail.
    serde_json::to_string(&Bookmark { name: name.as_str(), url: url.to_string() }).unwrap_or_default()
}

fn remove(name: &BookmarkName, settings: &Settings) -> Result {
    if settings::remove(settings.path()?, name)? {
        return Ok(());
    }
    print_error(&format!("unknown bookmark {name}"), &[]);
    Err(Failure::AlreadyReported(Exit::NotFound))
}
