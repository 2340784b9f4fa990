//! `get`: downloads files and trees.

use std::{path::Path, sync::Arc, time::Instant};

use oxftp::{Connections, FtpUrl, Order, Pool, Progress, Verify};

use super::{cat, many, range, summary::summary};
use crate::{
    app::App,
    args::{ByteRange, GetArgs, Jobs, SEGMENTS_BY_THEMSELVES},
    failure::{Failure, Result, Tally},
    output::Output,
    progress::{self, Scope},
    session::{self, Session},
};

pub(crate) async fn run(args: GetArgs, app: &App) -> Result {
    let urls = session::urls(&args.urls)?;
    check(&args)?;
    let wanted = Wanted {
        recursive: args.recursive,
        resume: args.resume,
        ascii: args.fetched.ascii,
        perms: args.fetched.perms,
        fsync: args.fetched.fsync,
        verify: args.many.verify.map(Verify::from).unwrap_or_default(),
        range: args.range,
        output: args.output.as_deref(),
        directory: args.directory.as_deref(),
        jobs: args.many.jobs,
        segments: args.segments.map(Into::into),
        order: args.many.order.into(),
        retries: args.connection.network.retries,
    };
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(urls.len(), &app.terminal);
    if wanted.may_go_at_once(&urls) {
        for outcome in wanted.get_at_once(&mut session, &urls, app).await {
            tally.note(outcome.map(|summary| app.terminal.summary(summary)))?;
        }
    } else {
        for url in &urls {
            let outcome = wanted.get(&mut session, url, app).await;
            tally.note(outcome)?;
        }
    }
    session.quit().await;
    tally.finish()
}

fn check(args: &GetArgs) -> Result {
    let Some(output) = &args.output else { return Ok(()) };
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    if output.as_os_str() == "-" {
        return match (args.recursive, args.resume) {
            (true, _) => usage("a tree cannot go to stdout: -r and -o - exclude each other"),
            _ if args.events.json => usage("stdout takes one of them: --json and -o - exclude each other"),
            (_, true) => usage("stdout cannot be continued: -c and -o - exclude each other"),
            _ if args.fetched.perms => usage("stdout has no permissions: -p and -o - exclude each other"),
            _ if args.many.verify.is_some() => {
                usage("stdout cannot be compared: --verify and -o - exclude each other")
            }
            _ => Ok(()),
        };
    }
    if args.urls.len() > 1 {
        return usage("-o names one result, but there are several URLs: -d names a directory for them");
    }
    match output.is_dir() && !args.recursive {
        true => Err(Failure::IsDirectory {
            name: output.display().to_string(),
            hint: "-d puts the result into it",
        }),
        false => Ok(()),
    }
}

/// What the flags want of every URL.
struct Wanted<'a> {
    recursive: bool,
    resume: bool,
    ascii: bool,
    perms: bool,
    fsync: bool,
    verify: Verify,
    range: Option<ByteRange>,
    output: Option<&'a Path>,
    directory: Option<&'a Path>,
    jobs: Jobs,
    segments: Option<usize>,
    order: Order,
    retries: u32,
}

impl Wanted<'_> {
    fn goes_to_stdout(&self) -> bool {
        self.output.is_some_and(|output| output.as_os_str() == "-")
    }

    fn may_go_at_once(&self, urls: &[FtpUrl]) -> bool {
        let names: Vec<_> = urls.iter().map(|url| url.path().file_name()).collect();
        let names = names.iter().map(|name| name.as_ref().and_then(|name| name.as_str()).map(AsRef::as_ref));
        self.jobs.most() > 1
            && urls.len() > 1
            && self.range.is_none()
            && !self.goes_to_stdout()
            && many::are_apart(names)
    }

    /// Gives how many connections to one server there may be.
    fn connections(&self) -> usize {
        self.jobs.most().max(self.segments.unwrap_or(1))
    }

    /// Segments that were asked for are all there from the start.
    fn how_many(&self) -> Connections {
        match self.segments {
            Some(_) => Connections::All,
            None => self.jobs.connections(),
        }
    }

    fn segments(&self) -> usize {
        match self.jobs {
            Jobs::Auto => self.segments.unwrap_or(SEGMENTS_BY_THEMSELVES),
            Jobs::AtMost(_) => self.segments.unwrap_or(1),
        }
    }

    async fn get(&self, session: &mut Session, url: &FtpUrl, app: &App) -> Result {
        if let Some(range) = self.range {
            let client = session.client(url).await?;
            return range::get(client, url, range, (self.output, self.directory)).await;
        }
        if self.goes_to_stdout() {
            let client = session.client(url).await?;
            if self.ascii {
                return cat::copy_text(client, url, &mut Output::new()).await;
            }
            let progress = progress::start(app, Scope::File);
            return cat::copy(client, url, &mut Output::new(), &progress).await;
        }
        let pool = session.pool(url, self.connections()).await?;
        let scope = if self.recursive { Scope::Tree { bytes: None } } else { Scope::File };
        let summary = self.download(&pool, url, progress::start(app, scope)).await?;
        app.terminal.summary(summary);
        Ok(())
    }

    /// Shows all as one; what came of each is told when the display is gone.
    async fn get_at_once(&self, session: &mut Session, urls: &[FtpUrl], app: &App) -> Vec<Result<String>> {
        let mut pools = Vec::with_capacity(urls.len());
        for url in urls {
            pools.push(session.pool(url, self.connections()).await);
        }
        let progress = progress::start(app, Scope::Tree { bytes: None });
        let downloads = urls
            .iter()
            .zip(pools)
            .map(async |(url, pool)| self.download(&pool?, url, progress.clone()).await);
        many::at_once(downloads, self.jobs.at_once()).await
    }

    async fn download(&self, pool: &Pool, url: &FtpUrl, progress: Arc<dyn Progress>) -> Result<String> {
        let begun = Instant::now();
        let download = pool
            .download(url.path())
            .recursive(self.recursive)
            .resume(self.resume)
            .ascii(self.ascii)
            .preserve_times(true)
            .preserve_mode(self.perms)
            .sync(self.fsync)
            .verify(self.verify)
            .order(self.order)
            .retries(self.retries)
            .connections(self.how_many())
            .segments(self.segments())
            .progress(progress);
        let report = match (self.output, self.directory) {
            (Some(name), _) => download.to(name).write_into(true).await,
            (None, Some(directory)) => download.to(directory).await,
            (None, None) => download.await,
        };
        match report {
            Ok(report) => Ok(summary(url, &report, begun)),
            Err(oxftp::Error::IsDirectory { .. }) => Err(Failure::IsDirectory {
                name: url.to_string(),
                hint: "-r downloads it with everything in it",
            }),
            Err(error) => Err(Failure::about(url, error)),
        }
    }
}
