//! Byte stream of a connection: plain or TLS, with rate limits and an idle timeout.

mod idle_timeout;
#[cfg(target_os = "linux")]
mod poll_socket;
pub(crate) mod rate_limit;

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(target_os = "linux")]
use tokio::net::TcpStream;

#[cfg(target_os = "linux")]
use self::poll_socket::poll_socket;
use self::{
    idle_timeout::IdleTimeout,
    rate_limit::{Throttle, TokenBucket},
};
use crate::{
    connect::{BoxSocket, Socket},
    tls::TlsStream,
};

/// The byte stream of a control or data connection.
pub(crate) struct Stream {
    transport: Transport,
    reading: TokenBucket,
    writing: TokenBucket,
    idle_timeout: IdleTimeout,
}

/// A plain or TLS connection.
pub(crate) enum Transport {
    Plain(BoxSocket),
    Tls(Box<TlsStream>),
}

impl Stream {
    /// Wraps a connection. If no byte is transferred for `idle`, a pending operation fails with `TimedOut`.
    pub(crate) fn new(transport: Transport, throttle: &Throttle, idle: Option<Duration>) -> Self {
        let idle_timeout = IdleTimeout::new(idle);
        Self { transport, reading: throttle.reading(), writing: throttle.writing(), idle_timeout }
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.transport, Transport::Tls(_))
    }

    /// Returns the TLS connection; `None` if it is plain text.
    #[cfg(feature = "tls")]
    pub(crate) fn tls(&self) -> Option<&rustls::ClientConnection> {
        match &self.transport {
            Transport::Plain(_) => None,
            Transport::Tls(stream) => Some(stream.get_ref().1),
        }
    }

    /// Returns whether the other side has closed its direction or the connection, as far as this is known without waiting. A
    /// byte that was received instead is lost.
    pub(crate) async fn is_closed_by_peer(&mut self) -> bool {
        let mut space = [0];
        let mut byte = ReadBuf::new(&mut space);
        // The idle timeout counts from the first byte that is awaited.
        match poll_fn(|cx| Poll::Ready(self.transport.poll_read(cx, &mut byte))).await {
            Poll::Ready(Ok(())) => byte.filled().is_empty(),
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }

    /// Returns whether the connection was reset, if the operating system knows.
    pub(crate) fn was_reset(&self) -> bool {
        self.socket().tcp_stream().is_some_and(|stream| matches!(stream.take_error(), Ok(Some(_))))
    }

    pub(crate) fn has_unread(&self) -> bool {
        self.socket().has_unread()
    }

    /// Returns, without waiting, whether the peer has ended the connection.
    pub(crate) fn has_ended(&self) -> bool {
        self.socket().has_ended()
    }

    pub(crate) fn reset_on_close(&self, reset: bool) {
        self.socket().reset_on_close(reset);
    }

    /// Returns whether the bytes of this direction pass directly to the socket: without TLS and rate limit.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_unhindered(&self, direction: Direction) -> bool {
        let bucket = match direction {
            Direction::Down => &self.reading,
            Direction::Up => &self.writing,
        };
        match &self.transport {
            Transport::Plain(socket) => !bucket.is_limited() && socket.tcp_stream().is_some(),
            Transport::Tls(_) => false,
        }
    }

    /// Splits off the socket, to be attached again later. Returns `None`, and closes the connection, if there is
    /// no plain TCP socket.
    #[cfg(target_os = "linux")]
    pub(crate) fn detach(self) -> Option<(TcpStream, Detached)> {
        let Self { transport: Transport::Plain(socket), reading, writing, idle_timeout } = self else {
            return None;
        };
        Some((socket.into_tcp_stream()?, Detached { reading, writing, idle_timeout }))
    }

    /// Waits until the socket itself can be read or written, with the idle timeout.
    #[cfg(target_os = "linux")]
    pub(crate) fn poll_movable(
        &mut self,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(socket) = self.socket().tcp_stream() else { return Poll::Ready(Ok(())) };
        let poll = poll_socket(socket, direction, cx);
        self.idle_timeout.check(poll, cx)
    }

    /// Returns the plain connection, for a TLS handshake on it.
    pub(crate) fn into_plain(self) -> Option<BoxSocket> {
        match self.transport {
            Transport::Plain(socket) => Some(socket),
            Transport::Tls(_) => None,
        }
    }

    /// Returns the TLS connection, to end TLS on it.
    pub(crate) fn into_tls(self) -> Option<Box<TlsStream>> {
        match self.transport {
            Transport::Plain(_) => None,
            Transport::Tls(stream) => Some(stream),
        }
    }

    fn socket(&self) -> &dyn Socket {
        match &self.transport {
            Transport::Plain(socket) => &**socket,
            Transport::Tls(stream) => &**stream.get_ref().0,
        }
    }
}

/// A [`Stream`] without its socket.
#[cfg(target_os = "linux")]
pub(crate) struct Detached {
    reading: TokenBucket,
    writing: TokenBucket,
    idle_timeout: IdleTimeout,
}

#[cfg(target_os = "linux")]
impl Detached {
    pub(crate) fn plug(self, socket: TcpStream) -> Stream {
        let Self { reading, writing, idle_timeout } = self;
        Stream { transport: Transport::Plain(Box::new(socket)), reading, writing, idle_timeout }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let max_bytes = ready!(this.reading.poll_allowance(cx)).min(buf.remaining());
        let before = buf.filled().len();
        let poll = if max_bytes == buf.remaining() {
            this.transport.poll_read(cx, buf)
        } else {
            poll_read_at_most(&mut this.transport, cx, buf, max_bytes)
        };
        this.reading.spend(buf.filled().len() - before);
        this.idle_timeout.check(poll, cx)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let max_bytes = ready!(this.writing.poll_allowance(cx)).min(bytes.len());
        let poll = this.transport.poll_write(cx, &bytes[..max_bytes]);
        if let Poll::Ready(Ok(written)) = poll {
            this.writing.spend(written);
        }
        this.idle_timeout.check(poll, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = match &mut this.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(cx),
        };
        this.idle_timeout.check(poll, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = match &mut this.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        this.idle_timeout.check(poll, cx)
    }
}

impl Transport {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }
}

fn poll_read_at_most(
    transport: &mut Transport,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
    max_bytes: usize,
) -> Poll<io::Result<()>> {
    let mut part = ReadBuf::new(buf.initialize_unfilled_to(max_bytes));
    ready!(transport.poll_read(cx, &mut part))?;
    let read = part.filled().len();
    buf.advance(read);
    Poll::Ready(Ok(()))
}

/// The direction of a transfer: from the server (`Down`) or to the server (`Up`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Down,
    Up,
}
