//! `fxp`: copies a file from one server to another, straight.

use std::time::Instant;

use oxftp::{FtpUrl, RemotePath};

use crate::{
    app::App,
    args::FxpArgs,
    failure::{Failure, Result},
    session::{self, Session},
    units::Rate,
};

pub(crate) async fn run(args: FxpArgs, app: &App) -> Result {
    let (source, target) = (session::url(&args.source)?, session::url(&args.target)?);
    let path = target_path(&source, &target)?;
    // Each has a connection of its own, even where both are the same server.
    let mut from = Session::new(args.connection.clone())?;
    let mut to = Session::new(args.connection)?;
    let begun = Instant::now();
    let copied =
        oxftp::fxp(from.client(&source).await?, source.path(), to.client(&target).await?, path).await;
    let summary = copied.map_err(|error| Failure::Client {
        about: Some(format!("{source} to {target}")),
        error: error.into(),
    })?;
    let rate = Rate { bytes: summary.transferred, elapsed: begun.elapsed() };
    app.terminal.summary(format_args!("{source} to {target}: {rate}"));
    from.quit().await;
    to.quit().await;
    Ok(())
}

/// Gives the path of the copy: below a directory it keeps its name.
fn target_path(source: &FtpUrl, target: &FtpUrl) -> Result<RemotePath> {
    if !target.names_directory() {
        return Ok(target.path());
    }
    match source.path().file_name() {
        Some(name) => Ok(target.path().join_path(&name.into())),
        None => Err(Failure::Usage(format!("{source} names no file"))),
    }
}
