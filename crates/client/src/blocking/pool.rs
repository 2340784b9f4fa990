//! The blocking pool.

use std::{ops::Range, time::Duration};

use bytes::Bytes;

use super::{DownloadStream, FileReader, UploadStream, runtime::block_on};
use crate::{
    ClientBuilder, Credentials, Entry, FileHash, HashAlgorithm, Host, PathEntry, PooledClient, RemotePath,
    Report, Result, Throttle, Timestamp,
};

/// A pool of sessions that blocks; see [`crate::Pool`]. Clones share their sessions.
///
/// ```no_run
/// use oxftp::{Client, Credentials, blocking::{Pool, Run}};
///
/// # fn example() -> oxftp::Result<()> {
/// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
/// std::thread::scope(|scope| {
///     for path in ["a.bin", "b.bin"] {
///         let pool = &pool;
///         scope.spawn(move || pool.read(path));
///     }
/// });
/// pool.download("pub").to("mirror").run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Pool {
    inner: crate::Pool,
}

impl Pool {
    /// Creates a pool. It connects when it is used.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, blocking::Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
    /// ```
    #[must_use]
    pub fn new(builder: ClientBuilder, host: impl Into<Host>, credentials: Credentials) -> Self {
        Self { inner: crate::Pool::new(builder, host, credentials) }
    }

    /// Sets the maximum number of sessions; see [`crate::Pool::size`].
    ///
    /// ```
    /// use oxftp::{Client, Credentials, blocking::Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous()).size(8);
    /// assert_eq!(pool.limit(), 8);
    /// ```
    #[must_use]
    pub fn size(self, sessions: usize) -> Self {
        Self { inner: self.inner.size(sessions) }
    }

    /// Sets after which idle time a session is tested; see [`crate::Pool::check_after`].
    ///
    /// ```
    /// use oxftp::{Client, Credentials, blocking::Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous())
    ///     .check_after(std::time::Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn check_after(self, idle: Duration) -> Self {
        Self { inner: self.inner.check_after(idle) }
    }

    /// Returns the maximum number of sessions.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, blocking::Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous()).size(2);
    /// assert_eq!(pool.limit(), 2);
    /// ```
    #[must_use]
    pub fn limit(&self) -> usize {
        self.inner.limit()
    }

    /// Returns the throttle of the sessions.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, blocking::Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
    /// pool.throttle().set_read_limit(Some(1_000_000));
    /// ```
    #[must_use]
    pub fn throttle(&self) -> &Throttle {
        self.inner.throttle()
    }

    /// Returns the asynchronous pool with the same sessions.
    ///
    /// ```
    /// use oxftp::{Client, Credentials, blocking::Pool};
    ///
    /// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous());
    /// let shared = pool.as_async().clone();
    /// ```
    #[must_use]
    pub fn as_async(&self) -> &crate::Pool {
        &self.inner
    }

    /// Creates a download of a file or tree, which [`run`](super::Run::run) starts; see [`crate::Pool::download`].
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> oxftp::Result<()> {
    /// use oxftp::blocking::Run;
    ///
    /// pool.download("pub").into_dir("copy").run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, source: impl Into<RemotePath>) -> crate::Download<'_> {
        self.inner.download(source)
    }

    /// Creates an upload of a file or tree, which [`run`](super::Run::run) starts; see [`crate::Pool::upload`].
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> oxftp::Result<()> {
    /// use oxftp::blocking::Run;
    ///
    /// pool.upload("site").to_file("/www").run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, source: impl Into<std::path::PathBuf>) -> crate::Upload<'_> {
        self.inner.upload(source)
    }

    /// Creates a mirror to the local file system, which [`run`](super::Run::run) starts; see
    /// [`crate::Pool::mirror_down`].
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> oxftp::Result<()> {
    /// use oxftp::blocking::Run;
    ///
    /// pool.mirror_down("/pub", "copy").run()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "mirror")]
    pub fn mirror_down(
        &self,
        source: impl Into<RemotePath>,
        target: impl Into<std::path::PathBuf>,
    ) -> crate::mirror::Mirror<'_> {
        self.inner.mirror_down(source, target)
    }

    /// Creates a mirror to the server, which [`run`](super::Run::run) starts; see [`crate::Pool::mirror_up`].
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> oxftp::Result<()> {
    /// use oxftp::blocking::Run;
    ///
    /// pool.mirror_up("site", "/www").run()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "mirror")]
    pub fn mirror_up(
        &self,
        source: impl Into<std::path::PathBuf>,
        target: impl Into<RemotePath>,
    ) -> crate::mirror::Mirror<'_> {
        self.inner.mirror_up(source, target)
    }

    /// Opens a file for reading from its start; see [`crate::Pool::open_read`].
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = pool.open_read("a.txt")?;
    /// std::io::copy(&mut file, &mut std::io::stdout())?;
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Pool::open_read`].
    pub fn open_read(&self, path: impl Into<RemotePath>) -> Result<DownloadStream<PooledClient>> {
        block_on(self.inner.open_read(path)).map(DownloadStream::new)
    }

    /// Opens a file for writing; see [`crate::Pool::open_write`].
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// let mut file = pool.open_write("a.txt")?;
    /// file.write_all(b"text")?;
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::Pool::open_write`].
    pub fn open_write(&self, path: impl Into<RemotePath>) -> Result<UploadStream<PooledClient>> {
        block_on(self.inner.open_write(path)).map(UploadStream::new)
    }

    /// Opens a file that can be read from any position.
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::{Read, Seek, SeekFrom};
    ///
    /// let mut file = pool.open_file("image.iso")?;
    /// file.seek(SeekFrom::End(-512))?;
    /// file.read_exact(&mut [0; 512])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`size_of`](Self::size_of).
    pub fn open_file(&self, path: impl Into<RemotePath>) -> Result<FileReader<'_>> {
        FileReader::on_pool(self, path.into())
    }

    /// Ends all idle sessions (`QUIT`); see [`crate::Pool::close`].
    ///
    /// ```no_run
    /// # fn example(pool: &oxftp::blocking::Pool) -> oxftp::Result<()> {
    /// pool.close()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::BlockingInAsync`](crate::Error::BlockingInAsync).
    pub fn close(&self) -> Result<()> {
        block_on(async {
            self.inner.close().await;
            Ok(())
        })
    }
}

