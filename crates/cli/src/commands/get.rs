//! `get`: downloads files and directory trees.

use std::{
    collections::HashSet,
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use clap::Args;
use oxftp::{Connections, FileName, FtpUrl, Pool, Progress};

use super::support::{
    concurrent,
    destination::{Destination, Sink},
    lock::{JobLocks, LockTarget},
    operands::Operands,
    range,
    rename_rule::RenameArgs,
    same_names::{folds_case, refuse_same_names},
    selector::Selector,
    stdout,
    summary::{skipped_symlinks, summary, warn_of_skipped_symlinks},
};
use crate::{
    app::App,
    args::{
        ByteRange, ConnectionArgs, DEFAULT_SEGMENTS, EventArgs, ExistingArgs, JobCount, LinksArg, ModeArgs,
        MoveArgs, OperandArgs, RecordArgs, TransferArgs, local_path,
    },
    failure::{Failure, FailureCollector, Result},
    progress::Scope,
    session::Session,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files or directories to download")))]
pub(crate) struct GetArgs {
    /// Download directories recursively
    #[arg(short, long)]
    recursive: bool,
    /// Resume an interrupted download
    #[arg(short = 'c', long = "continue")]
    resume: bool,
    /// Download a part of a file: FROM-TO counts bytes from 0 and includes both ends, FROM- goes to the end, -N is the
    /// last N bytes
    #[arg(long, value_name = "FROM-TO", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["recursive", "resume", "remove_source", "move_to", "rename_with"])]
    range: Option<ByteRange>,
    /// Download a large file in N segments, each over its own connection [default: up to 4 with -j auto, else 1]
    #[arg(long, value_name = "N", conflicts_with_all = ["recursive", "range"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    segments: Option<u16>,
    /// Write to this file, or into this device or FIFO; with -r, the name of the tree's root; - is stdout
    #[arg(short, long, value_name = "FILE", value_parser = local_path())]
    output: Option<PathBuf>,
    /// Write into this directory
    #[arg(short, long, value_name = "DIR", conflicts_with = "output", value_parser = local_path())]
    directory: Option<PathBuf>,
    /// Give local files the permissions in the server's listing
    #[arg(short, long)]
    perms: bool,
    #[command(flatten)]
    modes: ModeArgs,
    /// Symbolic links in trees: skip, follow (download what they point to) or copy (create the link, if its target is inside
    /// the tree)
    #[arg(long, value_name = "HOW", default_value = "skip", hide_possible_values = true)]
    links: LinksArg,
    /// Transfer as text: convert line ends to those of this system
    #[arg(long, conflicts_with_all = ["resume", "range", "verify", "remove_source", "move_to"])]
    ascii: bool,
    /// Wait until each file is written to the disk before reporting it as complete
    #[arg(long, conflicts_with = "range")]
    fsync: bool,
    #[command(flatten)]
    moves: MoveArgs,
    #[command(flatten)]
    renames: RenameArgs,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    existing: ExistingArgs,
    #[command(flatten)]
    transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: GetArgs, app: &App) -> Result {
    check(&args)?;
    check_words(&args)?;
    let output = args.output.as_deref().map(Destination::of).transpose()?;
    check_special(&args, output.as_ref())?;
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let selector = operands.selector(&mut session, &args.operands, args.recursive).await?;
    let downloader =
        Downloader { args: &args, output: output.as_ref(), selector, skipped_symlinks: AtomicU64::new(0) };
    let mut urls = operands.urls();
    remove_repeated(&mut urls);
    refuse_same(&args, &urls)?;
    check_output(&args, urls.len())?;
    let failures = operands.collect_failures(app)?;
    let locks = downloader.lock(&mut session, &urls).await?;
    locks.run(downloader.get_all(&mut session, &urls, failures, app)).await?;
    session.quit().await;
    Ok(())
}

fn check(args: &GetArgs) -> Result {
    args.transfer.check_removal(&args.moves)?;
    args.renames.check(args.recursive)?;
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
            _ if args.transfer.backup.backup().is_some() => {
                usage("stdout replaces no file: --backup-dir and --suffix conflict with -o -")
            }
            _ if args.moves.is_any() => {
                usage("stdout is not verified: --move and --move-to conflict with -o -")
            }
            _ if args.renames.rename_with.is_some() => {
                usage("stdout has no name: --rename-with conflicts with -o -")
            }
            _ => Ok(()),
        };
    }
    if args.renames.rename_with.is_some() {
        return usage("-o sets the new name: it conflicts with --rename-with; use -d to set a directory");
    }
    match output.is_dir() && !args.recursive {
        true => Err(Failure::IsDirectory {
            name: output.display().to_string(),
            hint: "use -d to write into this directory",
        }),
        false => Ok(()),
    }
}

