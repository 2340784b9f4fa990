//! `rmdir`: removes empty directories.

use crate::{
    app::App,
    args::RmdirArgs,
    failure::{Failure, Result, Tally},
    session::{self, Session},
};

pub(crate) async fn run(args: RmdirArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(urls.len(), &app.terminal);
    for url in &urls {
        let outcome = async {
            let removed = session.client(url).await?.remove_directory(url.path()).await;
            removed.map_err(|error| Failure::about(url, error))
        };
        tally.note(outcome.await)?;
    }
    session.quit().await;
    tally.finish()
}
