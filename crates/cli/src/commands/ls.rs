//! `ls`: lists a directory.

use oxftp::{Client, Encoding, Entry, FtpUrl, PathEntry, RemotePath};

use super::{
    entry::{JsonEntry, push_columns},
    lone,
    walk::{below, walk},
};
use crate::{
    app::App,
    args::LsArgs,
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

pub(crate) async fn run(args: LsArgs, app: &App) -> Result {
    let url = session::url(&args.url)?;
    let style = Style { long: args.long, json: args.json, all: args.all, recursive: args.recursive };
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    let mut output = Output::new();
    let listing = client.list(url.path());
    let listing = if args.recursive { listing.recursive() } else { listing };
    let root = url.path();
    let each = async |found: &PathEntry, output: &mut Output| style.entry(output, found, &root).await;
    let mut listed = walk(listing.stream(), (&url, app), &mut output, each).await?;
    if listed.nothing {
        style.print_file(client, &url, listed.failure.take(), &mut output).await?;
    }
    output.flush().await?;
    session.quit().await;
    if args.recursive { listed.of_tree() } else { listed.of_directory() }
}

/// How entries are printed.
struct Style {
    long: bool,
    json: bool,
    all: bool,
    recursive: bool,
}

impl Style {
    /// Prints what listed as nothing if it is a file: many servers refuse to list those, and some
    /// break the transfer off.
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
        match (lone::look_at(client, &path).await, failure) {
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
        let relative = path.as_ref().map_or(name.as_bytes(), |path| below(path.as_bytes(), root.as_bytes()));
        if !self.all && relative.split(|byte| *byte == b'/').any(|name| name.starts_with(b".")) {
            return Ok(());
        }
        self.line(output, found, relative, name.as_bytes()).await
    }

    async fn line(&self, output: &mut Output, entry: &Entry, path: &[u8], name: &[u8]) -> Result {
        if self.json {
            return output.line(JsonEntry::new(entry, Encoding::UTF_8).at(path, name).line()).await;
        }
        let shown = output.showable(path);
        if !self.long {
            return output.line(shown).await;
        }
        let target = entry.link_target().map(|target| output.showable(target));
        let write = |line: &mut Vec<u8>| {
            push_columns(line, entry);
            line.push(b' ');
            line.extend_from_slice(&shown);
            if let Some(target) = target {
                line.extend_from_slice(b" -> ");
                line.extend_from_slice(&target);
            }
        };
        output.line_by(write).await
    }
}
