//! `cat`: writes files to stdout.

use clap::Args;
use oxftp::{Client, FtpUrl};

use super::support::{
    destination::Sink,
    operands::Operands,
    stdout::{copy, copy_text},
};
use crate::{
    app::App,
    args::{ConnectionArgs, OperandArgs},
    failure::Result,
    progress,
    session::Session,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files to print")))]
pub(crate) struct CatArgs {
    /// Transfer as text: convert line ends to those of this system
    #[arg(long)]
    ascii: bool,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: CatArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection)?;
    let operands = Operands::expand_selected(&mut session, &args.operands).await?;
    let mut sink = Sink::stdout();
    let each = async |client: &mut Client, url: &FtpUrl| match args.ascii {
        true => copy_text(client, url, &mut sink).await.map(drop),
        false => copy(client, url, &mut sink, &progress::Silent).await,
    };
    operands.run(session, app, each).await
}
