//! Streams of data transfers: [`DownloadStream`] and [`UploadStream`] for whole transfers, [`RangeStream`] for a part of
//! a file, and [`DataStream`] for any command. Each holds the session that it runs on, borrowed or owned.

use oxftp_proto::{Code, Encoding, RemotePath, TransferType, dialog::Aborted};
use std::{
    fmt, io,
    ops::{Bound, RangeBounds},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{FollowUp, TransferCommand};
use crate::{
    Client, Error, Result,
    control::KeepAlive,
    data::{DataConnection, Masks, TransferSummary},
    stream::Direction,
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
    ) -> Result<RangeStream<&mut Self>> {
        RangeStream::open(self, &path.into(), ByteRange::new(&range), FollowUp::Nothing).await
    }

    /// Opens a file for reading (`RETR`; RFC 959, 4.1.3) from byte `offset` on (`REST`), and moves the client into
    /// the stream, so that the stream borrows nothing.
    ///
    /// [`finish_and_return`](DownloadStream::finish_and_return) returns the client. To keep it even if the file cannot
    /// be opened, use [`download_stream`](Self::download_stream) or a [`Pool`](crate::Pool).
    ///
    /// ```no_run
    /// use tokio::io::AsyncReadExt;
    ///
    /// # async fn example(client: oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = client.into_download_stream("readme.txt", 0).await?;
    /// let task = tokio::spawn(async move {
    ///     let mut text = String::new();
    ///     stream.read_to_string(&mut text).await?;
    ///     let (client, finished) = stream.finish_and_return().await;
    ///     finished.map(|_| (client, text)).map_err(std::io::Error::other)
    /// });
    /// let (client, text) = task.await??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path or the offset; those of opening a data connection. The
    /// connection is closed then.
    pub async fn into_download_stream(
        self,
        path: impl Into<RemotePath>,
        offset: u64,
    ) -> Result<DownloadStream<Self>> {
        DownloadStream::open(self, &path.into(), offset).await
    }

    /// Opens a file for writing (`STOR`; RFC 959, 4.1.3), and moves the client into the stream, so that the stream
    /// borrows nothing. An existing file is overwritten.
    ///
    /// [`finish_and_return`](UploadStream::finish_and_return) returns the client.
    ///
    /// ```no_run
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # async fn example(client: oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = client.into_upload_stream("notes.txt").await?;
    /// stream.write_all(b"first line").await?;
    /// let (client, finished) = stream.finish_and_return().await;
    /// finished?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path; those of opening a data connection. The connection is
    /// closed then.
    pub async fn into_upload_stream(self, path: impl Into<RemotePath>) -> Result<UploadStream<Self>> {
        UploadStream::open(self, &path.into()).await
    }

    /// Opens a data connection that reads a file from `start`. The transfer may be aborted later.
    pub(crate) async fn open_from(
        &mut self,
        path: &RemotePath,
        start: u64,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let retr = TransferCommand::path("RETR", path);
        self.open_data(retr, TransferType::Image, start, follow_up).await
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

/// A running transfer of any command; returned by [`Client::data_command`]. Reads the data that the server sends, or
/// writes the data that it receives.
///
/// `S` is the session: `&mut Client`, [`Client`], or [`PooledClient`](crate::PooledClient). While a stream borrows the
/// client, no command can be sent:
///
/// ```compile_fail
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let stream = client.download_stream("x").await?;
/// client.command("NOOP").expect("2xx").await?; // the stream still holds the client
/// # Ok(())
/// # }
/// ```
///
/// Reading a transfer that sends data, or writing one that receives data, fails at once with
/// [`io::ErrorKind::Unsupported`].
///
/// Dropping it before it is finished aborts the transfer: the connection of an upload is reset, so that no
/// server takes the partial file for a complete one, and the client reads the outstanding reply before its
/// next command.
#[must_use = "a transfer is complete only after `finish`"]
pub struct DataStream<S: AsMut<Client>> {
    /// `None` only while the stream is taken apart.
    session: Option<S>,
    data: DataConnection,
    keep_alive: KeepAlive,
}

impl<S: AsMut<Client>> DataStream<S> {
    pub(crate) fn new(mut session: S, data: DataConnection) -> Self {
        let keep_alive = session.as_mut().keep_alive();
        Self { session: Some(session), data, keep_alive }
    }

    /// Completes the transfer and waits for the server's final reply, any `2xx`.
    ///
    /// The stream of an upload is closed first (with TLS: `close_notify`). A download must have been read
    /// to its end; otherwise it is aborted (`ABOR`). Sizes are not compared: fewer bytes and a `226` are a success.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut data = client.data_command("NLST").await?;
    /// let mut names = String::new();
    /// data.read_to_string(&mut names).await?;
    /// data.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server reports that the transfer failed; [`Error::Unfinished`] if a
    /// download was not read to its end, whatever the server replies; [`Error::Data`] if the data connection failed, or
    /// TLS ended without `close_notify`; [`Error::Timeout`] if no reply arrives in time.
    pub async fn finish(mut self) -> Result<TransferSummary> {
        self.finish_with(Masks::default()).await
    }

    /// Completes the transfer as [`finish`](Self::finish) does, and also returns the session.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut data = client.data_command("NLST").await?;
    /// let mut names = String::new();
    /// data.read_to_string(&mut names).await?;
    /// let (client, summary) = data.finish_and_return().await;
    /// summary?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn finish_and_return(mut self) -> (S, Result<TransferSummary>) {
        let finished = self.finish_with(Masks::default()).await;
        (self.into_session(), finished)
    }

    /// Completes the transfer as [`finish`](Self::finish) does, with other masks: skips replies that match
    /// `waited_past`, then expects one of `expected`.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut data = client.data_command("NLST").await?;
    /// let mut names = String::new();
    /// data.read_to_string(&mut names).await?;
    /// data.finish_expecting(&["226", "250"], &["1xx"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`finish`](Self::finish); [`Error::InvalidMask`] if a mask is none: the transfer is aborted then.
    pub async fn finish_expecting(
        mut self,
        expected: &[&str],
        waited_past: &[&str],
    ) -> Result<TransferSummary> {
        expected.iter().chain(waited_past).try_for_each(|mask| Code::check_mask(mask))?;
        self.finish_with(Masks { expected, waited_past }).await
    }

    /// Aborts the transfer and waits for the replies (`ABOR`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let data = client.data_command("NLST").await?;
    /// data.abort().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] or [`Error::Closed`] if the server does not reply.
    pub async fn abort(mut self) -> Result<Aborted> {
        let (client, data) = self.parts();
        data.abort(client.control_mut()).await
    }

    /// Aborts the transfer without waiting for a reply. The next command reads it.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let data = client.data_command("NLST").await?;
    /// data.abort_without_waiting().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Control`] if `ABOR` cannot be sent.
    pub async fn abort_without_waiting(mut self) -> Result<()> {
        let (client, data) = self.parts();
        let begun = client.control_mut().begin_abort().await;
        data.close();
        begun
    }

    /// Returns the number of bytes transferred so far.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut data = client.data_command("NLST").await?;
    /// let mut names = String::new();
    /// data.read_to_string(&mut names).await?;
    /// println!("{} bytes", data.transferred());
    /// data.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.data.transferred()
    }

    /// Ends the transfer after a failed read or write, and returns the most specific error: the server's
    /// reply, if it explains the failure.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut data = client.data_command("NLST").await?;
    /// if let Err(error) = data.read_to_end(&mut Vec::new()).await {
    ///     return Err(data.fail(error).await.into());
    /// }
    /// data.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fail(mut self, source: io::Error) -> Error {
        let (client, data) = self.parts();
        let deadline = client.completion_deadline();
        data.fail(client.control_mut(), source, deadline).await
    }

    /// Ends the transfer where it is, and returns the session. The data connection is closed; the next command reads
    /// the outstanding reply.
    fn into_session(mut self) -> S {
        self.data.close();
        self.session.take().expect("the session is present until the stream is taken apart")
    }

    pub(crate) fn encoding(&mut self) -> Encoding {
        self.parts().0.encoding()
    }

    async fn finish_with(&mut self, masks: Masks<'_>) -> Result<TransferSummary> {
        let (client, data) = self.parts();
        client.finish_data(data, masks).await
    }

    fn parts(&mut self) -> (&mut Client, &mut DataConnection) {
        let session = self.session.as_mut().expect("the session is present until the stream is taken apart");
        (session.as_mut(), &mut self.data)
    }

    fn poll_keep_alive(&mut self, cx: &mut Context<'_>) {
        let Self { session: Some(session), keep_alive, .. } = self else { return };
        keep_alive.poll(session.as_mut().control_mut(), cx);
    }

    /// Fails unless the data go in this direction.
    fn check(&self, direction: Direction) -> io::Result<()> {
        let message = match direction {
            _ if self.data.direction() == direction => return Ok(()),
            Direction::Down => "an upload cannot be read",
            Direction::Up => "a download cannot be written",
        };
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }
}

