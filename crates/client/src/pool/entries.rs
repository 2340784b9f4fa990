//! Listings as streams that borrow nothing.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use oxftp_proto::RemotePath;
use tokio::{sync::mpsc, task::JoinHandle};

use super::Pool;
use crate::{PathEntry, Result};

/// The entries of a directory or a tree, as a [`Stream`] that owns its session; returned by [`Pool::entries`] and
/// [`Pool::walk_entries`].
///
/// Dropping it aborts the listing and returns the session.
///
/// ```no_run
/// use futures_util::TryStreamExt;
///
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// let large = pool.walk_entries("pub").try_filter(|entry| std::future::ready(entry.size > Some(1 << 30)));
/// let large: Vec<_> = large.try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a listing is read by its stream"]
pub struct EntryStream {
    entries: mpsc::Receiver<Result<PathEntry>>,
    listing: JoinHandle<()>,
}

impl Pool {
    /// Returns the entries of a directory as a stream that is `'static`. The listing starts at once, in a separate
    /// task.
    ///
    /// Failures are items of the stream. A listing that is incomplete ends with an error, as with
    /// [`Client::list`](crate::Client::list).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    ///
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut entries = pool.entries("pub");
    /// while let Some(entry) = entries.next().await {
    ///     println!("{}", entry?.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn entries(&self, path: impl Into<RemotePath>) -> EntryStream {
        self.start_listing(path.into(), false)
    }

    /// Returns the entries of a tree as a stream that is `'static`; otherwise as [`entries`](Self::entries).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::Pool) {
    /// let entries: oxftp::EntryStream = pool.walk_entries("pub");
    /// # }
    /// ```
    pub fn walk_entries(&self, path: impl Into<RemotePath>) -> EntryStream {
        self.start_listing(path.into(), true)
    }

    fn start_listing(&self, path: RemotePath, recursive: bool) -> EntryStream {
        let (sender, entries) = mpsc::channel(ENTRIES_AHEAD);
        let pool = self.clone();
        let listing = tokio::spawn(async move {
            if let Err(error) = pool.send_entries(path, recursive, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        EntryStream { entries, listing }
    }

    async fn send_entries(
        &self,
        path: RemotePath,
        recursive: bool,
        sender: &mpsc::Sender<Result<PathEntry>>,
    ) -> Result<()> {
        let mut session = self.client().await?;
        let list = session.list(path);
        let list = if recursive { list.recursive() } else { list };
        let mut entries = list.stream();
        while let Some(entry) = entries.next().await {
            if sender.send(entry).await.is_err() {
                return Ok(());
            }
        }
        entries.incompleteness().into_iter().next().map_or(Ok(()), Err)
    }
}

impl Stream for EntryStream {
    type Item = Result<PathEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.entries.poll_recv(cx)
    }
}

impl Drop for EntryStream {
    fn drop(&mut self) {
        self.listing.abort();
    }
}

/// Number of entries that are read ahead of the caller.
const ENTRIES_AHEAD: usize = 64;
