//! What listed as nothing: a file, an empty directory, or something that is not there.

use oxftp::{Client, Entry, EntryKind, RemotePath, Result};

/// Asks what a path is that listed as nothing.
///
/// What the listing of its parent does not show either is asked about itself: a directory can be
/// entered.
pub(super) async fn look_at(client: &mut Client, path: &RemotePath) -> Result<Entry> {
    let missing = match client.stat(path).await {
        Err(error) if error.is_not_found() && error.code().is_none() => error,
        told => return told,
    };
    let mut entry = Entry::new(path.as_bytes());
    entry.kind = client.resolve_link(path).await?;
    if entry.kind == EntryKind::Unknown { Err(missing) } else { Ok(entry) }
}
