//! Streams of data transfers: [`DataStream`] for a whole transfer, [`RangeStream`] for a part of a file.

use oxftp_proto::{Code, Command, Encoding, RemotePath, TransferType, dialog::Aborted};
use std::{
    fmt, io,
    ops::{Bound, RangeBounds},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::FollowUp;
use crate::{
    Client, Error, Result,
    control::KeepAlive,
    data::{DataConnection, Masks, TransferSummary},
};

impl Client {
    /// Opens a part of a file for reading (`REST`, `RETR`; RFC 3659, 5). [`finish`](RangeStream::finish)
    /// aborts the transfer after the part (`ABOR`).
    ///
    /// ```no_run
    /// use tokio::io::AsyncReadExt;
    ///
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut part = client.download_range("disk.img", 512..1024).await?;
    /// let mut sector = Vec::new();
    /// part.read_to_end(&mut sector).await?;
    /// part.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A part that extends beyond the end of the file ends with the file. Besides the part, only the data
    /// that the server sends before it receives `ABOR` are transferred.
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path or the offset. Some servers refuse an offset
    /// beyond the end of the file, others send no data.
    pub async fn download_range(
        &mut self,
        path: impl Into<RemotePath>,
        range: impl RangeBounds<u64>,
    ) -> Result<RangeStream<'_>> {
        self.open_range(&path.into(), ByteRange::new(&range)).await
    }

    pub(crate) async fn open_range(
        &mut self,
        path: &RemotePath,
        range: ByteRange,
    ) -> Result<RangeStream<'_>> {
        let data = self.open_from(path, range.start).await?;
        let stream = DataStream::new(self, data);
        Ok(RangeStream { stream, wanted: range.end.map(|end| end.saturating_sub(range.start)) })
    }

    /// Opens a data connection that reads a file from `start`. The transfer may be aborted later.
    pub(crate) async fn open_from(&mut self, path: &RemotePath, start: u64) -> Result<DataConnection> {
        let retr = Command::with_path("RETR", path, self.config.encoding)?;
        let data = self.open_data(retr, TransferType::Image, start, FollowUp::Nothing).await?;
        Ok(data)
    }
}

/// Bytes of a file from `start` on, up to the one before `end`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByteRange {
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
}

impl ByteRange {
    pub(crate) fn new(range: &impl RangeBounds<u64>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.checked_add(1),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => None,
        };
        Self { start, end }
    }
}

/// A running transfer: reads the data that the server sends, or writes the data of an upload.
///
/// [`finish`](Self::finish) completes it and returns an error if it is incomplete. The stream borrows the
/// client, so no command can be sent in between:
///
/// ```compile_fail
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let stream = client.download_stream("x").await?;
/// client.command("NOOP").expect("2xx").await?; // the stream still holds the client
/// # Ok(())
/// # }
/// ```
///
/// Dropping it before it is finished aborts the transfer: the connection of an upload is reset, so that no
/// server takes the partial file for a complete one, and the client reads the outstanding reply before its
/// next command.
///
/// ```no_run
/// use tokio::io::AsyncReadExt;
///
/// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = client.download_stream("readme.txt").await?;
/// let mut text = String::new();
/// stream.read_to_string(&mut text).await?;
/// stream.finish().await?;
/// # Ok(())
/// # }
/// ```
pub struct DataStream<'c> {
    client: &'c mut Client,
    data: DataConnection,
    keep_alive: KeepAlive,
}

impl<'c> DataStream<'c> {
    pub(crate) fn new(client: &'c mut Client, data: DataConnection) -> Self {
        let keep_alive = client.keep_alive();
        Self { client, data, keep_alive }
    }

    /// Completes the transfer and waits for the server's final reply, any `2xx`.
    ///
    /// The stream of an upload is closed first (with TLS: `close_notify`). A download must have been read
    /// to its end; otherwise it is aborted (`ABOR`). The size of the file is not compared: fewer bytes and a `226` are a
    /// success.
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server reports that the transfer failed; [`Error::Unfinished`] if a
    /// download was not read to its end, whatever the server replies; [`Error::Data`] if the data connection failed, or
    /// TLS ended without `close_notify`; [`Error::Timeout`] if no reply arrives in time.
    pub async fn finish(self) -> Result<TransferSummary> {
        self.finish_expecting(&["2xx"], &["1xx"]).await
    }

