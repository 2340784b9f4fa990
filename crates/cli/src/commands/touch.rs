//! `touch`: sets the modification time of files, and creates missing files.

use clap::Args;
use oxftp::{Client, FtpUrl, Timestamp};

use super::support::{operands::Operands, selector::Selector};
use crate::{
    app::App,
    args::{ConnectionArgs, NameArgs, SelectionArgs, UnixTime},
    failure::{Failure, Result},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct TouchArgs {
    /// Time to set, as in 2024-05-01T12:00Z [default: now]
    #[arg(short, long, value_name = "TIME")]
    date: Option<UnixTime>,
    /// Do not create files
    #[arg(short = 'c', long)]
    no_create: bool,
    /// Files to touch
    #[arg(value_name = "URL", required_unless_present_any = ["files_from", "files_from0"])]
    urls: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: TouchArgs, app: &App) -> Result {
    let now = jiff::Timestamp::now().as_second();
    let touch = Touch { date: args.date, now, create: !args.no_create };
    let mut session = Session::new(args.connection)?;
    let mut operands = Operands::expand(&mut session, &args.urls, &args.names).await?;
    operands.select(&mut session, &Selector::new(&args.selection)).await?;
    let mut failures = operands.collect_failures(app)?;
    for url in &operands.urls() {
        let outcome = async { touch.touch(session.client(url).await?, url).await };
        failures.record(outcome.await)?;
    }
    session.quit().await;
    failures.finish()
}

/// Time to set, and whether to create missing files.
struct Touch {
    date: Option<UnixTime>,
    now: i64,
    create: bool,
}

impl Touch {
    async fn touch(&self, client: &mut Client, url: &FtpUrl) -> Result {
        let failed = |error| Failure::about(url, error);
        let exists = client.try_exists(url.path()).await.map_err(failed)?;
        if !exists && !self.create {
            return Ok(());
        }
        if !exists {
            // APPE keeps the content of a file that another client created in the meantime.
            client.append_stream(url.path()).await.map_err(failed)?.finish().await.map_err(failed)?;
        }
        let seconds = match self.date {
            Some(UnixTime(seconds)) => seconds,
            None if exists => self.now,
            // A new file has the current time already.
            None => return Ok(()),
        };
        let time = Timestamp::from_unix(seconds, 0);
        let set = client.set_modified(url.path(), time.unwrap_or(Timestamp::UNIX_EPOCH)).await;
        set.map_err(|error| match error.is_not_found() {
            // vsftpd and pyftpdlib send this reply for directories.
            true => Failure::refused(url, error, "the path exists, but the server cannot set its time"),
            false => failed(error),
        })
    }
}
