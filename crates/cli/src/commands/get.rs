//! `get`: downloads files and directory trees.

use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::Args;
use oxftp::{Connections, FtpUrl, Pool, Progress};

use super::support::{concurrent, operands::Operands, range, selector::Selector, stdout, summary::summary};
use crate::{
    app::App,
    args::{
        ByteRange, ConnectionArgs, DEFAULT_SEGMENTS, DepthArgs, EventArgs, ExistingArgs, JobCount, NameArgs,
        SelectionArgs, TransferArgs, local_path,
    },
    failure::{Failure, Result},
    output::Output,
    progress::{self, Scope},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Download directories recursively
    #[arg(short, long)]
    recursive: bool,
    /// Resume an interrupted download
    #[arg(short = 'c', long = "continue")]
    resume: bool,
    /// Download a part of a file: FROM-TO counts bytes from 0 and includes both ends, FROM- goes to the end, -N is the
    /// last N bytes
    #[arg(long, value_name = "FROM-TO", allow_hyphen_values = true, conflicts_with_all = ["recursive", "resume"])]
    range: Option<ByteRange>,
    /// Download a large file in N segments, each over its own connection [default: up to 4 with -j auto, else 1]
    #[arg(long, value_name = "N", conflicts_with_all = ["recursive", "range"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    segments: Option<u16>,
    /// Write to this file; with -r, the name of the tree's root; - is stdout
    #[arg(short, long, value_name = "FILE", value_parser = local_path())]
    output: Option<PathBuf>,
    /// Write into this directory
    #[arg(short, long, value_name = "DIR", conflicts_with = "output", value_parser = local_path())]
    directory: Option<PathBuf>,
    /// Give local files the permissions in the server's listing
    #[arg(short, long)]
    perms: bool,
    /// Transfer as text: convert line ends to those of this system
    #[arg(long, conflicts_with_all = ["resume", "range", "verify"])]
    ascii: bool,
    /// Wait until each file is written to the disk before reporting it as complete
    #[arg(long, conflicts_with = "range")]
    fsync: bool,
    /// Remove each file from the server when its copy is complete, verified and written to the disk; directories are kept
    #[arg(long = "move", conflicts_with_all = ["range", "ascii"])]
    remove_source: bool,
    /// Files or directories to download
    #[arg(value_name = "URL", required_unless_present_any = ["files_from", "files_from0"])]
    urls: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    depth: DepthArgs,
    #[command(flatten)]
    existing: ExistingArgs,
    #[command(flatten)]
    transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: GetArgs, app: &App) -> Result {
    check(&args)?;
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.urls, &args.names).await?;
    let downloader = Downloader { args: &args, selector: Selector::new(&args.selection) };
    if !args.recursive {
        operands.select(&mut session, &downloader.selector).await?;
    }
    let urls = operands.urls();
    check_output(&args, urls.len())?;
    let mut failures = operands.collect_failures(app)?;
    if downloader.may_run_concurrently(&urls) {
        for outcome in downloader.get_concurrently(&mut session, &urls, app).await {
            failures.record(outcome.map(|summary| app.terminal.summary(summary)))?;
        }
    } else {
        for url in &urls {
            let outcome = downloader.get(&mut session, url, app).await;
            failures.record(outcome)?;
        }
    }
    session.quit().await;
    failures.finish()
}

fn check(args: &GetArgs) -> Result {
    args.transfer.check_removal(args.remove_source)?;
    let Some(output) = &args.output else { return Ok(()) };
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    if output.as_os_str() == "-" {
        return match (args.recursive, args.resume) {
            (true, _) => usage("cannot write a directory tree to stdout: -r conflicts with -o -"),
            _ if args.events.json => {
                usage("cannot write events and data to stdout: --json conflicts with -o -")
            }
            (_, true) => usage("cannot resume on stdout: -c conflicts with -o -"),
            _ if args.perms => usage("stdout has no permissions: -p conflicts with -o -"),
            _ if args.transfer.verify.is_some() => {
                usage("cannot verify data on stdout: --verify conflicts with -o -")
            }
            _ if args.remove_source => usage("stdout is not verified: --move conflicts with -o -"),
            _ => Ok(()),
        };
    }
    match output.is_dir() && !args.recursive {
        true => Err(Failure::IsDirectory {
            name: output.display().to_string(),
            hint: "use -d to write into this directory",
        }),
        false => Ok(()),
    }
}

fn check_output(args: &GetArgs, urls: usize) -> Result {
    match args.output.as_ref().is_some_and(|output| output.as_os_str() != "-") && urls > 1 {
        true => Err(Failure::Usage(
            "-o names one result, but there are several URLs: use -d DIR to set a directory for them"
                .to_owned(),
        )),
        false => Ok(()),
    }
}