/// Fails if the last word is a local name, as in the commands of other programs.
fn check_words(args: &GetArgs) -> Result {
    match args.operands.urls.split_last() {
        Some((name, urls)) if !urls.is_empty() && !name.contains("://") && !name.starts_with('@') => {
            Err(Failure::UsageWithHint {
                what: format!("{name:?} is not a URL"),
                hint: format!(
                    "-d {name} downloads into the directory {name}, and -o {name} sets the name of the copy"
                ),
            })
        }
        _ => Ok(()),
    }
}

/// Fails for flags that need a regular file.
fn check_special(args: &GetArgs, output: Option<&Destination>) -> Result {
    let name = match output {
        Some(Destination::Special(path)) => path.display().to_string(),
        Some(Destination::Stdout) => "stdout".to_owned(),
        Some(Destination::File(_)) | None => return Ok(()),
    };
    if args.modes.is_any() {
        return Err(Failure::Usage(format!(
            "{name} is written into as it is: --file-mode and --dir-mode need a file or directory"
        )));
    }
    if args.recursive || args.resume || args.perms || args.moves.is_any() || args.transfer.verify.is_some() {
        let flags = "-r, -c, -p, --move, --move-to and --verify need a file or directory";
        return Err(Failure::Usage(format!("{name} is written into as it is: {flags}")));
    }
    Ok(())
}

/// Removes URLs that were named before.
fn remove_repeated(urls: &mut Vec<FtpUrl>) {
    let mut seen = HashSet::new();
    urls.retain(|url| seen.insert(url.to_string()));
}

/// Fails if two URLs would become one local file.
fn refuse_same(args: &GetArgs, urls: &[FtpUrl]) -> Result {
    let directory = args.directory.as_deref().unwrap_or(Path::new(""));
    let names = urls.iter().map(|url| new_name(args, url)).collect::<Result<Vec<_>>>()?;
    let names = names.iter().map(|name| name.as_ref().and_then(|name| name.as_str()).map(OsStr::new));
    let sources = urls.iter().map(ToString::to_string).zip(names);
    refuse_same_names(sources, &directory.display().to_string(), || folds_case(directory))
}

/// Returns the name of the local file, if the URL has a name.
fn new_name(args: &GetArgs, url: &FtpUrl) -> Result<Option<FileName>> {
    let Some(name) = url.path().file_name() else { return Ok(None) };
    Ok(Some(args.renames.apply(name.as_bytes())?.unwrap_or(name)))
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
    output: Option<&'a Destination>,
    selector: Selector,
    skipped_symlinks: AtomicU64,
}

