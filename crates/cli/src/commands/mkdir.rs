//! `mkdir`: makes directories.

use oxftp::{Client, FtpUrl};

use super::refusal::is_refused;
use crate::{
    app::App,
    args::MkdirArgs,
    failure::{Failure, Result, Tally},
    session::{self, Session},
};

pub(crate) async fn run(args: MkdirArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(urls.len(), &app.terminal);
    for url in &urls {
        let outcome = async { make(session.client(url).await?, url, args.parents).await };
        tally.note(outcome.await)?;
    }
    session.quit().await;
    tally.finish()
}

async fn make(client: &mut Client, url: &FtpUrl, parents: bool) -> Result {
    let path = url.path();
    let made = match path.as_str() {
        _ if parents => client.make_directory(&path).await,
        // The library's own way does not mind a directory that exists.
        Some(text) => client.command(format!("MKD {text}")).expect("2xx").await.map(drop),
        None => client.make_directory_in_parent(&path).await,
    };
    match made {
        Err(error) => Err(explained(client, url, error).await),
        Ok(()) => Ok(()),
    }
}

/// Many servers do not say that the directory exists.
async fn explained(client: &mut Client, url: &FtpUrl, error: oxftp::Error) -> Failure {
    if is_refused(client, &error) && client.is_dir(url.path()).await.unwrap_or(false) {
        return Failure::Exists { name: url.to_string(), hint: "-p does not mind a directory that exists" };
    }
    Failure::about(url, error)
}
