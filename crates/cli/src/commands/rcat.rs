//! `rcat`: writes stdin to a file on the server.

use super::stdin;
use crate::{
    app::App,
    args::RcatArgs,
    failure::{Failure, Result},
    session::{self, Session},
};

pub(crate) async fn run(args: RcatArgs, app: &App) -> Result {
    let url = session::url(&args.url)?;
    if url.names_directory() {
        return Err(Failure::Usage(format!("stdin has no name: {url} must end in one")));
    }
    let mut session = Session::new(args.connection)?;
    stdin::upload(session.client(&url).await?, &url, &url.path(), false, app).await?;
    session.quit().await;
    Ok(())
}
