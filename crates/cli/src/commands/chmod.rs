//! `chmod`: sets permissions.

use crate::{
    app::App,
    args::ChmodArgs,
    failure::{Failure, Result, Tally},
    session::{self, Session},
};

pub(crate) async fn run(args: ChmodArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(urls.len(), &app.terminal);
    for url in &urls {
        let outcome = async {
            let set = session.client(url).await?.set_permissions(url.path(), args.mode.0).await;
            set.map_err(|error| Failure::about(url, error))
        };
        tally.note(outcome.await)?;
    }
    session.quit().await;
    tally.finish()
}
