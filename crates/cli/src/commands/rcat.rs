//! `rcat`: writes stdin to a file on the server.

use clap::Args;

use super::support::{
    lock::{JobLocks, LockTarget},
    stdin,
};
use crate::{
    app::App,
    args::{ConnectionArgs, LockArgs, RecordArgs},
    failure::{Failure, Result},
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct RcatArgs {
    /// File to write stdin to
    #[arg(value_name = "URL")]
    url: String,
    #[command(flatten)]
    lock: LockArgs,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: RcatArgs, app: &App) -> Result {
    let url = session::url(&args.url)?;
    if url.names_directory() {
        return Err(Failure::Usage(format!("stdin has no name: {url} must end in a file name")));
    }
    let mut session = Session::new(args.connection)?;
    let mut locks = JobLocks::local(&args.lock, [LockTarget::Server(&url, url.path())]).await?;
    if args.lock.remote_lock {
        let pool = session.pool(&url, 1).await?;
        locks.add_remote(&args.lock, &pool, &url, url.path()).await?;
    }
    let client = session.client(&url).await?;
    locks.run(stdin::upload(client, &url, &url.path(), false, app)).await?;
    session.quit().await;
    Ok(())
}
