//! A transfer that runs, as its user sees it.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use oxftp_proto::{Encoding, Reply, dialog::Aborted};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{DataConnection, Masks};
use crate::{Client, Error, Result, keep_alive::KeepAlive};

/// A transfer that runs: reads what the server sends, or writes what it is to receive.
///
/// [`finish`](Self::finish) ends it and tells whether it is whole. It borrows the client, so no
/// command can come in between:
///
/// ```compile_fail
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let stream = client.download_stream("x").await?;
/// client.command("NOOP").expect("2xx").await?; // the stream still holds the client
/// # Ok(())
/// # }
/// ```
///
/// Dropping it unfinished breaks the transfer off: the connection of an upload is reset, so that
/// no server takes the half for the whole, and the client reads the owed reply before its next
/// command.
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

    /// Ends the transfer and awaits the server's final reply, any `2xx`.
    ///
    /// An upload is ended with the end of the stream (with TLS: `close_notify`). A download must
    /// have been read to its end.
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when the server says that the transfer failed;
    /// [`Error::Unfinished`] when a download was not read to its end; [`Error::Data`] when the
    /// data connection broke, also when TLS ended without `close_notify`; [`Error::Timeout`] when
    /// no reply came in time.
    pub async fn finish(self) -> Result<TransferSummary> {
        self.finish_expecting(&["2xx"], &["1xx"]).await
    }

    /// Ends the transfer as [`finish`](Self::finish) does, with other masks: waits past replies
    /// that match `waited_past`, then expects one of `expected`.
    ///
    /// # Errors
    ///
    /// Those of [`finish`](Self::finish).
    pub async fn finish_expecting(
        mut self,
        expected: &[&str],
        waited_past: &[&str],
    ) -> Result<TransferSummary> {
        self.client.finish_data(&mut self.data, Masks { expected, waited_past }).await
    }

    /// Breaks the transfer off and awaits what the server answers (`ABOR`; RFC 959, 4.1.3).
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] or [`Error::Closed`] when the server does not answer.
    pub async fn abort(mut self) -> Result<Aborted> {
        self.data.abort(self.client.control_mut()).await
    }

    /// Breaks the transfer off without awaiting an answer; the next command reads it.
    ///
    /// # Errors
    ///
    /// [`Error::Control`] when `ABOR` cannot be sent.
    pub async fn abort_without_waiting(mut self) -> Result<()> {
        let begun = self.client.control_mut().begin_abort().await;
        self.data.close();
        begun
    }

    /// Gives the number of bytes that went through so far.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.data.transferred()
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.client.encoding()
    }

    /// Ends the transfer after a failed read or write, and makes the error that tells most: the
    /// server's words where it says why.
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
            .field("direction", &self.data.direction)
            .field("transferred", &self.data.transferred)
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

/// How a transfer ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferSummary {
    /// The server's final reply.
    pub reply: Reply,
    /// Bytes that went through the data connection, before they were compressed.
    pub transferred: u64,
}
