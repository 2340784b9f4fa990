//! The store without the trait: sessions, paths, and known facts of objects.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use oxftp::{Entry, Pool, RemotePath};

use crate::{
    cache::{FileCache, RecentEntries},
    failure::{Failure, FailureKind, Result},
    meta::Meta,
    names,
};

/// An object store on an FTP server. Implements `ObjectStore` of the versions of object_store that are enabled as
/// features.
///
/// Clones share their sessions. It needs a tokio runtime.
///
/// ```
/// use oxftp_object_store::FtpStore;
///
/// let store = FtpStore::builder("ftpes://ftp.example.org/data".parse()?).sessions(8).build()?;
/// assert_eq!(store.to_string(), "FtpStore(ftpes://ftp.example.org/data)");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FtpStore {
    pub(crate) inner: Arc<Core>,
}

impl FtpStore {
    /// Creates a store over an existing pool. `root` is the directory of the objects; empty for the login directory.
    pub fn new(pool: Pool, root: impl Into<RemotePath>) -> Self {
        let root = root.into();
        let shown = root.to_string();
        Self::with_settings(pool, root, shown, Settings::default())
    }

    pub(crate) fn with_settings(pool: Pool, root: RemotePath, shown: String, settings: Settings) -> Self {
        let files = FileCache::new(settings.cache_bytes);
        let recent = RecentEntries::new(settings.trust_listing);
        Self {
            inner: Arc::new(Core {
                pool,
                root,
                shown,
                settings,
                files,
                recent,
                received: Arc::default(),
                lacks_copy: AtomicBool::new(false),
            }),
        }
    }

    /// Returns the pool of its sessions.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// Returns the number of received bytes of objects, for a progress display. Bytes that are read from memory do
    /// not count.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.inner.received.load(Ordering::Relaxed)
    }

    /// Ends all sessions (`QUIT`). The store cannot be used afterwards.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }
}

impl fmt::Display for FtpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FtpStore({})", self.inner.shown)
    }
}

impl fmt::Debug for FtpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FtpStore").field("url", &self.inner.shown).field("pool", &self.inner.pool).finish()
    }
}

/// Settings of a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) atomic: bool,
    pub(crate) whole_files_up_to: u64,
    pub(crate) cache_bytes: u64,
    pub(crate) trust_listing: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            atomic: true,
            whole_files_up_to: 8 << 20,
            cache_bytes: 64 << 20,
            trust_listing: Duration::from_secs(5),
        }
    }
}

/// The store without the trait.
pub(crate) struct Core {
    pub(crate) pool: Pool,
    root: RemotePath,
    shown: String,
    pub(crate) settings: Settings,
    pub(crate) files: FileCache,
    pub(crate) recent: RecentEntries,
    pub(crate) received: Arc<AtomicU64>,
    /// The server has no command to copy a file.
    pub(crate) lacks_copy: AtomicBool,
}

/// Runs `$work`, and repeats it after a transient error. Only for work that may be repeated.
macro_rules! repeating {
    ($work:expr) => {{
        let mut backoff = oxftp::Backoff::new($crate::core::RETRIES, $crate::core::FIRST_PAUSE);
        loop {
            let outcome: oxftp::Result<_> = async { $work }.await;
            let is_transient = outcome.as_ref().is_err_and(oxftp::Error::is_transient);
            if !is_transient || !backoff.wait().await {
                break outcome;
            }
            tracing::debug!("repeated after a transient error");
        }
    }};
}
pub(crate) use repeating;

/// Runs `$work` on a session, and [repeats](repeating) it on another one after a transient error.
macro_rules! retrying {
    ($core:expr, |$session:ident| $work:expr) => {
        $crate::core::repeating!({
            let mut lent = $core.pool.client().await?;
            let $session: &mut oxftp::Client = &mut lent;
            $work
        })
    };
}
pub(crate) use retrying;

impl Core {
    /// Returns the path of a location on the server.
    pub(crate) fn path(&self, location: &str) -> RemotePath {
        match location {
            "" => self.root.clone(),
            _ => self.root.join_path(&location.into()),
        }
    }

    /// Returns the URL of a location.
    pub(crate) fn url_of(&self, location: &str) -> String {
        match (location, self.shown.as_str()) {
            ("", shown) => shown.to_owned(),
            (location, "") => location.to_owned(),
            (location, shown) if shown.ends_with('/') => format!("{shown}{location}"),
            (location, shown) => format!("{shown}/{location}"),
        }
    }

    /// Counts the bytes of a received block.
    pub(crate) fn count(&self, block: &[u8]) {
        self.received.fetch_add(block.len() as u64, Ordering::Relaxed);
    }

    /// Returns the path of a location that an object may have.
    pub(crate) fn object_path(&self, location: &str) -> Result<RemotePath> {
        match names::split(location).1 {
            "" => Err(Failure::not_found(location)),
            name if oxftp::is_reserved_name(name) => Err(Failure::new(
                FailureKind::NotSupported,
                location,
                "this name is reserved for unfinished uploads and locks",
            )),
            _ => Ok(self.path(location)),
        }
    }

    /// Asks the server about an object.
    pub(crate) async fn stat(&self, location: &str) -> Result<Meta> {
        let path = self.object_path(location)?;
        self.recent.forget(location);
        let entry = retrying!(self, |session| {
            let mut entry = session.file_metadata(&path).await?;
            if entry.is_link() {
                entry = Entry::new(entry.name());
                entry.size = Some(session.size(&path).await?);
                entry.modified = session.modified(&path).await.ok();
            }
            Ok(entry)
        });
        let entry = entry.map_err(|error| Failure::of(location, error))?;
        if entry.is_dir() {
            return Err(Failure::not_found(location));
        }
        let meta = Meta::of(location.to_owned(), entry);
        let meta = meta
            .ok_or_else(|| Failure::new(FailureKind::Other, location, "the server does not tell its size"))?;
        self.recent.remember(&meta);
        Ok(meta)
    }

    /// Returns the metadata of a recent listing, or asks the server.
    pub(crate) async fn recent_or_stat(&self, location: &str) -> Result<Meta> {
        match self.recent.get(location) {
            Some(meta) => Ok(meta),
            None => self.stat(location).await,
        }
    }

    pub(crate) async fn exists(&self, location: &str) -> Result<bool> {
        match self.stat(location).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is_not_found() => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Forgets the known facts of an object that this store changes.
    pub(crate) fn forget(&self, location: &str) {
        self.recent.forget(location);
        self.files.forget(location);
    }

    /// Creates the directory of a location and its missing parents.
    pub(crate) async fn create_directory_of(&self, location: &str) -> Result<()> {
        let (directory, _) = names::split(location);
        let path = self.path(directory);
        if path.is_empty() {
            return Ok(());
        }
        let created = retrying!(self, |session| session.create_dir_all(&path).await);
        created.map_err(|error| Failure::of(location, error))
    }
}

/// Repetitions after transient errors.
pub(crate) const RETRIES: u32 = 5;

/// The pause before the first repetition; it doubles each time.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(100);
