//! `cp`: copies files and directory trees on a server, or from one server to another.

use std::{collections::HashSet, sync::Arc, time::Instant};

use clap::Args;
use oxftp::{Existing, FtpUrl, Progress, RemotePath, Report};

use super::{
    mirror::PoolPair,
    support::{
        existing::may_write,
        operands::{Operand, Operands, run_each},
        rename_rule::RenameArgs,
        selector::Selector,
        summary::summary,
    },
};
use crate::{
    app::App,
    args::{ConnectionArgs, EventArgs, ExistingArgs, JobCount, OperandArgs, RecordArgs, VerifyArg},
    failure::{Failure, Result},
    output::Output,
    progress::Scope,
    session::{self, Session},
};

#[derive(Debug, Args)]
#[command(
    override_usage = "oxftp cp [OPTIONS] <URL>... <DST>\n       oxftp cp [OPTIONS] --rename-with <RULE> <URL>...",
    mut_arg("urls", |urls| urls.help(URLS))
)]
pub(crate) struct CpArgs {
    /// Copy directories recursively; what is the same at the destination already is not copied again
    #[arg(short, long)]
    recursive: bool,
    #[command(flatten)]
    renames: RenameArgs,
    /// Show what would be done, without doing it
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Use at most N connections to each server for a tree; auto opens more, up to 16, while that makes the transfer faster
    #[arg(short, long, value_name = "N", default_value = "auto")]
    jobs: JobCount,
    /// Verify each file after transfer: by size, by hash, or off [default: by size]
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    verify: Option<VerifyArg>,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    existing: ExistingArgs,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Help of the operands.
const URLS: &str = "Files or directories to copy. The last word is the destination: a path on the same server, relative to the login \
    directory or absolute with a leading /, or a URL, also on another server; one that ends in / is the directory to \
    copy them into";

pub(crate) async fn run(mut args: CpArgs, app: &App) -> Result {
    args.renames.check(args.recursive)?;
    let destination = match args.renames.rename_with {
        // With a rule, all words are URLs.
        Some(_) => None,
        None => {
            let word = args.operands.pop_destination();
            Some(word.ok_or_else(|| Failure::UsageWithHint {
                what: "the destination is missing".to_owned(),
                hint: "use cp URL... DST on servers, as in oxftp cp ftp://example.org/a.txt b.txt; get downloads, put uploads".to_owned(),
            })?)
        }
    };
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let selector = operands.selector(&mut session, &args.operands, args.recursive).await?;
    let copies = match &destination {
        Some(word) => copies_to(&mut session, &args.operands.urls, word, &operands).await?,
        None => renamed_copies(&args.renames, &operands)?,
    };
    let failures = operands.collect_failures(app)?;
    let copier = Copier { args: &args, selector };
    let mut output = Output::new();
    run_each(&copies, session, failures, async |session, copy| {
        if !copier.may_write(session, &copy.to).await? {
            return Ok(());
        }
        if args.dry_run {
            output.mapping(copy.from.url.to_string().as_bytes(), copy.to.to_string().as_bytes()).await?;
            return output.flush().await;
        }
        copier.copy(session, copy, app).await
    })
    .await
}

/// A source, and where it is copied to.
struct PlannedCopy {
    from: Operand,
    to: FtpUrl,
}

/// Returns the copies to one destination, which must be a directory for several sources.
async fn copies_to(
    session: &mut Session,
    words: &[String],
    word: &str,
    operands: &Operands,
) -> Result<Vec<PlannedCopy>> {
    let Some(first) = operands.found.first() else { return Ok(Vec::new()) };
    let target = destination(&first.url, word)?;
    // A pattern may match one file today and several tomorrow: both are copied into the directory.
    let may_be_several =
        operands.found.len() > 1 || words.len() > 1 || operands.found.iter().any(|operand| operand.is_match);
    let mut into = word.ends_with('/') || target.path().is_empty();
    if !into {
        let client = session.client(&target).await?;
        into = match client.is_dir(target.path()).await {
            Err(error) if error.is_not_found() => false,
            found => found.map_err(|error| Failure::about(&target, error))?,
        };
    }
    if may_be_several && !into {
        return Err(Failure::UsageWithHint {
            what: format!("{target} is not a directory, but several files may be copied"),
            hint: "end the destination with / and create the directory with mkdir".to_owned(),
        });
    }
    let mut copies = Vec::new();
    for operand in &operands.found {
        let target = destination(&operand.url, word)?;
        let to = match (into, operand.url.path().file_name()) {
            (true, Some(name)) => target.with_path(target.path().join(&name)),
            (true, None) => return Err(Failure::Usage(format!("{} has no name to copy", operand.url))),
            (false, _) => target,
        };
        copies.push(PlannedCopy { from: operand.clone(), to });
    }
    refuse_equal_targets(copies)
}

/// Returns the copies beside their sources, under new names.
fn renamed_copies(renames: &RenameArgs, operands: &Operands) -> Result<Vec<PlannedCopy>> {
    let mut copies = Vec::new();
    for operand in &operands.found {
        let path = operand.url.path();
        let Some(name) = path.file_name() else {
            return Err(Failure::Usage(format!("{} has no name that could be changed", operand.url)));
        };
        match renames.apply(name.as_bytes())? {
            Some(new) if new != name => {
                let to = path.parent().unwrap_or_default().join(&new);
                copies.push(PlannedCopy { from: operand.clone(), to: operand.url.with_path(to) });
            }
            _ => {}
        }
    }
    refuse_equal_targets(copies)
}

/// Fails if two copies would have the same path, or one the path of its source.
fn refuse_equal_targets(copies: Vec<PlannedCopy>) -> Result<Vec<PlannedCopy>> {
    let mut seen = HashSet::new();
    for PlannedCopy { from, to } in &copies {
        if !seen.insert(to.to_string()) {
            return Err(Failure::Usage(format!("two files would be copied to {to}")));
        }
        if is_within(to, &from.url) {
            return Err(Failure::Usage(match to.path() == from.url.path() {
                true => format!("{to} is the source itself"),
                false => format!("{to} is in the directory that would be copied"),
            }));
        }
    }
    Ok(copies)
}

/// Returns whether a path is that of the source or below it.
fn is_within(to: &FtpUrl, source: &FtpUrl) -> bool {
    let same_server = (to.scheme(), to.host(), to.user()) == (source.scheme(), source.host(), source.user());
    let mut path = Some(to.path());
    while let Some(above) = path.filter(|_| same_server) {
        if above == source.path() {
            return true;
        }
        path = above.parent().filter(|parent| *parent != above);
    }
    false
}

/// Returns the URL of the destination: a word that is no URL is a path on the server of the source.
fn destination(source: &FtpUrl, word: &str) -> Result<FtpUrl> {
    match word.contains("://") || word.starts_with('@') {
        true => session::url(word),
        false => Ok(source
            .with_path(RemotePath::from(word.trim_end_matches(|slash: char| slash == '/' && word != "/")))),
    }
}

/// Copies files and trees as the flags say.
struct Copier<'a> {
    args: &'a CpArgs,
    selector: Selector,
}

