//! `rmdir`: removes empty directories.

use super::refusal;
use crate::{
    app::App,
    args::RmdirArgs,
    failure::{Result, Tally},
    session::{self, Session},
};

pub(crate) async fn run(args: RmdirArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(urls.len(), &app.terminal);
    for url in &urls {
        let outcome = async {
            let client = session.client(url).await?;
            match client.remove_directory(url.path()).await {
                Err(error) => Err(refusal::of_empty_directory(client, url, error).await),
                Ok(()) => Ok(()),
            }
        };
        tally.note(outcome.await)?;
    }
    session.quit().await;
    tally.finish()
}
