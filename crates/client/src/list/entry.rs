//! One entry of a listing, and where it is.

use std::{ops::Deref, sync::Arc};

use oxftp_proto::{Encoding, Entry, FileName, NameError, RemotePath};

/// One entry of a listing and where it is.
///
/// Derefs to the [`Entry`]. The entries of one directory share its path, so that a listing of
/// millions takes little more memory than its lines; path and name are put together when they are
/// asked for.
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
    place: Arc<EntryLocation>,
    entry: Entry,
}

/// The directory that entries are in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EntryLocation {
    pub(super) path: RemotePath,
    pub(super) encoding: Encoding,
}

impl PathEntry {
    /// Checks that the name can be used.
    pub(super) fn new(place: &Arc<EntryLocation>, entry: Entry) -> Result<Self, NameError> {
        FileName::from_wire(entry.name(), place.encoding)?;
        Ok(Self { place: Arc::clone(place), entry })
    }

    /// Gives the path: that of the listed directory and the name.
    #[must_use]
    pub fn path(&self) -> RemotePath {
        self.place.path.join_in(&self.name(), self.place.encoding)
    }

    /// Gives the name, safe to join to a local directory.
    ///
    /// [`Entry::name`] are its bytes as the server spells them.
    #[must_use]
    pub fn name(&self) -> FileName {
        FileName::from_wire(self.entry.name(), self.place.encoding).expect("the name was checked")
    }

    /// Gives what the listing says.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Takes what the listing says out of it.
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
