//! Streams of a pool. Each owns its session and returns it when it is finished or dropped.

use std::ops::RangeBounds;

use oxftp_proto::RemotePath;

use super::Pool;
use crate::{
    DownloadStream, PooledClient, RangeStream, Result, UploadStream,
    client::{ByteRange, FollowUp},
};

/// Opens a stream on a session of the pool. Opens it again, on another session, if the connection turns out to be
/// lost before any data were transferred.
macro_rules! open {
    ($pool:expr, |$session:ident| $open:expr) => {{
        let $session = $pool.client().await?;
        match $open {
            Err(error) if error.is_connection_lost() => {
                let $session = $pool.client().await?;
                $open
            }
            outcome => outcome,
        }
    }};
}

impl Pool {
    /// Opens a file for reading (`RETR`; RFC 959, 4.1.3). The stream borrows nothing, so it may be moved into a task
    /// or a response body.
    ///
    /// ```no_run
    /// use tokio::io::AsyncReadExt;
    ///
    /// # async fn example(pool: oxftp::Pool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let mut stream = pool.open_read("readme.txt").await?;
    /// let task = tokio::spawn(async move {
    ///     let mut text = String::new();
    ///     stream.read_to_string(&mut text).await?;
    ///     stream.finish().await.map_err(std::io::Error::other)?;
    ///     Ok::<_, std::io::Error>(text)
    /// });
    /// println!("{}", task.await??);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client); [`Error::StatusCode`](crate::Error::StatusCode) if the server refuses the
    /// path; those of opening a data connection.
    pub async fn open_read(&self, path: impl Into<RemotePath>) -> Result<DownloadStream<PooledClient>> {
        let path = path.into();
        open!(self, |session| DownloadStream::open(session, &path, 0).await)
    }

    /// Opens a part of a file for reading (`REST`, `RETR`; RFC 3659, 5), as
    /// [`Client::download_range`](crate::Client::download_range) does.
    ///
    /// ```no_run
    /// use tokio::io::AsyncReadExt;
    ///
    /// # async fn example(pool: oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut part = pool.open_range("disk.img", 512..1024).await?;
    /// let mut sector = Vec::new();
    /// part.read_to_end(&mut sector).await?;
    /// part.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::download_range`](crate::Client::download_range).
    pub async fn open_range(
        &self,
        path: impl Into<RemotePath>,
        range: impl RangeBounds<u64>,
    ) -> Result<RangeStream<PooledClient>> {
        let (path, range) = (path.into(), ByteRange::new(&range));
        open!(self, |session| RangeStream::open(session, &path, range, FollowUp::Nothing).await)
    }

    /// Opens a file for writing (`STOR`; RFC 959, 4.1.3), in place of an existing one. The stream borrows nothing.
    ///
    /// ```no_run
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # async fn example(pool: oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = pool.open_write("notes.txt").await?;
    /// stream.write_all(b"first line").await?;
    /// stream.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client); [`Error::StatusCode`](crate::Error::StatusCode) if the server refuses the
    /// path; those of opening a data connection.
    pub async fn open_write(&self, path: impl Into<RemotePath>) -> Result<UploadStream<PooledClient>> {
        let path = path.into();
        open!(self, |session| UploadStream::open(session, &path).await)
    }

    /// Opens a file for writing at its end (`APPE`; RFC 959, 4.1.3); creates it if it does not exist. The stream borrows
    /// nothing.
    ///
    /// ```no_run
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # async fn example(pool: oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut log = pool.open_append("log.txt").await?;
    /// log.write_all(b"one more line\n").await?;
    /// log.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`open_write`](Self::open_write).
    pub async fn open_append(&self, path: impl Into<RemotePath>) -> Result<UploadStream<PooledClient>> {
        let path = path.into();
        open!(self, |session| UploadStream::open_append(session, &path).await)
    }
}
