//! `rm`: removes files and directory trees.

use clap::Args;
use oxftp::{Client, FtpUrl};

use super::support::{diagnose, operands::Operands, selector::Selector};
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs, DepthArgs, NameArgs, SelectionArgs},
    failure::{Exit, Failure, Result},
    output::Output,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Remove directories and their contents recursively; with a selection, only the selected files in them
    #[arg(short, long)]
    recursive: bool,
    /// Ignore missing files
    #[arg(short, long)]
    force: bool,
    /// Show what would be done, without doing it
    #[arg(short = 'n', long, conflicts_with = "json")]
    dry_run: bool,
    /// Files or directories to remove
    #[arg(value_name = "URL", required_unless_present_any = ["files_from", "files_from0"])]
    urls: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    depth: DepthArgs,
    #[command(flatten)]
    pub(crate) events: ChangeEventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: RmArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.urls, &args.names).await?;
    let selector = Selector::new(&args.selection);
    // Below a directory, the selection decides for each file.
    if !args.recursive {
        operands.select(&mut session, &selector).await?;
    }
    let urls = operands.urls();
    if let Some(url) = urls.iter().find(|url| url.path().file_name().is_none()) {
        return Err(Failure::Usage(format!(
            "refusing to delete the whole server ({url}): name a file or directory"
        )));
    }
    let selective = selector.is_active() || args.depth.max_depth.is_some() || args.dry_run;
    let mut failures = operands.collect_failures(app)?;
    let mut output = Output::new();
    for url in &urls {
        let outcome = async {
            let client = session.client(url).await?;
            if args.recursive && selective {
                remove_selected(client, url, &args, &selector, app, &mut output).await
            } else if args.dry_run {
                output.line(url.path().as_bytes()).await
            } else {
                match args.recursive {
                    true => remove_tree(client, url, args.force).await?,
                    false => remove_file(client, url).await?,
                }
                app.report_changed(&url.path(), None);
                Ok(())
            }
        };
        failures.record(forgiving(outcome.await, args.force))?;
    }
    output.flush().await?;
    session.quit().await;
    failures.finish()
}

/// Removes the selected files of a tree, and keeps its directories.
async fn remove_selected(
    client: &mut Client,
    url: &FtpUrl,
    args: &RmArgs,
    selector: &Selector,
    app: &App,
    output: &mut Output,
) -> Result {
    let failed = |error| Failure::about(url, error);
    let root = client.metadata(url.path()).await.map_err(failed)?;
    let mut paths = Vec::new();
    if root.is_dir() {
        let levels = args.depth.max_depth.map_or(usize::MAX, |depth| depth as usize);
        let mut listing = client.list(url.path()).recursive().max_depth(levels);
        if let Some(selection) = selector.listing() {
            listing = listing.select(selection);
        }
        let mut entries = listing.stream();
        while let Some(entry) = entries.next().await {
            let entry = entry.map_err(failed)?;
            if !entry.is_dir() {
                paths.push(entry.path());
            }
        }
    } else if selector.accepts_operand(
        &url.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        &root,
    ) {
        paths.push(url.path());
    }
    let mut outcome = Ok(());
    for path in paths {
        if args.dry_run {
            output.line(output.displayable(path.as_bytes()).into_owned()).await?;
            continue;
        }
        match client.remove_file(&path).await {
            Ok(()) => app.report_changed(&path, None),
            Err(error) => {
                let failure = Failure::about(&url.with_path(path), error);
                if client.is_broken() {
                    return Err(failure);
                }
                app.terminal.failure(&failure);
                outcome = Err(Failure::AlreadyReported(Exit::PartialFailure));
            }
        }
    }
    outcome
}

async fn remove_tree(client: &mut Client, url: &FtpUrl, force: bool) -> Result {
    let report = client.remove_dir_all(url.path()).await.map_err(|error| Failure::about(url, error))?;
    if report.files + report.directories > 0 || force {
        return Ok(());
    }
    // Nothing was removed, so the path is missing: the server's reply to this becomes the error.
    match client.metadata(url.path()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::about(url, error)),
    }
}

async fn remove_file(client: &mut Client, url: &FtpUrl) -> Result {
    let Err(error) = client.remove_file(url.path()).await else { return Ok(()) };
    Err(diagnose::file_error(client, url, error, "use -r to remove it and its contents").await)
}

fn forgiving(outcome: Result, force: bool) -> Result {
    match outcome {
        Err(failure) if force && failure.exit() == Some(Exit::NotFound) => Ok(()),
        outcome => outcome,
    }
}
