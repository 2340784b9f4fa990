//! Cache of names in remote directories, cleared when something may have changed.

use std::collections::HashMap;

use oxftp::{PathEntry, RemotePath};

use super::{globs::Pattern, working_dir::WorkingDir};
use crate::{
    args::ConnectionArgs,
    failure::{Failure, Result},
    session::{self, Session},
};

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CachedName {
    pub(super) text: String,
    pub(super) is_directory: bool,
}

/// Names of a directory, up to a limit.
#[derive(Debug, Default)]
pub(super) struct CachedListing {
    pub(super) names: Vec<CachedName>,
    /// The limit was not reached.
    whole: bool,
}

/// Names of directories, by path.
#[derive(Debug, Default)]
pub(super) struct DirectoryCache(HashMap<String, CachedListing>);

impl DirectoryCache {
    /// Returns the names of a directory, or the first ones if there are very many.
    pub(super) async fn of(
        &mut self,
        directory: &str,
        cwd: &WorkingDir,
        flags: &ConnectionArgs,
    ) -> Result<&[CachedName]> {
        let path = cwd.path(directory);
        if !self.0.contains_key(&path) {
            let listing = fetch(&path, cwd, flags).await?;
            if self.0.len() >= MAX_DIRECTORIES {
                self.0.clear();
            }
            self.0.insert(path.clone(), listing);
        }
        Ok(self.0.get(&path).map(|listing| listing.names.as_slice()).unwrap_or_default())
    }

    /// Returns all paths that match a pattern. A directory that is too large for the cache is listed again.
    pub(super) async fn matching(
        &mut self,
        pattern: &Pattern,
        cwd: &WorkingDir,
        flags: &ConnectionArgs,
    ) -> Result<Vec<String>> {
        let path = cwd.path(&pattern.directory);
        let fits = |name: &str| pattern.matches(name);
        self.of(&pattern.directory, cwd, flags).await?;
        let mut names: Vec<String> = match self.0.get(&path).filter(|listing| listing.whole) {
            Some(listing) => {
                listing.names.iter().map(|name| name.text.clone()).filter(|name| fits(name)).collect()
            }
            None => fetch_matching(&path, cwd, flags, fits).await?,
        };
        names.sort_unstable();
        Ok(names.iter().map(|name| format!("{}{name}", pattern.directory)).collect())
    }

    /// Clears the cache.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

async fn fetch(path: &str, cwd: &WorkingDir, flags: &ConnectionArgs) -> Result<CachedListing> {
    let mut listing = CachedListing { names: Vec::new(), whole: true };
    list(path, cwd, flags, |found| {
        listing.whole = listing.names.len() < MAX_NAMES;
        if listing.whole {
            let text = found.name().to_string_lossy().into_owned();
            listing.names.push(CachedName { text, is_directory: found.is_dir() });
        }
        Ok(())
    })
    .await?;
    listing.names.sort_by(|one, other| one.text.cmp(&other.text));
    Ok(listing)
}

async fn fetch_matching(
    path: &str,
    cwd: &WorkingDir,
    flags: &ConnectionArgs,
    fits: impl Fn(&str) -> bool,
) -> Result<Vec<String>> {
    let mut matching = Vec::new();
    list(path, cwd, flags, |found| {
        matching.extend(Some(found.name().to_string_lossy().into_owned()).filter(|name| fits(name)));
        match matching.len() > MAX_MATCHES {
            true => {
                Err(Failure::Usage(format!("more than {MAX_MATCHES} names match: use a narrower pattern")))
            }
            false => Ok(()),
        }
    })
    .await?;
    Ok(matching)
}

/// Calls `each` with every entry of a directory.
async fn list(
    path: &str,
    cwd: &WorkingDir,
    flags: &ConnectionArgs,
    mut each: impl FnMut(&PathEntry) -> Result,
) -> Result {
    let url = session::url(&cwd.url(path))?;
    let mut session = Session::new(flags.clone())?;
    let client = session.client(&url).await?;
    let mut entries = client.list(RemotePath::from(path)).stream();
    while let Some(found) = entries.next().await {
        each(&found.map_err(|error| Failure::about(&url, error))?)?;
    }
    drop(entries);
    session.quit().await;
    Ok(())
}

const MAX_DIRECTORIES: usize = 64;
/// Maximum number of names per directory.
const MAX_NAMES: usize = 20_000;
/// More than a command could process one by one.
const MAX_MATCHES: usize = 1_000_000;
