//! `du`: sums up file sizes by directory.

use std::collections::HashMap;

use clap::{ArgAction, Args};
use oxftp::{Client, FtpUrl, PathEntry};
use serde::Serialize;

use super::support::{
    diagnose, empty_listing,
    operands::Operands,
    selector::Selector,
    walk::{relative_to, walk},
};
use crate::{
    app::App,
    args::{ConnectionArgs, OperandArgs},
    failure::{Failure, Result},
    output::Output,
    session::Session,
    terminal::warn,
    units::{HumanBytes, count},
};

// -h means human-readable sizes, as in every other du.
#[derive(Debug, Args)]
#[command(disable_help_flag = true, mut_arg("urls", |urls| urls.help("Directories or files to measure")))]
pub(crate) struct DuArgs {
    /// Print the total only, without subdirectories
    #[arg(short, long)]
    summarize: bool,
    /// Print directories down to N levels; their sums include all levels below
    #[arg(short = 'd', long, value_name = "N", conflicts_with = "summarize")]
    print_depth: Option<usize>,
    /// Print human-readable sizes, as in 1.5 MiB
    #[arg(short = 'h', long, conflicts_with = "json")]
    human: bool,
    /// Print one JSON object per line and directory
    #[arg(long)]
    json: bool,
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: DuArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let selector = operands.selector(&mut session, &args.operands, true).await?;
    let several = operands.found.len() > 1;
    let mut output = Output::new();
    let each = async |client: &mut Client, url: &FtpUrl| {
        measure(client, url, several, &args, &selector, app, &mut output).await
    };
    operands.run(session, app, each).await
}

/// Measures one tree or file.
async fn measure(
    client: &mut Client,
    url: &FtpUrl,
    several: bool,
    args: &DuArgs,
    selector: &Selector,
    app: &App,
    output: &mut Output,
) -> Result {
    let mut sums = Sums::default();
    let root = url.path();
    let listing = selector.narrow(client.list(&root).recursive());
    let walked = walk(listing.stream(), url, app, output, async |found, _| {
        let path = found.path();
        sums.add(relative_to(path.as_bytes(), root.as_bytes()), found);
        Ok(())
    });
    let walked = walked.await?;
    if let Some(error) = walked.failure {
        return Err(diagnose::explained(client, url, error).await);
    }
    if walked.is_empty && !root.is_empty() {
        sums.add_alone(client, url, selector).await?;
    }
    let place = if several { app.shown(root.as_bytes()) } else { &[] };
    print(sums, args, place, output).await?;
    walked.tree_result()
}

/// Sums of files by directory.
#[derive(Debug, Default)]
struct Sums {
    /// Sizes by path relative to the root; the root is the empty path.
    directories: HashMap<Vec<u8>, Sum>,
    unknown: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    bytes: u64,
    files: u64,
}

impl Sums {
    fn add(&mut self, path: &[u8], found: &PathEntry) {
        if found.is_dir() {
            self.directories.entry(path.to_vec()).or_default();
        } else if found.is_file() {
            self.unknown += u64::from(found.size.is_none());
            self.add_file(path, found.size.unwrap_or(0));
        }
    }

    /// Adds a file to all its parent directories.
    fn add_file(&mut self, path: &[u8], bytes: u64) {
        let mut above = path;
        while !above.is_empty() {
            above = memchr::memrchr(b'/', above).and_then(|at| above.get(..at)).unwrap_or_default();
            let sum = self.directories.entry(above.to_vec()).or_default();
            sum.bytes = sum.bytes.saturating_add(bytes);
            sum.files += 1;
        }
    }

    /// Adds the path itself, which may be a file, an empty directory, or missing.
    async fn add_alone(&mut self, client: &mut Client, url: &FtpUrl, selector: &Selector) -> Result {
        let entry =
            empty_listing::identify(client, &url.path()).await.map_err(|error| Failure::about(url, error))?;
        let name = url.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if entry.is_file() && selector.accepts_operand(&name, &entry) {
            self.unknown += u64::from(entry.size.is_none());
            self.add_file(b"x", entry.size.unwrap_or(0));
        }
        Ok(())
    }

    /// Returns the directories, each after its subdirectories, and the root last.
    fn in_order(mut self) -> Vec<(Vec<u8>, Sum)> {
        let root = self.directories.remove(&[][..]).unwrap_or_default();
        let mut sums: Vec<_> = self.directories.into_iter().collect();
        sums.sort_by_cached_key(|(path, _)| [path, &b"/\xff"[..]].concat());
        sums.push((Vec::new(), root));
        sums
    }
}

/// Prints the sums, with `place` before the paths unless it is empty.
async fn print(sums: Sums, args: &DuArgs, place: &[u8], output: &mut Output) -> Result {
    if sums.unknown > 0 {
        let files = count(sums.unknown, "file has", "files have");
        warn(format_args!("{files} no known size and count as empty"));
    }
    for (path, sum) in sums.in_order() {
        let depth = if path.is_empty() { 0 } else { 1 + path.iter().filter(|byte| **byte == b'/').count() };
        let most = if args.summarize { Some(0) } else { args.print_depth };
        if most.is_some_and(|most| depth > most) {
            continue;
        }
        let path = match (place, &path[..]) {
            ([], []) => b".".to_vec(),
            ([], path) => path.to_vec(),
            (place, []) => place.to_vec(),
            (place, path) => [place, b"/", path].concat(),
        };
        let path = path.as_slice();
        let line = match (args.json, args.human) {
            (true, _) => object(path, sum).into_bytes(),
            (_, true) => {
                [format!("{:<12}", HumanBytes(sum.bytes).to_string()).as_bytes(), &output.displayable(path)]
                    .concat()
            }
            _ => [format!("{}\t", sum.bytes).as_bytes(), &output.displayable(path)].concat(),
        };
        output.line(line).await?;
    }
    output.flush().await
}

fn object(path: &[u8], sum: Sum) -> String {
    #[derive(Serialize)]
    struct Object<'p> {
        path: std::borrow::Cow<'p, str>,
        bytes: u64,
        files: u64,
    }
    let object = Object { path: String::from_utf8_lossy(path), bytes: sum.bytes, files: sum.files };
    // Neither numbers nor strings can fail.
    serde_json::to_string(&object).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_sums_follow_those_of_subdirectories() {
        let mut sums = Sums::default();
        sums.add_file(b"a/b/x", 1);
        sums.add_file(b"a/y", 10);
        sums.add_file(b"ab/z", 100);
        sums.add_file(b"top", 1000);

        let sums = sums.in_order();
        let shown: Vec<_> =
            sums.iter().map(|(path, sum)| (str::from_utf8(path).unwrap(), sum.bytes)).collect();

        assert_eq!(shown, [("a/b", 1), ("a", 11), ("ab", 100), ("", 1111)]);
    }
}