macro_rules! methods {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $returned:ty;)*) => {
        impl Pool {
            $(
                #[doc = concat!("Does what [`crate::Pool::", stringify!($name), "`] does, and blocks until it is done.")]
                ///
                /// # Errors
                ///
                #[doc = concat!("Those of [`crate::Pool::", stringify!($name), "`].")]
                pub fn $name(&self, $($argument: $kind),*) -> Result<$returned> {
                    block_on(self.inner.$name($($argument),*))
                }
            )*
        }
    };
}

methods! {
    read(path: impl Into<RemotePath>) -> Bytes;
    read_range(path: impl Into<RemotePath>, range: Range<u64>) -> Bytes;
    write(path: impl Into<RemotePath>, contents: impl AsRef<[u8]>) -> ();
    list(path: impl Into<RemotePath>) -> Vec<PathEntry>;
    walk(path: impl Into<RemotePath>) -> Vec<PathEntry>;
    metadata(path: impl Into<RemotePath>) -> Entry;
    try_exists(path: impl Into<RemotePath>) -> bool;
    create_dir_all(path: impl Into<RemotePath>) -> ();
    rename(from: impl Into<RemotePath>, to: impl Into<RemotePath>) -> ();
    remove_file(path: impl Into<RemotePath>) -> ();
    remove_dir(path: impl Into<RemotePath>) -> ();
    remove_dir_all(path: impl Into<RemotePath>) -> Report;
    create_dir(path: impl Into<RemotePath>) -> ();
    size_of(path: impl Into<RemotePath>) -> u64;
    modified(path: impl Into<RemotePath>) -> Timestamp;
    set_modified(path: impl Into<RemotePath>, time: Timestamp) -> ();
    is_file(path: impl Into<RemotePath>) -> bool;
    is_dir(path: impl Into<RemotePath>) -> bool;
    hash(path: impl Into<RemotePath>, algorithm: impl Into<Option<HashAlgorithm>>) -> FileHash;
}
