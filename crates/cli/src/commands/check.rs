//! `check`: compares two trees, or files with their checksums.

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use clap::{Args, ValueEnum};
use oxftp::{
    Candidate, Client, Error, FileHash, FtpUrl, HashAlgorithm, RemotePath, Selection, Timestamp, hash_file,
    local_fs::LocalFs,
    mirror::{Action, Compare, Delete, Links, Mirror, Reason, Step},
};
use serde::Serialize;
use tokio::io::AsyncReadExt;

use super::{
    mirror::{MirrorOperand, PoolPair, filter, nothing_remote, stable_files},
    support::{diagnose, listed_paths::listed, selector::Selector, sums::ChecksumList},
};
use crate::{
    app::App,
    args::{ConnectionArgs, GlobArgs, JobCount, ListedArgs, SelectionArgs},
    failure::{Exit, Failure, Result},
    output::Output,
    session::Session,
    units::count,
};

#[derive(Debug, Args)]
#[command(
    override_usage = "oxftp check [OPTIONS] <SRC> <DST>\n       oxftp check [OPTIONS] --sums <FILE> <DIR>"
)]
pub(crate) struct CheckArgs {
    /// Compare sizes only, not times
    #[arg(long, conflicts_with_all = ["checksum", "content"])]
    size_only: bool,
    /// Compare sizes and checksums, which the server must be able to compute
    #[arg(long, conflicts_with = "content")]
    checksum: bool,
    /// Compare sizes and contents: reads all files on both sides
    #[arg(long)]
    content: bool,
    /// Ignore what only DST has
    #[arg(long)]
    one_way: bool,
    /// Compare files with the checksums in this file or URL, as sha256sum and md5sum write it; the names in it are relative
    /// to DIR
    #[arg(long, value_name = "FILE", conflicts_with_all = ["size_only", "checksum", "content", "one_way"])]
    sums: Option<String>,
    /// Symbolic links: skip, or follow (compare what they point to)
    #[arg(long, value_name = "HOW", default_value = "skip", hide_possible_values = true)]
    links: LinksToCheck,
    /// Print one JSON object per difference
    #[arg(long)]
    json: bool,
    /// Use at most N connections; auto opens more, up to 16, while that makes the transfer faster
    #[arg(short, long, value_name = "N", default_value = "auto")]
    jobs: JobCount,
    /// Two trees, each a URL or a local directory; with --sums, one. A pattern in a URL selects what matches in the directory
    /// before it
    #[arg(value_name = "SRC", required = true, num_args = 1..=2)]
    trees: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    glob: GlobArgs,
    #[command(flatten)]
    listed: ListedArgs,
    #[arg(skip)]
    conditions: Vec<Selection>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Values of `--links`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinksToCheck {
    Skip,
    Follow,
}

pub(crate) async fn run(mut args: CheckArgs, app: &App) -> Result {
    args.conditions = Vec::from_iter(listed(&args.listed)?);
    let mut session = Session::new(args.connection.clone())?;
    let mut report = Differences::new(args.json);
    let mut trees = Vec::new();
    for word in &args.trees {
        let tree = MirrorOperand::read(word)?;
        trees.push(match args.glob.no_glob {
            true => tree,
            false => tree.expand(&mut session, args.selection.levels(), &mut args.conditions).await?,
        });
    }
    let checked = match (&args.sums, &trees[..]) {
        (Some(sums), [tree]) => check_sums(&args, sums, tree, &mut session, &mut report).await,
        (None, [source, target]) => {
            args.conditions.extend(stable_files(&mut session, source, &args.selection).await?);
            let trees = ComparedTrees { source, target };
            check_trees(&args, trees, &mut session, &mut report).await
        }
        (Some(_), _) => return Err(Failure::Usage("--sums takes one directory".to_owned())),
        (None, _) => {
            return Err(Failure::UsageWithHint {
                what: "there is nothing to compare with".to_owned(),
                hint: "use check SRC DST, or check --sums FILE DIR".to_owned(),
            });
        }
    };
    report.output.flush().await?;
    let same = checked?;
    session.quit().await;
    app.terminal.summary(format!(
        "{} the same, {}",
        count(same, "file is", "files are"),
        count(report.found, "difference", "differences")
    ));
    match report.found {
        0 => Ok(()),
        _ => Err(Failure::AlreadyReported(Exit::PartialFailure)),
    }
}

/// The two trees of a comparison.
#[derive(Clone, Copy)]
struct ComparedTrees<'t> {
    source: &'t MirrorOperand,
    target: &'t MirrorOperand,
}

