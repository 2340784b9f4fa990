//! `fxp`: copies a file directly from one server to another.

use std::time::Instant;

use clap::Args;
use oxftp::{FtpUrl, RemotePath};

use super::support::{
    diagnose,
    lock::{JobLocks, LockTarget},
};
use crate::{
    app::App,
    args::{ConnectionArgs, LockArgs, RecordArgs},
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
    lock: LockArgs,
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
    let mut locks = JobLocks::local(&args.lock, [LockTarget::Server(&target, path.clone())]).await?;
    if args.lock.remote_lock {
        let pool = to.pool(&target, 1).await?;
        locks.add_remote(&args.lock, &pool, &target, path.clone()).await?;
    }
    let begun = Instant::now();
    let rate = locks
        .run(async {
            let (from, to) = (from.client(&source).await?, to.client(&target).await?);
            match oxftp::fxp(&mut *from, source.path(), to, path).await {
                Ok(summary) => {
                    let elapsed = begun.elapsed();
                    app.records.transferred(&source.path().to_string(), summary.transferred, elapsed);
                    Ok(Throughput { bytes: summary.transferred, elapsed })
                }
                Err(error) => Err(match diagnose::missing(from, &error, &source.path()).await {
                    Some(missing) => Failure::about(&source, missing),
                    None => {
                        Failure::Client { about: Some(format!("{source} to {target}")), error: error.into() }
                    }
                }),
            }
        })
        .await?;
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
