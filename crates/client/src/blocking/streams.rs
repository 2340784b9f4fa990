//! Streams of one transfer.

use std::io::{self, BufRead, Read, Write};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::runtime::{Entered, block_on, block_on_io};
use crate::{Aborted, Client as AsyncClient, Error, Result, TransferSummary};

/// The data of a running download, as [`Read`] and [`BufRead`]; see [`crate::DownloadStream`].
///
/// A transfer is complete only after [`finish`](Self::finish). Dropping it earlier aborts the transfer.
///
/// ```no_run
/// use std::io::Read;
///
/// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = client.open_read("readme.txt")?;
/// let mut text = String::new();
/// stream.read_to_string(&mut text)?;
/// stream.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a transfer is complete only after `finish`"]
pub struct DownloadStream<S: AsMut<AsyncClient> + Unpin> {
    inner: Entered<BufReader<crate::DownloadStream<S>>>,
}

impl<S: AsMut<AsyncClient> + Unpin> DownloadStream<S> {
    pub(super) fn new(stream: crate::DownloadStream<S>) -> Self {
        Self { inner: Entered::new(BufReader::with_capacity(BUFFER_SIZE, stream)) }
    }

    /// Completes the transfer and returns the server's final reply.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = client.open_read("a.txt")?;
    /// std::io::copy(&mut file, &mut std::io::sink())?;
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::DownloadStream::finish`].
    pub fn finish(self) -> Result<TransferSummary> {
        let stream = self.inner.into_inner().into_inner();
        block_on(stream.finish())
    }

    /// Aborts the transfer and waits for the replies (`ABOR`).
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = client.open_read("a.txt")?;
    /// std::io::Read::read(&mut file, &mut [0; 10])?;
    /// file.abort()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::DownloadStream::abort`].
    pub fn abort(self) -> Result<Aborted> {
        let stream = self.inner.into_inner().into_inner();
        block_on(stream.abort())
    }

    /// Ends the transfer after a failed read, and returns the most specific error: the server's reply, if it explains
    /// the failure.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = client.open_read("a.txt")?;
    /// if let Err(error) = std::io::copy(&mut file, &mut std::io::sink()) {
    ///     return Err(file.fail(error).into());
    /// }
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn fail(self, source: io::Error) -> Error {
        let stream = self.inner.into_inner().into_inner();
        let failed = block_on(async { Ok(stream.fail(source).await) });
        failed.unwrap_or_else(|error| error)
    }

    /// Returns the number of bytes received so far.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = client.open_read("a.txt")?;
    /// std::io::copy(&mut file, &mut std::io::sink())?;
    /// println!("{} bytes", file.transferred());
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.inner.get_ref().transferred()
    }
}

impl<S: AsMut<AsyncClient> + Unpin> Read for DownloadStream<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let read = available.len().min(buf.len());
        buf[..read].copy_from_slice(&available[..read]);
        self.consume(read);
        Ok(read)
    }
}

impl<S: AsMut<AsyncClient> + Unpin> BufRead for DownloadStream<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.inner.buffer().is_empty() {
            block_on_io(async { self.inner.fill_buf().await.map(drop) })?;
        }
        Ok(self.inner.buffer())
    }

    fn consume(&mut self, bytes: usize) {
        self.inner.consume(bytes);
    }
}

/// The data of a running upload, as [`Write`]; see [`crate::UploadStream`].
///
/// The file is complete only after [`finish`](Self::finish). Dropping it earlier aborts the transfer.
///
/// ```no_run
/// use std::io::Write;
///
/// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = client.open_write("log.txt")?;
/// writeln!(stream, "started")?;
/// stream.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a transfer is complete only after `finish`"]
pub struct UploadStream<S: AsMut<AsyncClient> + Unpin> {
    inner: Entered<crate::UploadStream<S>>,
}

impl<S: AsMut<AsyncClient> + Unpin> UploadStream<S> {
    pub(super) fn new(stream: crate::UploadStream<S>) -> Self {
        Self { inner: Entered::new(stream) }
    }

    /// Completes the transfer and returns the server's final reply.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// let mut file = client.open_write("a.txt")?;
    /// file.write_all(b"text")?;
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::UploadStream::finish`].
    pub fn finish(self) -> Result<TransferSummary> {
        block_on(self.inner.into_inner().finish())
    }

    /// Aborts the transfer and waits for the replies (`ABOR`).
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// let mut file = client.open_write("a.txt")?;
    /// file.write_all(b"te")?;
    /// file.abort()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`crate::UploadStream::abort`].
    pub fn abort(self) -> Result<Aborted> {
        block_on(self.inner.into_inner().abort())
    }

    /// Ends the transfer after a failed write, and returns the most specific error: the server's reply, if it explains
    /// the failure.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// let mut file = client.open_write("a.txt")?;
    /// if let Err(error) = file.write_all(b"text") {
    ///     return Err(file.fail(error).into());
    /// }
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn fail(self, source: io::Error) -> Error {
        let failed = block_on(async { Ok(self.inner.into_inner().fail(source).await) });
        failed.unwrap_or_else(|error| error)
    }

    /// Returns the number of bytes sent so far.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    ///
    /// let mut file = client.open_write("a.txt")?;
    /// file.write_all(b"text")?;
    /// assert_eq!(file.transferred(), 4);
    /// file.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.inner.transferred()
    }
}

impl<S: AsMut<AsyncClient> + Unpin> Write for UploadStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        block_on_io(self.inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        block_on_io(self.inner.flush())
    }
}

const BUFFER_SIZE: usize = 64 * 1024;
