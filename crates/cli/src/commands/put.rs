//! `put`: uploads files and directory trees.

use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Args;
use oxftp::{FtpUrl, Pool, Progress, RemotePath};

use super::support::{
    concurrent, local_glob,
    lock::{JobLocks, LockTarget},
    operands::read_names,
    rename_rule::RenameArgs,
    same_names::refuse_same_names,
    selector::Selector,
    sources::{self, bytes_of, has_no_name, is_stdin, tree_bytes},
    stability::Stability,
    stdin,
    summary::{skipped_symlinks, summary, warn_of_skipped_symlinks},
};
use crate::{
    app::App,
    args::{
        ConnectionArgs, EventArgs, ExistingArgs, GlobArgs, LinksArg, ModeArgs, MoveArgs, RecordArgs,
        SelectionArgs, TransferArgs, names_url,
    },
    failure::{Failure, Result},
    progress::Scope,
    session::{self, Session},
};

#[derive(Debug, Args)]
#[command(override_usage = "oxftp put [OPTIONS] <SRC>... <URL>")]
pub(crate) struct PutArgs {
    /// Upload directories recursively
    #[arg(short, long)]
    recursive: bool,
    /// Resume an interrupted upload: compare what the server has, and send the rest
    #[arg(short = 'c', long = "continue")]
    resume: bool,
    /// Give files on the server the modification times of the local files
    #[arg(short, long)]
    times: bool,
    /// Give files on the server the permissions of the local files
    #[arg(short, long)]
    perms: bool,
    #[command(flatten)]
    modes: ModeArgs,
    /// Symbolic links in trees: skip, or follow (upload what they point to)
    #[arg(long, value_name = "HOW", default_value = "skip", hide_possible_values = true)]
    links: LinksArg,
    /// Transfer as text: convert line ends to those of the server
    #[arg(long, conflicts_with_all = ["resume", "verify", "remove_source", "move_to"])]
    ascii: bool,
    /// Upload each file under a temporary name; rename it when it is complete and verified
    #[arg(long)]
    temp_name: bool,
    /// Upload into this directory, relative to the path of the URL
    #[arg(short, long, value_name = "REMOTE_DIR")]
    directory: Option<String>,
    #[command(flatten)]
    moves: MoveArgs,
    #[command(flatten)]
    renames: RenameArgs,
    /// Files or directories to upload, or patterns such as 'logs/*.gz'; - is stdin. The last word is the destination: a directory if it ends in /, else the
    /// new name
    #[arg(value_name = "SRC", required = true)]
    words: Vec<PathBuf>,
    #[arg(skip)]
    sources: Vec<PathBuf>,
    #[arg(skip)]
    url: String,
    #[command(flatten)]
    glob: GlobArgs,
    /// Read the names of files to upload from this file, one per line; - is stdin
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    files_from: Option<PathBuf>,
    /// Read the names of files to upload, each of which ends with NUL, from this file
    #[arg(long, value_name = "FILE", help_heading = "Selection", conflicts_with = "files_from")]
    files_from0: Option<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
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

pub(crate) async fn run(mut args: PutArgs, app: &App) -> Result {
    args.transfer.check_removal(&args.moves)?;
    args.renames.check(args.recursive)?;
    args.take_words()?;
    args.add_named_sources()?;
    let url = session::url(&args.url)?;
    let target = target(&args, &url)?;
    remove_repeated(&mut args.sources);
    if let Target::Into(directory) = &target {
        let names = args.sources.iter().map(|source| new_name(&args, source));
        let names = names.collect::<Result<Vec<_>>>()?;
        let sources = args.sources.iter().map(|source| source.display().to_string());
        let names = sources.zip(names.iter().map(Option::as_deref));
        // Whether the server ignores case is not known.
        refuse_same_names(names, &directory.to_string(), || false)?;
    }
    let mut selector = Selector::new(&args.selection);
    if let Some(seconds) = args.selection.stable {
        let stability = Stability::of_paths(&args.sources, seconds).await?;
        selector = selector.and([stability.into_selection()]);
    }
    let uploader =
        Uploader { args: &args, url: &url, target: &target, selector, skipped_symlinks: AtomicU64::new(0) };
    let mut session = Session::new(args.connection.clone())?;
    let locks = uploader.lock(&mut session).await?;
    locks.run(uploader.put_all(&mut session, app)).await?;
    session.quit().await;
    Ok(())
}

/// Returns the name of the file on the server, if the source has a name.
fn new_name(args: &PutArgs, source: &Path) -> Result<Option<OsString>> {
    let Some(name) = source.file_name().filter(|_| !has_no_name(source)) else { return Ok(None) };
    let new = args.renames.apply(name.as_encoded_bytes())?;
    Ok(Some(new.map_or_else(|| name.to_owned(), |new| new.to_string_lossy().into_owned().into())))
}

/// Removes sources that were named before.
fn remove_repeated(sources: &mut Vec<PathBuf>) {
    let mut seen = HashSet::new();
    sources.retain(|source| match std::fs::canonicalize(source) {
        Ok(path) => seen.insert((path, has_no_name(source))),
        Err(_) => true,
    });
}

impl PutArgs {
    /// Divides the words into sources and the URL.
    fn take_words(&mut self) -> Result {
        let mut sources = std::mem::take(&mut self.words);
        let has_names = self.files_from.is_some() || self.files_from0.is_some();
        let url = sources.pop().and_then(|word| word.into_os_string().into_string().ok());
        let url = url.filter(|_| has_names || !sources.is_empty());
        self.url = url.ok_or_else(|| Failure::UsageWithHint {
            what: "the URL is missing".to_owned(),
            hint: "use put SRC... URL, as in oxftp put a.txt ftp://example.org/dir/".to_owned(),
        })?;
        if sources.iter().any(|source| names_url(source)) {
            let is_copy = self.url.contains("://");
            return Err(Failure::UsageWithHint {
                what: "a URL is given where a local path is expected".to_owned(),
                hint: match is_copy {
                    true => "use mirror or fxp to copy from one server to another".to_owned(),
                    false => {
                        "put uploads, and its URL is the last word: put SRC... URL; get downloads".to_owned()
                    }
                },
            });
        }
        if self.glob.no_glob {
            self.sources = sources;
            return Ok(());
        }
        for source in &sources {
            self.sources.append(&mut local_glob::expand(source)?);
        }
        Ok(())
    }

