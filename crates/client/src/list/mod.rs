//! Directory listings: collected or streamed, of one directory or of a tree.
//!
//! [`List`] is the request and [`Entries`] the stream of its entries. A [`directory`] is one listing, the
//! [`directory_queue`] has the directories that are not listed yet. [`fallback`] decides by which method a directory is [opened](open), and
//! [`summary`] whether a listing is that of the requested directory.

mod block_store;
mod bounds;
mod budget;
mod confirmation;
mod cycle;
mod directory;
mod directory_queue;
mod entries;
mod entry;
mod fallback;
mod file_table;
mod list_all;
mod nested_lines;
mod open;
mod passed_entries;
mod summary;
mod unparsed;
mod zone;

use std::future::IntoFuture;

use oxftp_proto::RemotePath;

pub(crate) use self::block_store::unreadable_listing;
#[cfg(feature = "mirror")]
pub(crate) use self::block_store::{BlockBytes, BlockStore};
use self::bounds::Bounds;
pub(crate) use self::budget::ListingBudget;
pub(crate) use self::cycle::{Ancestor, AncestorChain, CycleDetector, ListingFingerprint};
pub use self::entries::Entries;
pub use self::entry::PathEntry;
pub(crate) use self::file_table::{FileTable, TableFile};
use crate::config::list_command::ListCommand;
use crate::{Client, Result, Selection, client::FollowUp, future::BoxFuture};

impl Client {
    /// Lists a directory (`MLSD`, or `LIST` if the server does not implement it; RFC 3659, 7).
    ///
    /// Awaiting the result collects all entries; [`stream`](List::stream) returns them one by one as they
    /// arrive. The empty path is the working directory. If the path is a file, the result is
    /// empty. `.` and `..` are left out.
    ///
    /// Some servers take the path for a pattern, for options or for several names, or ignore it. A listing that is
    /// refused, empty, or may be that of another directory is repeated after the directory was entered (`CWD`, then the
    /// command without a path). If both commands are refused, `LIST` is tried in `TYPE A`, then `NLST`, and `STAT` where
    /// no data connection can be opened. The session and its pool remember what works.
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
    /// [`StatusCode`](crate::Error::StatusCode) when the server refuses the path; [`Limit`](crate::Error::Limit) when the
    /// listing exceeds a limit; the errors of a transfer. If the result is awaited, also
    /// [`IncompleteListing`](crate::Error::IncompleteListing), [`UnparsedListing`](crate::Error::UnparsedListing) and
    /// [`Name`](crate::Error::Name) for a listing with missing entries, unless it is [`lenient`](List::lenient).
    #[must_use = "nothing is listed until it is awaited or streamed"]
    pub fn list(&mut self, path: impl Into<RemotePath>) -> List<'_> {
        List {
            client: self,
            path: path.into(),
            recursive: false,
            raw_command: None,
            is_lenient: false,
            is_proven: false,
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
    is_lenient: bool,
    is_proven: bool,
    follow_up: FollowUp,
    selection: Option<Selection>,
    max_depth: usize,
}

impl<'c> List<'c> {
    /// Lists all subdirectories as well, breadth first. Symbolic links are not followed.
    ///
    /// In a large tree, directories with the same listing as their parent come first, because such a tree may be
    /// endless ([`Error::CyclicTree`](crate::Error::CyclicTree); the rest of the tree is listed after this error).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let all = client.list("pub").recursive().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Sets which entries are returned; a directory that is rejected is not listed either. Defaults to all.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Selection;
    ///
    /// let texts = Selection::new(|found| found.is_dir || found.path.ends_with(".txt"));
    /// let found = client.list("pub").recursive().select(texts).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = Some(selection);
        self
    }

    /// Sets how many levels are listed: with 1, only the directory itself. Defaults to all.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let near = client.list("pub").recursive().max_depth(2).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// Uses this command only. By default `MLSD` is tried first, then `LIST`; the session remembers which of
    /// them works.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::ListCommand;
    ///
    /// let found = client.list("pub").raw_command(ListCommand::List).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn raw_command(mut self, command: ListCommand) -> Self {
        self.raw_command = Some(command);
        self
    }

    /// Accepts an incomplete listing when it is awaited: a listing that the server calls incomplete, with lines that
    /// cannot be parsed, or with invalid names. By default that is an error.
    ///
    /// A [`stream`](Self::stream) is always lenient: see [`Entries::is_incomplete`], [`Entries::unparsed`] and
    /// [`Entries::invalid_names`].
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let readable = client.list("pub").lenient().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.is_lenient = true;
        self
    }

    /// Returns the entries one by one while the listing arrives.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut entries = client.list("pub").stream();
    /// while let Some(found) = entries.next().await {
    ///     println!("{}", found?.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stream(self) -> Entries<'c> {
        let bounds = Bounds { selection: self.selection, max_depth: self.max_depth };
        let entries =
            Entries::new(self.client, self.path, self.recursive, self.raw_command, self.follow_up, bounds);
        entries.proven(self.is_proven)
    }

    /// Enters and lists the directory as well, if nothing has shown yet that the server lists the requested
    /// directory.
    pub(crate) fn proven(mut self, is_proven: bool) -> Self {
        self.is_proven = is_proven;
        self
    }

    /// Sets what follows the listing, unless it is recursive.
    pub(crate) fn followed_by(mut self, follow_up: FollowUp) -> Self {
        self.follow_up = follow_up;
        self
    }

    async fn collect(self) -> Result<Vec<PathEntry>> {
        let mut budget = ListingBudget::new(self.client.limits());
        let is_lenient = self.is_lenient;
        let mut entries = self.stream();
        let mut all = Vec::new();
        while let Some(entry) = entries.next().await {
            let entry = entry?;
            budget.take_entry(&entry)?;
            all.push(entry);
        }
        if let Some(error) = entries.incompleteness().into_iter().next().filter(|_| !is_lenient) {
            return Err(error);
        }
        // The caller may keep the listing for long, and up to half of the capacity may be unused.
        all.shrink_to_fit();
        Ok(all)
    }
}

impl crate::trace::SpanOutcome for Vec<PathEntry> {
    fn record(&self, span: &crate::trace::Span) {
        crate::trace::set(span, "entries", self.len());
    }
}

impl<'c> IntoFuture for List<'c> {
    type Output = Result<Vec<PathEntry>>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let span = crate::trace::span!("list", self.client.host(), path = self.path);
        Box::pin(crate::trace::traced(span, Box::pin(self.collect())))
    }
}
