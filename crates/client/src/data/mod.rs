//! Data connection of one transfer.
//!
//! [`DataConnection`] reads, writes and counts the bytes. [`DataStream`](crate::DataStream) also borrows
//! the client, so that no command can be sent during the transfer.

mod buffered_socket;
#[cfg(feature = "compression")]
mod compression;
#[cfg(not(feature = "compression"))]
#[path = "no_compression.rs"]
mod compression;
mod limit;
mod splice;

pub(crate) use self::buffered_socket::BufferedSocket;
pub(crate) use self::limit::Limit;
pub(crate) use self::splice::{CopySide, SpliceOutcome};

use std::{
    fmt, io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use oxftp_proto::{
    Reply,
    dialog::{Aborted, Completion, MdtmReply, Started},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::Sleep,
};

use self::compression::Compression;
use crate::{
    Error, Result,
    control::ControlChannel,
    deadline::Deadline,
    stream::{Direction, Stream},
};

/// An open data connection with its byte count.
pub(crate) struct DataConnection {
    /// `None` once it is closed.
    stream: Option<Stream>,
    direction: Direction,
    /// The preliminary reply of the transfer.
    preliminary: Option<Reply>,
    /// The final reply, if it arrived without a preliminary one.
    early: Option<Reply>,
    at_end: bool,
    /// The error of a failed read. A socket reports it once, and then seems to be at its end.
    broken: Option<io::ErrorKind>,
    transferred: u64,
    /// The number of bytes that a download should have.
    expected: Option<u64>,
    /// The reply to `MDTM` that arrived while the connection was being opened.
    mdtm_reply: Option<MdtmReply>,
    /// The replies to queries about the file that were sent after the data.
    answers: Vec<Reply>,
    compression: Option<Compression>,
    limit: Limit,
    /// The time at which a listing without data ends, after its final reply has arrived.
    grace: Option<Pin<Box<Sleep>>>,
    /// The grace has passed, and the server has neither sent data nor closed its side.
    is_without_data: bool,
    /// The time until which the server should close its side after the last expected byte.
    end_due: Option<Pin<Box<Sleep>>>,
    /// `true` if the server had closed its side before the first byte of an upload.
    closed_before_upload: bool,
}

impl DataConnection {
    /// Creates a connection. `started` is the first reply to the transfer command, if one has arrived.
    pub(crate) fn new(stream: Stream, direction: Direction, started: Option<Started>) -> Self {
        let (preliminary, early) = match started {
            Some(Started::Preliminary(reply)) => (Some(reply), None),
            Some(Started::Final(reply)) => (None, Some(reply)),
            None => (None, None),
        };
        Self {
            stream: Some(stream),
            direction,
            preliminary,
            early,
            at_end: false,
            broken: None,
            transferred: 0,
            expected: None,
            mdtm_reply: None,
            answers: Vec::new(),
            compression: None,
            limit: Limit::default(),
            grace: None,
            is_without_data: false,
            end_due: None,
            closed_before_upload: false,
        }
    }

    /// Records whether the server has already closed its side of an upload. Seen on pyftpdlib: if many sessions use the
    /// server, it takes an event of an earlier socket for one of the data connection, closes it, and waits for another
    /// one forever.
    pub(crate) async fn check_upload(&mut self) {
        // With TLS, the handshake has shown that the server uses the connection. Pure-FTPd sometimes hangs after an
        // aborted upload whose session tickets were read before its data.
        let is_asked = |stream: &&mut Stream| self.direction == Direction::Up && !stream.is_encrypted();
        if let Some(stream) = self.stream.as_mut().filter(is_asked) {
            self.closed_before_upload = stream.is_closed_by_peer().await;
        }
    }

    /// Marks the data as a listing. If its final reply has arrived and no data follow, it ends as an empty listing:
    /// some servers open no data connection for an empty directory.
    pub(crate) fn listing(mut self) -> Self {
        let is_complete = self.early.as_ref().is_some_and(|reply| reply.code().is_success());
        self.grace = is_complete.then(|| Box::pin(tokio::time::sleep(EMPTY_LISTING_PATIENCE)));
        self
    }

    /// Sets the reply to `MDTM` that arrived while the connection was being opened.
    pub(crate) fn with_mdtm_reply(self, mdtm_reply: Option<MdtmReply>) -> Self {
        Self { mdtm_reply, ..self }
    }

    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns the preliminary reply, unless the transfer began with the final one or without any.
    pub(crate) fn preliminary(&self) -> Option<&Reply> {
        self.preliminary.as_ref()
    }

    /// Returns the reply to `MDTM` that was sent along with a download, if it was sent.
    pub(crate) fn mdtm_reply(&self) -> Option<MdtmReply> {
        let after_data = || self.answers.first().filter(|_| self.direction == Direction::Down);
        self.mdtm_reply.or_else(|| after_data().map(MdtmReply::read))
    }

    /// Returns the replies to queries about the file that were sent after the data, and forgets them.
    pub(crate) fn take_answers(&mut self) -> Vec<Reply> {
        std::mem::take(&mut self.answers)
    }

    /// Enables compression. `most` limits the number of inflated bytes.
    pub(crate) fn compressed(self, most: u64) -> Self {
        Self { compression: Compression::new(self.direction, most), ..self }
    }

    /// Returns whether the bytes are compressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.compression.is_some()
    }

    /// Sets the known number of bytes of a download. It limits the number of inflated bytes, and shortens the wait
    /// for the final reply of a download that ends early.
    pub(crate) fn expect_size(&mut self, size: Option<u64>) {
        self.expected = size;
        if let (Some(compression), Some(size)) = (&mut self.compression, size) {
            compression.expect_at_most(size);
        }
    }

    /// Returns whether a listing ended without data, and without the end of its data connection.
    pub(crate) fn is_without_data(&self) -> bool {
        self.is_without_data
    }

    /// Returns the number of bytes transferred.
    pub(crate) fn transferred(&self) -> u64 {
        self.transferred
    }

    /// Sets the limit at which reading ends.
    pub(crate) fn limit_to(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// Returns whether all data of the server were read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Closes the data connection as its direction requires, and waits for the final reply.
    ///
    /// The future may be dropped, and `finish` called again.
    pub(crate) async fn finish(
        &mut self,
        control: &mut ControlChannel,
        masks: Masks<'_>,
        deadline: Option<Duration>,
    ) -> Result<TransferSummary> {
        let ended = self.end().await;
        if matches!(ended, Err(EndError::Unfinished)) {
            return Err(self.end_early(control).await);
        }
        if ended.is_ok() {
            // If the connection fails here, waiting for the final reply returns the error.
            let _ = control.send_pipelined().await;
        }
        let completed = match &ended {
            Ok(()) if self.closed_before_upload => self.complete_closed(control, masks, deadline).await,
            Ok(()) if self.is_truncated() => {
                let completed = self.complete(control, masks, failure_deadline(deadline)).await;
                match completed {
                    Err(Error::Timeout { .. }) => {
                        control.close();
                        Err(Error::Data { reply: None, source: io::ErrorKind::UnexpectedEof.into() })
                    }
                    completed => completed,
                }
            }
            Ok(()) => self.complete(control, masks, deadline).await,
            Err(_) => self.complete(control, masks, failure_deadline(deadline)).await,
        };
        self.close();
        match (ended, completed) {
            (Ok(()), Ok(reply)) => Ok(TransferSummary { reply, transferred: self.transferred }),
            // The reply to a failed transfer is more specific than the error of the data connection.
            (_, Err(error @ Error::StatusCode(_))) => Err(error),
            (Err(EndError::Unfinished), _) => Err(Error::Unfinished { received: self.transferred }),
            (Err(EndError::Broken(source)), Ok(reply)) => Err(Error::Data { reply: Some(reply), source }),
            (Err(EndError::Broken(source)), Err(_)) => Err(Error::Data { reply: None, source }),
            (_, Err(error)) => Err(error),
        }
    }

    /// Aborts a download that the caller ends early. The result is always the same kind of error, whatever the server
    /// replies.
    async fn end_early(&mut self, control: &mut ControlChannel) -> Error {
        if let Err(error) = self.abort(control).await {
            crate::trace::warn!("failed to abort an unfinished download: {error}");
        }
        Error::Unfinished { received: self.transferred }
    }

    /// Abandons the transfer after the data connection failed. The error contains the server's reply.
    pub(crate) async fn fail(
        &mut self,
        control: &mut ControlChannel,
        source: io::Error,
        deadline: Option<Duration>,
    ) -> Error {
        self.close();
        if control.is_broken() {
            return Error::Data { reply: None, source };
        }
        let masks = Masks { expected: &["2xx"], waited_past: &["1xx"] };
        match self.complete(control, masks, failure_deadline(deadline)).await {
            Err(error @ Error::StatusCode(_)) => error,
            Ok(reply) => Error::Data { reply: Some(reply), source },
            Err(_) => Error::Data { reply: None, source },
        }
    }

    /// Ends a transfer whose data connection failed after the last byte, as `is_whole` says. It has succeeded if the
    /// connection was reset, or had no end, and the server confirms the transfer: some servers reset every connection, and
    /// others leave it open.
    ///
    /// Returns the error of [`fail`](Self::fail) otherwise.
    pub(crate) async fn end_after(
        &mut self,
        control: &mut ControlChannel,
        source: io::Error,
        deadline: Option<Duration>,
        is_whole: bool,
    ) -> Result<()> {
        let is_endless = matches!(source.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::TimedOut);
        let is_plain = self.stream.as_ref().is_some_and(|stream| !stream.is_encrypted());
        match self.fail(control, source, deadline).await {
            Error::Data { reply: Some(reply), .. }
                if is_whole && is_endless && is_plain && self.compression.is_none() =>
            {
                // `finish` returns this reply.
                self.early = Some(reply);
                Ok(())
            }
            error => Err(error),
        }
    }

    /// Aborts the transfer.
    pub(crate) async fn abort(&mut self, control: &mut ControlChannel) -> Result<Aborted> {
        let begun = control.begin_abort().await;
        // Many servers read the control connection only after the data connection was closed.
        self.close();
        begun?;
        control.finish_abort().await
    }

    /// Closes the connection at once. Until [`end`](Self::end) has completed, this resets the connection of
    /// an upload, so that no server takes the partial file for a complete one.
    pub(crate) fn close(&mut self) {
        self.stream = None;
    }

    /// Returns whether the data are encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.stream.as_ref().is_some_and(Stream::is_encrypted)
    }

    /// Closes the connection at once by a reset, which the server notices with its next write at the latest.
    pub(crate) fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            stream.reset_on_close(true);
        }
    }

    /// Ends the data in this direction, without closing the connection.
    async fn end(&mut self) -> Result<(), EndError> {
        if self.stream.is_none() {
            return Ok(());
        }
        match self.direction {
            Direction::Up => {
                self.shutdown().await.map_err(EndError::Broken)?;
                if let Some(stream) = &self.stream {
                    stream.reset_on_close(false);
                }
                Ok(())
            }
            Direction::Down if self.at_end => {
                self.close_plain();
                Ok(())
            }
            Direction::Down => match self.read(&mut [0; 1]).await {
                Ok(0) => {
                    self.close_plain();
                    Ok(())
                }
                Ok(unwanted) => {
                    self.transferred -= unwanted as u64;
                    Err(EndError::Unfinished)
                }
                Err(error) => {
                    self.close();
                    Err(EndError::Broken(error))
                }
            },
        }
    }

    /// Closes the connection if it has no `close_notify` to exchange. ProFTPD delays its final reply until this side
    /// has closed.
    fn close_plain(&mut self) {
        self.stream.take_if(|stream| !stream.is_encrypted());
    }

    fn is_truncated(&self) -> bool {
        self.direction == Direction::Down && self.expected.is_some_and(|size| self.transferred < size)
    }

    /// Waits for the final reply to an upload that began after the server had closed its side. If the connection was reset
    /// since, the server did not read the data, and may never reply.
    async fn complete_closed(
        &mut self,
        control: &mut ControlChannel,
        masks: Masks<'_>,
        deadline: Option<Duration>,
    ) -> Result<Reply> {
        let timeout = deadline.map_or(RESET_TIMEOUT, |deadline| deadline.min(RESET_TIMEOUT));
        let mut completed = self.complete(control, masks, Some(timeout)).await;
        let mut is_lost = self.stream.as_ref().is_some_and(Stream::was_reset);
        if matches!(completed, Err(Error::Timeout { .. })) && !is_lost {
            // Without sent bytes, the server cannot reset the connection.
            is_lost = self.transferred == 0;
            let rest = if is_lost { failure_deadline(deadline) } else { deadline };
            completed = self.complete(control, masks, rest).await;
        }
        match completed {
            Err(Error::Timeout { .. }) if is_lost => {
                control.close();
                Err(Error::Data { reply: None, source: io::ErrorKind::ConnectionReset.into() })
            }
            completed => completed,
        }
    }

    /// Exchanges `close_notify`, and waits for the final reply.
    async fn complete(
        &mut self,
        control: &mut ControlChannel,
        masks: Masks<'_>,
        deadline: Option<Duration>,
    ) -> Result<Reply> {
        let Self { stream, early, direction, answers, .. } = self;
        let encrypted = stream.as_mut().filter(|stream| stream.is_encrypted());
        let mut close_notify = pin!(exchange_close_notify(encrypted, *direction));
        let known = early.clone();
        let mut reply = pin!(async {
            match (known, control.pipelined_mode()) {
                (Some(reply), _) => Ok(reply.expect(masks.expected)?),
                (None, Some(mode)) => {
                    let (reply, answered) = control.complete_pipelined(mode, deadline).await?;
                    *answers = answered;
                    Ok(reply)
                }
                (None, None) => {
                    control.resume(Completion::new(masks.expected, masks.waited_past), deadline).await
                }
            }
        });
        tokio::select! {
            biased;
            () = &mut close_notify => reply.await,
            reply = &mut reply => {
                // If this future is dropped now, the next call must not wait for a second reply.
                *early = reply.as_ref().ok().or(reply.as_ref().err().and_then(Error::reply)).cloned();
                let _ = Deadline::start(Some(CLOSE_NOTIFY_TIMEOUT)).cut(close_notify).await;
                reply
            }
        }
    }

    /// Reads up to the limit.
    fn poll_limited(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(())) };
        let room = buf.remaining();
        let most = self.limit.most(self.transferred, room);
        if self.at_end || (most == 0 && room > 0) {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        if let Some(grace) = self.grace.as_mut().filter(|_| self.transferred == 0)
            && grace.as_mut().poll(cx).is_ready()
        {
            self.at_end = true;
            self.is_without_data = true;
            return Poll::Ready(Ok(()));
        }
        let polled = if most < room {
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
            let polled = poll_bytes(&mut self.compression, stream, cx, &mut part);
            let read = part.filled().len();
            buf.advance(read);
            polled
        } else {
            poll_bytes(&mut self.compression, stream, cx, buf)
        };
        // A file that is generated when it is read is listed as empty, and may begin late.
        let is_whole = self.transferred > 0 && self.expected == Some(self.transferred);
        if polled.is_pending() && is_whole && self.direction == Direction::Down {
            let due = self.end_due.get_or_insert_with(|| Box::pin(tokio::time::sleep(END_PATIENCE)));
            ready!(due.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        ready!(polled)?;
        let read = buf.filled().len() - before;
        self.transferred += read as u64;
        self.at_end = read == 0 && room > 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for DataConnection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(kind) = this.broken {
            return Poll::Ready(Err(kind.into()));
        }
        let polled = this.poll_limited(cx, buf);
        if let Poll::Ready(Err(error)) = &polled {
            // A read can succeed after an idle timeout, but not after any other error.
            this.broken = Some(error.kind()).filter(|kind| *kind != io::ErrorKind::TimedOut);
        }
        polled
    }
}

impl AsyncWrite for DataConnection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let written = match &mut this.compression {
            Some(compression) => ready!(compression.poll_write(stream, cx, bytes))?,
            None => ready!(Pin::new(stream).poll_write(cx, bytes))?,
        };
        this.transferred += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(())) };
        if let Some(compression) = &mut this.compression {
            ready!(compression.poll_flush(stream, cx))?;
        }
        Pin::new(stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(())) };
        if let Some(compression) = &mut this.compression {
            ready!(compression.poll_finish(stream, cx))?;
        }
        Pin::new(stream).poll_shutdown(cx)
    }
}

