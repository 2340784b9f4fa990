//! `cat`: writes files to stdout.

use clap::Args;

use super::support::{
    destination::Sink,
    operands::Operands,
    selector::Selector,
    stdout::{copy, copy_text},
};
use crate::{
    app::App,
    args::{ConnectionArgs, NameArgs, SelectionArgs},
    failure::Result,
    progress,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    /// Transfer as text: convert line ends to those of this system
    #[arg(long)]
    ascii: bool,
    /// Files to print
    #[arg(value_name = "URL", required_unless_present_any = ["files_from", "files_from0"])]
    urls: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: CatArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection)?;
    let mut operands = Operands::expand(&mut session, &args.urls, &args.names).await?;
    operands.select(&mut session, &Selector::new(&args.selection)).await?;
    let mut sink = Sink::stdout();
    let mut failures = operands.collect_failures(app)?;
    for url in &operands.urls() {
        let outcome = async {
            let client = session.client(url).await?;
            match args.ascii {
                true => copy_text(client, url, &mut sink).await.map(drop),
                false => copy(client, url, &mut sink, &progress::Silent).await,
            }
        };
        failures.record(outcome.await)?;
    }
    session.quit().await;
    failures.finish()
}