    /// Completes the transfer as [`finish`](Self::finish) does, with other masks: skips replies that match
    /// `waited_past`, then expects one of `expected`.
    ///
    /// # Errors
    ///
    /// Those of [`finish`](Self::finish); [`Error::InvalidMask`] if a mask is none: the transfer is aborted then.
    pub async fn finish_expecting(
        mut self,
        expected: &[&str],
        waited_past: &[&str],
    ) -> Result<TransferSummary> {
        expected.iter().chain(waited_past).try_for_each(|mask| Code::check_mask(mask))?;
        self.client.finish_data(&mut self.data, Masks { expected, waited_past }).await
    }

    /// Aborts the transfer and waits for the replies (`ABOR`; RFC 959, 4.1.3).
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] or [`Error::Closed`] if the server does not reply.
    pub async fn abort(mut self) -> Result<Aborted> {
        self.data.abort(self.client.control_mut()).await
    }

    /// Aborts the transfer without waiting for a reply. The next command reads it.
    ///
    /// # Errors
    ///
    /// [`Error::Control`] if `ABOR` cannot be sent.
    pub async fn abort_without_waiting(mut self) -> Result<()> {
        let begun = self.client.control_mut().begin_abort().await;
        self.data.close();
        begun
    }

    /// Returns the number of bytes transferred so far.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.data.transferred()
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.client.encoding()
    }

    /// Ends the transfer after a failed read or write, and returns the most specific error: the server's
    /// reply, if it explains the failure.
    pub async fn fail(mut self, source: io::Error) -> Error {
        let deadline = self.client.completion_deadline();
        self.data.fail(self.client.control_mut(), source, deadline).await
    }
}

impl Drop for DataStream<'_> {
    fn drop(&mut self) {
        self.data.close();
    }
}

impl fmt::Debug for DataStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataStream")
            .field("direction", &self.data.direction())
            .field("transferred", &self.data.transferred())
            .finish_non_exhaustive()
    }
}

impl AsyncRead for DataStream<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.keep_alive.poll(this.client.control_mut(), cx);
        Pin::new(&mut this.data).poll_read(cx, buf)
    }
}

impl AsyncWrite for DataStream<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.keep_alive.poll(this.client.control_mut(), cx);
        Pin::new(&mut this.data).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.data).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.data).poll_shutdown(cx)
    }
}

/// A part of a file; returned by [`Client::download_range`].
///
/// It ends after the last byte of the part. Dropping it before it is finished aborts the transfer, as with
/// [`DataStream`].
pub struct RangeStream<'c> {
    stream: DataStream<'c>,
    /// The length of the part; `None` extends to the end of the file.
    wanted: Option<u64>,
}

impl RangeStream<'_> {
    /// Ends the transfer, by `ABOR` if more data follow the part. Returns the number of bytes received,
    /// which is smaller than the part if the file ends within it.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut part = client.download_range("image.iso", 0..512).await?;
    /// let mut sector = Vec::new();
    /// part.read_to_end(&mut sector).await?;
    /// assert_eq!(part.finish().await?, 512);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`DataStream::finish`]; [`Error::Unfinished`] if the part was not read to its end. No error
    /// is returned if the part is complete, but the server does not reply to `ABOR`; the client is
    /// [broken](Client::is_broken) then.
    pub async fn finish(self) -> Result<u64> {
        let received = self.stream.transferred();
        if self.missing() == Some(0) {
            if let Err(error) = self.stream.abort().await {
                tracing::warn!("failed to abort the transfer after a part of a file: {error}");
            }
            return Ok(received);
        }
        self.stream.finish().await.map(|summary| summary.transferred)
    }

    /// Ends the transfer after a failed read, and returns the most specific error (see
    /// [`DataStream::fail`]).
    pub async fn fail(self, source: io::Error) -> Error {
        self.stream.fail(source).await
    }

    /// Returns the number of bytes received so far.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.stream.transferred()
    }

    fn missing(&self) -> Option<u64> {
        self.wanted.map(|wanted| wanted.saturating_sub(self.stream.transferred()))
    }
}

impl AsyncRead for RangeStream<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        let most =
            self.missing().map_or(room, |missing| usize::try_from(missing).map_or(room, |it| it.min(room)));
        if most == room {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        if most == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for RangeStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeStream").field("stream", &self.stream).field("wanted", &self.wanted).finish()
    }
}