    /// Adds the sources that a file names.
    fn add_named_sources(&mut self) -> Result {
        let (path, separator) = match (&self.files_from, &self.files_from0) {
            (Some(path), _) => (path, b'\n'),
            (None, Some(path)) => (path, 0),
            (None, None) => return Ok(()),
        };
        for name in read_names(path, separator)? {
            self.sources.push(sources::path_of(name));
        }
        Ok(())
    }
}

/// Destination of the sources.
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
        None if args.renames.rename_with.is_some() => {
            return usage("--rename-with needs a destination directory: a URL that ends in /, or -d");
        }
        None if args.sources.len() > 1 => {
            return usage("several sources need a destination directory: a URL that ends in /, or -d");
        }
        None => Target::Named(url.path()),
    };
    if args.sources.iter().any(|source| is_stdin(source)) {
        return match (&target, args.resume) {
            (Target::Into(_), _) => usage("stdin has no name: the URL must end in a file name"),
            (_, true) => usage("cannot resume from stdin: -c conflicts with -"),
            _ if args.transfer.verify.is_some() => {
                usage("cannot verify data from stdin: --verify conflicts with -")
            }
            _ if args.perms => usage("stdin has no permissions: -p conflicts with -"),
            _ if args.modes.is_any() => usage("stdin has no permissions: use chmod after the upload"),
            _ if args.temp_name => {
                usage("stdin is uploaded under its final name: --temp-name conflicts with -")
            }
            _ if args.transfer.backup.backup().is_some() => {
                usage("stdin is uploaded under its final name: --backup-dir and --suffix conflict with -")
            }
            _ if args.moves.is_any() => {
                usage("stdin cannot be removed: --move and --move-to conflict with -")
            }
            _ if args.selection.stable.is_some() => usage("stdin is read once: --stable conflicts with -"),
            _ if args.times => usage("stdin has no modification time: -t conflicts with -"),
            _ => Ok(target),
        };
    }
    Ok(target)
}

/// Uploads sources as the flags say.
struct Uploader<'a> {
    args: &'a PutArgs,
    url: &'a FtpUrl,
    target: &'a Target,
    selector: Selector,
    skipped_symlinks: AtomicU64,
}