/// Prints differences as they are found.
struct Differences {
    json: bool,
    output: Output,
    found: u64,
}

/// A difference as a JSON object, with `path_b64` instead of `path` if the path is not valid text.
#[derive(Debug, Serialize)]
struct JsonDifference<'d> {
    status: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_b64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'d str>,
}

impl Differences {
    fn new(json: bool) -> Self {
        Self { json, output: Output::new(), found: 0 }
    }

    /// Prints `missing a/b` or `differs a/b  (content differs)`.
    async fn add(&mut self, status: &str, path: &RemotePath, why: Option<&str>) -> Result {
        self.found += 1;
        let path = if path.is_empty() { RemotePath::from(".") } else { path.clone() };
        if self.json {
            let text = path.as_str();
            let path_b64 = text.is_none().then(|| BASE64_STANDARD.encode(path.as_bytes()));
            let object = JsonDifference { status, path: text, path_b64, why };
            // Texts cannot fail.
            return self.output.line(serde_json::to_string(&object).unwrap_or_default()).await;
        }
        let shown = self.output.displayable(path.as_bytes()).into_owned();
        let why = why.map(|why| format!("  ({why})")).unwrap_or_default();
        self.output.line([status.as_bytes(), b" ", &shown, why.as_bytes()].concat()).await
    }

    async fn add_step(&mut self, step: &Step, one_way: bool) -> Result {
        match (step.action, step.why) {
            (Action::Skip, _) => Ok(()),
            (Action::Delete | Action::DeleteDirectory, Reason::NotInSource) if one_way => Ok(()),
            (Action::Delete | Action::DeleteDirectory, Reason::NotInSource) => {
                self.add("extra", &step.path, None).await
            }
            (_, Reason::Missing) => self.add("missing", &step.path, None).await,
            (_, why) => self.add("differs", &step.path, Some(&why.to_string())).await,
        }
    }
}

/// Compares two trees; returns the number of equal files.
async fn check_trees(
    args: &CheckArgs,
    trees: ComparedTrees<'_>,
    session: &mut Session,
    report: &mut Differences,
) -> Result<u64> {
    let jobs = args.jobs.max_connections();
    let (outcome, about) = match (trees.source, trees.target) {
        (MirrorOperand::Url(source), MirrorOperand::Path(target)) => {
            let pool = session.pool(source, jobs).await?;
            (compare(pool.mirror_down(source.path(), target), args).await, source)
        }
        (MirrorOperand::Path(source), MirrorOperand::Url(target)) => {
            let pool = session.pool(target, jobs).await?;
            (compare(pool.mirror_up(source, target.path()), args).await, target)
        }
        (MirrorOperand::Url(source), MirrorOperand::Url(target)) => {
            let pools = PoolPair::open(session, source, target, jobs).await?;
            (compare(pools.mirror(source, target), args).await, source)
        }
        (MirrorOperand::Path(_), MirrorOperand::Path(_)) => {
            return Err(nothing_remote([&args.trees[0], &args.trees[1]]));
        }
    };
    let (mut steps, outcome) = outcome;
    steps.sort_by(|one, other| one.path.as_bytes().cmp(other.path.as_bytes()));
    for step in &steps {
        report.add_step(step, args.one_way).await?;
    }
    let mut same = outcome.map_err(|error| Failure::about_trees(about, error))?.unchanged;
    if args.content {
        let known: Vec<_> = steps.iter().map(|step| step.path.as_bytes().to_vec()).collect();
        same -= check_contents(args, trees, &known, session, report).await?;
    }
    Ok(same)
}

