//! `chmod`: sets permissions.

use clap::Args;

use super::support::diagnose;
use crate::{
    app::App,
    args::{ConnectionArgs, OctalMode},
    failure::Result,
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct ChmodArgs {
    /// Permissions in octal, as in 644
    #[arg(value_name = "MODE")]
    mode: OctalMode,
    /// Files or directories to change
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: ChmodArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let mut session = Session::new(args.connection)?;
    let mut failures = app.collect_failures(urls.len());
    for url in &urls {
        let outcome = async {
            let client = session.client(url).await?;
            match client.set_permissions(url.path(), args.mode.0).await {
                Err(error) => Err(diagnose::explained(client, url, error).await),
                Ok(()) => Ok(()),
            }
        };
        failures.record(outcome.await)?;
    }
    session.quit().await;
    failures.finish()
}
