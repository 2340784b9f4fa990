//! Destinations on servers that exist already.

use oxftp::{Client, Existing, RemotePath, Result};

/// Returns whether `--existing` and `--ignore-existing` allow a command to write to a path.
pub(crate) async fn may_write(client: &mut Client, path: &RemotePath, existing: Existing) -> Result<bool> {
    match existing {
        Existing::Replace => Ok(true),
        _ => client.try_exists(path).await.map(|exists| exists == (existing == Existing::Only)),
    }
}