/// Returns the steps that a mirror would take, without taking them.
async fn compare(mirror: Mirror<'_>, args: &CheckArgs) -> (Vec<Step>, oxftp::Result<oxftp::Report>) {
    let compare = match args {
        CheckArgs { size_only: true, .. } | CheckArgs { content: true, .. } => Compare::Size,
        CheckArgs { checksum: true, .. } => Compare::Hash,
        _ => Compare::SizeAndTime,
    };
    let (sender, steps) = std::sync::mpsc::channel();
    let links = if args.links == LinksToCheck::Follow { Links::Follow } else { Links::Skip };
    let outcome = mirror
        .connections(args.jobs.connections())
        .filter(filter(&args.selection, &args.conditions))
        .compare(compare)
        .delete(Delete::After)
        .links(links)
        .dry_run(true)
        .retries(args.connection.network.retries)
        .on_step(move |step: &Step| drop(sender.send(step.clone())))
        .await;
    (steps.try_iter().collect(), outcome)
}

/// Compares the contents of the files that are on both sides with one size; returns the number of differences.
async fn check_contents(
    args: &CheckArgs,
    ComparedTrees { source, target }: ComparedTrees<'_>,
    known: &[Vec<u8>],
    session: &mut Session,
    report: &mut Differences,
) -> Result<u64> {
    let selector = Selector::new(&args.selection).and(args.conditions.iter().cloned());
    let mut differences = 0;
    for path in files(source, args, &selector, session).await? {
        if known.binary_search_by(|known| known.as_slice().cmp(path.as_bytes())).is_ok() {
            continue;
        }
        let one = hash(source, &path, HashAlgorithm::Sha256, session).await?;
        let other = hash(target, &path, HashAlgorithm::Sha256, session).await?;
        if one != other {
            differences += 1;
            report.add("differs", &path, Some("content differs")).await?;
        }
    }
    Ok(differences)
}

/// Returns the selected files of a tree, relative to it.
async fn files(
    tree: &MirrorOperand,
    args: &CheckArgs,
    selector: &Selector,
    session: &mut Session,
) -> Result<Vec<RemotePath>> {
    let mut files = match tree {
        MirrorOperand::Url(url) => {
            let client = session.client(url).await?;
            let listing = client.list(url.path()).recursive();
            let found = selector.narrow(listing).await.map_err(|error| Failure::about(url, error))?;
            let root = url.path();
            let files = found.iter().filter(|entry| entry.is_file()).map(|entry| below(&entry.path(), &root));
            files.collect()
        }
        MirrorOperand::Path(root) => local_files(root, args, selector)?,
    };
    files.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
    Ok(files)
}

fn below(path: &RemotePath, root: &RemotePath) -> RemotePath {
    let below = path.as_bytes().strip_prefix(root.as_bytes()).unwrap_or(path.as_bytes());
    RemotePath::from_wire(below.strip_prefix(b"/").unwrap_or(below), oxftp::Encoding::UTF_8)
}

fn local_files(root: &Path, args: &CheckArgs, selector: &Selector) -> Result<Vec<RemotePath>> {
    let failed = |path: &Path, error| Failure::local(format!("cannot read {path:?}"), error);
    let mut files = Vec::new();
    let mut waiting = vec![(root.to_owned(), String::new(), 1)];
    while let Some((directory, relative, level)) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).map_err(|error| failed(&directory, error))? {
            let entry = entry.map_err(|error| failed(&directory, error))?;
            let path = entry.path();
            let found = match args.links {
                LinksToCheck::Follow => std::fs::metadata(&path),
                LinksToCheck::Skip => std::fs::symlink_metadata(&path),
            };
            let found = found.map_err(|error| failed(&path, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let relative = if relative.is_empty() { name } else { format!("{relative}/{name}") };
            let since =
                found.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            let candidate = Candidate {
                path: &relative,
                is_dir: found.is_dir(),
                size: Some(found.len()),
                modified: since
                    .and_then(|since| Timestamp::from_unix(i64::try_from(since.as_secs()).ok()?, 0)),
            };
            if !selector.accepts(&candidate) {
                continue;
            }
            if found.is_file() {
                files.push(RemotePath::from(relative.as_str()));
            } else if found.is_dir() && args.selection.max_depth.is_none_or(|most| level < most) {
                waiting.push((path, relative, level + 1));
            }
        }
    }
    Ok(files)
}

