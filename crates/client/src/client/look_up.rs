//! What is to be fetched, as far as a server tells it.

use oxftp_proto::{Entry, EntryKind, RemotePath};

use super::Client;
use crate::{Error, Result};

impl Client {
    /// Asks what is to be fetched, as [`stat`](Self::stat) does. What the listing of its parent does not show may
    /// be there all the same: in drop boxes, behind names that begin with a dot, or where nothing may be
    /// listed. Its kind stays open then, and the transfer tells.
    pub(crate) async fn look_up(&mut self, path: &RemotePath, may_be_directory: bool) -> Result<Entry> {
        match self.stat_by_mlst(path).await {
            Ok(Some(entry)) => return Ok(entry),
            // Facts that cannot be read are none.
            Ok(None) | Err(Error::UnusableReply { .. }) => {}
            Err(error) => return Err(error),
        }
        match self.stat_by_listing(path).await {
            Err(error) if leaves_open(&error) && path.file_name().is_some() => {
                self.unlisted(path, may_be_directory).await
            }
            found => found,
        }
    }

    /// Makes an entry of what is told of a path itself (`CWD`, `SIZE`).
    async fn unlisted(&mut self, path: &RemotePath, may_be_directory: bool) -> Result<Entry> {
        let mut entry = Entry::new(path.as_bytes());
        entry.kind = EntryKind::Unknown;
        if may_be_directory && self.is_directory_by_entering(path).await? {
            entry.kind = EntryKind::Directory;
        } else if let Some(size) = self.size_if_told(path).await? {
            entry.kind = EntryKind::File;
            entry.size = Some(size);
        }
        Ok(entry)
    }
}

/// Tells whether a path may be there though looking for it failed so.
fn leaves_open(error: &Error) -> bool {
    let refused = matches!(error, Error::StatusCode(_)) && !error.is_login_refused();
    matches!(error, Error::NotFound { .. }) || refused && !error.is_connection_lost()
}
