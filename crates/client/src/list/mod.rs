//! Directory listings: collected or streamed, of one directory or of a tree.
//!
//! [`List`] is the request and [`Entries`] the stream of its entries. A [`directory`] is one listing with its
//! fallbacks, a [`tree`] the queue of pending directories.

mod cycle;
mod directory;
mod entry;
mod tree;

use std::future::IntoFuture;

use oxftp_proto::RemotePath;

pub(crate) use self::cycle::{Ancestor, AncestorChain, CycleDetector, ListingFingerprint};
pub use self::entry::PathEntry;
use self::tree::Bounds;
pub use self::tree::Entries;
use crate::config::list_command::ListCommand;
use crate::{Client, Error, Result, Selection, client::FollowUp, future::BoxFuture};

impl Client {
    /// Lists a directory (`MLSD`, or `LIST` if the server does not implement it; RFC 3659, 7).
    ///
    /// Awaiting the result collects all entries; [`stream`](List::stream) returns them one by one as they
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
    /// [`Error::StatusCode`] when the server refuses the path; [`Error::Limit`] when the listing exceeds
    /// a limit; the errors of a transfer.
    #[must_use = "nothing is listed until it is awaited or streamed"]
    pub fn list(&mut self, path: impl Into<RemotePath>) -> List<'_> {
        List {
            client: self,
            path: path.into(),
            recursive: false,
            raw_command: None,
            follow_up: FollowUp::Nothing,
            selection: None,
            max_depth: usize::MAX,
        }
    }
}

/// Builder of a listing. Awaiting it collects all entries.
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
    selection: Option<Selection>,
    max_depth: usize,
}

impl<'c> List<'c> {
    /// Lists all subdirectories as well, breadth first. Symbolic links are not followed.
    ///
    /// In a large tree, directories with the same listing as their parent come first, because such a tree may
    /// have no end ([`Error::CyclicTree`]; the rest of the tree is listed after this error).
    #[must_use]
    pub fn recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Sets which entries are returned; a directory that is rejected is not listed either. Defaults to all.
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = Some(selection);
        self
    }

    /// Sets how many levels are listed: with 1, only the directory itself. Defaults to all.
    #[must_use]
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// Uses this command only. By default `MLSD` is tried first, then `LIST`; the session remembers which of
    /// them works.
    #[must_use]
    pub fn raw_command(mut self, command: ListCommand) -> Self {
        self.raw_command = Some(command);
        self
    }

    /// Returns the entries one by one while the listing arrives.
    #[must_use]
    pub fn stream(self) -> Entries<'c> {
        let bounds = Bounds { selection: self.selection, max_depth: self.max_depth };
        Entries::new(self.client, self.path, self.recursive, self.raw_command, self.follow_up, bounds)
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
        // The caller may keep the listing for long, and up to half of the capacity may be unused.
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
