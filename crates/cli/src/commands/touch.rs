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
        let outcome = async {
            let touched = wanted.touch(session.client(url).await?, url).await;
            touched.map_err(|error| Failure::about(url, error))
        };
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
    async fn touch(&self, client: &mut Client, url: &FtpUrl) -> oxftp::Result<()> {
        let exists = client.exists(url.path()).await?;
        if !exists && !self.create {
            return Ok(());
        }
        if !exists {
            // Somebody may have made it meanwhile: what it holds stays.
            client.append_stream(url.path()).await?.finish().await?;
        }
        let seconds = match self.date {
            Some(Moment(seconds)) => seconds,
            None if exists => self.now,
            // What was made now has the time already.
            None => return Ok(()),
        };
        let time = Timestamp::from_unix(seconds, 0);
        client.set_modified(url.path(), time.unwrap_or(Timestamp::UNIX_EPOCH)).await
    }
}
