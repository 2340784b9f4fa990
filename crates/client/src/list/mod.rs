//! Listings: eager and lazy, one directory or a tree.
//!
//! [`List`] is what is asked for, [`Entries`] what arrives, and a [`directory`] one data
//! connection of it.

mod cycle;
mod directory;
mod entry;
mod tree;

pub(crate) use self::cycle::{Ancestor, AncestorChain, CycleDetector, ListingFingerprint};
pub use self::entry::PathEntry;
pub use self::tree::Entries;

use crate::config::list_command::ListCommand;
use std::{
    future::IntoFuture,
    time::{SystemTime, UNIX_EPOCH},
};

use oxftp_proto::{RemotePath, Timestamp};

use crate::{Client, Error, Result, client::FollowUp, future::BoxFuture};

impl Client {
    /// Lists a directory (`MLSD`, or `LIST` where the server does not know that; RFC 3659, 7).
    ///
    /// Awaited, it collects all entries; [`stream`](List::stream) gives them one by one as they
    /// arrive. The empty path is the working directory. If the path is a file, the result is
    /// empty. `.` and `..` are left out.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// for found in client.list("/pub").recursive().await? {
    ///     println!("{} {}", found.kind.as_str(), found.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when the path is refused; [`Error::Limit`] when the listing is beyond
    /// its limits; those of a transfer.
    #[must_use = "nothing is listed until it is awaited or streamed"]
    pub fn list(&mut self, path: impl Into<RemotePath>) -> List<'_> {
        List {
            client: self,
            path: path.into(),
            recursive: false,
            raw_command: None,
            follow_up: FollowUp::Nothing,
        }
    }
}

/// A listing, not yet asked for; awaiting it collects it.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let mut entries = client.list("pub").recursive().stream();
/// while let Some(found) = entries.next().await {
///     println!("{}", found?.path());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct List<'c> {
    client: &'c mut Client,
    path: RemotePath,
    recursive: bool,
    raw_command: Option<ListCommand>,
    follow_up: FollowUp,
}

impl<'c> List<'c> {
    /// Lists the directories in it too, breadth first; in a large tree those that list what their parents list come
    /// first, since the tree may have no end ([`Error::EndlessTree`], after which the rest is listed). Links are
    /// not followed.
    #[must_use]
    pub fn recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Uses this command and no other. Defaults to `MLSD`, then `LIST`; which of them works is
    /// remembered.
    #[must_use]
    pub fn raw_command(mut self, command: ListCommand) -> Self {
        self.raw_command = Some(command);
        self
    }

    /// Gives the entries one by one, while the listing arrives.
    #[must_use]
    pub fn stream(self) -> Entries<'c> {
        Entries::new(self.client, self.path, self.recursive, self.raw_command, self.follow_up)
    }

    /// Sets what follows the listing, unless it is recursive.
    pub(crate) fn followed_by(mut self, follow_up: FollowUp) -> Self {
        self.follow_up = follow_up;
        self
    }

    async fn collect(self) -> Result<Vec<PathEntry>> {
        let limit = self.client.limits().listing_entries;
        let mut entries = self.stream();
        let mut all = Vec::new();
        while let Some(entry) = entries.next().await {
            if all.len() == limit {
                return Err(Error::Limit { what: "entries", limit });
            }
            all.push(entry?);
        }
        // A listing is kept longer than it took to arrive, and half of the room may be empty.
        all.shrink_to_fit();
        Ok(all)
    }
}

impl<'c> IntoFuture for List<'c> {
    type Output = Result<Vec<PathEntry>>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.collect())
    }
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(since.as_secs().try_into().unwrap_or(0), 0).unwrap_or(Timestamp::UNIX_EPOCH)
}