impl<S: AsMut<Client>> Drop for DataStream<S> {
    fn drop(&mut self) {
        self.data.close();
    }
}

impl<S: AsMut<Client>> fmt::Debug for DataStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataStream")
            .field("direction", &self.data.direction())
            .field("transferred", &self.data.transferred())
            .finish_non_exhaustive()
    }
}

impl<S: AsMut<Client> + Unpin> AsyncRead for DataStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(Direction::Down)?;
        self.poll_keep_alive(cx);
        Pin::new(&mut self.data).poll_read(cx, buf)
    }
}

impl<S: AsMut<Client> + Unpin> AsyncWrite for DataStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(Direction::Up)?;
        self.poll_keep_alive(cx);
        Pin::new(&mut self.data).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.data).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.data).poll_shutdown(cx)
    }
}

/// Defines a stream of one direction around a [`DataStream`].
macro_rules! directed_stream {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[must_use = "a transfer is complete only after `finish`"]
        #[derive(Debug)]
        pub struct $name<S: AsMut<Client>> {
            stream: DataStream<S>,
        }

        impl<S: AsMut<Client>> $name<S> {
            /// Completes the transfer as [`DataStream::finish`] does.
            ///
            /// ```no_run
            /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
            /// use tokio::io::AsyncWriteExt;
            ///
            /// let mut file = pool.open_write("a.txt").await?;
            /// file.write_all(b"text").await?;
            /// println!("{}", file.finish().await?.reply);
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// The errors of [`DataStream::finish`].
            pub async fn finish(self) -> Result<TransferSummary> {
                self.stream.finish().await
            }

            /// Completes the transfer as [`finish`](Self::finish) does, and also returns the session, even after an
            /// error.
            ///
            /// ```no_run
            /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
            /// use tokio::io::AsyncWriteExt;
            ///
            /// let mut file = pool.open_write("a.txt").await?;
            /// file.write_all(b"text").await?;
            /// let (mut session, summary) = file.finish_and_return().await;
            /// summary?;
            /// session.rename("a.txt", "b.txt").await?;
            /// # Ok(())
            /// # }
            /// ```
            pub async fn finish_and_return(self) -> (S, Result<TransferSummary>) {
                self.stream.finish_and_return().await
            }

            /// Completes the transfer with other masks, as [`DataStream::finish_expecting`] does.
            ///
            /// ```no_run
            /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
            /// use tokio::io::AsyncWriteExt;
            ///
            /// let mut file = pool.open_write("a.txt").await?;
            /// file.write_all(b"text").await?;
            /// file.finish_expecting(&["226", "250"], &["1xx"]).await?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// The errors of [`DataStream::finish`].
            pub async fn finish_expecting(
                self,
                expected: &[&str],
                waited_past: &[&str],
            ) -> Result<TransferSummary> {
                self.stream.finish_expecting(expected, waited_past).await
            }

            /// Aborts the transfer and waits for the replies (`ABOR`; RFC 959, 4.1.3).
            ///
            /// ```no_run
            /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
            /// use tokio::io::AsyncWriteExt;
            ///
            /// let mut file = pool.open_write("a.txt").await?;
            /// file.write_all(b"te").await?;
            /// file.abort().await?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// The errors of [`DataStream::abort`].
            pub async fn abort(self) -> Result<Aborted> {
                self.stream.abort().await
            }

            /// Aborts the transfer without waiting for a reply. The next command reads it.
            ///
            /// ```no_run
            /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
            /// use tokio::io::AsyncWriteExt;
            ///
            /// let mut file = pool.open_write("a.txt").await?;
            /// file.write_all(b"te").await?;
            /// file.abort_without_waiting().await?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Control`] if `ABOR` cannot be sent.
            pub async fn abort_without_waiting(self) -> Result<()> {
                self.stream.abort_without_waiting().await
            }

            /// Returns the number of bytes transferred so far.
            ///
            /// ```no_run
            /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
            /// use tokio::io::AsyncWriteExt;
            ///
            /// let mut file = pool.open_write("a.txt").await?;
            /// file.write_all(b"text").await?;
            /// assert_eq!(file.transferred(), 4);
            /// file.finish().await?;
            /// # Ok(())
            /// # }
            /// ```
            #[must_use]
            pub fn transferred(&self) -> u64 {
                self.stream.transferred()
            }

            /// Ends the transfer after a failed read or write, and returns the most specific error: the server's
            /// reply, if it explains the failure.
            ///
            /// ```no_run
            /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
            /// use tokio::io::AsyncWriteExt;
            ///
            /// let mut file = pool.open_write("a.txt").await?;
            /// if let Err(error) = file.write_all(b"text").await {
            ///     return Err(file.fail(error).await.into());
            /// }
            /// file.finish().await?;
            /// # Ok(())
            /// # }
            /// ```
            pub async fn fail(self, source: io::Error) -> Error {
                self.stream.fail(source).await
            }
        }

        impl<S: AsMut<Client>> From<DataStream<S>> for $name<S> {
            fn from(stream: DataStream<S>) -> Self {
                Self { stream }
            }
        }
    };
}

