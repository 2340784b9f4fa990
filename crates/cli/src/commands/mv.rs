//! `mv`: renames or moves a file or directory.

use clap::Args;
use oxftp::{FtpUrl, RemotePath};

use super::support::diagnose;
use crate::{
    args::ConnectionArgs,
    failure::{Failure, Result},
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct MvArgs {
    /// File or directory to rename
    #[arg(value_name = "URL")]
    url: String,
    /// New path: relative to the login directory, absolute with a leading /, or a URL on the same server; a path that
    /// ends in / is the directory to move it into
    #[arg(value_name = "PATH")]
    path: String,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: MvArgs) -> Result {
    let url = session::url(&args.url)?;
    let target = target(&url, &args.path)?;
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    if let Err(error) = client.rename(url.path(), target).await {
        return Err(diagnose::explained(client, &url, error).await);
    }
    session.quit().await;
    Ok(())
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
            hint: "use fxp to copy a file from one server to another, or mirror for a tree".to_owned(),
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
