//! Transfers of whole files: to bytes in memory, to any writer, and from any reader.

use bytes::{Bytes, BytesMut};
use oxftp_proto::RemotePath;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{Client, DownloadStream, Error, Result, UploadStream};

impl Client {
    /// Reads a whole file into memory (`SIZE`, then `RETR`).
    ///
    /// The number of bytes is compared with the reply to `SIZE`, if the server knows the command. A file of unknown
    /// size is read up to [`Limits::grown_bytes`](crate::Limits::grown_bytes).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let logo = client.read("www/logo.png").await?;
    /// println!("{} bytes", logo.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path; [`Error::SizeMismatch`] if the number of bytes differs
    /// from the size; [`Error::Limit`]; the errors of a transfer.
    pub async fn read(&mut self, path: impl Into<RemotePath>) -> Result<Bytes> {
        let path = path.into();
        let span = crate::trace::span!("read", self.host(), path = path);
        crate::trace::traced(span, Box::pin(self.read_whole(path))).await
    }

    async fn read_whole(&mut self, path: RemotePath) -> Result<Bytes> {
        let size = self.size_if_reported(&path).await?;
        let limit = usize::try_from(self.limits().grown_bytes).unwrap_or(usize::MAX);
        let most = size.map_or(limit, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let mut stream = self.download_stream(&path).await?;
        stream.expect_size(size);
        // A false size must not reserve more than a block.
        let mut contents = BytesMut::with_capacity(most.min(BLOCK));
        loop {
            match stream.read_buf(&mut contents).await {
                Ok(0) => break,
                Ok(_) if contents.len() <= most => {}
                Ok(_) => {
                    let _ = stream.abort().await;
                    check_size(size, contents.len() as u64)?;
                    return Err(Error::Limit { what: "bytes of a file of unknown size", limit });
                }
                Err(error) => return Err(stream.fail(error).await),
            }
        }
        stream.finish().await?;
        check_size(size, contents.len() as u64)?;
        Ok(contents.freeze())
    }

    /// Writes bytes as a whole file (`STOR`, then `SIZE`), in place of an existing one.
    ///
    /// If the connection fails meanwhile, an incomplete file may remain under this name.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.write("status.json", r#"{"ready": true}"#).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses; [`Error::UploadMismatch`] if the file on the server has another
    /// size afterwards; the errors of a transfer.
    pub async fn write(&mut self, path: impl Into<RemotePath>, contents: impl AsRef<[u8]>) -> Result<()> {
        self.upload_from_reader(&mut contents.as_ref(), path).await.map(drop)
    }

    /// Downloads a file into any writer (`SIZE`, `RETR`), and flushes it. Returns the number of bytes.
    ///
    /// The number is compared with the reply to `SIZE`, if the server knows the command. After an error the writer may
    /// hold a part of the file.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut report = Vec::new();
    /// let bytes = client.download_to_writer("report.csv", &mut report).await?;
    /// assert_eq!(report.len() as u64, bytes);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path; [`Error::LocalStream`] if the writer fails;
    /// [`Error::SizeMismatch`] if the number of bytes differs from the size; the errors of a transfer.
    pub async fn download_to_writer<W>(&mut self, path: impl Into<RemotePath>, writer: &mut W) -> Result<u64>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        let path = path.into();
        let span = crate::trace::span!("read", self.host(), path = path);
        crate::trace::traced(span, Box::pin(self.copy_to(path, writer))).await
    }

    async fn copy_to<W>(&mut self, path: RemotePath, writer: &mut W) -> Result<u64>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        let size = self.size_if_reported(&path).await?;
        let failed = |source| Error::LocalStream { what: "writer", source };
        let mut stream: DownloadStream<_> = self.download_stream(&path).await?;
        let mut block = BytesMut::with_capacity(BLOCK);
        loop {
            match stream.read_buf(&mut block).await {
                Ok(0) => break,
                Ok(_) => {
                    if let Err(error) = writer.write_all(&block).await {
                        let _ = stream.abort().await;
                        return Err(failed(error));
                    }
                }
                Err(error) => return Err(stream.fail(error).await),
            }
            block.clear();
        }
        if let Err(error) = writer.flush().await {
            let _ = stream.abort().await;
            return Err(failed(error));
        }
        let transferred = stream.finish().await?.transferred;
        check_size(size, transferred)?;
        Ok(transferred)
    }

    /// Uploads everything from a reader of any length (`STOR`, then `SIZE`), in place of an existing file. Returns the
    /// number of bytes.
    ///
    /// If the reader or the connection fails meanwhile, an incomplete file may remain under this name.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let mut report: &[u8] = b"city,sold";
    /// let bytes = client.upload_from_reader(&mut report, "report.csv").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses; [`Error::LocalStream`] if the reader fails;
    /// [`Error::UploadMismatch`] if the file on the server has another size afterwards; the errors of a transfer.
    pub async fn upload_from_reader<R>(&mut self, reader: &mut R, path: impl Into<RemotePath>) -> Result<u64>
    where
        R: AsyncRead + Unpin + ?Sized,
    {
        let path = path.into();
        let span = crate::trace::span!("write", self.host(), path = path);
        crate::trace::traced(span, Box::pin(self.copy_from(reader, path))).await
    }

    async fn copy_from<R>(&mut self, reader: &mut R, path: RemotePath) -> Result<u64>
    where
        R: AsyncRead + Unpin + ?Sized,
    {
        let mut stream: UploadStream<_> = self.upload_stream(&path).await?;
        let mut block = BytesMut::with_capacity(BLOCK);
        loop {
            match reader.read_buf(&mut block).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(source) => {
                    let _ = stream.abort().await;
                    return Err(Error::LocalStream { what: "reader", source });
                }
            }
            if let Err(error) = stream.write_all(&block).await {
                return Err(stream.fail(error).await);
            }
            block.clear();
        }
        let sent = stream.finish().await?.transferred;
        match self.size_if_reported(&path).await? {
            Some(stored) if stored != sent => {
                let source = Error::SizeMismatch { expected: sent, transferred: stored };
                Err(Error::UploadMismatch { path: path.to_string(), source: source.into() })
            }
            _ => Ok(sent),
        }
    }
}

fn check_size(size: Option<u64>, transferred: u64) -> Result<()> {
    match size {
        Some(expected) if expected != transferred => Err(Error::SizeMismatch { expected, transferred }),
        _ => Ok(()),
    }
}

/// Size of the blocks in which data are copied.
const BLOCK: usize = 256 * 1024;
