//! `bookmark`: names for URLs.

use oxftp::FtpUrl;
use serde::Serialize;

use crate::{
    app::App,
    args::{BookmarkAction, BookmarkArgs},
    failure::{Exit, Failure, Result},
    output::Output,
    session,
    settings::{self, BookmarkName, Settings},
    terminal::complain,
};

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
        let why = "a bookmark holds no password: --netrc and --password-file read one from a file";
        return Err(Failure::Usage(why.to_owned()));
    }
    settings::add(settings.path()?, name, &url)
}

async fn list(json: bool, settings: &Settings) -> Result {
    let mut output = Output::new();
    for (name, url) in settings.bookmarks() {
        // The user may have written a password into the file, which is shown by nothing.
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
    complain(&format!("there is no bookmark {name}"), &[]);
    Err(Failure::Named(Exit::NotFound))
}
