//! `rm`: removes files and trees.

use oxftp::{Client, FtpUrl};

use super::refusal;
use crate::{
    app::App,
    args::RmArgs,
    failure::{Exit, Failure, Result, Tally},
    session::{self, Session},
};

pub(crate) async fn run(args: RmArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    if let Some(url) = urls.iter().find(|url| url.path().file_name().is_none()) {
        return Err(Failure::Usage(format!(
            "{url} names nothing below the login directory or the root to remove"
        )));
    }
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(urls.len(), &app.terminal);
    for url in &urls {
        let outcome = async {
            let client = session.client(url).await?;
            if args.recursive {
                remove_tree(client, url, args.force).await
            } else {
                remove_file(client, url).await
            }
        };
        tally.note(forgiving(outcome.await, args.force))?;
    }
    session.quit().await;
    tally.finish()
}

async fn remove_tree(client: &mut Client, url: &FtpUrl, force: bool) -> Result {
    let report = client.remove(url.path()).await.map_err(|error| Failure::about(url, error))?;
    if report.files + report.directories > 0 || force {
        return Ok(());
    }
    // Nothing was removed, so nothing is there; the server says so in its own words.
    match client.stat(url.path()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::about(url, error)),
    }
}

async fn remove_file(client: &mut Client, url: &FtpUrl) -> Result {
    let Err(error) = client.remove_file(url.path()).await else { return Ok(()) };
    Err(refusal::of_file(client, url, error, "-r removes it with everything in it").await)
}

fn forgiving(outcome: Result, force: bool) -> Result {
    match outcome {
        Err(failure) if force && failure.exit() == Some(Exit::NotFound) => Ok(()),
        outcome => outcome,
    }
}