impl Copier<'_> {
    /// Returns whether the flags allow to write to a destination. In a directory, they decide for each file.
    async fn may_write(&self, session: &mut Session, to: &FtpUrl) -> Result<bool> {
        let existing = self.args.existing.existing();
        if existing == Existing::Replace {
            return Ok(true);
        }
        let failed = |error| Failure::about(to, error);
        let client = session.client(to).await?;
        let is_dir = self.args.recursive && client.is_dir(to.path()).await.unwrap_or(false);
        Ok(is_dir || may_write(client, &to.path(), existing).await.map_err(failed)?)
    }

    async fn copy(&self, session: &mut Session, copy: &PlannedCopy, app: &App) -> Result {
        let source = &copy.from.url;
        let is_tree = match &copy.from.entry {
            Some(entry) => entry.is_dir(),
            None => {
                let client = session.client(source).await?;
                let found = client.metadata(source.path()).await;
                found.map_err(|error| Failure::about(source, error))?.is_dir()
            }
        };
        if is_tree && !self.args.recursive {
            let hint = "use -r to copy it recursively";
            return Err(Failure::IsDirectory { name: source.to_string(), hint });
        }
        let connections = if is_tree { self.args.jobs.max_connections() } else { 1 };
        let pools = PoolPair::open(session, source, &copy.to, connections).await?;
        let begun = Instant::now();
        let progress = app.start_progress(if is_tree { Scope::Tree { bytes: None } } else { Scope::File });
        let copied = match is_tree {
            true => self.copy_tree(&pools, copy, progress).await,
            false => self.copy_file(&pools, copy, progress).await,
        };
        match copied {
            Ok(report) => {
                app.records.add(&report);
                app.terminal.summary(summary(format_args!("{source} to {}", copy.to), &report, begun));
                Ok(())
            }
            Err(error) => {
                Err(Failure::Client { about: Some(format!("{source} to {}", copy.to)), error: error.into() })
            }
        }
    }

    async fn copy_file(
        &self,
        pools: &PoolPair,
        copy: &PlannedCopy,
        progress: Arc<dyn Progress>,
    ) -> oxftp::Result<Report> {
        let copying = pools.source.copy(copy.from.url.path(), &pools.target, copy.to.path());
        copying.verify(self.verify()).retries(self.args.connection.network.retries).progress(progress).await
    }

    async fn copy_tree(
        &self,
        pools: &PoolPair,
        copy: &PlannedCopy,
        progress: Arc<dyn Progress>,
    ) -> oxftp::Result<Report> {
        let filter = match self.selector.transfer() {
            Some(selection) => oxftp::mirror::Filter::new().select(selection),
            None => oxftp::mirror::Filter::new(),
        };
        pools
            .mirror(&copy.from.url, &copy.to)
            .filter(filter)
            .existing(self.args.existing.existing())
            .temporary(true)
            .verify(self.verify())
            .connections(self.args.jobs.connections())
            .retries(self.args.connection.network.retries)
            .progress(progress)
            .await
    }

    fn verify(&self) -> oxftp::Verify {
        self.args.verify.map_or(oxftp::Verify::Auto, oxftp::Verify::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(word: &str) -> String {
        destination(&"ftp://me@h/dir/old".parse().unwrap(), word).unwrap().to_string()
    }

    #[test]
    fn cp_destination_is_path_or_any_url() {
        assert_eq!(target("new"), "ftp://me@h/new");
        assert_eq!(target("in/"), "ftp://me@h/in");
        assert_eq!(target("/abs/new"), "ftp://me@h//abs/new");
        assert_eq!(target("ftpes://you@other/new"), "ftpes://you@other/new");
    }

    #[test]
    fn cp_into_its_own_source_is_refused() {
        let within = |to: &str, source: &str| is_within(&to.parse().unwrap(), &source.parse().unwrap());

        assert!(within("ftp://h/a/b/c", "ftp://h/a"));
        assert!(within("ftp://h/a", "ftp://h/a"));
        assert!(!within("ftp://h/ab", "ftp://h/a"));
        assert!(!within("ftp://other/a/b", "ftp://h/a"));
    }
}
