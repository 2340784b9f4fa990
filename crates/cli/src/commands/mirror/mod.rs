//! `mirror`: copies new and changed files from one tree to another.

mod step;
mod step_counts;
mod step_lines;

use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::{Args, ValueEnum};
use oxftp::{
    FtpUrl, Pool, RemotePath, Report, Selection,
    mirror::{Action, Compare, Delete, Filter, Mirror, Step},
};

use self::{step_counts::StepCounts, step_lines::step_lines};
use super::support::{
    listed_paths::listed,
    lock::{JobLocks, LockTarget},
    operands::Operands,
    selector::Selector,
    stability::Stability,
    summary::summary,
    url_glob::TreeGlob,
};
use crate::{
    app::App,
    args::{
        ConnectionArgs, ExistingArgs, FilterArgs, GlobArgs, LinksArg, ListedArgs, ModeArgs, MoveArgs,
        RecordArgs, SelectionArgs, TransferArgs,
    },
    failure::{Exit, Failure, Result},
    output::Output,
    progress::Scope,
    session::{self, Session},
    units::count,
};

#[derive(Debug, Args)]
pub(crate) struct MirrorArgs {
    /// Delete files and directories from DST that SRC does not have: after all transfers, or with =before before those of
    /// each directory
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "after")]
    #[arg(hide_possible_values = true)]
    delete: Option<DeleteArg>,
    /// Delete at most N files and directories
    #[arg(long, value_name = "N", requires = "delete")]
    max_delete: Option<u64>,
    /// Transfer only files that are newer in SRC, regardless of sizes
    #[arg(short = 'u', long, alias = "newer", conflicts_with_all = ["size_only", "checksum"])]
    update: bool,
    /// Compare sizes only, not times
    #[arg(long, conflicts_with = "checksum")]
    size_only: bool,
    /// Compare sizes and checksums, which the server must be able to compute
    #[arg(long)]
    checksum: bool,
    /// Symbolic links: skip, follow (mirror what they point to) or copy (create the link, if its target is inside the
    /// tree; downloads only)
    #[arg(long, value_name = "HOW", default_value = "skip", hide_possible_values = true)]
    links: LinksArg,
    /// Create directories even if --include and --exclude leave nothing of them
    #[arg(long)]
    empty_dirs: bool,
    /// Give transferred files the permissions of their sources
    #[arg(short, long)]
    perms: bool,
    #[command(flatten)]
    modes: ModeArgs,
    /// Upload each file under a temporary name; rename it when it is complete and verified
    #[arg(long)]
    temp_name: bool,
    #[command(flatten)]
    moves: MoveArgs,
    /// Show what would be done, without doing it
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// With -n: exit with 1 if something would be done
    #[arg(long, requires = "dry_run")]
    exit_code: bool,
    /// Print one JSON object per step and per failure
    #[arg(long)]
    json: bool,
    /// Resume partial files of an earlier mirror if the source has not changed
    #[arg(short = 'c', long = "continue")]
    resume: bool,
    /// Wait until each downloaded file is written to the disk before it counts as complete
    #[arg(long)]
    fsync: bool,
    /// Stop after more than N failures
    #[arg(long, value_name = "N")]
    max_errors: Option<usize>,
    /// Source: a URL or a local directory. A pattern in the URL, as in 'ftp://example.org/logs/2026-*', selects what
    /// matches in the directory before it
    #[arg(value_name = "SRC")]
    source: String,
    /// Destination: a URL or a local directory
    #[arg(value_name = "DST")]
    target: String,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    glob: GlobArgs,
    #[command(flatten)]
    listed: ListedArgs,
    #[command(flatten)]
    existing: ExistingArgs,
    #[command(flatten)]
    transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

impl MirrorArgs {
    fn compare(&self) -> Compare {
        match self {
            Self { update: true, .. } => Compare::Newer,
            Self { size_only: true, .. } => Compare::Size,
            Self { checksum: true, .. } => Compare::Hash,
            _ => Compare::SizeAndTime,
        }
    }
}

