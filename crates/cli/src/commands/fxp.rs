//! `fxp`: copies a file directly from one server to another.

use std::time::Instant;

use clap::Args;
use oxftp::{FtpUrl, RemotePath};

use super::support::diagnose;
use crate::{
    app::App,
    args::{ConnectionArgs, RecordArgs},
    failure::{Failure, Result},
    session::{self, Session},
    units::Throughput,
};

#[derive(Debug, Args)]
pub(crate) struct FxpArgs {
    /// File to copy
    #[arg(value_name = "SRC_URL")]
    source: String,
    /// Destination: a directory if it ends in /, else the new name
    #[arg(value_name = "DST_URL")]
    target: String,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: FxpArgs, app: &App) -> Result {
    let (source, target) = (session::url(&args.source)?, session::url(&args.target)?);
    let path = target_path(&source, &target)?;
    // Both sessions are separate, even if the servers are the same.
    let mut from = Session::new(args.connection.clone())?;
    let mut to = Session::new(args.connection)?;
    let begun = Instant::now();
    let copied =
        oxftp::fxp(from.client(&source).await?, source.path(), to.client(&target).await?, path).await;
    let summary = match copied {
        Ok(summary) => summary,
        Err(error) => {
            let missing = diagnose::missing(from.client(&source).await?, &error, &source.path()).await;
            return Err(match missing {
                Some(missing) => Failure::about(&source, missing),
                None => Failure::Client { about: Some(format!("{source} to {target}")), error: error.into() },
            });
        }
    };
    let rate = Throughput { bytes: summary.transferred, elapsed: begun.elapsed() };
    app.records.transferred(&source.path().to_string(), summary.transferred, begun.elapsed());
    app.terminal.summary(format_args!("{source} to {target}: {rate}"));
    from.quit().await;
    to.quit().await;
    Ok(())
}

/// Returns the path of the copy; in a directory it keeps its name.
fn target_path(source: &FtpUrl, target: &FtpUrl) -> Result<RemotePath> {
    if !target.names_directory() {
        return Ok(target.path());
    }
    match source.path().file_name() {
        Some(name) => Ok(target.path().join_path(&name.into())),
        None => Err(Failure::Usage(format!("{source} names no file to copy"))),
    }
}
