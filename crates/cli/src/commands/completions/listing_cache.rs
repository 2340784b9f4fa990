//! Cache of the names in directories on servers, for completions.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

/// Names of one directory, those of directories with a slash.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CachedNames {
    pub(super) names: Vec<String>,
    /// They need not be listed again.
    pub(super) is_fresh: bool,
}

/// File of the names of one directory.
#[derive(Debug)]
pub(super) struct ListingCache(PathBuf);

impl ListingCache {
    /// Returns the cache of a directory: a URL without its password, and the user of `--user`.
    pub(super) fn of(url: &str, user: &str) -> Option<Self> {
        let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let base = base.or_else(|| Some(env::home_dir()?.join(".cache")))?;
        Some(Self::within(&base, url, user))
    }

    fn within(base: &Path, url: &str, user: &str) -> Self {
        let key = Sha256::digest(format!("{user}\n{url}"));
        let name: String = key.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self(base.join("oxftp/completions").join(name))
    }

    /// Returns the names; `None` if there are none, or they are too old.
    pub(super) fn read(&self) -> Option<CachedNames> {
        let age = SystemTime::now()
            .duration_since(fs::metadata(&self.0).ok()?.modified().ok()?)
            .unwrap_or_default();
        let text = fs::read_to_string(&self.0).ok().filter(|_| age < MAX_AGE)?;
        Some(CachedNames { names: text.lines().map(str::to_owned).collect(), is_fresh: age < FRESH })
    }

    /// Replaces the names, and removes old files of other directories.
    pub(super) fn write(&self, names: &[String]) -> io::Result<()> {
        let directory = self.0.parent().unwrap_or(Path::new(""));
        create_private(directory)?;
        for entry in fs::read_dir(directory)?.flatten() {
            let modified = entry.metadata().and_then(|found| found.modified());
            if modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > MAX_AGE)) {
                // Another run may have removed it.
                let _ = fs::remove_file(entry.path());
            }
        }
        let temporary = self.0.with_extension(std::process::id().to_string());
        fs::write(&temporary, names.join("\n"))?;
        fs::rename(temporary, &self.0)
    }
}

/// Creates a directory that only the user can read: names of files may be confidential.
fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Until then, names are completed without asking the server.
const FRESH: Duration = Duration::from_secs(60);
/// Until then, names are completed if the server does not answer in time.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cached_by_directory_and_user() {
        let base = tempfile::tempdir().unwrap();
        let cache = ListingCache::within(base.path(), "ftp://h/a/", "me");
        assert_eq!(cache.read(), None);

        cache.write(&["x".to_owned(), "sub/".to_owned()]).unwrap();

        assert_eq!(cache.read().unwrap().names, ["x", "sub/"]);
        assert_eq!(ListingCache::within(base.path(), "ftp://h/b/", "me").read(), None);
        assert_eq!(ListingCache::within(base.path(), "ftp://h/a/", "you").read(), None);
        cache.write(&[]).unwrap();
        assert_eq!(cache.read().unwrap(), CachedNames { names: Vec::new(), is_fresh: true });
    }
}
