//! `mkdir`: creates directories.

use clap::Args;
use oxftp::{Client, FtpUrl};

use super::support::{
    diagnose::{self, is_refused},
    operands::Operands,
};
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs},
    failure::{Failure, Result},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct MkdirArgs {
    /// Create missing parent directories; no error if the directory exists
    #[arg(short, long)]
    parents: bool,
    /// Directory to create
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    #[command(flatten)]
    pub(crate) events: ChangeEventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: MkdirArgs, app: &App) -> Result {
    let operands = Operands::literal(&args.urls)?;
    let each = async |client: &mut Client, url: &FtpUrl| {
        create(client, url, args.parents).await?;
        app.report_changed(&url.path(), None);
        Ok(())
    };
    operands.run(Session::new(args.connection)?, app, each).await
}

async fn create(client: &mut Client, url: &FtpUrl, parents: bool) -> Result {
    let path = url.path();
    let made = match parents {
        true => client.create_dir_all(&path).await,
        false => client.create_dir(&path).await,
    };
    match made {
        Err(error) => Err(mkdir_error(client, url, error).await),
        Ok(()) => Ok(()),
    }
}

/// Many servers do not say in their reply that the directory exists.
async fn mkdir_error(client: &mut Client, url: &FtpUrl, error: oxftp::Error) -> Failure {
    if is_refused(client, &error) && client.is_dir(url.path()).await.unwrap_or(false) {
        return Failure::Exists { name: url.to_string(), hint: "with -p an existing directory is no error" };
    }
    if let Some(parent) = url.path().parent().filter(|parent| !parent.is_empty())
        && let Some(missing) = diagnose::missing(client, &error, &parent).await
    {
        return Failure::about(url, missing);
    }
    Failure::about(url, error)
}
