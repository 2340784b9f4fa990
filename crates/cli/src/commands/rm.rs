//! `rm`: removes files and directory trees.

use clap::Args;
use oxftp::{Client, FtpUrl};

use super::support::diagnose;
use crate::{
    app::App,
    args::ConnectionArgs,
    failure::{Exit, Failure, Result},
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Remove directories and their contents recursively
    #[arg(short, long)]
    recursive: bool,
    /// Ignore missing files
    #[arg(short, long)]
    force: bool,
    /// Files or directories to remove
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: RmArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    if let Some(url) = urls.iter().find(|url| url.path().file_name().is_none()) {
        return Err(Failure::Usage(format!(
            "refusing to delete the whole server ({url}): name a file or directory"
        )));
    }
    let mut session = Session::new(args.connection)?;
    let mut failures = app.collect_failures(urls.len());
    for url in &urls {
        let outcome = async {
            let client = session.client(url).await?;
            if args.recursive {
                remove_tree(client, url, args.force).await
            } else {
                remove_file(client, url).await
            }
        };
        failures.record(forgiving(outcome.await, args.force))?;
    }
    session.quit().await;
    failures.finish()
}

async fn remove_tree(client: &mut Client, url: &FtpUrl, force: bool) -> Result {
    let report = client.remove_dir_all(url.path()).await.map_err(|error| Failure::about(url, error))?;
    if report.files + report.directories > 0 || force {
        return Ok(());
    }
    // Nothing was removed, so the path is missing: the server's reply to this becomes the error.
    match client.metadata(url.path()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::about(url, error)),
    }
}

async fn remove_file(client: &mut Client, url: &FtpUrl) -> Result {
    let Err(error) = client.remove_file(url.path()).await else { return Ok(()) };
    Err(diagnose::file_error(client, url, error, "use -r to remove it and its contents").await)
}

fn forgiving(outcome: Result, force: bool) -> Result {
    match outcome {
        Err(failure) if force && failure.exit() == Some(Exit::NotFound) => Ok(()),
        outcome => outcome,
    }
}
