//! `chmod`: sets permissions.

use clap::Args;
use oxftp::{Client, Entry, EntryKind, FtpUrl, RemotePath};

use super::support::{diagnose, operands::Operands, selector::Selector};
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs, Mode, OperandArgs},
    failure::{Exit, Failure, Result},
    session::Session,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files or directories to change")))]
pub(crate) struct ChmodArgs {
    /// Change directories and their contents; with a selection, only the selected files in them. Symbolic links are left
    /// alone
    #[arg(short = 'R', long)]
    recursive: bool,
    /// Permissions: octal, as in 644, or symbolic, as in u+w,go-rwx or a=rX (X: execution of directories and of what
    /// anyone may execute)
    #[arg(value_name = "MODE")]
    mode: Mode,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    pub(crate) events: ChangeEventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: ChmodArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand(&mut session, &args.operands).await?;
    let selector = operands.selector(&mut session, &args.operands, args.recursive).await?;
    let each = async |client: &mut Client, url: &FtpUrl| match args.recursive {
        true => set_tree(client, url, &args, &selector, app).await,
        false => {
            set_one(client, url, &args.mode).await?;
            app.report_changed(&url.path(), None);
            Ok(())
        }
    };
    operands.run(session, app, each).await
}

async fn set_one(client: &mut Client, url: &FtpUrl, mode: &Mode) -> Result {
    let found = match mode.needs_current() {
        true => Some(entry_with_mode(client, url).await?),
        false => None,
    };
    let target = ChmodTarget {
        path: url.path(),
        is_dir: found.as_ref().is_some_and(|found| found.is_dir()),
        current: found.and_then(|found| found.mode),
    };
    set(client, url, &target, mode).await
}

/// Returns the entry of a path, with its permissions if the server lists them.
async fn entry_with_mode(client: &mut Client, url: &FtpUrl) -> Result<Entry> {
    let failed = |error| Failure::about(url, error);
    client.list_permissions().await.map_err(failed)?;
    client.metadata(url.path()).await.map_err(failed)
}

/// Changes a directory and its contents. What is in a directory comes before it, so that it can still be entered.
async fn set_tree(
    client: &mut Client,
    url: &FtpUrl,
    args: &ChmodArgs,
    selector: &Selector,
    app: &App,
) -> Result {
    let failed = |error| Failure::about(url, error);
    let found = entry_with_mode(client, url).await?;
    let is_dir = found.is_dir();
    let root = ChmodTarget { path: url.path(), current: found.mode, is_dir };
    if !is_dir {
        let name = root.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !selector.accepts_operand(&name, &found) {
            return Ok(());
        }
        set(client, url, &root, &args.mode).await?;
        app.report_changed(&root.path, None);
        return Ok(());
    }
    let mut outcome = Ok(());
    let mut report = |failure: Failure| {
        app.terminal.failure(&failure);
        outcome = Err(Failure::AlreadyReported(Exit::PartialFailure));
    };
    let listing = selector.narrow(client.list(url.path()).recursive());
    let mut targets = if selector.is_active() { Vec::new() } else { vec![root] };
    let mut entries = listing.stream();
    while let Some(entry) = entries.next().await {
        match entry {
            Ok(entry) if entry.is_dir() && selector.is_active() => {}
            Ok(entry) if matches!(entry.kind, EntryKind::File | EntryKind::Directory) => {
                targets.push(ChmodTarget { path: entry.path(), current: entry.mode, is_dir: entry.is_dir() });
            }
            Ok(_) => {}
            Err(error) => report(failed(error)),
        }
    }
    drop(entries);
    for target in targets.iter().rev() {
        match set(client, &url.with_path(target.path.clone()), target, &args.mode).await {
            Ok(()) => app.report_changed(&target.path, None),
            Err(failure) if client.is_broken() => return Err(failure),
            Err(failure) => report(failure),
        }
    }
    outcome
}

/// A file or directory to change, with its permissions if they were listed.
struct ChmodTarget {
    path: RemotePath,
    current: Option<u32>,
    is_dir: bool,
}

async fn set(client: &mut Client, url: &FtpUrl, target: &ChmodTarget, mode: &Mode) -> Result {
    let current = match (target.current, mode.needs_current()) {
        (None, true) => {
            return Err(Failure::UsageWithHint {
                what: format!("{url}: the server lists no permissions that a symbolic mode could change"),
                hint: "use a mode in octal, as in 644".to_owned(),
            });
        }
        (current, _) => current.unwrap_or_default(),
    };
    match client.set_permissions(target.path.clone(), mode.apply(current, target.is_dir)).await {
        Err(error) => Err(diagnose::explained(client, url, error).await),
        Ok(()) => Ok(()),
    }
}
