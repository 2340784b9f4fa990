//! What a path is that the server refuses to treat as something else: few servers say.

use oxftp::{Client, Error, FtpUrl};

use crate::failure::Failure;

/// Says that the URL names a directory where it does, with a hint, else what the server said.
pub(super) async fn of_file(client: &mut Client, url: &FtpUrl, error: Error, hint: &'static str) -> Failure {
    match is_refused(client, &error) && client.is_dir(url.path()).await.unwrap_or(false) {
        true => Failure::IsDirectory { name: url.to_string(), hint },
        false => Failure::about(url, error),
    }
}

/// Says what the server said, and what would remove what is there all the same.
pub(super) async fn of_empty_directory(client: &mut Client, url: &FtpUrl, error: Error) -> Failure {
    if !is_refused(client, &error) {
        return Failure::about(url, error);
    }
    match client.stat(url.path()).await {
        Ok(entry) if entry.is_dir() => {
            Failure::refused(url, error, "rm -r removes a directory with everything in it")
        }
        Ok(_) => Failure::refused(url, error, "this is no directory: rm removes it"),
        Err(_) => Failure::about(url, error),
    }
}

/// Tells whether the server will not, and can still be asked why.
pub(super) fn is_refused(client: &Client, error: &Error) -> bool {
    error.code().is_some_and(|code| code.class() == 5) && !client.is_broken()
}