/// Computes the hash of a file below a tree from its content.
async fn hash(
    tree: &MirrorOperand,
    path: &RemotePath,
    by: HashAlgorithm,
    session: &mut Session,
) -> Result<FileHash> {
    match tree {
        MirrorOperand::Path(root) => {
            let path = local_path(root, path);
            let hash = hash_file(&LocalFs::new(), &path, by).await;
            hash.map_err(|error| Failure::Client { about: None, error: error.into() })
        }
        MirrorOperand::Url(url) => {
            let client = session.client(url).await?;
            let path = url.path().join_path(path);
            match client.hash_content(&path, by).await {
                Ok(hash) => Ok(hash),
                Err(error) => Err(diagnose::explained(client, &url.with_path(path), error).await),
            }
        }
    }
}

fn local_path(root: &Path, path: &RemotePath) -> PathBuf {
    root.join(super::support::sources::path_of(path.as_bytes().to_vec()))
}

/// Compares files with a list of checksums; returns the number of those that match.
async fn check_sums(
    args: &CheckArgs,
    sums: &str,
    tree: &MirrorOperand,
    session: &mut Session,
    report: &mut Differences,
) -> Result<u64> {
    let text = match MirrorOperand::read(sums)? {
        MirrorOperand::Url(url) => read_remote(session.client(&url).await?, &url).await?,
        MirrorOperand::Path(path) => {
            std::fs::read(&path).map_err(|error| Failure::local(format!("cannot read {path:?}"), error))?
        }
    };
    let list = ChecksumList::parse(&text).map_err(|line| {
        Failure::Usage(format!(
            "{}: line {line} is no checksum, as sha256sum writes it",
            oxftp::redact_password(sums)
        ))
    })?;
    let selector = Selector::new(&args.selection).and(args.conditions.iter().cloned());
    let mut same = 0;
    for (name, wanted) in list.entries {
        let path = RemotePath::from_wire(&name, oxftp::Encoding::UTF_8);
        let candidate =
            Candidate { path: &path.to_string_lossy(), is_dir: false, size: None, modified: None };
        if !selector.accepts(&candidate) {
            continue;
        }
        match computed(tree, &path, wanted.algorithm(), session).await {
            Ok(found) if found == wanted => same += 1,
            Ok(_) => report.add("differs", &path, Some("checksum differs")).await?,
            Err(failure) if is_missing(&failure) => report.add("missing", &path, None).await?,
            Err(failure) => return Err(failure),
        }
    }
    Ok(same)
}

/// Returns a checksum as the server computes it, else from the content.
async fn computed(
    tree: &MirrorOperand,
    path: &RemotePath,
    by: HashAlgorithm,
    session: &mut Session,
) -> Result<FileHash> {
    if let MirrorOperand::Url(url) = tree {
        let client = session.client(url).await?;
        match client.hash(url.path().join_path(path), by).await {
            Err(Error::Unsupported { .. } | Error::UnusableReply { .. } | Error::Unanswered { .. }) => {}
            Ok(hash) => return Ok(hash),
            Err(error) => {
                let url = url.with_path(url.path().join_path(path));
                return Err(diagnose::explained(client, &url, error).await);
            }
        }
    }
    hash(tree, path, by, session).await
}

fn is_missing(failure: &Failure) -> bool {
    match failure {
        Failure::Client { error, .. } => match &**error {
            Error::LocalFs(error) => error.kind() == std::io::ErrorKind::NotFound,
            error => error.is_not_found(),
        },
        _ => false,
    }
}

async fn read_remote(client: &mut Client, url: &FtpUrl) -> Result<Vec<u8>> {
    let failed = |error| Failure::about(url, error);
    let mut data = client.download_stream(url.path()).await.map_err(failed)?;
    let mut text = Vec::new();
    loop {
        match data.read_buf(&mut text).await {
            Ok(0) => break,
            Ok(_) if text.len() > MAX_LIST => {
                return Err(Failure::Usage(format!("{url} is too large for a list of checksums")));
            }
            Ok(_) => {}
            Err(error) => return Err(failed(data.fail(error).await)),
        }
    }
    data.finish().await.map_err(failed)?;
    Ok(text)
}

/// Bytes of the largest list of checksums.
const MAX_LIST: usize = 64 << 20;