directed_stream! {
    /// The data of a running download; returned by [`Client::download_stream`], [`Client::into_download_stream`] and
    /// [`Pool::open_read`](crate::Pool::open_read).
    ///
    /// [`finish`](Self::finish) completes it and returns an error if it is incomplete. `S` is the session that it runs
    /// on: borrowed (`&mut Client`) or owned ([`Client`], [`PooledClient`](crate::PooledClient)). A stream that owns
    /// its session is `'static`, and returns the session when it is finished or dropped.
    ///
    /// Dropping it before it is finished aborts the transfer, as with [`DataStream`].
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
    DownloadStream
}

directed_stream! {
    /// The data of a running upload; returned by [`Client::upload_stream`], [`Client::append_stream`],
    /// [`Client::into_upload_stream`] and [`Pool::open_write`](crate::Pool::open_write).
    ///
    /// [`finish`](Self::finish) completes it. Dropping it before that aborts the upload: the data connection is reset,
    /// so that no server takes the partial file for a complete one. `S` is the session that it runs on, as for
    /// [`DownloadStream`].
    ///
    /// ```no_run
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = client.upload_stream("notes.txt").await?;
    /// stream.write_all(b"first line").await?;
    /// stream.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    UploadStream
}

impl<S: AsMut<Client>> DownloadStream<S> {
    pub(crate) async fn open(mut session: S, path: &RemotePath, offset: u64) -> Result<Self> {
        let data = session.as_mut().open_from(path, offset, FollowUp::Nothing).await?;
        Ok(DataStream::new(session, data).into())
    }