/// Values of `--delete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeleteArg {
    Before,
    After,
}

impl From<DeleteArg> for Delete {
    fn from(when: DeleteArg) -> Self {
        match when {
            DeleteArg::Before => Self::Before,
            DeleteArg::After => Self::After,
        }
    }
}

pub(crate) async fn run(args: MirrorArgs, app: &App) -> Result {
    let steps = Arc::new(StepCounts::default());
    let mirrored = mirror(&args, &steps, app).await;
    if let (true, Err(failure)) = (args.json, &mirrored) {
        write_failures(failure).await?;
    }
    steps.report_skipped();
    mirrored?;
    match args.exit_code && steps.changes() > 0 {
        true => Err(Failure::AlreadyReported(Exit::PartialFailure)),
        false => Ok(()),
    }
}

async fn mirror(args: &MirrorArgs, steps: &Arc<StepCounts>, app: &App) -> Result {
    args.transfer.check_removal(&args.moves)?;
    let (source, target) = (MirrorOperand::read(&args.source)?, MirrorOperand::read(&args.target)?);
    let begun = Instant::now();
    let mut session = Session::new(args.connection.clone())?;
    let mut conditions = Vec::from_iter(listed(&args.listed)?);
    let source = match args.glob.no_glob {
        true => source,
        false => source.expand(&mut session, args.selection.levels(), &mut conditions).await?,
    };
    let locks = lock(args, &mut session, &source, &target).await?;
    conditions.extend(stable_files(&mut session, &source, &args.selection).await?);
    let job = MirrorJob { args, conditions, steps, app };
    let (report, about) = locks.run(job.mirror_trees(&mut session, source, target)).await?;
    let report = report.map_err(|error| Failure::about_trees(&about, error))?;
    if args.dry_run {
        app.records.planned(&report)
    } else {
        app.records.add(&report)
    }
    app.terminal.summary(summary_of(args, &report, begun));
    session.quit().await;
    Ok(())
}

/// Locks the destination as the flags say: a directory on a server, or the local one and the source on its server.
async fn lock(
    args: &MirrorArgs,
    session: &mut Session,
    source: &MirrorOperand,
    target: &MirrorOperand,
) -> Result<JobLocks> {
    if args.dry_run {
        return Ok(JobLocks::default());
    }
    let args = (&args.transfer.lock, args.transfer.jobs.max_connections());
    let mut locks = JobLocks::local(args.0, [target.as_lock_target()]).await?;
    if args.0.remote_lock
        && let Some(url) = target.url().or(source.url())
    {
        let pool = session.pool(url, args.1).await?;
        locks.add_remote(args.0, &pool, url, url.path()).await?;
    }
    Ok(locks)
}

/// Looks at the source for the first time; returns `None` without the flag.
pub(super) async fn stable_files(
    session: &mut Session,
    source: &MirrorOperand,
    selection: &SelectionArgs,
) -> Result<Option<Selection>> {
    let Some(seconds) = selection.stable else { return Ok(None) };
    let stability = match source {
        MirrorOperand::Url(url) => Stability::of_tree(session, url, seconds, selection.levels()).await?,
        MirrorOperand::Path(path) => Stability::of_paths(std::slice::from_ref(path), seconds).await?,
    };
    Ok(Some(stability.into_selection()))
}

/// A mirror as the flags say.
struct MirrorJob<'a> {
    args: &'a MirrorArgs,
    /// Conditions that no flag of the selection expresses: that the files are listed, and that no program writes them.
    conditions: Vec<Selection>,
    steps: &'a Arc<StepCounts>,
    app: &'a App,
}

