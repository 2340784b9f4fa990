//! `cat`: writes files to stdout.

use clap::Args;

use super::support::{
    destination::Sink,
    stdout::{copy, copy_text},
};
use crate::{
    app::App,
    args::ConnectionArgs,
    failure::Result,
    progress,
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    /// Transfer as text: convert line ends to those of this system
    #[arg(long)]
    ascii: bool,
    /// Files to print
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: CatArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let mut session = Session::new(args.connection)?;
    let mut sink = Sink::stdout();
    let mut failures = app.collect_failures(urls.len());
    for url in &urls {
        let outcome = async {
            let client = session.client(url).await?;
            match args.ascii {
                true => copy_text(client, url, &mut sink).await,
                false => copy(client, url, &mut sink, &progress::Silent).await,
            }
        };
        failures.record(outcome.await)?;
    }
    session.quit().await;
    failures.finish()
}