fn poll_bytes(
    compression: &mut Option<Compression>,
    stream: &mut Stream,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    match compression {
        Some(compression) => compression.poll_read(stream, cx, buf),
        None => Pin::new(stream).poll_read(cx, buf),
    }
}

/// Result of a successful transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferSummary {
    /// The server's final reply.
    pub reply: Reply,
    /// Number of bytes transferred, before compression.
    pub transferred: u64,
}

/// Writes the number of bytes and the reply.
impl fmt::Display for TransferSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes: {}", self.transferred, self.reply)
    }
}

/// Exchanges `close_notify`: sends it, unless it was sent already, and reads until the server's arrives. A
/// TLS 1.3 server sends the session tickets for the next connection here; an upload would not read them
/// otherwise.
async fn exchange_close_notify(stream: Option<&mut Stream>, direction: Direction) {
    let Some(stream) = stream else { return };
    if direction == Direction::Down {
        let _ = stream.shutdown().await;
        return;
    }
    let mut space = [0; 1024];
    while matches!(stream.read(&mut space).await, Ok(1..)) {}
}

/// Irregular end of a data connection.
enum EndError {
    Unfinished,
    Broken(io::Error),
}

/// Masks of the replies that complete a transfer, and of the replies before them that are skipped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masks<'m> {
    pub(crate) expected: &'m [&'m str],
    pub(crate) waited_past: &'m [&'m str],
}

impl Default for Masks<'_> {
    fn default() -> Self {
        Self { expected: &["2xx"], waited_past: &["1xx"] }
    }
}

/// Returns a shorter deadline, for a transfer that has already failed.
pub(crate) fn failure_deadline(deadline: Option<Duration>) -> Option<Duration> {
    Some(deadline.map_or(FAILURE_REPLY_TIMEOUT, |deadline| deadline.min(FAILURE_REPLY_TIMEOUT)))
}

/// Maximum time to wait for the reply to a failed transfer.
const FAILURE_REPLY_TIMEOUT: Duration = Duration::from_secs(10);

/// The wait for the reply to an upload before checking whether its data connection was reset.
const RESET_TIMEOUT: Duration = Duration::from_secs(1);

/// The time that the data of a listing may take to arrive after its final reply.
const EMPTY_LISTING_PATIENCE: Duration = Duration::from_secs(5);

/// The time in which a server closes its side of a download after the last expected byte.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// Maximum time to wait for `close_notify` after the final reply.
const CLOSE_NOTIFY_TIMEOUT: Duration = Duration::from_secs(1);