impl Downloader<'_> {
    fn may_run_concurrently(&self, urls: &[FtpUrl]) -> bool {
        let names: Vec<_> = urls.iter().map(|url| new_name(self.args, url).ok().flatten()).collect();
        let names = names.iter().map(|name| name.as_ref().and_then(|name| name.as_str()).map(AsRef::as_ref));
        self.args.transfer.jobs.max_connections() > 1
            && urls.len() > 1
            && self.args.range.is_none()
            && self.output.is_none()
            && concurrent::have_distinct_names(names)
    }

    /// Locks what the flags say: the targets, and the sources on their servers.
    async fn lock(&self, session: &mut Session, urls: &[FtpUrl]) -> Result<JobLocks> {
        let targets: Vec<_> = match matches!(self.output, Some(Destination::Stdout | Destination::Special(_)))
        {
            true => Vec::new(),
            false => urls.iter().map(|url| self.target(url)).collect(),
        };
        let args = &self.args.transfer.lock;
        let mut locks = JobLocks::local(args, targets.iter().map(|path| LockTarget::Path(path))).await?;
        if args.remote_lock {
            for url in urls {
                let pool = session.pool(url, self.max_connections()).await?;
                locks.add_remote(args, &pool, url, url.path()).await?;
            }
        }
        Ok(locks)
    }

    /// Returns the local path that a URL is downloaded to.
    fn target(&self, url: &FtpUrl) -> PathBuf {
        let directory = self.args.directory.as_deref().unwrap_or(Path::new(""));
        let name = new_name(self.args, url).ok().flatten().map(|name| name.to_string()).unwrap_or_default();
        self.args.output.clone().unwrap_or_else(|| directory.join(name))
    }

    async fn get_all(
        &self,
        session: &mut Session,
        urls: &[FtpUrl],
        mut failures: FailureCollector<'_>,
        app: &App,
    ) -> Result {
        if self.may_run_concurrently(urls) {
            for outcome in self.get_concurrently(session, urls, app).await {
                failures.record(outcome.map(|summary| app.terminal.summary(summary)))?;
            }
        } else {
            for url in urls {
                failures.record(self.get(session, url, app).await)?;
            }
        }
        warn_of_skipped_symlinks(self.skipped_symlinks.load(Ordering::Relaxed));
        failures.finish()
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
        let directory = self.args.directory.as_deref();
        if let Some(range) = self.args.range {
            let client = session.client(url).await?;
            let begun = Instant::now();
            let bytes = range::get(client, url, range, self.output, directory).await?;
            app.records.transferred(&url.to_string(), bytes, begun.elapsed());
            return Ok(());
        }
        let sink = match self.output {
            Some(Destination::Stdout) => Some(Sink::stdout()),
            Some(Destination::Special(path)) => Some(Sink::open(path).await?),
            Some(Destination::File(_)) | None => None,
        };
        if let Some(mut sink) = sink {
            let client = session.client(url).await?;
            if self.args.ascii {
                let begun = Instant::now();
                let bytes = stdout::copy_text(client, url, &mut sink).await?;
                app.records.transferred(&url.to_string(), bytes, begun.elapsed());
                return Ok(());
            }
            let progress = app.start_progress(Scope::File);
            return stdout::copy(client, url, &mut sink, &*progress).await;
        }
        let pool = session.pool(url, self.max_connections()).await?;
        let scope = if self.args.recursive { Scope::Tree { bytes: None } } else { Scope::File };
        let summary = self.download(&pool, url, app.start_progress(scope), app).await?;
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
        let progress = app.start_progress(Scope::Tree { bytes: None });
        let downloads = urls
            .iter()
            .zip(pools)
            .map(async |(url, pool)| self.download(&pool?, url, progress.clone(), app).await);
        concurrent::run(downloads, self.args.transfer.jobs.max_operands(session.login_time())).await
    }

    async fn download(
        &self,
        pool: &Pool,
        url: &FtpUrl,
        progress: Arc<dyn Progress>,
        app: &App,
    ) -> Result<String> {
        let args = self.args;
        let begun = Instant::now();
        let download = pool
            .download(url.path())
            .recursive(args.recursive)
            .resume(args.resume)
            .ascii(args.ascii)
            .preserve_times(true)
            .preserve_mode(args.perms)
            .file_mode(args.modes.file_mode())
            .dir_mode(args.modes.dir_mode())
            .links(args.links.into())
            .sync(args.fsync)
            .verify(args.transfer.verify_before(&args.moves))
            .existing(args.existing.existing())
            .backup(args.transfer.backup.backup())
            .remove_source(args.moves.remove_source)
            .move_source(args.moves.move_to.clone())
            .order(args.transfer.order.into())
            .retries(args.connection.network.retries)
            .connections(self.connections())
            .segments(self.segments())
            .progress(progress);
        let download = match self.selector.transfer() {
            Some(selection) => download.select(selection),
            None => download,
        };
        let report = match (self.output, args.directory.as_deref()) {
            _ if args.renames.rename_with.is_some() => download.to(self.target(url)).write_into(true).await,
            (Some(Destination::File(name)), _) => download.to(name).write_into(true).await,
            (_, Some(directory)) => download.to(directory).await,
            _ => download.await,
        };
        self.skipped_symlinks.fetch_add(skipped_symlinks(&report), Ordering::Relaxed);
        match report {
            Ok(report) => {
                app.records.add(&report);
                Ok(summary(url, &report, begun))
            }
            Err(oxftp::Error::IsDirectory { .. }) => {
                Err(Failure::IsDirectory { name: url.to_string(), hint: "use -r to download it recursively" })
            }
            Err(error) => Err(Failure::about(url, error)),
        }
    }
}
