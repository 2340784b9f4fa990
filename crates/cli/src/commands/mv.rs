//! `mv`: renames or moves files and directories.

use clap::Args;
use oxftp::{Client, FtpUrl, RemotePath};

use super::support::{
    diagnose,
    existing::may_write,
    operands::{Operand, Operands, run_each},
    rename_rule::RenameArgs,
};
use crate::{
    app::App,
    args::{ChangeEventArgs, ConnectionArgs, ExistingArgs, OperandArgs},
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

#[derive(Debug, Args)]
#[command(
    override_usage = "oxftp mv [OPTIONS] <URL>... <PATH>\n       oxftp mv [OPTIONS] --rename-with <RULE> <URL>... [DIR/]",
    mut_arg("urls", |urls| urls.help(URLS))
)]
pub(crate) struct MvArgs {
    #[command(flatten)]
    renames: RenameArgs,
    /// Show what would be done, without doing it
    #[arg(short = 'n', long, conflicts_with = "json")]
    dry_run: bool,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    existing: ExistingArgs,
    #[arg(skip)]
    path: String,
    #[command(flatten)]
    pub(crate) events: ChangeEventArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Help of the operands.
const URLS: &str = "Files or directories to rename. The last word is the new path: relative to the login directory, absolute with a \
    leading /, or a URL on the same server; a path that ends in / is the directory to move them into. With \
    --rename-with, all words are files to rename in their directories, unless the last one ends in /";

pub(crate) async fn run(mut args: MvArgs, app: &App) -> Result {
    let words = &args.operands.urls;
    let names_directory = words.len() > 1 && words.last().is_some_and(|word| word.ends_with('/'));
    if args.renames.rename_with.is_none() || names_directory {
        args.path = args.operands.pop_destination().ok_or_else(|| Failure::UsageWithHint {
            what: "the new path is missing".to_owned(),
            hint: "use mv URL... PATH, as in oxftp mv ftp://example.org/a.txt b.txt".to_owned(),
        })?;
    }
    let mut session = Session::new(args.connection.clone())?;
    let mut operands = Operands::expand_selected(&mut session, &args.operands).await?;
    let renames = match &args.renames.rename_with {
        Some(_) => renamed_by(&args.renames, &args.path, &operands)?,
        None => moved(&mut session, &args.operands.urls, &args.path, &operands).await?,
    };
    let failures = operands.collect_failures(app)?;
    let mut output = Output::new();
    run_each(&renames, session, failures, async |session, rename| {
        let Rename { url, to } = rename;
        let client = session.client(url).await?;
        let may_write = may_write(client, to, args.existing.existing()).await;
        if !may_write.map_err(|error| Failure::about(&url.with_path(to), error))? {
            return Ok(());
        }
        if args.dry_run {
            output.mapping(url.path().as_bytes(), to.as_bytes()).await?;
            return output.flush().await;
        }
        rename.run(client).await?;
        app.report_changed(&url.path(), Some(to));
        Ok(())
    })
    .await
}

/// A path and its new path.
struct Rename {
    url: FtpUrl,
    to: RemotePath,
}

impl Rename {
    async fn run(&self, client: &mut Client) -> Result {
        let Self { url, to } = self;
        let Err(error) = client.rename(url.path(), to).await else { return Ok(()) };
        if error.reply().is_some() && !client.is_broken() {
            if client.is_dir(to).await.unwrap_or(false) {
                let hint = "end the new path with / to move it into the directory";
                return Err(Failure::refused(url, error, hint));
            }
            if let Some(directory) = diagnose::missing_parent(client, to).await {
                return Err(Failure::NoDirectory {
                    about: url.to_string(),
                    directory: directory.to_string(),
                });
            }
        }
        Err(diagnose::explained(client, url, error).await)
    }
}

/// Returns the renames by a rule: within the directories of the files, or into `directory` if it is not empty.
fn renamed_by(rule: &RenameArgs, directory: &str, operands: &Operands) -> Result<Vec<Rename>> {
    let mut renames = Vec::new();
    for Operand { url, .. } in &operands.found {
        let path = url.path();
        let Some(name) = path.file_name() else {
            return Err(Failure::Usage(format!("{url} has no name that could be changed")));
        };
        let Some(new) = rule.apply(name.as_bytes())? else { continue };
        if !directory.is_empty() {
            let into = target(url, directory)?.parent().unwrap_or_default();
            renames.push(Rename { url: url.clone(), to: into.join(&new) });
        } else if new != name {
            renames.push(Rename { url: url.clone(), to: path.parent().unwrap_or_default().join(&new) });
        }
    }
    refuse_equal_targets(renames)
}

/// Returns the renames to one path, which must be a directory for several files.
async fn moved(
    session: &mut Session,
    words: &[String],
    word: &str,
    operands: &Operands,
) -> Result<Vec<Rename>> {
    let mut renames = Vec::new();
    // A pattern may match one file today and several tomorrow: both move into the directory.
    let may_be_several =
        operands.found.len() > 1 || words.len() > 1 || operands.found.iter().any(|operand| operand.is_match);
    let mut into = word.ends_with('/');
    if let Some(first) = operands.found.first().filter(|_| may_be_several && !into) {
        let directory = target(&first.url, word)?;
        let client = session.client(&first.url).await?;
        into = match client.is_dir(&directory).await {
            Err(error) if error.is_not_found() => false,
            found => found.map_err(|error| Failure::about(&first.url, error))?,
        };
        if !into {
            return Err(Failure::UsageWithHint {
                what: format!("{directory} is not a directory, but several files may be moved"),
                hint: "end the path with / and create the directory with mkdir".to_owned(),
            });
        }
    }
    for operand in &operands.found {
        let to = target(&operand.url, word)?;
        let name = operand.url.path().file_name().filter(|_| into && !word.ends_with('/'));
        let to = name.map_or_else(|| to.clone(), |name| to.join(&name));
        renames.push(Rename { url: operand.url.clone(), to });
    }
    refuse_equal_targets(renames)
}

/// Fails if two files would have the same path: one would replace the other.
fn refuse_equal_targets(renames: Vec<Rename>) -> Result<Vec<Rename>> {
    let mut seen = std::collections::HashSet::new();
    match renames.iter().find(|rename| !seen.insert(rename.to.as_bytes())) {
        Some(rename) => Err(Failure::Usage(format!("two files would be renamed to {}", rename.to))),
        None => Ok(renames),
    }
}

/// Returns the new path; after a slash at its end the old name is appended.
fn target(url: &FtpUrl, word: &str) -> Result<RemotePath> {
    let (path, into) = match is_url(word) {
        true => path_of(url, &session::url(word)?)?,
        false => (RemotePath::from(word), word.ends_with('/')),
    };
    match url.path().file_name() {
        Some(name) if into => Ok(path.join(&name)),
        _ => Ok(path),
    }
}

/// Bookmarks were replaced by URLs before; one that is left is unknown, and `session::url` reports it.
fn is_url(word: &str) -> bool {
    word.contains("://") || word.starts_with('@')
}

fn path_of(url: &FtpUrl, new: &FtpUrl) -> Result<(RemotePath, bool)> {
    let same_user = new.user().is_none_or(|user| url.user() == Some(user));
    if (url.scheme(), url.host()) != (new.scheme(), new.host()) || !same_user {
        return Err(Failure::UsageWithHint {
            what: format!(
                "cannot rename {url} to {new}: the new URL is on another server or has another user"
            ),
            hint: "use cp to copy it to another server, then rm".to_owned(),
        });
    }
    Ok((new.path(), new.names_directory()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(word: &str) -> Option<String> {
        let url = "ftp://me@h/dir/old".parse().unwrap();
        target(&url, word).ok().map(|path| path.to_string())
    }

    #[test]
    fn mv_target_is_path_or_same_server_url() {
        assert_eq!(renamed("new").as_deref(), Some("new"));
        assert_eq!(renamed("/abs/new").as_deref(), Some("/abs/new"));
        assert_eq!(renamed("ftp://me@h/dir/new").as_deref(), Some("dir/new"));
        assert_eq!(renamed("ftp://h//new").as_deref(), Some("/new"));
        for other in ["ftp://you@h/new", "ftp://me@other/new", "ftpes://me@h/new", "@nothing"] {
            assert_eq!(renamed(other), None, "{other}");
        }
    }

    #[test]
    fn mv_with_trailing_slash_moves_into_directory() {
        assert_eq!(renamed("other/").as_deref(), Some("other/old"));
        assert_eq!(renamed("/").as_deref(), Some("/old"));
        assert_eq!(renamed("ftp://me@h/other/").as_deref(), Some("other/old"));
        assert_eq!(renamed("ftp://me@h/").as_deref(), Some("old"));
    }
}
