//! Files that other programs still write: each is looked at twice, some seconds apart.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use oxftp::{Candidate, Entry, FtpUrl, Selection, Timestamp};

use super::walk::relative_to;
use crate::{
    failure::{Failure, Result},
    session::Session,
};

/// The first look at the files that may still be written. The transfer's own listing is the second.
#[derive(Debug, Clone)]
pub(crate) struct Stability {
    seen: Arc<HashMap<String, Vec<FileFacts>>>,
    /// Files that were modified at this time or before are not written any more. In seconds since 1970.
    settled_at: i64,
}

/// The properties of a file that change when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileFacts {
    size: Option<u64>,
    /// Seconds since 1970.
    modified: Option<i64>,
}

impl FileFacts {
    fn of(candidate: &Candidate<'_>) -> Self {
        let modified = candidate.modified.map(|time: Timestamp| time.to_unix(0));
        Self { size: candidate.size, modified }
    }

    fn of_entry(entry: &Entry) -> Self {
        Self { size: entry.exact_size(), modified: entry.modified.map(|time| time.to_unix(0)) }
    }

    /// Returns whether nothing shows that the file was written. One listing may show no time where another does.
    fn agree(self, later: Self) -> bool {
        let same_time = self.modified.zip(later.modified).is_none_or(|(before, after)| before == after);
        let is_known = later.size.is_some() || self.modified.is_some() && later.modified.is_some();
        self.size == later.size && same_time && is_known
    }
}

/// Collects the first look.
struct FirstLook {
    seen: HashMap<String, Vec<FileFacts>>,
    seconds: u32,
    settled_at: i64,
}

impl FirstLook {
    /// Begins a look at files whose clock may be off by `skew` seconds.
    fn new(seconds: u32, skew: i64) -> Self {
        let settled_at = unix_time().saturating_sub(skew).saturating_sub(seconds.into());
        Self { seen: HashMap::new(), seconds, settled_at }
    }

    fn add(&mut self, path: String, facts: FileFacts) {
        if facts.modified.is_none_or(|time| time > self.settled_at) {
            self.seen.entry(path).or_default().push(facts);
        }
    }

    /// Waits until the time for the second look has come.
    async fn wait(self) -> Stability {
        if !self.seen.is_empty() {
            tokio::time::sleep(Duration::from_secs(self.seconds.into())).await;
        }
        Stability { seen: Arc::new(self.seen), settled_at: self.settled_at }
    }
}

impl Stability {
    /// Looks at what URLs name, and at this number of levels in directories. Entries are those of listings.
    pub(crate) async fn of_urls(
        session: &mut Session,
        urls: impl IntoIterator<Item = (&FtpUrl, Option<&Entry>)>,
        seconds: u32,
        levels: usize,
    ) -> Result<Self> {
        let mut first = FirstLook::new(seconds, CLOCK_SKEW);
        for (url, entry) in urls {
            let path = url.path();
            let client = session.client(url).await?;
            let entry = match (entry, path.file_name()) {
                (Some(entry), _) => Some(entry.clone()),
                (None, None) => None,
                // A failure is that of the transfer.
                (None, Some(_)) => match client.metadata(&path).await {
                    Ok(entry) => Some(entry),
                    Err(_) => continue,
                },
            };
            match (entry.filter(|entry| !entry.is_dir()), path.file_name()) {
                (Some(entry), Some(name)) => {
                    first.add(name.to_string_lossy().into_owned(), FileFacts::of_entry(&entry));
                }
                _ if levels == 0 => {}
                _ => look_at_tree(session, url, levels, &mut first).await?,
            }
        }
        Ok(first.wait().await)
    }

    /// Looks at a tree on a server.
    pub(crate) async fn of_tree(
        session: &mut Session,
        url: &FtpUrl,
        seconds: u32,
        levels: usize,
    ) -> Result<Self> {
        let mut first = FirstLook::new(seconds, CLOCK_SKEW);
        look_at_tree(session, url, levels, &mut first).await?;
        Ok(first.wait().await)
    }

