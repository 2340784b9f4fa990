//! Operations on a pool: each borrows a session, and returns it.

use std::io;

use bytes::Bytes;
use oxftp_proto::{Code, Entry, FileHash, HashAlgorithm, RemotePath, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Pool;
use crate::{Error, PathEntry, Result};

/// Runs `$work` on a session of the pool, and again if the session turns out to be lost, as an idle one may have
/// ended unnoticed, or if its data connection is reset. Used only for work that may be repeated.
///
/// It is a macro since the compiler cannot prove that the future of an async closure that borrows from its
/// environment is `Send`.
macro_rules! repeatable {
    ($pool:expr, |$client:ident| $work:expr) => {{
        let mut repeated = false;
        loop {
            let mut session = $pool.client().await?;
            let $client: &mut $crate::Client = &mut session;
            let outcome: $crate::Result<_> = async { $work }.await;
            match outcome {
                Err(error) if $crate::pool::operations::is_lost(&error) && !repeated => repeated = true,
                outcome => break outcome,
            }
        }
    }};
}
pub(super) use repeatable;

/// Returns whether the session or its data connection was lost.
pub(super) fn is_lost(error: &Error) -> bool {
    let data_were_lost = match error {
        Error::Data { source, reply } => match source.kind() {
            io::ErrorKind::ConnectionReset => true,
            io::ErrorKind::UnexpectedEof => reply.is_none(),
            _ => false,
        },
        _ => false,
    };
    error.is_connection_lost() || error.code() == Some(Code::TRANSFER_ABORTED) || data_were_lost
}

/// The number of times that an operation that changes something opens its session again.
pub(crate) const RECONNECTS: u32 = 2;

impl Pool {
    /// Reads a whole file into memory, as [`Client::read`](crate::Client::read) does (`SIZE`, `RETR`).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let logo = pool.read("www/logo.png").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::read`](crate::Client::read).
    pub async fn read(&self, path: impl Into<RemotePath>) -> Result<Bytes> {
        let path = path.into();
        repeatable!(self, |client| client.read(&path).await)
    }

    /// Writes bytes as a whole file, as [`Client::write`](crate::Client::write) does (`STOR`, `SIZE`).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.write("status.json", "{}").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::write`](crate::Client::write).
    pub async fn write(&self, path: impl Into<RemotePath>, contents: impl AsRef<[u8]>) -> Result<()> {
        let (path, contents) = (path.into(), contents.as_ref());
        repeatable!(self, |client| client.write(&path, contents).await)
    }

    /// Lists a directory, as [`Client::list`](crate::Client::list) does (`MLSD` or `LIST`).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// for found in pool.list("/pub").await? {
    ///     println!("{}", found.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::list`](crate::Client::list).
    pub async fn list(&self, path: impl Into<RemotePath>) -> Result<Vec<PathEntry>> {
        let path = path.into();
        repeatable!(self, |client| client.list(&path).await)
    }

    /// Lists a directory with all its subdirectories, breadth first, on one session. Symbolic links are not followed.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let files = pool.walk("/pub").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`list`](Self::list).
    pub async fn walk(&self, path: impl Into<RemotePath>) -> Result<Vec<PathEntry>> {
        let path = path.into();
        repeatable!(self, |client| client.list(&path).recursive().await)
    }

    /// Returns the entry of a path, as [`Client::metadata`](crate::Client::metadata) does (`MLST`, or a listing of
    /// the parent directory).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// println!("{:?}", pool.metadata("image.iso").await?.size);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::metadata`](crate::Client::metadata).
    pub async fn metadata(&self, path: impl Into<RemotePath>) -> Result<Entry> {
        let path = path.into();
        repeatable!(self, |client| client.metadata(&path).await)
    }

    /// Returns whether a path exists, as [`Client::try_exists`](crate::Client::try_exists) does.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// assert!(pool.try_exists("image.iso").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::try_exists`](crate::Client::try_exists).
    pub async fn try_exists(&self, path: impl Into<RemotePath>) -> Result<bool> {
        let path = path.into();
        repeatable!(self, |client| client.try_exists(&path).await)
    }

    /// Creates a directory and its missing parents, as [`Client::create_dir_all`](crate::Client::create_dir_all)
    /// does (`MKD`).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.create_dir_all("2026/11").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::create_dir_all`](crate::Client::create_dir_all).
    pub async fn create_dir_all(&self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        repeatable!(self, |client| client.create_dir_all(&path).await)
    }

    /// Renames a file or directory (`RNFR`, `RNTO`; RFC 959, 4.1.3).
    ///
    /// If the session is lost, it is opened again, at most twice, and the rename is repeated unless it was done before: the
    /// old name is missing then, and the new one exists.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.rename("report.tmp", "report.csv").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::rename`](crate::Client::rename).
    pub async fn rename(&self, from: impl Into<RemotePath>, to: impl Into<RemotePath>) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        let mut session = self.client().await?;
        session.reconnecting(RECONNECTS).rename(from, to).await
    }

    /// Removes a file (`DELE`; RFC 959, 4.1.3).
    ///
    /// If the session is lost, it is opened again, at most twice, and the removal is repeated unless the file is missing
    /// then.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.remove_file("report.tmp").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::remove_file`](crate::Client::remove_file).
    pub async fn remove_file(&self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        let mut session = self.client().await?;
        session.reconnecting(RECONNECTS).remove_file(path).await
    }

    /// Removes an empty directory (`RMD`; RFC 959, 4.1.3).
    ///
    /// If the session is lost, it is opened again, at most twice, and the removal is repeated unless the directory is
    /// missing then.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.remove_dir("empty").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::remove_dir`](crate::Client::remove_dir).
    pub async fn remove_dir(&self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        let mut session = self.client().await?;
        session.reconnecting(RECONNECTS).remove_dir(path).await
    }

    /// Returns the size of a file in bytes, as [`Client::size`](crate::Client::size) does (`SIZE`, else the listing).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// println!("{} bytes", pool.size_of("image.iso").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::size`](crate::Client::size).
    pub async fn size_of(&self, path: impl Into<RemotePath>) -> Result<u64> {
        let path = path.into();
        repeatable!(self, |client| client.size(&path).await)
    }

    /// Returns the modification time of a file, as [`Client::modified`](crate::Client::modified) does (`MDTM`).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// println!("{}", pool.modified("image.iso").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::modified`](crate::Client::modified).
    pub async fn modified(&self, path: impl Into<RemotePath>) -> Result<Timestamp> {
        let path = path.into();
        repeatable!(self, |client| client.modified(&path).await)
    }

    /// Sets the modification time of a file, as [`Client::set_modified`](crate::Client::set_modified) does (`MFMT` and
    /// similar commands).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let time = pool.modified("image.iso").await?;
    /// pool.set_modified("copy.iso", time).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::set_modified`](crate::Client::set_modified).
    pub async fn set_modified(&self, path: impl Into<RemotePath>, time: Timestamp) -> Result<()> {
        let path = path.into();
        repeatable!(self, |client| client.set_modified(&path, time).await)
    }

    /// Returns whether a path is a file, as [`Client::is_file`](crate::Client::is_file) does. A path that
    /// does not exist is an error.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// assert!(pool.is_file("image.iso").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::is_file`](crate::Client::is_file).
    pub async fn is_file(&self, path: impl Into<RemotePath>) -> Result<bool> {
        let path = path.into();
        repeatable!(self, |client| client.is_file(&path).await)
    }

    /// Returns whether a path is a directory, as [`Client::is_dir`](crate::Client::is_dir) does. A path that
    /// does not exist is an error.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// assert!(pool.is_dir("pub").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::is_dir`](crate::Client::is_dir).
    pub async fn is_dir(&self, path: impl Into<RemotePath>) -> Result<bool> {
        let path = path.into();
        repeatable!(self, |client| client.is_dir(&path).await)
    }

    /// Returns a hash of a file, as [`Client::hash`](crate::Client::hash) does (`HASH` and similar commands).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// println!("{}", pool.hash("image.iso", None).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::hash`](crate::Client::hash).
    pub async fn hash(
        &self,
        path: impl Into<RemotePath>,
        algorithm: impl Into<Option<HashAlgorithm>>,
    ) -> Result<FileHash> {
        let (path, algorithm) = (path.into(), algorithm.into());
        repeatable!(self, |client| client.hash(&path, algorithm).await)
    }

    /// Creates a directory, as [`Client::create_dir`](crate::Client::create_dir) does (`MKD`), and fails if it exists.
    ///
    /// If the session is lost, it is opened again, at most twice. A directory that exists then counts as created, also
    /// if another client created it. To exclude other jobs, use [`RemoteLock`](crate::RemoteLock).
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.create_dir("new").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::create_dir`](crate::Client::create_dir).
    pub async fn create_dir(&self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        let mut session = self.client().await?;
        session.reconnecting(RECONNECTS).create_dir(path).await
    }

    /// Downloads a file into any writer, as [`Client::download_to_writer`](crate::Client::download_to_writer) does
    /// (`SIZE`, `RETR`). Returns the number of bytes. It is not repeated, since the writer may hold a part of the file.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut report = Vec::new();
    /// pool.download_to_writer("report.csv", &mut report).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::download_to_writer`](crate::Client::download_to_writer).
    pub async fn download_to_writer<W>(&self, path: impl Into<RemotePath>, writer: &mut W) -> Result<u64>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        let path = path.into();
        self.client().await?.download_to_writer(path, writer).await
    }

    /// Uploads everything from a reader of any length, as
    /// [`Client::upload_from_reader`](crate::Client::upload_from_reader) does (`STOR`, `SIZE`). Returns the number of
    /// bytes. It is not repeated, since the reader is used up.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut report: &[u8] = b"city,sold";
    /// pool.upload_from_reader(&mut report, "report.csv").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::upload_from_reader`](crate::Client::upload_from_reader).
    pub async fn upload_from_reader<R>(&self, reader: &mut R, path: impl Into<RemotePath>) -> Result<u64>
    where
        R: AsyncRead + Unpin + ?Sized,
    {
        let path = path.into();
        self.client().await?.upload_from_reader(reader, path).await
    }
}