/// Downloads URLs as the flags say.
struct Downloader<'a> {
    args: &'a GetArgs,
    selector: Selector,
}

impl Downloader<'_> {
    fn writes_to_stdout(&self) -> bool {
        self.args.output.as_ref().is_some_and(|output| output.as_os_str() == "-")
    }

    fn may_run_concurrently(&self, urls: &[FtpUrl]) -> bool {
        let names: Vec<_> = urls.iter().map(|url| url.path().file_name()).collect();
        let names = names.iter().map(|name| name.as_ref().and_then(|name| name.as_str()).map(AsRef::as_ref));
        self.args.transfer.jobs.max_connections() > 1
            && urls.len() > 1
            && self.args.range.is_none()
            && !self.writes_to_stdout()
            && concurrent::have_distinct_names(names)
    }

    /// Returns the maximum number of connections to one server.
    fn max_connections(&self) -> usize {
        self.args.transfer.jobs.max_connections().max(self.args.segments.map_or(1, Into::into))
    }

    /// Segments that the user asked for all start at once.
    fn connections(&self) -> Connections {
        match self.args.segments {
            Some(_) => Connections::All,
            None => self.args.transfer.jobs.connections(),
        }
    }

    fn segments(&self) -> usize {
        let default = match self.args.transfer.jobs {
            JobCount::Auto => DEFAULT_SEGMENTS,
            JobCount::AtMost(_) => 1,
        };
        self.args.segments.map_or(default, Into::into)
    }

    async fn get(&self, session: &mut Session, url: &FtpUrl, app: &App) -> Result {
        let (output, directory) = (self.args.output.as_deref(), self.args.directory.as_deref());
        if let Some(range) = self.args.range {
            let client = session.client(url).await?;
            return range::get(client, url, range, output, directory).await;
        }
        if self.writes_to_stdout() {
            let client = session.client(url).await?;
            if self.args.ascii {
                return stdout::copy_text(client, url, &mut Output::new()).await;
            }
            let progress = progress::start(app.progress, Scope::File);
            return stdout::copy(client, url, &mut Output::new(), &progress).await;
        }
        let pool = session.pool(url, self.max_connections()).await?;
        let scope = if self.args.recursive { Scope::Tree { bytes: None } } else { Scope::File };
        let summary = self.download(&pool, url, progress::start(app.progress, scope)).await?;
        app.terminal.summary(summary);
        Ok(())
    }

    /// Downloads all URLs under one progress display. Outcomes are returned, so that they are printed after it.
    async fn get_concurrently(
        &self,
        session: &mut Session,
        urls: &[FtpUrl],
        app: &App,
    ) -> Vec<Result<String>> {
        let mut pools = Vec::with_capacity(urls.len());
        for url in urls {
            pools.push(session.pool(url, self.max_connections()).await);
        }
        let progress = progress::start(app.progress, Scope::Tree { bytes: None });
        let downloads = urls
            .iter()
            .zip(pools)
            .map(async |(url, pool)| self.download(&pool?, url, progress.clone()).await);
        concurrent::run(downloads, self.args.transfer.jobs.max_operands()).await
    }

    async fn download(&self, pool: &Pool, url: &FtpUrl, progress: Arc<dyn Progress>) -> Result<String> {
        let args = self.args;
        let begun = Instant::now();
        let download = pool
            .download(url.path())
            .recursive(args.recursive)
            .resume(args.resume)
            .ascii(args.ascii)
            .preserve_times(true)
            .preserve_mode(args.perms)
            .sync(args.fsync)
            .verify(if args.remove_source {
                args.transfer.verify_before_removal()
            } else {
                args.transfer.verify()
            })
            .existing(args.existing.existing())
            .remove_source(args.remove_source)
            .order(args.transfer.order.into())
            .retries(args.connection.network.retries)
            .connections(self.connections())
            .segments(self.segments())
            .progress(progress);
        let download = match self.selector.transfer(args.depth) {
            Some(selection) => download.select(selection),
            None => download,
        };
        let report = match (args.output.as_deref(), args.directory.as_deref()) {
            (Some(name), _) => download.to(name).write_into(true).await,
            (None, Some(directory)) => download.to(directory).await,
            (None, None) => download.await,
        };
        match report {
            Ok(report) => Ok(summary(url, &report, begun)),
            Err(oxftp::Error::IsDirectory { .. }) => {
                Err(Failure::IsDirectory { name: url.to_string(), hint: "use -r to download it recursively" })
            }
            Err(error) => Err(Failure::about(url, error)),
        }
    }
}
