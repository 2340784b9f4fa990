//! `find`: searches directory trees.

use clap::{Args, ValueEnum};
use globset::{GlobBuilder, GlobMatcher};
use oxftp::{Encoding, Entry, EntryKind, FileName, FtpUrl};

use super::support::{
    diagnose, empty_listing,
    entry::JsonEntry,
    operands::{Operand, Operands, run_each},
    selector::Selector,
    walk::{WalkOutcome, relative_to, walk},
};
use crate::{
    app::App,
    args::{Age, ByteRegex, ConnectionArgs, OperandArgs, Size},
    argv::VARIABLE,
    failure::{Exit, Failure, Result},
    output::Output,
    session::Session,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Directories to search")))]
pub(crate) struct FindArgs {
    /// Find names that match a pattern, as in *.log (repeatable: any of them)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    name: Vec<GlobMatcher>,
    /// Find names that match a pattern, regardless of case (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob_of_any_case)]
    iname: Vec<GlobMatcher>,
    /// Find paths that match a regular expression, as in '_\d{8}\.csv$'
    #[arg(long, value_name = "REGEX")]
    regex: Option<ByteRegex>,
    /// Find files (f), directories (d) or symbolic links (l); several with a comma: f,l
    #[arg(long = "type", value_name = "KINDS", value_delimiter = ',', hide_possible_values = true)]
    kinds: Vec<KindArg>,
    /// Find entries modified after this time, as in 2024-05-01T12:00Z, 12h (ago) or yesterday
    #[arg(long, value_name = "TIME")]
    newer: Option<Age>,
    /// Find entries modified before this time, as in 30d (ago) or 2024-05-01
    #[arg(long, value_name = "TIME")]
    older: Option<Age>,
    /// Find files larger than SIZE bytes, as in 500k or 2M
    #[arg(long, value_name = "SIZE")]
    larger: Option<Size>,
    /// Find files smaller than SIZE bytes
    #[arg(long, value_name = "SIZE")]
    smaller: Option<Size>,
    /// Find entries at level N or below: 1 is the directory itself
    #[arg(long, value_name = "N", alias = "mindepth")]
    min_depth: Option<usize>,
    /// Print URLs, without passwords
    #[arg(long, conflicts_with = "json")]
    url: bool,
    /// End each path with NUL instead of a line break
    #[arg(short = '0', long, conflicts_with = "json")]
    print0: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Delete what was found: files, symbolic links, and directories that are empty
    #[arg(long, conflicts_with = "exec")]
    delete: bool,
    /// Show what --delete or --exec would do, without doing it
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Run a command for each entry that was found, with its URL in place of {} or at the end
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["json", "print0", "url"])]
    exec: Option<String>,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Values of `--type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    #[value(name = "f")]
    File,
    #[value(name = "d")]
    Directory,
    #[value(name = "l")]
    Link,
}

/// Parses a pattern for names; `*` matches any characters.
fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    matcher(pattern, false)
}

fn glob_of_any_case(pattern: &str) -> Result<GlobMatcher, String> {
    matcher(pattern, true)
}

fn matcher(pattern: &str, any_case: bool) -> Result<GlobMatcher, String> {
    let built = GlobBuilder::new(pattern).case_insensitive(any_case).build();
    built.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

pub(crate) async fn run(args: FindArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let failures = operands.collect_failures(app)?;
    let selector = operands.selector(&mut session, &args.operands, true).await?;
    let several = operands.found.len() > 1;
    let mut output = Output::new();
    run_each(&operands.found, session, failures, async |session, operand| {
        let search = Search { args: &args, app, selector: &selector, operand, several };
        search.run(session, &mut output).await
    })
    .await
}

/// The search of one tree.
struct Search<'a> {
    args: &'a FindArgs,
    app: &'a App,
    selector: &'a Selector,
    operand: &'a Operand,
    /// There are other trees: paths begin with that of this tree.
    several: bool,
}

/// An entry that was found and is to be changed when the listing is complete.
struct Found {
    url: FtpUrl,
    is_dir: bool,
}

impl Search<'_> {
    async fn run(&self, session: &mut Session, output: &mut Output) -> Result {
        let (url, root) = (&self.operand.url, self.operand.url.path());
        let mut later = Vec::new();
        let client = session.client(url).await?;
        let listing = client.list(&root).recursive();
        let listing = self.selector.narrow(listing);
        let walked = walk(listing.stream(), url, self.app, output, async |found, output| {
            let path = found.path();
            let relative = relative_to(path.as_bytes(), root.as_bytes());
            let level = 1 + relative.iter().filter(|byte| **byte == b'/').count();
            if self.args.min_depth.is_some_and(|least| level < least)
                || !self.args.meets(relative, &found.name(), found)
            {
                return Ok(());
            }
            self.handle(path.as_bytes(), relative, &found.name(), found, &mut later, output).await
        });
        let walked = walked.await?;
        if let Some(error) = walked.failure {
            return Err(diagnose::explained(client, url, error).await);
        }
        // Some servers send an empty listing for a missing path, and for a file.
        if let Some(name) = root.file_name().filter(|_| walked.is_empty) {
            let entry =
                empty_listing::identify(client, &root).await.map_err(|error| Failure::about(url, error))?;
            let selected = self.selector.accepts_operand(&name.to_string_lossy(), &entry);
            if !entry.is_dir() && selected && self.args.meets(root.as_bytes(), &name, &entry) {
                self.handle(root.as_bytes(), root.as_bytes(), &name, &entry, &mut later, output).await?;
            }
        }
        output.flush().await?;
        self.change(session, &walked, later).await
    }

    /// Prints an entry, or keeps it for the end of the search.
    async fn handle(
        &self,
        path: &[u8],
        relative: &[u8],
        name: &FileName,
        found: &Entry,
        later: &mut Vec<Found>,
        output: &mut Output,
    ) -> Result {
        let args = self.args;
        let path = oxftp::RemotePath::from_wire(path, Encoding::UTF_8);
        let shown = if self.several { self.app.shown(path.as_bytes()) } else { relative };
        if args.delete || args.exec.is_some() {
            later.push(Found { url: self.operand.url.with_path(path.clone()), is_dir: found.is_dir() });
            if !args.dry_run {
                return Ok(());
            }
        }
        if args.json {
            return output
                .line(JsonEntry::new(found, Encoding::UTF_8).at(shown, name.as_bytes()).line())
                .await;
        }
        let url = args.url.then(|| self.operand.url.with_path(path.clone()).to_string().into_bytes());
        let shown = url.as_deref().unwrap_or(shown);
        match args.print0 {
            true => output.terminated(shown, 0).await,
            false => output.line(output.displayable(shown).into_owned()).await,
        }
    }

    /// Deletes what was found, or runs the command for it, when the session is free for other commands.
    async fn change(&self, session: &mut Session, walked: &WalkOutcome, later: Vec<Found>) -> Result {
        let mut outcome = walked.tree_result();
        if self.args.dry_run {
            return outcome;
        }
        // What is in a directory is deleted before the directory.
        let in_order: Vec<_> =
            if self.args.delete { later.iter().rev().collect() } else { later.iter().collect() };
        for found in in_order {
            let done = match &self.args.exec {
                Some(command) => run_command(command, &found.url).await,
                None => delete(session, found).await,
            };
            match done {
                Err(failure @ Failure::Interrupted) => return Err(failure),
                Err(failure) => {
                    self.app.terminal.failure(&failure);
                    outcome = Err(Failure::AlreadyReported(Exit::PartialFailure));
                }
                Ok(()) => {}
            }
        }
        outcome
    }
}

async fn delete(session: &mut Session, found: &Found) -> Result {
    let client = session.client(&found.url).await?;
    let removed = match found.is_dir {
        true => client.remove_dir(found.url.path()).await,
        false => client.remove_file(found.url.path()).await,
    };
    removed.map_err(|error| Failure::about(&found.url, error))
}

/// Runs a command through the shell, which receives the URL as an argument and so never interprets it.
async fn run_command(command: &str, url: &FtpUrl) -> Result {
    let script = match command.contains("{}") {
        true => command.replace("{}", "\"$1\""),
        false => format!("{command} \"$1\""),
    };
    let status = tokio::process::Command::new("sh")
        .args(["-c", &script, "oxftp", &url.to_string()])
        .env_remove(VARIABLE)
        .status()
        .await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::local(
            format!("{url}: the command failed"),
            std::io::Error::other(status.to_string()),
        )),
        Err(error) => Err(Failure::local("cannot run sh", error)),
    }
}

impl FindArgs {
    /// Returns whether an entry meets all criteria.
    fn meets(&self, path: &[u8], name: &FileName, found: &Entry) -> bool {
        let name = name.to_string_lossy();
        let names = self.name.iter().chain(&self.iname);
        // A time without a zone counts as UTC.
        let seconds = found.modified.map(|time| time.to_unix(0));
        let size = found.size.filter(|_| found.is_file());
        (self.name.is_empty() && self.iname.is_empty() || names.into_iter().any(|glob| glob.is_match(&*name)))
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(&String::from_utf8_lossy(path)))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.is(found.kind)))
            && self.newer.is_none_or(|than| seconds.is_some_and(|time| time > than.since))
            && self.older.is_none_or(|than| seconds.is_some_and(|time| time < than.since))
            && self.larger.is_none_or(|than| size.is_some_and(|size| size > than.0))
            && self.smaller.is_none_or(|than| size.is_some_and(|size| size < than.0))
    }
}

impl KindArg {
    fn is(self, kind: EntryKind) -> bool {
        match self {
            Self::File => kind == EntryKind::File,
            Self::Directory => kind == EntryKind::Directory,
            Self::Link => kind == EntryKind::Link,
        }
    }
}
