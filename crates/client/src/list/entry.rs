//! Entry of a listing, with the path of its directory.

use std::{ops::Deref, sync::Arc};

use oxftp_proto::{Encoding, Entry, FileName, NameError, RemotePath};

/// An entry of a listing, with its path.
///
/// Derefs to the [`Entry`]. All entries of one directory share the path of that directory, so a listing of
/// millions of entries needs little more memory than its lines. [`path`](Self::path) and
/// [`name`](Self::name) are built on each call.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// for found in client.list("pub").recursive().await? {
///     println!("{} {:?} bytes", found.path(), found.size);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathEntry {
    location: Arc<EntryLocation>,
    entry: Entry,
}

/// The directory that contains an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EntryLocation {
    pub(super) path: RemotePath,
    pub(super) encoding: Encoding,
}

impl PathEntry {
    /// Creates an entry if its name is valid.
    pub(super) fn new(location: &Arc<EntryLocation>, entry: Entry) -> Result<Self, NameError> {
        FileName::from_wire(entry.name(), location.encoding)?;
        Ok(Self { location: Arc::clone(location), entry })
    }

    /// Returns the path: the path of the listed directory, joined with the name.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// for found in client.list("pub").await? {
    ///     println!("{}", found.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn path(&self) -> RemotePath {
        self.location.path.join_in(&self.name(), self.location.encoding)
    }

    /// Returns the name, which is safe to join to a local directory.
    ///
    /// [`Entry::name`] returns the bytes that the server sent.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// for found in client.list("pub").await? {
    ///     println!("{}", found.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn name(&self) -> FileName {
        FileName::from_wire(self.entry.name(), self.location.encoding).expect("the name was checked")
    }

    /// Returns the directory that contains it.
    pub(super) fn location(&self) -> &Arc<EntryLocation> {
        &self.location
    }

    /// Returns the parsed line of the listing.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// for found in client.list("pub").await? {
    ///     println!("{:?}", found.entry().modified);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Converts into the parsed line of the listing.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let entries: Vec<_> = client.list("pub").await?.into_iter().map(|found| found.into_entry()).collect();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_entry(self) -> Entry {
        self.entry
    }
}

impl Deref for PathEntry {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.entry
    }
}
