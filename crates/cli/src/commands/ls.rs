//! `ls`: lists a directory.

use clap::Args;
use oxftp::{Client, Encoding, Entry, FtpUrl, PathEntry, RemotePath};

use super::support::{
    empty_listing,
    entry::{JsonEntry, push_columns},
    walk::{relative_to, walk},
};
use crate::{
    app::App,
    args::ConnectionArgs,
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

#[derive(Debug, Args)]
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
    /// Print one JSON object per line
    #[arg(long, conflicts_with = "long")]
    json: bool,
    /// Directory to list
    #[arg(value_name = "URL")]
    url: String,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: LsArgs, app: &App) -> Result {
    let url = session::url(&args.url)?;
    let printer = Printer { long: args.long, json: args.json, all: args.all, recursive: args.recursive };
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    let mut output = Output::new();
    let listing = client.list(url.path());
    let listing = if args.recursive { listing.recursive() } else { listing };
    let root = url.path();
    let each = async |found: &PathEntry, output: &mut Output| printer.entry(output, found, &root).await;
    let mut listed = walk(listing.stream(), &url, app, &mut output, each).await?;
    if listed.is_empty {
        printer.print_file(client, &url, listed.failure.take(), &mut output).await?;
    }
    output.flush().await?;
    session.quit().await;
    if args.recursive { listed.tree_result() } else { listed.directory_result() }
}

/// Prints entries as the flags say.
struct Printer {
    long: bool,
    json: bool,
    all: bool,
    recursive: bool,
}

impl Printer {
    /// Prints a path with an empty listing if it is a file. Many servers refuse to list files, and some abort the
    /// transfer.
    async fn print_file(
        &self,
        client: &mut Client,
        url: &FtpUrl,
        failure: Option<oxftp::Error>,
        output: &mut Output,
    ) -> Result {
        let path = url.path();
        if client.is_broken() || path.file_name().is_none() {
            return failure.map_or(Ok(()), |error| Err(Failure::about(url, error)));
        }
        match (empty_listing::identify(client, &path).await, failure) {
            (Ok(entry), _) if !entry.is_dir() => {
                let name = path.file_name().map_or_else(|| path.clone(), RemotePath::from);
                self.line(output, &entry, path.as_bytes(), name.as_bytes()).await
            }
            (Err(error), _) if error.is_not_found() => Err(Failure::about(url, error)),
            (_, Some(error)) => Err(Failure::about(url, error)),
            (Ok(_), None) => Ok(()),
            (Err(error), None) => Err(Failure::about(url, error)),
        }
    }

    async fn entry(&self, output: &mut Output, found: &PathEntry, root: &RemotePath) -> Result {
        let name = found.name();
        let path = if self.recursive { Some(found.path()) } else { None };
        let relative =
            path.as_ref().map_or(name.as_bytes(), |path| relative_to(path.as_bytes(), root.as_bytes()));
        if !self.all && relative.split(|byte| *byte == b'/').any(|name| name.starts_with(b".")) {
            return Ok(());
        }
        self.line(output, found, relative, name.as_bytes()).await
    }

    async fn line(&self, output: &mut Output, entry: &Entry, path: &[u8], name: &[u8]) -> Result {
        if self.json {
            return output.line(JsonEntry::new(entry, Encoding::UTF_8).at(path, name).line()).await;
        }
        let shown = output.displayable(path);
        if !self.long {
            return output.line(shown).await;
        }
        let target = entry.link_target().map(|target| output.displayable(target));
        let write = |line: &mut Vec<u8>| {
            push_columns(line, entry);
            line.push(b' ');
            line.extend_from_slice(&shown);
            if let Some(target) = target {
                line.extend_from_slice(b" -> ");
                line.extend_from_slice(&target);
            }
        };
        output.line_with(write).await
    }
}