impl MirrorJob<'_> {
    async fn mirror_trees(
        &self,
        session: &mut Session,
        source: MirrorOperand,
        target: MirrorOperand,
    ) -> Result<(oxftp::Result<Report>, Box<FtpUrl>)> {
        let jobs = self.args.transfer.jobs.max_connections();
        let (report, about) = match (source, target) {
            (MirrorOperand::Url(source), MirrorOperand::Path(target)) => {
                let pool = session.pool(&source, jobs).await?;
                let mirror = pool.mirror_down(source.path(), target);
                (self.run(mirror, "get").await, source)
            }
            (MirrorOperand::Path(source), MirrorOperand::Url(target)) => {
                let pool = session.pool(&target, jobs).await?;
                let mirror = pool.mirror_up(source, target.path());
                (self.run(mirror, "put").await, target)
            }
            (MirrorOperand::Url(source), MirrorOperand::Url(target)) => {
                let pools = PoolPair::open(session, &source, &target, jobs).await?;
                let mirror = pools.mirror(&source, &target);
                (self.run(mirror, "copy").await, source)
            }
            (MirrorOperand::Path(_), MirrorOperand::Path(_)) => {
                return Err(nothing_remote([&self.args.source, &self.args.target]));
            }
        };
        Ok((report?, about))
    }
}

/// Returns the error for two local paths; a word with `@` is an unknown bookmark.
pub(super) fn nothing_remote(words: [&str; 2]) -> Failure {
    let bookmark = words.iter().find(|word| word.starts_with('@'));
    bookmark.and_then(|word| session::url(word).err()).unwrap_or_else(|| Failure::UsageWithHint {
        what: "neither SRC nor DST is a URL: at least one of them must be on a server".to_owned(),
        hint: "use ftp://host/path, ftpes://host/path with TLS, or a bookmark: @NAME/path".to_owned(),
    })
}

/// Source or destination of a mirror.
pub(super) enum MirrorOperand {
    Url(Box<FtpUrl>),
    Path(PathBuf),
}

impl MirrorOperand {
    fn url(&self) -> Option<&FtpUrl> {
        if let Self::Url(url) = self { Some(url) } else { None }
    }

    fn as_lock_target(&self) -> LockTarget<'_> {
        match self {
            Self::Url(url) => LockTarget::Server(url, url.path()),
            Self::Path(path) => LockTarget::Path(path),
        }
    }

    pub(super) fn read(word: &str) -> Result<Self> {
        match word.contains("://") {
            true => session::url(word).map(|url| Self::Url(Box::new(url))),
            false => Ok(Self::Path(word.into())),
        }
    }

    /// Replaces a pattern in a URL by the directory before it, and adds the condition that its paths match.
    ///
    /// Fails if nothing matches: a mirror would delete the copies. A name that is written like the pattern is meant
    /// itself.
    pub(super) async fn expand(
        self,
        session: &mut Session,
        levels: usize,
        conditions: &mut Vec<Selection>,
    ) -> Result<Self> {
        let Self::Url(url) = self else { return Ok(self) };
        let glob = TreeGlob::parse(url.encoded_path());
        let glob =
            glob.map_err(|why| Failure::Usage(format!("the pattern in {url} cannot be used: {why}")))?;
        let Some(glob) = glob else { return Ok(Self::Url(url)) };
        let literal = url.path();
        let matching = Operands::expand_url(session, &url, levels).await?;
        if matching.iter().any(|operand| operand.is_match && operand.url.path() == literal) {
            return Ok(Self::Url(url));
        }
        let base = url.with_path(RemotePath::from_wire(&glob.base, oxftp::Encoding::UTF_8));
        conditions.push(Selection::new(move |candidate| glob.accepts(candidate.path, candidate.is_dir)));
        Ok(Self::Url(Box::new(base)))
    }
}

/// The pools of the two servers of a copy.
pub(super) struct PoolPair {
    pub(super) source: Pool,
    pub(super) target: Pool,
}

impl PoolPair {
    /// Opens a session to each server; each pool has up to `size` of them.
    pub(super) async fn open(
        session: &mut Session,
        source: &FtpUrl,
        target: &FtpUrl,
        size: usize,
    ) -> Result<Self> {
        Ok(Self { source: session.pool(source, size).await?, target: session.pool(target, size).await? })
    }

