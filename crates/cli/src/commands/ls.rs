//! `ls`: lists directories.

use std::{cell::Cell, cmp::Reverse, ops::Range};

use clap::{ArgAction, Args, ValueEnum};
use oxftp::{Client, Encoding, Entry, FtpUrl, PathEntry, RemotePath};

use super::support::{
    empty_listing,
    entry::{JsonEntry, push_columns},
    operands::{Operand, Operands, run_each},
    selector::Selector,
    walk::{WalkOutcome, relative_to, walk},
};
use crate::{
    app::App,
    args::{ConnectionArgs, OperandArgs},
    failure::{Failure, Result},
    output::Output,
    session::Session,
};

// -h means human-readable sizes, as in every other ls.
#[derive(Debug, Args)]
#[command(disable_help_flag = true, mut_arg("urls", |urls| urls.help("Directories or files to list")))]
pub(crate) struct LsArgs {
    /// Show type, permissions, size and time
    #[arg(short, long)]
    long: bool,
    /// Show names that begin with a dot
    #[arg(short, long)]
    all: bool,
    /// List subdirectories recursively
    #[arg(short = 'R', long)]
    recursive: bool,
    /// Sort by name, size (largest first) or time (newest first); none prints entries as the server lists them, while
    /// they arrive
    #[arg(long, value_name = "KEY", default_value = "name", hide_possible_values = true)]
    sort: SortKey,
    /// Sort by time, newest first
    #[arg(short = 't', conflicts_with_all = ["sort", "by_size"])]
    by_time: bool,
    /// Sort by size, largest first
    #[arg(short = 'S', conflicts_with = "sort")]
    by_size: bool,
    /// Reverse the order
    #[arg(short, long)]
    reverse: bool,
    /// With -l, print human-readable sizes, as in 1.5 MiB
    #[arg(short = 'h', long)]
    human: bool,
    /// Print one name per line, as without this flag
    #[arg(short = '1')]
    one_per_line: bool,
    /// Print one JSON object per line
    #[arg(long, conflicts_with = "long")]
    json: bool,
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Values of `--sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortKey {
    Name,
    Size,
    Time,
    None,
}

impl LsArgs {
    fn key(&self) -> SortKey {
        match self {
            Self { by_time: true, .. } => SortKey::Time,
            Self { by_size: true, .. } => SortKey::Size,
            _ => self.sort,
        }
    }
}

pub(crate) async fn run(args: LsArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let selection = &args.operands.selection;
    let levels = if args.recursive { selection.levels() } else { 1 };
    let selector = operands.selector_of_levels(&mut session, selection, levels).await?;
    let printer = Printer { args: &args, app, key: args.key(), selector, printed: Cell::new(false) };
    let failures = operands.collect_failures(app)?;
    let mut output = Output::new();
    let with_headings = operands.found.len() > 1;
    // Files first, as every other ls does.
    let (mut files, directories): (Vec<_>, Vec<_>) =
        operands.found.iter().partition(|operand| operand.is_listed_file());
    printer.sort(&mut files);
    for operand in files {
        printer.operand(operand, &mut output).await?;
    }
    output.flush().await?;
    run_each(&directories, session, failures, async |session, operand| {
        let client = session.client(&operand.url).await?;
        let outcome = printer.directory(client, operand, with_headings, &mut output).await;
        output.flush().await?;
        outcome
    })
    .await
}

/// Prints entries as the flags say.
struct Printer<'a> {
    args: &'a LsArgs,
    app: &'a App,
    key: SortKey,
    selector: Selector,
    /// Something was printed, so that an empty line precedes the next heading.
    printed: Cell<bool>,
}

impl Printer<'_> {
    /// Lists a directory, after its path with `heading`, or prints a file.
    async fn directory(
        &self,
        client: &mut Client,
        operand: &Operand,
        heading: bool,
        output: &mut Output,
    ) -> Result {
        let url = &operand.url;
        let root = url.path();
        let mut listing = client.list(&root);
        if self.args.recursive {
            listing = listing.recursive();
        }
        let listing = self.selector.narrow(listing);
        let prefix = if heading && self.args.json { root.as_bytes() } else { &[] };
        let mut heading = Some(&root).filter(|_| heading && !self.args.json);
        let mut lines = KeptLines::default();
        let each = async |found: &PathEntry, output: &mut Output| {
            if self.key == SortKey::None {
                self.heading(heading.take(), output).await?;
                lines = KeptLines::default();
            }
            self.append_entry(&mut lines, output, found, &root, prefix);
            match self.key {
                SortKey::None if !lines.items.is_empty() => output.line(&lines.text).await,
                _ => Ok(()),
            }
        };
        let mut listed = walk(listing.stream(), url, self.app, output, each).await?;
        if !listed.is_empty {
            self.heading(heading.take(), output).await?;
        }
        if self.key != SortKey::None {
            for line in lines.in_order(self.args.reverse) {
                output.line(line).await?;
            }
        }
        if listed.is_empty && !self.print_file(client, url, listed.failure.take(), output).await? {
            self.heading(heading, output).await?;
        }
        self.result(&listed)
    }

    async fn heading(&self, path: Option<&RemotePath>, output: &mut Output) -> Result {
        let Some(path) = path else { return Ok(()) };
        if self.printed.replace(true) {
            output.line("").await?;
        }
        let path = output.displayable(self.app.shown(path.as_bytes())).into_owned();
        output.line([&path[..], b":"].concat()).await
    }

    fn result(&self, listed: &WalkOutcome) -> Result {
        if self.args.recursive { listed.tree_result() } else { listed.directory_result() }
    }

    /// Sorts operands. Names decide between equal sizes and times; unknown ones come last.
    fn sort(&self, operands: &mut [&Operand]) {
        let key = |operand: &&Operand| {
            let number = operand.entry.as_ref().and_then(|entry| self.number(entry));
            (Reverse(number), operand.url.path().as_bytes().to_vec())
        };
        if self.key != SortKey::None {
            operands.sort_by_cached_key(key);
        }
        if self.args.reverse && self.key != SortKey::None {
            operands.reverse();
        }
    }

    /// Returns the size or the time by which an entry is sorted.
    fn number(&self, entry: &Entry) -> Option<i64> {
        match self.key {
            SortKey::Size => {
                entry.size.filter(|_| entry.is_file()).map(|size| i64::try_from(size).unwrap_or(i64::MAX))
            }
            SortKey::Time => entry.modified.map(|time| time.to_unix(0)),
            SortKey::Name | SortKey::None => None,
        }
    }

    /// Prints a path with an empty listing if it is a file. Many servers refuse to list files, and some abort the
    /// transfer. Returns whether it is a file.
    async fn print_file(
        &self,
        client: &mut Client,
        url: &FtpUrl,
        failure: Option<oxftp::Error>,
        output: &mut Output,
    ) -> Result<bool> {
        let path = url.path();
        if client.is_broken() || path.file_name().is_none() {
            return failure.map_or(Ok(false), |error| Err(Failure::about(url, error)));
        }
        match (empty_listing::identify(client, &path).await, failure) {
            (Ok(entry), _) if !entry.is_dir() => {
                let operand = Operand { entry: Some(entry), ..Operand::literal(url.clone()) };
                self.operand(&operand, output).await.map(|()| true)
            }
            (Err(error), _) if error.is_not_found() => Err(Failure::about(url, error)),
            (_, Some(error)) => Err(Failure::about(url, error)),
            (Ok(_), None) => Ok(false),
            (Err(error), None) => Err(Failure::about(url, error)),
        }
    }

    /// Prints a file that is an operand, with its path.
    async fn operand(&self, operand: &Operand, output: &mut Output) -> Result {
        let Some(entry) = &operand.entry else { return Ok(()) };
        let path = operand.url.path();
        let name = path.file_name().map_or_else(|| path.clone(), RemotePath::from);
        if !self.selector.accepts_operand(&name.to_string_lossy(), entry) {
            return Ok(());
        }
        let shown = if self.args.json { path.as_bytes() } else { self.app.shown(path.as_bytes()) };
        let mut line = Vec::new();
        self.append_line(&mut line, output, entry, shown, name.as_bytes());
        self.printed.set(true);
        output.line(line).await
    }

    /// Appends the line of an entry, unless it is hidden.
    fn append_entry(
        &self,
        lines: &mut KeptLines,
        output: &Output,
        found: &PathEntry,
        root: &RemotePath,
        prefix: &[u8],
    ) {
        let name = found.name();
        let path = if self.args.recursive { Some(found.path()) } else { None };
        let relative =
            path.as_ref().map_or(name.as_bytes(), |path| relative_to(path.as_bytes(), root.as_bytes()));
        if !self.args.all && relative.split(|byte| *byte == b'/').any(|name| name.starts_with(b".")) {
            return;
        }
        let start = lines.text.len();
        match prefix {
            [] => self.append_line(&mut lines.text, output, found, relative, name.as_bytes()),
            prefix => {
                let slash: &[u8] = if prefix.ends_with(b"/") { b"" } else { b"/" };
                let path = [prefix, slash, relative].concat();
                self.append_line(&mut lines.text, output, found, &path, name.as_bytes());
            }
        }
        lines.end(start, self.number(found), relative);
    }

    fn append_line(&self, line: &mut Vec<u8>, output: &Output, entry: &Entry, path: &[u8], name: &[u8]) {
        if self.args.json {
            let json = JsonEntry::new(entry, Encoding::UTF_8).at(path, name).line();
            return line.extend_from_slice(json.as_bytes());
        }
        if self.args.long {
            push_columns(line, entry, self.args.human);
            line.push(b' ');
        }
        line.extend_from_slice(&output.displayable(path));
        if let Some(target) = entry.link_target().filter(|_| self.args.long) {
            line.extend_from_slice(b" -> ");
            line.extend_from_slice(&output.displayable(target));
        }
    }
}

/// The lines of a directory until all of them are known and can be sorted.
#[derive(Default)]
struct KeptLines {
    text: Vec<u8>,
    paths: Vec<u8>,
    items: Vec<KeptLine>,
}

struct KeptLine {
    number: Option<i64>,
    path: Range<usize>,
    text: Range<usize>,
}

impl KeptLines {
    /// Ends the line that was appended to `text` at `start`.
    fn end(&mut self, start: usize, number: Option<i64>, path: &[u8]) {
        let path_start = self.paths.len();
        self.paths.extend_from_slice(path);
        let (path, text) = (path_start..self.paths.len(), start..self.text.len());
        self.items.push(KeptLine { number, path, text });
    }

    /// Returns the lines by descending numbers; names decide between equal ones, and unknown numbers come last.
    fn in_order(&mut self, reverse: bool) -> impl Iterator<Item = &[u8]> {
        let Self { text, paths, items } = self;
        let path = |item: &KeptLine| paths.get(item.path.clone());
        items.sort_by(|one, other| other.number.cmp(&one.number).then_with(|| path(one).cmp(&path(other))));
        if reverse {
            items.reverse();
        }
        items.iter().filter_map(|item| text.get(item.text.clone()))
    }
}
