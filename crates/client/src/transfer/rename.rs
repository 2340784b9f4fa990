//! Rename on a server that replaces an older file.

use oxftp_proto::RemotePath;

use crate::{Client, Error, Result};

/// Renames a file (`RNFR`, `RNTO`); replaces an older one of the new name.
///
/// When the server refuses to replace a file by a rename, that file is deleted first (`DELE`). Between the two
/// commands there is no file of that name. It is not deleted if the refusal says that there is no file to rename: an
/// earlier attempt may have renamed it.
pub(crate) async fn replace_by_rename(client: &mut Client, from: &RemotePath, to: &RemotePath) -> Result<()> {
    match client.rename(from, to).await {
        Err(error) if is_target_refused(&error) && !error.is_not_found() => {
            match client.remove_file(to).await {
                Ok(()) => client.rename(from, to).await,
                Err(gone) if gone.is_connection_lost() => Err(gone),
                Err(_) => Err(error),
            }
        }
        renamed => renamed,
    }
}

/// Returns whether the new name was refused, perhaps because a file of that name exists. `RNFR` with the old name
/// comes first, and expects `350`.
fn is_target_refused(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused)
        if refused.expected != ["350"] && refused.info.code().class() == 5)
}