    pub(super) fn mirror(&self, source: &FtpUrl, target: &FtpUrl) -> Mirror<'_> {
        self.source.mirror_across(source.path(), &self.target, target.path())
    }
}

impl MirrorJob<'_> {
    /// Runs the mirror and prints its steps if the flags ask for them.
    async fn run(&self, mirror: Mirror<'_>, transfers: &'static str) -> Result<oxftp::Result<Report>> {
        let (args, app) = (self.args, self.app);
        let prints = args.dry_run || args.json;
        let (lines, printed) = step_lines();
        let (json, steps) = (args.json, self.steps.clone());
        let records = (!args.dry_run).then(|| app.records.clone());
        let mirror = self.configured(mirror).on_step(move |step: &Step| {
            steps.count(step);
            if let (Some(records), Action::Delete | Action::DeleteDirectory) = (&records, step.action) {
                records.deleted(&step.path.to_string());
            }
            if prints {
                lines.add(if json { step::json(step, transfers) } else { step::text(step, transfers) });
            }
        });
        printed.print_beside(mirror.into_future()).await
    }
}

/// Returns the rules of the flags, with the conditions that no rule expresses.
pub(super) fn filter(selection: &SelectionArgs, conditions: &[Selection]) -> Filter {
    let rules = selection.filter.0.clone();
    let others = SelectionArgs { filter: FilterArgs::default(), ..selection.clone() };
    let selector = Selector::new(&others).and(conditions.iter().cloned());
    match selector.transfer() {
        Some(selection) => rules.select(selection),
        None => rules,
    }
}

/// Writes a failure of the mirror and the failures in the tree as JSON.
async fn write_failures(failure: &Failure) -> Result {
    let mut output = Output::new();
    for (name, error) in failure.tree_failures() {
        output.line(step::failure_json(name, error)).await?;
    }
    if let Some(line) = step::final_failure_json(failure) {
        output.line(line).await?;
    }
    output.flush().await
}

impl MirrorJob<'_> {
    /// Applies the flags.
    fn configured<'p>(&self, mirror: Mirror<'p>) -> Mirror<'p> {
        let (args, app) = (self.args, self.app);
        let mut mirror = mirror
            .connections(args.transfer.jobs.connections())
            .filter(filter(&args.selection, &self.conditions))
            .compare(args.compare())
            .delete(args.delete.map(Delete::from).unwrap_or_default())
            .links(args.links.into())
            .order(args.transfer.order.into())
            .verify(args.transfer.verify_before(&args.moves))
            .existing(args.existing.existing())
            .remove_source(args.moves.remove_source)
            .move_source(args.moves.move_to.clone())
            .resume(args.resume)
            .sync(args.fsync)
            .empty_directories(args.empty_dirs)
            .preserve_mode(args.perms)
            .file_mode(args.modes.file_mode())
            .dir_mode(args.modes.dir_mode())
            .temporary(args.temp_name)
            .backup(args.transfer.backup.backup())
            .dry_run(args.dry_run)
            .retries(args.connection.network.retries);
        if let Some(most) = args.max_delete {
            mirror = mirror.max_deletions(most);
        }
        if let Some(most) = args.max_errors {
            mirror = mirror.max_errors(most);
        }
        if !args.dry_run {
            mirror = mirror.progress(app.start_progress(Scope::Tree { bytes: None }));
        }
        mirror
    }
}

/// Formats the summary.
fn summary_of(args: &MirrorArgs, report: &Report, begun: Instant) -> String {
    let what = format!("{} to {}", args.source, args.target);
    let rest = format!(
        "{}, {} unchanged",
        count(report.deleted, "deletion", "deletions"),
        count(report.unchanged, "file", "files")
    );
    let files = count(report.files, "file", "files");
    match args.dry_run {
        true => format!("{what}: would transfer {files}, {rest}"),
        false => format!("{}, {rest}", summary(what, report, begun)),
    }
}
