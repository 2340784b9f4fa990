//! The service without the traits: sessions, paths, and what is known about a path.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use opendal_core::{Error, ErrorKind, Metadata, MetadataBuilder, Result, raw::Timestamp};
use oxftp::{Client, Entry, EntryKind, Pool, Precision, RemotePath};
use tokio::runtime::Handle;

use crate::failure::{failure, is_a_directory, not_found};

/// The service without the traits. Its paths are those of OpenDAL: relative to the root, and a directory ends with a slash.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) pool: Pool,
    pub(crate) root: RemotePath,
    pub(crate) is_atomic: bool,
    /// Directories that this service created, or found. Another client may have deleted them.
    known_directories: Mutex<HashSet<String>>,
}

/// Runs `$work` on a session, and runs it once more if the session turns out to be lost, as an idle one may have ended
/// unnoticed. Only for work that may be repeated.
macro_rules! on_session {
    ($core:expr, |$session:ident| $work:expr) => {{
        let mut is_repeated = false;
        loop {
            let outcome: oxftp::Result<_> = async {
                let mut lent = $core.pool.client().await?;
                let $session: &mut oxftp::Client = &mut lent;
                $work
            }
            .await;
            match outcome {
                Err(error) if error.is_connection_lost() && !is_repeated => is_repeated = true,
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use on_session;

impl Core {
    pub(crate) fn new(pool: Pool, root: RemotePath, is_atomic: bool) -> Self {
        Self { pool, root, is_atomic, known_directories: Mutex::default() }
    }

    /// Returns where a path is on the server. Fails for one that leaves the root, and outside of a tokio runtime, where
    /// the client could not work.
    pub(crate) fn remote(&self, path: &str) -> Result<RemotePath> {
        if Handle::try_current().is_err() {
            return Err(Error::new(ErrorKind::Unexpected, "the service needs a tokio runtime"));
        }
        let path = path.trim_end_matches('/');
        if path.split('/').any(|name| name == "..") {
            return Err(Error::new(ErrorKind::NotFound, "the path leaves the root"));
        }
        Ok(match path {
            "" => self.root.clone(),
            _ => self.root.join_path(&path.into()),
        })
    }

    /// Asks the server about a path. Links are followed. `None` if there is nothing.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<Entry>> {
        let remote = self.remote(path)?;
        let found = on_session!(self, |session| {
            // Two commands on servers without MLST, but a listing of the parent for a directory.
            let mut entry = match path.ends_with('/') {
                true => session.metadata(&remote).await?,
                false => session.file_metadata(&remote).await?,
            };
            if entry.is_link() {
                follow(session, &remote, &mut entry).await?;
            } else if entry.is_file() && entry.mode == Some(MODE_OF_LINKS) {
                // ProFTPD shows the target of a link, but the size of the link itself.
                entry.size = session.size(&remote).await.ok().or(entry.size);
            }
            Ok(entry)
        });
        match found {
            Ok(entry) => Ok(Some(entry).filter(|entry| !entry.is_link())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// Asks the server about a file. Fails for a directory.
    pub(crate) async fn find_file(&self, path: &str) -> Result<Entry> {
        match self.find(path).await? {
            Some(entry) if entry.is_dir() => Err(is_a_directory()),
            Some(entry) => Ok(entry),
            None => Err(not_found()),
        }
    }

    pub(crate) async fn stat(&self, path: &str) -> Result<Metadata> {
        if path == "/" {
            return Ok(MetadataBuilder::dir().build());
        }
        match self.find(path).await? {
            Some(entry) if entry.is_dir() || !path.ends_with('/') => metadata(&entry),
            _ => Err(not_found()),
        }
    }

    /// Returns whether a directory was there when this service last wrote to it.
    pub(crate) fn is_known_directory(&self, path: &str) -> bool {
        self.known_directories().contains(path)
    }

    /// Forgets which directories exist, after one was deleted or one is missing.
    pub(crate) fn forget_directories(&self) {
        self.known_directories().clear();
    }

    fn known_directories(&self) -> MutexGuard<'_, HashSet<String>> {
        let mut known = self.known_directories.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST_KNOWN_DIRECTORIES {
            known.clear();
        }
        known
    }

    /// Creates a directory and its missing parents.
    pub(crate) async fn create_directory(&self, path: &str) -> Result<()> {
        let remote = self.remote(path)?;
        if matches!(remote.as_bytes(), b"" | b"/") {
            return Ok(());
        }
        let Err(error) = self.pool.create_dir_all(&remote).await else {
            self.known_directories().insert(path.to_owned());
            return Ok(());
        };
        self.forget_directories();
        let is_file = matches!(self.find(path).await, Ok(Some(entry)) if !entry.is_dir());
        match is_file {
            true => Err(Error::new(ErrorKind::NotADirectory, "a file has this name")),
            false => Err(failure(error)),
        }
    }
}

impl Core {
    /// Renames a file and replaces an existing one. If the connection is lost, checks whether the server renamed the
    /// file.
    pub(crate) async fn replace(&self, from: &RemotePath, to: &RemotePath) -> oxftp::Result<()> {
        let mut is_repeated = false;
        loop {
            let outcome = async { self.pool.client().await?.replace(from, to).await }.await;
            match outcome {
                Err(error) if error.is_connection_lost() && !is_repeated => {
                    is_repeated = true;
                    if !self.pool.try_exists(from).await? {
                        return Ok(());
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

/// Replaces what is known about a link by what is known about its target. A dangling one stays a link.
async fn follow(session: &mut Client, path: &RemotePath, entry: &mut Entry) -> oxftp::Result<()> {
    match session.resolve_link(path).await? {
        EntryKind::Directory => entry.kind = EntryKind::Directory,
        EntryKind::File => {
            entry.kind = EntryKind::File;
            entry.size = Some(session.size(path).await?);
            entry.modified = session.modified(path).await.ok();
        }
        _ => {}
    }
    Ok(())
}

/// Returns the metadata of an entry. Its time is left out unless it is known to the second: listings of servers without
/// `MLSD` have minutes or days, perhaps of another zone.
pub(crate) fn metadata(entry: &Entry) -> Result<Metadata> {
    let mut metadata = match entry.kind {
        _ if entry.is_dir() => MetadataBuilder::dir(),
        EntryKind::File => MetadataBuilder::file(size(entry)?),
        _ => MetadataBuilder::unknown(),
    };
    if let Some(time) = entry.modified.filter(|time| time.precision() >= Precision::Second) {
        metadata.last_modified(Timestamp::from_second(time.to_unix(0))?);
    }
    Ok(metadata.build())
}

/// Returns the size of a file.
pub(crate) fn size(entry: &Entry) -> Result<u64> {
    entry
        .size
        .ok_or_else(|| Error::new(ErrorKind::Unsupported, "the server does not tell the size of the file"))
}

/// The permissions of symbolic links.
const MODE_OF_LINKS: u32 = 0o777;

/// Number of directories that are remembered.
const MOST_KNOWN_DIRECTORIES: usize = 10_000;

#[cfg(test)]
mod tests {
    use oxftp::{ClientBuilder, Credentials};

    use super::*;

    fn core(root: &str) -> Core {
        Core::new(Pool::new(ClientBuilder::default(), "h", Credentials::anonymous()), root.into(), true)
    }

    #[tokio::test]
    async fn paths_stay_below_the_root() {
        for (root, path, expected) in [
            ("", "/", ""),
            ("", "a/b/", "a/b"),
            ("/", "a", "/a"),
            ("/data", "/", "/data"),
            ("/data", "x /%41", "/data/x /%41"),
            ("data", "..a/b..", "data/..a/b.."),
        ] {
            assert_eq!(core(root).remote(path).unwrap(), RemotePath::from(expected), "{root:?} {path:?}");
        }
        for path in ["../x", "a/../../x", "a/.."] {
            assert_eq!(core("data").remote(path).unwrap_err().kind(), ErrorKind::NotFound, "{path:?}");
        }
    }

    #[test]
    fn path_without_tokio_runtime_is_an_error() {
        let error = core("data").remote("x").unwrap_err();
        assert!(error.to_string().contains("tokio"), "{error}");
    }
}
