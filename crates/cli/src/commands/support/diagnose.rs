//! Diagnosis of refused commands: finds out whether the path is of another type, which few servers say.

use oxftp::{
    Client, Error, FtpUrl, RemotePath,
    classify::{self, Presence},
};

use crate::failure::Failure;

/// Returns an error with a hint if the URL names a directory, else the server's error.
pub(crate) async fn file_error(
    client: &mut Client,
    url: &FtpUrl,
    error: Error,
    hint: &'static str,
) -> Failure {
    match is_refused(client, &error) && client.is_dir(url.path()).await.unwrap_or(false) {
        true => Failure::IsDirectory { name: url.to_string(), hint },
        false => explained(client, url, error).await,
    }
}

/// Returns the server's error, or that the path is missing if the reply leaves it open: vsftpd replies
/// `550 Delete operation failed.` in every case.
pub(crate) async fn explained(client: &mut Client, url: &FtpUrl, error: Error) -> Failure {
    match missing(client, &error, &url.path()).await {
        Some(Error::NotFound { path, .. }) => {
            Failure::about(url, Error::NotFound { path, refusal: Some(error.into()) })
        }
        Some(error) => Failure::about(url, error),
        None => Failure::about(url, error),
    }
}

/// Returns the error that a path is missing, if a refused command leaves that open and the server confirms it.
pub(crate) async fn missing(client: &mut Client, error: &Error, path: &RemotePath) -> Option<Error> {
    let is_open = |reply| classify::presence(reply) == Presence::Unknown;
    let is_about_path = error.code().is_some_and(|code| matches!(code.get(), 450 | 501 | 550));
    if !is_about_path
        || client.is_broken()
        || error.is_permission_denied()
        || !error.reply().is_some_and(is_open)
    {
        return None;
    }
    client.metadata(path).await.err().filter(Error::is_not_found)
}

/// Returns the directory of a path if it is known to be missing.
pub(crate) async fn missing_parent(client: &mut Client, path: &RemotePath) -> Option<RemotePath> {
    let parent = path.parent().filter(|parent| !parent.is_empty())?;
    let found = client.metadata(&parent).await;
    found.is_err_and(|error| error.is_not_found()).then_some(parent)
}

/// Returns the server's error, with a hint on how to remove what the URL names.
pub(crate) async fn rmdir_error(client: &mut Client, url: &FtpUrl, error: Error) -> Failure {
    if !is_refused(client, &error) {
        return Failure::about(url, error);
    }
    match client.metadata(url.path()).await {
        Ok(entry) if entry.is_dir() => {
            Failure::refused(url, error, "use rm -r to remove a directory and its contents")
        }
        Ok(_) => Failure::refused(url, error, "this is not a directory: use rm to remove it"),
        Err(_) => explained(client, url, error).await,
    }
}

/// Returns whether the server refused the command for good and the session is still usable.
pub(crate) fn is_refused(client: &Client, error: &Error) -> bool {
    error.code().is_some_and(|code| code.class() == 5) && !client.is_broken()
}
