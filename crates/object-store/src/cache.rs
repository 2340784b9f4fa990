//! Caches in memory: contents of small files, and entries of recent listings.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::meta::Meta;

/// Contents of small files, by location and etag. The least recently read are dropped first.
#[derive(Debug)]
pub(crate) struct FileCache {
    most_bytes: u64,
    state: Mutex<FileState>,
}

#[derive(Debug, Default)]
struct FileState {
    files: HashMap<String, CachedFile>,
    /// Locations by the number of their last use.
    uses: BTreeMap<u64, String>,
    next_use: u64,
    bytes: u64,
}

#[derive(Debug)]
struct CachedFile {
    etag: Option<String>,
    size: u64,
    last_use: u64,
    /// Filled by the first reader; the others wait for it.
    contents: Arc<OnceCell<Bytes>>,
}

impl FileCache {
    pub(crate) fn new(most_bytes: u64) -> Self {
        Self { most_bytes, state: Mutex::default() }
    }

    /// Returns the cell for the contents of this version of a file.
    pub(crate) fn cell(&self, meta: &Meta) -> Arc<OnceCell<Bytes>> {
        let mut state = self.lock();
        let known = state.files.get(&meta.location).is_some_and(|file| file.etag == meta.etag);
        if !known {
            state.remove(&meta.location);
            if meta.size > self.most_bytes {
                return Arc::default();
            }
            while state.bytes + meta.size > self.most_bytes {
                let Some((_, oldest)) = state.uses.first_key_value() else { break };
                let oldest = oldest.clone();
                state.remove(&oldest);
            }
            state.bytes += meta.size;
            let (etag, contents) = (meta.etag.clone(), Arc::default());
            let file = CachedFile { etag, size: meta.size, last_use: 0, contents };
            state.files.insert(meta.location.clone(), file);
        }
        state.touch(&meta.location)
    }

    pub(crate) fn forget(&self, location: &str) {
        self.lock().remove(location);
    }

    fn lock(&self) -> MutexGuard<'_, FileState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileState {
    fn touch(&mut self, location: &str) -> Arc<OnceCell<Bytes>> {
        self.next_use += 1;
        let Some(file) = self.files.get_mut(location) else { return Arc::default() };
        self.uses.remove(&file.last_use);
        file.last_use = self.next_use;
        self.uses.insert(self.next_use, location.to_owned());
        Arc::clone(&file.contents)
    }

    fn remove(&mut self, location: &str) {
        if let Some(file) = self.files.remove(location) {
            self.uses.remove(&file.last_use);
            self.bytes -= file.size;
        }
    }
}

/// Entries of recent listings, so that a file that was just listed is read without another query.
#[derive(Debug)]
pub(crate) struct RecentEntries {
    most_age: Duration,
    entries: Mutex<HashMap<String, (Meta, Instant)>>,
}

impl RecentEntries {
    pub(crate) fn new(most_age: Duration) -> Self {
        Self { most_age, entries: Mutex::default() }
    }

    pub(crate) fn remember(&self, meta: &Meta) {
        if meta.etag.is_none() || self.most_age.is_zero() {
            return;
        }
        let mut entries = self.lock();
        if entries.len() >= MOST_ENTRIES {
            entries.retain(|_, (_, listed)| listed.elapsed() < self.most_age);
        }
        if entries.len() < MOST_ENTRIES {
            entries.insert(meta.location.clone(), (meta.clone(), Instant::now()));
        }
    }

    pub(crate) fn get(&self, location: &str) -> Option<Meta> {
        let entries = self.lock();
        let (meta, listed) = entries.get(location)?;
        (listed.elapsed() < self.most_age).then(|| meta.clone())
    }

    pub(crate) fn forget(&self, location: &str) {
        self.lock().remove(location);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Meta, Instant)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Maximum number of entries.
const MOST_ENTRIES: usize = 50_000;

#[cfg(test)]
mod tests {
    use oxftp::{Entry, Timestamp};

    use super::*;

    fn meta(location: &str, size: u64, seconds: i64) -> Meta {
        let mut entry = Entry::new(location);
        (entry.size, entry.modified) = (Some(size), Timestamp::from_unix(seconds, 0));
        Meta::of(location.to_owned(), entry).unwrap()
    }

    #[test]
    fn cache_drops_least_recently_used_file() {
        let cache = FileCache::new(10);
        for location in ["a", "b"] {
            cache.cell(&meta(location, 4, 1)).set(Bytes::from_static(b"1234")).unwrap();
        }
        assert!(cache.cell(&meta("a", 4, 1)).initialized());

        cache.cell(&meta("c", 4, 1)).set(Bytes::from_static(b"1234")).unwrap();

        assert!(cache.cell(&meta("a", 4, 1)).initialized());
        assert!(cache.cell(&meta("c", 4, 1)).initialized());
        assert!(!cache.cell(&meta("b", 4, 1)).initialized());
        assert!(cache.lock().bytes <= 10);
    }

    #[test]
    fn cache_keeps_one_version_of_a_file() {
        let cache = FileCache::new(100);
        cache.cell(&meta("a", 4, 1)).set(Bytes::from_static(b"1234")).unwrap();

        assert!(!cache.cell(&meta("a", 4, 2)).initialized());
        assert!(!cache.cell(&meta("a", 4, 1)).initialized());
        cache.forget("a");
        assert_eq!(cache.lock().bytes, 0);
        assert!(cache.lock().uses.is_empty());
        assert!(!cache.cell(&meta("large", 101, 1)).initialized());
        assert_eq!(cache.lock().bytes, 0);
    }

    #[test]
    fn recent_entries_expire_and_are_forgotten() {
        let recent = RecentEntries::new(Duration::from_secs(3600));
        recent.remember(&meta("a", 4, 1));
        assert_eq!(recent.get("a").unwrap().size, 4);
        recent.forget("a");
        assert!(recent.get("a").is_none());

        let never = RecentEntries::new(Duration::ZERO);
        never.remember(&meta("a", 4, 1));
        assert!(never.get("a").is_none());
    }
}
