//! `mv`: renames or moves.

use oxftp::{FtpUrl, RemotePath};

use crate::{
    args::MvArgs,
    failure::{Failure, Result},
    session::{self, Session},
};

pub(crate) async fn run(args: MvArgs) -> Result {
    let url = session::url(&args.url)?;
    let target = target(&url, &args.path)?;
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    client.rename(url.path(), target).await.map_err(|error| Failure::about(&url, error))?;
    session.quit().await;
    Ok(())
}

/// Gives the new path: a slash at its end puts the old name into a directory.
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

/// A bookmark, too, has become a URL here, or is to be told that it is none.
fn is_url(word: &str) -> bool {
    word.contains("://") || word.starts_with('@')
}

fn path_of(url: &FtpUrl, new: &FtpUrl) -> Result<(RemotePath, bool)> {
    let same_user = new.user().is_none_or(|user| url.user() == Some(user));
    if (url.scheme(), url.host()) != (new.scheme(), new.host()) || !same_user {
        return Err(Failure::Advised {
            what: format!("{url} cannot be renamed to {new}: that is another server or login"),
            hint: "fxp copies from one server to another, and mirror trees".to_owned(),
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
    fn the_new_name_is_a_path_or_a_url_of_the_same_server() {
        assert_eq!(renamed("new").as_deref(), Some("new"));
        assert_eq!(renamed("/abs/new").as_deref(), Some("/abs/new"));
        assert_eq!(renamed("ftp://me@h/dir/new").as_deref(), Some("dir/new"));
        assert_eq!(renamed("ftp://h//new").as_deref(), Some("/new"));
        for other in ["ftp://you@h/new", "ftp://me@other/new", "ftpes://me@h/new", "@nothing"] {
            assert_eq!(renamed(other), None, "{other}");
        }
    }

    #[test]
    fn a_slash_at_the_end_puts_it_into_a_directory() {
        assert_eq!(renamed("other/").as_deref(), Some("other/old"));
        assert_eq!(renamed("/").as_deref(), Some("/old"));
        assert_eq!(renamed("ftp://me@h/other/").as_deref(), Some("other/old"));
        assert_eq!(renamed("ftp://me@h/").as_deref(), Some("old"));
    }
}
