//! `touch`: sets the time of files, and makes those that are missing.

use oxftp::{Client, FtpUrl, Timestamp};

use crate::{
    app::App,
    args::{Moment, TouchArgs},
    failure::{Failure, Result, Tally},
    session::{self, Session},
};

pub(crate) async fn run(args: TouchArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    let now = jiff::Timestamp::now().as_second();
    let wanted = Wanted { date: args.date, now, create: !args.no_create };
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(urls.len(), &app.terminal);
    for url in &urls {
        let outcome = async { wanted.touch(session.client(url).await?, url).await };
        tally.note(outcome.await)?;
    }
    session.quit().await;
    tally.finish()
}

/// What the flags want of every URL.
struct Wanted {
    date: Option<Moment>,
    now: i64,
    create: bool,
}

impl Wanted {
    async fn touch(&self, client: &mut Client, url: &FtpUrl) -> Result {
        let failed = |error| Failure::about(url, error);
        let exists = client.exists(url.path()).await.map_err(failed)?;
        if !exists && !self.create {
            return Ok(());
        }
        if !exists {
            // Somebody may have made it meanwhile: what it holds stays.
            client.append_stream(url.path()).await.map_err(failed)?.finish().await.map_err(failed)?;
        }
        let seconds = match self.date {
            Some(Moment(seconds)) => seconds,
            None if exists => self.now,
            // What was made now has the time already.
            None => return Ok(()),
        };
        let time = Timestamp::from_unix(seconds, 0);
        let set = client.set_modified(url.path(), time.unwrap_or(Timestamp::UNIX_EPOCH)).await;
        set.map_err(|error| match error.is_not_found() {
            // vsftpd and pyftpdlib say so of directories.
            true => Failure::refused(url, error, "it is there, but the server does not set its time"),
            false => failed(error),
        })
    }
}
