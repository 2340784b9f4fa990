//! Listings as iterators.

use super::runtime::{Entered, block_on};
use crate::{PathEntry, Result};

/// The entries of a directory or a tree, as an iterator; see [`crate::Entries`].
///
/// ```no_run
/// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
/// let mut entries = client.entries("pub")?;
/// for entry in entries.by_ref() {
///     println!("{}", entry?.path());
/// }
/// assert!(!entries.is_incomplete());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Entries<'c> {
    inner: Entered<crate::Entries<'c>>,
}

impl<'c> Entries<'c> {
    pub(super) fn new(entries: crate::Entries<'c>) -> Self {
        Self { inner: Entered::new(entries) }
    }

    /// Returns whether entries are missing; see [`crate::Entries::is_incomplete`].
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// let mut entries = client.entries("pub")?;
    /// let names: Vec<_> = entries.by_ref().collect::<Result<_, _>>()?;
    /// println!("{} entries, more are missing: {}", names.len(), entries.is_incomplete());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.inner.is_incomplete()
    }

    /// Returns the number of lines that no parser understood.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// let mut entries = client.entries("pub")?;
    /// entries.by_ref().for_each(drop);
    /// println!("{} lines were not understood", entries.unparsed());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn unparsed(&self) -> u64 {
        self.inner.unparsed()
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<PathEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        block_on(async { self.inner.next().await.transpose() }).transpose()
    }
}
