//! `put`: uploads files and trees.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use oxftp::{FtpUrl, Order, Pool, Progress, RemotePath, Verify};

use super::{
    many,
    sources::{bytes_below, bytes_of, has_no_name, is_stdin},
    stdin,
    summary::summary,
};
use crate::{
    app::App,
    args::{Jobs, PutArgs, Stored},
    failure::{Failure, Result, Tally},
    progress::{self, Scope},
    session::{self, Session},
};

pub(crate) async fn run(args: PutArgs, app: &App) -> Result {
    let url = session::url(&args.url)?;
    let target = target(&args, &url)?;
    let wanted = Wanted {
        url: &url,
        target: &target,
        resume: args.resume,
        times: args.times,
        stored: &args.stored,
        verify: args.many.verify.map(Verify::from).unwrap_or_default(),
        recursive: args.recursive,
        jobs: args.many.jobs,
        order: args.many.order.into(),
        retries: args.connection.network.retries,
    };
    let mut session = Session::new(args.connection)?;
    let mut tally = Tally::of(args.sources.len(), &app.terminal);
    if wanted.may_go_at_once(&args.sources) {
        let pool = session.pool(&url, wanted.jobs.most()).await?;
        for outcome in wanted.put_at_once(&pool, &args.sources, app).await {
            tally.note(outcome.map(|summary| app.terminal.summary(summary)))?;
        }
    } else {
        for source in &args.sources {
            let outcome = wanted.put(&mut session, source, app).await;
            tally.note(outcome)?;
        }
    }
    session.quit().await;
    tally.finish()
}

/// Where sources go.
enum Target {
    /// Into this directory, each under its own name.
    Into(RemotePath),
    /// Under this name.
    Named(RemotePath),
}

fn target(args: &PutArgs, url: &FtpUrl) -> Result<Target> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    let target = match &args.directory {
        Some(directory) => Target::Into(url.path().join_path(&directory.into())),
        None if url.names_directory() => Target::Into(url.path()),
        None if args.sources.len() > 1 => {
            return usage("several sources need a directory to go into: a URL that ends in /, or -d");
        }
        None => Target::Named(url.path()),
    };
    if args.sources.iter().any(|source| is_stdin(source)) {
        return match (&target, args.resume) {
            (Target::Into(_), _) => usage("stdin has no name: the URL must end in one"),
            (_, true) => usage("stdin cannot be continued: -c and - exclude each other"),
            _ if args.many.verify.is_some() => {
                usage("stdin cannot be compared: --verify and - exclude each other")
            }
            _ if args.stored.perms => usage("stdin has no permissions: -p and - exclude each other"),
            _ if args.stored.temp_name => {
                usage("stdin goes straight to its name: --temp-name and - exclude each other")
            }
            _ if args.times => usage("stdin has no time: -t and - exclude each other"),
            _ => Ok(target),
        };
    }
    Ok(target)
}

/// What the flags want of every source.
struct Wanted<'a> {
    url: &'a FtpUrl,
    target: &'a Target,
    resume: bool,
    times: bool,
    stored: &'a Stored,
    verify: Verify,
    recursive: bool,
    jobs: Jobs,
    order: Order,
    retries: u32,
}

impl Wanted<'_> {
    fn may_go_at_once(&self, sources: &[PathBuf]) -> bool {
        let names = sources.iter().map(|source| source.file_name().filter(|_| !has_no_name(source)));
        self.jobs.most() > 1 && sources.len() > 1 && many::are_apart(names)
    }

    async fn put(&self, session: &mut Session, source: &Path, app: &App) -> Result {
        if let (true, Target::Named(path)) = (is_stdin(source), self.target) {
            let client = session.client(self.url).await?;
            return stdin::upload(client, self.url, path, self.stored.ascii, app).await;
        }
        let scope = self.scope(source).await?;
        let pool = session.pool(self.url, self.jobs.most()).await?;
        let summary = self.upload(&pool, source, progress::start(app, scope)).await?;
        app.terminal.summary(summary);
        Ok(())
    }

    /// Shows all as one; what came of each is told when the display is gone.
    async fn put_at_once(&self, pool: &Pool, sources: &[PathBuf], app: &App) -> Vec<Result<String>> {
        let mut bytes = Some(0);
        let mut looked_at = Vec::with_capacity(sources.len());
        for source in sources {
            let scope = self.scope(source).await;
            if let Ok(scope) = &scope {
                bytes = bytes.zip(bytes_of(source, *scope).await).map(|(sum, more): (u64, u64)| sum + more);
            }
            looked_at.push(scope);
        }
        let progress = progress::start(app, Scope::Tree { bytes });
        let uploads = sources.iter().zip(looked_at).map(async |(source, scope)| {
            scope?;
            self.upload(pool, source, progress.clone()).await
        });
        many::at_once(uploads, self.jobs.at_once()).await
    }

    /// Looks at the source before anything is asked of the server.
    async fn scope(&self, source: &Path) -> Result<Scope> {
        let found = tokio::fs::metadata(source).await;
        let found = found.map_err(|error| Failure::local(format!("cannot open {source:?}"), error))?;
        match (found.is_dir(), self.recursive) {
            (false, _) => Ok(Scope::File),
            (true, true) => Ok(Scope::Tree { bytes: bytes_below(source.to_owned()).await }),
            (true, false) => {
                let hint = "-r uploads it with everything in it";
                Err(Failure::IsDirectory { name: source.display().to_string(), hint })
            }
        }
    }

    async fn upload(&self, pool: &Pool, source: &Path, progress: Arc<dyn Progress>) -> Result<String> {
        let begun = Instant::now();
        let upload = pool
            .upload(source)
            .resume(self.resume)
            .ascii(self.stored.ascii)
            .temporary(self.stored.temp_name)
            .preserve_times(self.times)
            .preserve_mode(self.stored.perms)
            .verify(self.verify)
            .order(self.order)
            .retries(self.retries)
            .connections(self.jobs.connections())
            .progress(progress);
        let report = match self.target {
            Target::Named(path) => upload.to(path).write_into(true).await,
            Target::Into(path) => upload.to(path).write_into(has_no_name(source)).await,
        };
        match report {
            Ok(report) => Ok(summary(source.display(), &report, begun)),
            Err(error) => Err(self.failed(pool, source, error).await),
        }
    }

    async fn failed(&self, pool: &Pool, source: &Path, error: oxftp::Error) -> Failure {
        let refused = error.code().is_some_and(|code| code.class() == 5);
        if let Target::Named(path) = self.target
            && refused
            && let Ok(mut client) = pool.client().await
            && client.is_dir(path).await.unwrap_or(false)
        {
            let hint = "a / at the end of the URL puts it into the directory";
            return Failure::IsDirectory { name: self.url.to_string(), hint };
        }
        let about = match &error {
            oxftp::Error::PathIo(_) => None,
            _ => Some(format!("{} to {}", source.display(), self.url)),
        };
        Failure::Client { about, error: error.into() }
    }
}
