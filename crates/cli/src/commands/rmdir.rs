//! `rmdir`: removes empty directories.

use clap::Args;
use oxftp::{Client, FtpUrl};

use super::support::{diagnose, operands::Operands};
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs},
    failure::Result,
    session::Session,
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
    let operands = Operands::literal(&args.urls)?;
    let each = async |client: &mut Client, url: &FtpUrl| match client.remove_dir(url.path()).await {
        Err(error) => Err(diagnose::rmdir_error(client, url, error).await),
        Ok(()) => {
            app.report_changed(&url.path(), None);
            Ok(())
        }
    };
    operands.run(Session::new(args.connection)?, app, each).await
}
