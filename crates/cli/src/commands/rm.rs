//! `rm`: removes files and directory trees.

use clap::Args;
use oxftp::{Client, FtpUrl};

use super::support::{diagnose, operands::Operands, selector::Selector};
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs, OperandArgs},
    failure::{Exit, Failure, Result},
    output::Output,
    session::Session,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files or directories to remove")))]
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
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    pub(crate) events: ChangeEventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: RmArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let selector = operands.selector(&mut session, &args.operands, args.recursive).await?;
    if let Some(url) = operands.urls().iter().find(|url| url.path().file_name().is_none()) {
        return Err(Failure::Usage(format!(
            "refusing to delete the whole server ({url}): name a file or directory"
        )));
    }
    let selective = selector.is_active() || selector.limits_depth() || args.dry_run;
    let mut output = Output::new();
    let each = async |client: &mut Client, url: &FtpUrl| {
        let removed = async {
            if args.recursive && selective {
                return remove_selected(client, url, &args, &selector, app, &mut output).await;
            }
            if args.dry_run {
                return output.line(url.path().as_bytes()).await;
            }
            match args.recursive {
                true => remove_tree(client, url, args.force).await?,
                false => remove_file(client, url).await?,
            }
            app.report_changed(&url.path(), None);
            Ok(())
        };
        let outcome = forgiving(removed.await, args.force);
        output.flush().await?;
        outcome
    };
    operands.run(session, app, each).await
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
        let listing = client.list(url.path()).recursive();
        let mut entries = selector.narrow(listing).stream();
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