impl Uploader<'_> {
    fn max_connections(&self) -> usize {
        self.args.transfer.jobs.max_connections()
    }

    /// Locks the targets as the flags say.
    async fn lock(&self, session: &mut Session) -> Result<JobLocks> {
        let args = &self.args.transfer.lock;
        if args.lock.is_none() && !args.remote_lock {
            return Ok(JobLocks::default());
        }
        let targets: Vec<_> = self.args.sources.iter().map(|source| self.target_of(source)).collect();
        let on_server = |path: &RemotePath| LockTarget::Server(self.url, path.clone());
        let mut locks = JobLocks::local(args, targets.iter().map(on_server)).await?;
        if args.remote_lock {
            let pool = session.pool(self.url, self.max_connections()).await?;
            for target in targets {
                locks.add_remote(args, &pool, self.url, target).await?;
            }
        }
        Ok(locks)
    }

    /// Returns the path on the server that a source is uploaded to.
    fn target_of(&self, source: &Path) -> RemotePath {
        match (self.target, new_name(self.args, source).ok().flatten()) {
            (Target::Into(path), Some(name)) => path.join_path(&name.to_string_lossy().into_owned().into()),
            (Target::Into(path) | Target::Named(path), _) => path.clone(),
        }
    }

    async fn put_all(&self, session: &mut Session, app: &App) -> Result {
        let mut failures = app.collect_failures(self.args.sources.len());
        if self.may_run_concurrently() {
            let pool = session.pool(self.url, self.max_connections()).await?;
            for outcome in self.put_concurrently(&pool, session.login_time(), app).await {
                failures.record(outcome.map(|summary| app.terminal.summary(summary)))?;
            }
        } else {
            for source in &self.args.sources {
                failures.record(self.put(session, source, app).await)?;
            }
        }
        warn_of_skipped_symlinks(self.skipped_symlinks.load(Ordering::Relaxed));
        failures.finish()
    }

    fn may_run_concurrently(&self) -> bool {
        let sources = &self.args.sources;
        let names: Vec<_> = sources.iter().map(|source| new_name(self.args, source).ok().flatten()).collect();
        self.max_connections() > 1
            && sources.len() > 1
            && concurrent::have_distinct_names(names.iter().map(Option::as_deref))
    }

    async fn put(&self, session: &mut Session, source: &Path, app: &App) -> Result {
        if let (true, Target::Named(path)) = (is_stdin(source), self.target) {
            let client = session.client(self.url).await?;
            return stdin::upload(client, self.url, path, self.args.ascii, app).await;
        }
        let scope = self.scope(source).await?;
        let pool = session.pool(self.url, self.max_connections()).await?;
        let summary = self.upload(&pool, source, app.start_progress(scope), app).await?;
        app.terminal.summary(summary);
        Ok(())
    }

    /// Uploads all sources under one progress display. Outcomes are returned, so that they are printed after it.
    async fn put_concurrently(&self, pool: &Pool, login: Duration, app: &App) -> Vec<Result<String>> {
        let sources = &self.args.sources;
        let mut bytes = Some(0);
        let mut scopes = Vec::with_capacity(sources.len());
        for source in sources {
            let scope = self.scope(source).await;
            if let Ok(scope) = &scope {
                bytes = bytes.zip(bytes_of(source, *scope).await).map(|(sum, more): (u64, u64)| sum + more);
            }
            scopes.push(scope);
        }
        let progress = app.start_progress(Scope::Tree { bytes });
        let uploads = sources.iter().zip(scopes).map(async |(source, scope)| {
            scope?;
            self.upload(pool, source, progress.clone(), app).await
        });
        concurrent::run(uploads, self.args.transfer.jobs.max_operands(login)).await
    }

    /// Examines a source before the first command is sent.
    async fn scope(&self, source: &Path) -> Result<Scope> {
        let found = tokio::fs::metadata(source).await;
        let found = found.map_err(|error| Failure::local(format!("cannot open {source:?}"), error))?;
        match (found.is_dir(), self.args.recursive) {
            (false, _) => Ok(Scope::File),
            (true, true) => Ok(Scope::Tree { bytes: tree_bytes(source.to_owned()).await }),
            (true, false) => {
                let hint = "use -r to upload it recursively";
                Err(Failure::IsDirectory { name: source.display().to_string(), hint })
            }
        }
    }

    async fn upload(
        &self,
        pool: &Pool,
        source: &Path,
        progress: Arc<dyn Progress>,
        app: &App,
    ) -> Result<String> {
        let args = self.args;
        let begun = Instant::now();
        let upload = pool
            .upload(source)
            .resume(args.resume)
            .ascii(args.ascii)
            .temporary(args.temp_name)
            .preserve_times(args.times)
            .preserve_mode(args.perms)
            .file_mode(args.modes.file_mode())
            .dir_mode(args.modes.dir_mode())
            .links(args.links.into())
            .verify(args.transfer.verify_before(&args.moves))
            .existing(args.existing.existing())
            .backup(args.transfer.backup.backup())
            .remove_source(args.moves.remove_source)
            .move_source(args.moves.move_to.clone())
            .order(args.transfer.order.into())
            .retries(args.connection.network.retries)
            .connections(args.transfer.jobs.connections())
            .progress(progress);
        let upload = match self.selector.transfer() {
            Some(selection) => upload.select(selection),
            None => upload,
        };
        let report = match self.target {
            Target::Into(_) if args.renames.rename_with.is_some() => {
                upload.to(self.target_of(source)).write_into(true).await
            }
            Target::Named(path) => upload.to(path).write_into(true).await,
            Target::Into(path) => upload.to(path).write_into(has_no_name(source)).await,
        };
        self.skipped_symlinks.fetch_add(skipped_symlinks(&report), Ordering::Relaxed);
        match report {
            Ok(report) => {
                app.records.add(&report);
                Ok(summary(source.display(), &report, begun))
            }
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
            let hint = "end the URL with / to upload into the directory";
            return Failure::IsDirectory { name: self.url.to_string(), hint };
        }
        let about = match &error {
            oxftp::Error::LocalFs(_) => None,
            _ => Some(format!("{} to {}", source.display(), self.url)),
        };
        Failure::Client { about, error: error.into() }
    }
}
