//! `touch`: sets the modification time of files, and creates missing files.

use clap::Args;
use oxftp::{Client, Code, FtpUrl, Timestamp};

use super::support::{diagnose, operands::Operands};
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs, OperandArgs, UnixTime},
    failure::{Failure, Result},
    session::{self, Session},
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files to touch")))]
pub(crate) struct TouchArgs {
    /// Time to set, as in 2024-05-01T12:00Z [default: now]
    #[arg(short, long, value_name = "TIME")]
    date: Option<UnixTime>,
    /// Set the time of this file: a local path, or a URL
    #[arg(short, long, value_name = "FILE", conflicts_with = "date")]
    reference: Option<String>,
    /// Do not create files
    #[arg(short = 'c', long)]
    no_create: bool,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    pub(crate) events: ChangeEventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: TouchArgs, app: &App) -> Result {
    let now = jiff::Timestamp::now().as_second();
    let mut session = Session::new(args.connection)?;
    let date = match &args.reference {
        Some(file) => Some(time_of(&mut session, file).await?),
        None => args.date.map(|UnixTime(seconds)| seconds),
    };
    let touch = Touch { date, now, create: !args.no_create };
    let operands = Operands::expand_selected(&mut session, &args.operands).await?;
    let each = async |client: &mut Client, url: &FtpUrl| {
        if touch.touch(client, url).await? {
            app.report_changed(&url.path(), None);
        }
        Ok(())
    };
    operands.run(session, app, each).await
}

/// Returns the modification time of a file, in seconds since 1970.
async fn time_of(session: &mut Session, file: &str) -> Result<i64> {
    if file.contains("://") {
        let url = session::url(file)?;
        let failed = |error| Failure::about(&url, error);
        let client = session.client(&url).await?;
        let time = match client.metadata(url.path()).await.map_err(failed)?.modified {
            Some(time) => time,
            None => client.modified(url.path()).await.map_err(failed)?,
        };
        return Ok(time.to_unix(0));
    }
    let failed = |source| Failure::local(format!("cannot read the time of {file:?}"), source);
    let time = std::fs::metadata(file).and_then(|found| found.modified()).map_err(failed)?;
    let time = jiff::Timestamp::try_from(time).map_err(|error| failed(std::io::Error::other(error)))?;
    Ok(time.as_second())
}

/// Time to set, and whether to create missing files.
struct Touch {
    date: Option<i64>,
    now: i64,
    create: bool,
}

impl Touch {
    /// Creates an empty file. `APPE` keeps the content of a file that another client created in the meantime.
    async fn create(&self, client: &mut Client, url: &FtpUrl) -> Result {
        let created = async { client.append_stream(url.path()).await?.finish().await };
        let Err(error) = created.await else { return Ok(()) };
        if diagnose::is_refused(client, &error)
            && let Some(directory) = diagnose::missing_parent(client, &url.path()).await
        {
            return Err(Failure::NoDirectory { about: url.to_string(), directory: directory.to_string() });
        }
        Err(Failure::about(url, error))
    }

    /// Touches a file; returns whether anything was changed.
    async fn touch(&self, client: &mut Client, url: &FtpUrl) -> Result<bool> {
        let failed = |error| Failure::about(url, error);
        let exists = client.try_exists(url.path()).await.map_err(failed)?;
        if !exists && !self.create {
            return Ok(false);
        }
        if !exists {
            self.create(client, url).await?;
        }
        let seconds = match self.date {
            Some(seconds) => seconds,
            None if exists => self.now,
            // A new file has the current time already.
            None => return Ok(true),
        };
        let time = Timestamp::from_unix(seconds, 0);
        let set = client.set_modified(url.path(), time.unwrap_or(Timestamp::UNIX_EPOCH)).await;
        set.map(|()| true).map_err(|error| {
            match error.code() == Some(Code::FILE_UNAVAILABLE) && !error.is_permission_denied() {
                // vsftpd and pyftpdlib send this reply for directories.
                true => Failure::refused(url, error, "the path exists, but the server cannot set its time"),
                false => failed(error),
            }
        })
    }
}
