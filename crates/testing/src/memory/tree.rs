//! Tree of files in memory.

use std::collections::BTreeMap;

use super::CivilTime;

/// A tree of files, by their paths from the root without a leading `/`.
#[derive(Debug, Default)]
pub struct MemoryTree(BTreeMap<String, Item>);

/// A file or a directory.
#[derive(Debug, Clone)]
pub struct Item {
    content: Option<Vec<u8>>,
    /// The modification time, in seconds since 1970.
    pub modified: i64,
}

impl Item {
    pub(super) fn file(content: Vec<u8>, modified: i64) -> Self {
        Self { content: Some(content), modified }
    }

    pub(super) fn directory(modified: i64) -> Self {
        Self { content: None, modified }
    }

    pub(super) fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// Returns its time in UTC.
    #[must_use]
    pub fn time(&self) -> CivilTime {
        CivilTime::from_unix(self.modified)
    }

    /// Returns whether it is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.content.is_none()
    }

    /// Returns the size in bytes; 0 for a directory.
    #[must_use]
    pub fn size(&self) -> usize {
        self.content.as_ref().map_or(0, Vec::len)
    }
}

impl MemoryTree {
    pub(super) fn get(&self, path: &str) -> Option<&Item> {
        self.0.get(path)
    }

    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Item> {
        self.0.get_mut(path)
    }

    /// Adds an item and the directories above it.
    pub(super) fn insert(&mut self, path: &str, item: Item) {
        for (at, _) in path.match_indices('/') {
            let above = path.get(..at).unwrap_or_default();
            self.0.entry(above.to_owned()).or_insert_with(|| Item::directory(item.modified));
        }
        self.0.insert(path.to_owned(), item);
    }

    pub(super) fn remove(&mut self, path: &str) -> Option<Item> {
        self.0.remove(path)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let below = format!("{from}/");
        let names: Vec<_> =
            self.0.keys().filter(|path| *path == from || path.starts_with(&below)).cloned().collect();
        for name in names {
            if let Some(item) = self.0.remove(&name) {
                self.0.insert(format!("{to}{}", name.get(from.len()..).unwrap_or_default()), item);
            }
        }
    }

    /// Returns the names in a directory and their items.
    pub(super) fn children(&self, directory: &str) -> Vec<(&str, &Item)> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let below = self.0.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        let names = below.filter_map(|(path, item)| Some((path.get(prefix.len()..)?, item)));
        names.filter(|(name, _)| !name.contains('/')).collect()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        let marked = |(path, item): (&String, &Item)| match item.is_directory() {
            true => format!("{path}/"),
            false => path.clone(),
        };
        self.0.iter().map(marked).collect()
    }
}