    /// Looks at local files, and at what is in directories.
    pub(crate) async fn of_paths(paths: &[PathBuf], seconds: u32) -> Result<Self> {
        let paths = paths.to_vec();
        let look = move || {
            let mut first = FirstLook::new(seconds, 0);
            for path in &paths {
                look_at_local(path, &mut first);
            }
            first
        };
        let looked = tokio::task::spawn_blocking(look).await;
        let first = looked.map_err(|error| Failure::local("cannot look at the sources", error.into()))?;
        Ok(first.wait().await)
    }

    /// Returns the selection of files that did not change between the two looks.
    pub(crate) fn into_selection(self) -> Selection {
        Selection::new(move |candidate| candidate.is_dir || self.accepts(candidate))
    }

    fn accepts(&self, candidate: &Candidate<'_>) -> bool {
        let now = FileFacts::of(candidate);
        match self.seen.get(candidate.path) {
            Some(seen) => seen.iter().any(|before| before.agree(now)),
            None => now.modified.is_some_and(|time| time <= self.settled_at),
        }
    }
}

async fn look_at_tree(session: &mut Session, url: &FtpUrl, levels: usize, first: &mut FirstLook) -> Result {
    let (client, root) = (session.client(url).await?, url.path());
    let mut listing = client.list(&root).recursive().max_depth(levels).stream();
    while let Some(found) = listing.next().await {
        // A failure is that of the transfer.
        let Ok(found) = found else { continue };
        if !found.is_dir() {
            let path = found.path();
            let path = relative_to(path.as_bytes(), root.as_bytes());
            first.add(String::from_utf8_lossy(path).into_owned(), FileFacts::of_entry(&found));
        }
    }
    Ok(())
}

fn look_at_local(root: &Path, first: &mut FirstLook) {
    let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut waiting = match fs::metadata(root) {
        Ok(found) if found.is_dir() => vec![(root.to_owned(), String::new())],
        Ok(found) => {
            first.add(name, local_facts(&found));
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    while let Some((directory, above)) = waiting.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if above.is_empty() { name } else { format!("{above}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push((entry.path(), path)),
                _ => {
                    if let Ok(found) = fs::metadata(entry.path()) {
                        first.add(path, local_facts(&found));
                    }
                }
            }
        }
    }
}

fn local_facts(found: &fs::Metadata) -> FileFacts {
    let modified = found.modified().ok().map(|time| match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    });
    FileFacts { size: found.is_file().then_some(found.len()), modified }
}

fn unix_time() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}

/// The maximum error of a server's clock, or of the zone of its listings, in seconds. Files that are younger than
/// this are examined twice.
const CLOCK_SKEW: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_files_are_equal_in_both_looks() {
        let seen = |size, modified| FileFacts { size: Some(size), modified };
        let mut first = FirstLook { seen: HashMap::new(), seconds: 0, settled_at: 1000 };
        first.add("settled".to_owned(), seen(1, Some(1000)));
        first.add("still".to_owned(), seen(5, Some(2000)));
        first.add("grows".to_owned(), seen(5, Some(2000)));
        first.add("undated".to_owned(), seen(5, None));
        let stability = Stability { seen: Arc::new(first.seen), settled_at: 1000 };
        let accepts = |path: &str, size: u64, modified: Option<i64>| {
            let modified = modified.and_then(|seconds| Timestamp::from_unix(seconds, 0));
            stability.accepts(&Candidate { path, is_dir: false, size: Some(size), modified })
        };

        assert!(accepts("settled", 1, Some(1000)));
        assert!(!accepts("settled", 2, Some(2000)), "it was written after the first look");
        assert!(accepts("still", 5, Some(2000)));
        assert!(!accepts("grows", 6, Some(2000)));
        assert!(!accepts("grows", 5, Some(2001)));
        assert!(accepts("undated", 5, None) && !accepts("undated", 6, None));
        assert!(!accepts("new", 1, Some(2000)) && accepts("moved here", 1, Some(10)));
    }
}