    /// Sets the known number of bytes.
    pub(crate) fn expect_size(&mut self, size: Option<u64>) {
        self.stream.data.expect_size(size);
    }
}

impl<S: AsMut<Client>> UploadStream<S> {
    pub(crate) async fn open(session: S, path: &RemotePath) -> Result<Self> {
        Self::open_with(session, TransferCommand::path("STOR", path)).await
    }

    pub(crate) async fn open_append(session: S, path: &RemotePath) -> Result<Self> {
        Self::open_with(session, TransferCommand::path("APPE", path)).await
    }

    async fn open_with(mut session: S, command: TransferCommand) -> Result<Self> {
        let client = session.as_mut();
        let data = client.open_data(command, TransferType::Image, 0, FollowUp::Nothing).await?;
        Ok(DataStream::new(session, data).into())
    }
}

impl<S: AsMut<Client> + Unpin> AsyncRead for DownloadStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsMut<Client> + Unpin> AsyncWrite for UploadStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A part of a file; returned by [`Client::download_range`] and [`Pool::open_range`](crate::Pool::open_range).
///
/// It ends after the last byte of the part. Dropping it before it is finished aborts the transfer, as with
/// [`DataStream`].
#[must_use = "a transfer is complete only after `finish`"]
#[derive(Debug)]
pub struct RangeStream<S: AsMut<Client>> {
    stream: DataStream<S>,
    /// The length of the part; `None` extends to the end of the file.
    wanted: Option<u64>,
    follow_up: FollowUp,
}

