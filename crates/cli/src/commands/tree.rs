//! `tree`: draws a directory tree.

use std::collections::{BTreeMap, HashMap};

use clap::Args;
use oxftp::{Client, FtpUrl};

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
    units::{HumanBytes, count},
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Directories to draw")))]
pub(crate) struct TreeArgs {
    /// Print the size after the name of each file
    #[arg(short, long)]
    sizes: bool,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: TreeArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let selector = operands.selector(&mut session, &args.operands, true).await?;
    let mut output = Output::new();
    let each =
        async |client: &mut Client, url: &FtpUrl| draw(client, url, &args, &selector, app, &mut output).await;
    operands.run(session, app, each).await
}

/// Draws one tree.
async fn draw(
    client: &mut Client,
    url: &FtpUrl,
    args: &TreeArgs,
    selector: &Selector,
    app: &App,
    output: &mut Output,
) -> Result {
    let root = url.path();
    let listing = selector.narrow(client.list(&root).recursive());
    let mut tree = Tree::default();
    let walked = walk(listing.stream(), url, app, output, async |found, _| {
        let path = found.path();
        let node = Node { is_dir: found.is_dir(), size: found.size.filter(|_| found.is_file()) };
        tree.add(relative_to(path.as_bytes(), root.as_bytes()), node);
        Ok(())
    });
    let walked = walked.await?;
    if let Some(error) = walked.failure {
        return Err(diagnose::explained(client, url, error).await);
    }
    // Some servers send an empty listing for a missing path.
    if walked.is_empty && root.file_name().is_some() {
        empty_listing::identify(client, &root).await.map_err(|error| Failure::about(url, error))?;
    }
    let name = if root.is_empty() { b"." } else { app.shown(root.as_bytes()) };
    output.line(output.displayable(name).into_owned()).await?;
    for (path, node) in &tree.nodes {
        let mut line = tree.branches(path).into_bytes();
        line.extend_from_slice(&output.displayable(path.last().map_or(&[], Vec::as_slice)));
        if let Some(size) = node.size.filter(|_| args.sizes) {
            line.extend_from_slice(format!("  ({})", HumanBytes(size)).as_bytes());
        }
        output.line(line).await?;
    }
    let directories = tree.nodes.values().filter(|node| node.is_dir).count() as u64;
    let files = tree.nodes.len() as u64 - directories;
    let (directories, files) =
        (count(directories, "directory", "directories"), count(files, "file", "files"));
    output.line(format!("\n{directories}, {files}")).await?;
    output.flush().await?;
    walked.tree_result()
}

/// A tree by the names that lead to each node, in the order of names.
#[derive(Debug, Default)]
struct Tree {
    nodes: BTreeMap<Vec<Vec<u8>>, Node>,
    /// The last name in each directory.
    last: HashMap<Vec<Vec<u8>>, Vec<u8>>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    is_dir: bool,
    size: Option<u64>,
}

impl Tree {
    /// Adds a node, and the directories that lead to it.
    fn add(&mut self, path: &[u8], node: Node) {
        let mut names: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
        let mut node = node;
        while let Some((name, parent)) = names.split_last() {
            let last = self.last.entry(parent.to_vec()).or_default();
            if *last < *name {
                last.clone_from(name);
            }
            let parent = parent.to_vec();
            self.nodes.entry(names).or_insert(node);
            names = parent;
            node = Node { is_dir: true, size: None };
        }
    }

    /// Returns the lines that lead to a node.
    fn branches(&self, path: &[Vec<u8>]) -> String {
        let mut drawn = String::new();
        for depth in 1..=path.len() {
            let Some((name, parent)) = path.get(..depth).and_then(<[Vec<u8>]>::split_last) else { break };
            let is_last = self.last.get(parent).is_some_and(|last| last == name);
            drawn.push_str(match (depth == path.len(), is_last) {
                (true, true) => "└── ",
                (true, false) => "├── ",
                (false, true) => "    ",
                (false, false) => "│   ",
            });
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_end_at_the_last_name() {
        let mut tree = Tree::default();
        for path in ["b/y", "a", "b/x/1", "c"] {
            tree.add(path.as_bytes(), Node { is_dir: false, size: None });
        }
        let drawn = tree.nodes.keys().map(|path| {
            let name = String::from_utf8_lossy(path.last().unwrap()).into_owned();
            tree.branches(path) + &name
        });
        assert_eq!(
            drawn.collect::<Vec<_>>(),
            ["├── a", "├── b", "│   ├── x", "│   │   └── 1", "│   └── y", "└── c"]
        );
    }
}
