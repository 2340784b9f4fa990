//! `rmdir`: removes empty directories.

use clap::Args;

use super::support::diagnose;
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs},
    failure::Result,
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct RmdirArgs {
    /// Directories to remove
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    #[command(flatten)]
    pub(crate) events: ChangeEventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: RmdirArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let mut session = Session::new(args.connection)?;
    let mut failures = app.collect_failures(urls.len());
    for url in &urls {
        let outcome = async {
            let client = session.client(url).await?;
            match client.remove_dir(url.path()).await {
                Err(error) => Err(diagnose::rmdir_error(client, url, error).await),
                Ok(()) => {
                    app.report_changed(&url.path(), None);
                    Ok(())
                }
            }
        };
        failures.record(outcome.await)?;
    }
    session.quit().await;
    failures.finish()
}