impl<S: AsMut<Client>> RangeStream<S> {
    pub(crate) async fn open(
        mut session: S,
        path: &RemotePath,
        range: ByteRange,
        follow_up: FollowUp,
    ) -> Result<Self> {
        let data = session.as_mut().open_from(path, range.start, follow_up).await?;
        let stream = DataStream::new(session, data);
        Ok(Self { stream, wanted: range.end.map(|end| end.saturating_sub(range.start)), follow_up })
    }

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
    /// The errors of [`DataStream::finish`]; [`Error::Unfinished`] if the part was not read to its end. No error
    /// is returned if the part is complete, but the server does not reply to `ABOR`; the client is
    /// [broken](Client::is_broken) then.
    pub async fn finish(mut self) -> Result<u64> {
        let received = self.stream.transferred();
        if self.missing() == Some(0) {
            let (client, data) = self.stream.parts();
            if let Err(error) = client.end_part(data, self.follow_up).await {
                crate::trace::warn!("failed to abort the transfer after a part of a file: {error}");
            }
            return Ok(received);
        }
        self.stream.finish().await.map(|summary| summary.transferred)
    }

    /// Ends the transfer where it is, without waiting for replies. The next command reads them.
    pub(crate) async fn suspend(mut self) {
        let (client, data) = self.stream.parts();
        if let Err(error) = client.end_part(data, FollowUp::Transfer).await {
            crate::trace::debug!("failed to end a suspended transfer: {error}");
        }
    }

    /// Ends the transfer after a failed read, and returns the most specific error (see
    /// [`DataStream::fail`]).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut part = client.download_range("image.iso", 0..512).await?;
    /// if let Err(error) = part.read_to_end(&mut Vec::new()).await {
    ///     return Err(part.fail(error).await.into());
    /// }
    /// part.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fail(self, source: io::Error) -> Error {
        self.stream.fail(source).await
    }

    /// Returns the number of bytes received so far.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut part = client.download_range("image.iso", 0..512).await?;
    /// part.read_to_end(&mut Vec::new()).await?;
    /// println!("{} bytes", part.transferred());
    /// part.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.stream.transferred()
    }

    fn missing(&self) -> Option<u64> {
        self.wanted.map(|wanted| wanted.saturating_sub(self.stream.transferred()))
    }
}

impl<S: AsMut<Client> + Unpin> AsyncRead for RangeStream<S> {
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

impl AsMut<Self> for Client {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}
