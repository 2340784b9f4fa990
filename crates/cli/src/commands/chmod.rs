//! `chmod`: sets permissions.

use clap::Args;

use super::support::{operands::Operands, selector::Selector};
use crate::{
    app::App,
    args::{ConnectionArgs, NameArgs, OctalMode, SelectionArgs},
    failure::{Failure, Result},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct ChmodArgs {
    /// Permissions in octal, as in 644
    #[arg(value_name = "MODE")]
    mode: OctalMode,
    /// Files or directories to change
    #[arg(value_name = "URL", required_unless_present_any = ["files_from", "files_from0"])]
    urls: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: ChmodArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection)?;
    let mut operands = Operands::expand(&mut session, &args.urls, &args.names).await?;
    operands.select(&mut session, &Selector::new(&args.selection)).await?;
    let mut failures = operands.collect_failures(app)?;
    for url in &operands.urls() {
        let outcome = async {
            let set = session.client(url).await?.set_permissions(url.path(), args.mode.0).await;
            set.map_err(|error| Failure::about(url, error))
        };
        failures.record(outcome.await)?;
    }
    session.quit().await;
    failures.finish()
}
