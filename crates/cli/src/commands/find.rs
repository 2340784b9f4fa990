//! `find`: searches a directory tree.

use clap::{Args, ValueEnum};
use globset::{Glob, GlobMatcher};
use oxftp::{Encoding, Entry, EntryKind, FileName};

use super::support::{
    diagnose, empty_listing,
    entry::JsonEntry,
    walk::{relative_to, walk},
};
use crate::{
    app::App,
    args::{ConnectionArgs, Size, UnixTime},
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Find names that match a pattern, as in *.log
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    name: Option<GlobMatcher>,
    /// Find files (f), directories (d) or symbolic links (l); several with a comma: f,l
    #[arg(long = "type", value_name = "KINDS", value_delimiter = ',', hide_possible_values = true)]
    kinds: Vec<KindArg>,
    /// Find entries modified after this time, as in 2024-05-01T12:00Z
    #[arg(long, value_name = "TIME")]
    newer: Option<UnixTime>,
    /// Find files larger than SIZE bytes, as in 500k or 2M
    #[arg(long, value_name = "SIZE")]
    larger: Option<Size>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Directory to search
    #[arg(value_name = "URL")]
    url: String,
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
    Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

pub(crate) async fn run(args: FindArgs, app: &App) -> Result {
    let url = session::url(&args.url)?;
    let mut session = Session::new(args.connection)?;
    let criteria = Criteria {
        name: args.name,
        kinds: args.kinds,
        newer: args.newer.map(|time| time.0),
        larger: args.larger.map(|size| size.0),
        json: args.json,
    };
    let client = session.client(&url).await?;
    let mut output = Output::new();
    let root = url.path();
    let entries = client.list(&root).recursive().stream();
    let walked = walk(entries, &url, app, &mut output, async |found, output| {
        let path = found.path();
        criteria.print(relative_to(path.as_bytes(), root.as_bytes()), &found.name(), found, output).await
    });
    let walked = walked.await?;
    if let Some(error) = walked.failure {
        return Err(diagnose::explained(client, &url, error).await);
    }
    // Some servers send an empty listing for a missing path, and for a file.
    if let Some(name) = root.file_name().filter(|_| walked.is_empty) {
        let entry =
            empty_listing::identify(client, &root).await.map_err(|error| Failure::about(&url, error))?;
        if !entry.is_dir() {
            criteria.print(root.as_bytes(), &name, &entry, &mut output).await?;
        }
    }
    output.flush().await?;
    session.quit().await;
    walked.tree_result()
}

/// Search criteria; an entry must meet all of them.
struct Criteria {
    name: Option<GlobMatcher>,
    kinds: Vec<KindArg>,
    /// Seconds since 1970.
    newer: Option<i64>,
    larger: Option<u64>,
    json: bool,
}

impl Criteria {
    async fn print(&self, path: &[u8], name: &FileName, found: &Entry, output: &mut Output) -> Result {
        if !self.is(name, found) {
            return Ok(());
        }
        if self.json {
            let object = JsonEntry::new(found, Encoding::UTF_8).at(path, name.as_bytes());
            return output.line(object.line()).await;
        }
        output.line(output.displayable(path)).await
    }

    fn is(&self, name: &FileName, found: &Entry) -> bool {
        self.name.as_ref().is_none_or(|glob| glob.is_match(&*name.to_string_lossy()))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.is(found.kind)))
            // A time without a zone counts as UTC.
            && self.newer.is_none_or(|than| found.modified.is_some_and(|time| time.to_unix(0) > than))
            && self.larger.is_none_or(|than| found.is_file() && found.size.is_some_and(|size| size > than))
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
