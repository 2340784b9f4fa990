//! Rename on a server, replacing an older file.

use oxftp_proto::{EntryKind, RemotePath};

use super::partial_name::{new_token, replaced_path};
use crate::{Client, Error, Result};

/// Renames a file (`RNFR`, `RNTO`); replaces an older one of the new name.
///
/// When the server refuses to replace a file by a rename, the older file is renamed first, and deleted (`DELE`) only
/// after the new one has its name. If that is refused again, the older file gets its name back. Between the renames
/// there is no file of that name. A directory is not replaced. Nothing is done if the refusal says that there is no file
/// to rename: an earlier attempt may have renamed it.
pub(crate) async fn replace_by_rename(client: &mut Client, from: &RemotePath, to: &RemotePath) -> Result<()> {
    match client.rename(from, to).await {
        Err(error) if is_target_refused(&error) && !error.is_not_found() => {
            Box::pin(replace_renamed(client, from, to, error)).await
        }
        renamed => renamed,
    }
}

async fn replace_renamed(
    client: &mut Client,
    from: &RemotePath,
    to: &RemotePath,
    refused: Error,
) -> Result<()> {
    // A directory of that name is refused, too, and must keep it.
    if !matches!(Box::pin(client.metadata(to)).await, Ok(older) if older.kind == EntryKind::File) {
        return Err(refused);
    }
    let Ok(older) = replaced_path(to, &new_token(), client.encoding()) else { return Err(refused) };
    if let Err(error) = client.rename(to, &older).await {
        return Err(if error.is_connection_lost() { error } else { refused });
    }
    let renamed = client.rename(from, to).await;
    let followed_up = match &renamed {
        Ok(()) => client.remove_file(&older).await,
        Err(_) => client.rename(&older, to).await,
    };
    if let Err(error) = followed_up {
        crate::trace::warn!("the older file of {to} is now {older}: {error}");
    }
    renamed
}

/// Returns whether the new name was refused, perhaps because a file of that name exists. `RNFR` with the old name
/// comes first, and expects `350`.
fn is_target_refused(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused)
        if refused.expected != ["350"] && refused.info.code().class() == 5)
}
