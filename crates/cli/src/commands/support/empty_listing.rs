//! Empty listings: the path may be a file, an empty directory, or missing.

use oxftp::{Client, Entry, EntryKind, RemotePath, Result};

/// Finds out what a path with an empty listing is.
///
/// If the listing of the parent directory does not contain it either, this tries to enter it as a directory.
pub(crate) async fn identify(client: &mut Client, path: &RemotePath) -> Result<Entry> {
    let missing = match client.metadata(path).await {
        Err(error) if error.is_not_found() && error.code().is_none() => error,
        found => return found,
    };
    let mut entry = Entry::new(path.as_bytes());
    entry.kind = client.resolve_link(path).await?;
    if entry.kind == EntryKind::Unknown { Err(missing) } else { Ok(entry) }
}
