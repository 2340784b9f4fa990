//! A connection as the rest of the client sees it: plain or encrypted, paced, watched for silence.

#[cfg(target_os = "linux")]
mod poll_socket;
pub(crate) mod rate_limit;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};
use tokio_rustls::client::TlsStream;

#[cfg(target_os = "linux")]
use tokio::net::TcpStream;

#[cfg(target_os = "linux")]
use self::poll_socket::poll_socket;
use self::rate_limit::TokenBucket;
use crate::{
    Throttle,
    connect::{BoxSocket, Socket},
};

/// One connection, control or data.
pub(crate) struct Stream {
    transport: Transport,
    reading: TokenBucket,
    writing: TokenBucket,
    silence: Silence,
}

pub(crate) enum Transport {
    Plain(BoxSocket),
    Tls(Box<TlsStream<BoxSocket>>),
}

impl Stream {
    /// Wraps a connection; no byte for as long as `idle` is an error of kind `TimedOut`.
    pub(crate) fn new(transport: Transport, throttle: &Throttle, idle: Option<Duration>) -> Self {
        let silence = Silence { longest: idle, timer: None, running: false };
        Self { transport, reading: throttle.reading(), writing: throttle.writing(), silence }
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.transport, Transport::Tls(_))
    }

    /// Gives what is known of its TLS, `None` in clear.
    pub(crate) fn tls(&self) -> Option<&rustls::ClientConnection> {
        match &self.transport {
            Transport::Plain(_) => None,
            Transport::Tls(stream) => Some(stream.get_ref().1),
        }
    }

    pub(crate) fn has_unread(&self) -> bool {
        self.socket().has_unread()
    }

    pub(crate) fn reset_on_close(&self, reset: bool) {
        self.socket().reset_on_close(reset);
    }

    /// Tells whether nothing stands between the socket and the bytes that go this way: neither TLS
    /// nor a speed limit.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_unhindered(&self, direction: Direction) -> bool {
        let pace = match direction {
            Direction::Down => &self.reading,
            Direction::Up => &self.writing,
        };
        match &self.transport {
            Transport::Plain(socket) => !pace.is_limited() && socket.tcp_stream().is_some(),
            Transport::Tls(_) => false,
        }
    }

    /// Takes the socket out for a while; `None` from one that is hindered, which is lost then.
    #[cfg(target_os = "linux")]
    pub(crate) fn detach(self) -> Option<(TcpStream, Detached)> {
        let Self { transport: Transport::Plain(socket), reading, writing, silence } = self else {
            return None;
        };
        Some((socket.into_tcp_stream()?, Detached { reading, writing, silence }))
    }

    /// Waits until bytes can be moved past this type, and watches for silence meanwhile.
    #[cfg(target_os = "linux")]
    pub(crate) fn poll_movable(
        &mut self,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(socket) = self.socket().tcp_stream() else { return Poll::Ready(Ok(())) };
        let poll = poll_socket(socket, direction, cx);
        self.silence.watch(poll, cx)
    }

    /// Takes the plain connection out, to be encrypted.
    pub(crate) fn into_plain(self) -> Option<BoxSocket> {
        match self.transport {
            Transport::Plain(socket) => Some(socket),
            Transport::Tls(_) => None,
        }
    }

    /// Takes the encrypted connection out, for TLS to be ended on it.
    pub(crate) fn into_tls(self) -> Option<Box<TlsStream<BoxSocket>>> {
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

/// A connection whose socket is elsewhere.
#[cfg(target_os = "linux")]
pub(crate) struct Detached {
    reading: TokenBucket,
    writing: TokenBucket,
    silence: Silence,
}

#[cfg(target_os = "linux")]
impl Detached {
    pub(crate) fn plug(self, socket: TcpStream) -> Stream {
        let Self { reading, writing, silence } = self;
        Stream { transport: Transport::Plain(Box::new(socket)), reading, writing, silence }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let most = ready!(this.reading.poll_allowance(cx)).min(buf.remaining());
        let before = buf.filled().len();
        let poll = if most == buf.remaining() {
            this.transport.poll_read(cx, buf)
        } else {
            poll_read_at_most(&mut this.transport, cx, buf, most)
        };
        this.reading.spend(buf.filled().len() - before);
        this.silence.watch(poll, cx)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let most = ready!(this.writing.poll_allowance(cx)).min(bytes.len());
        let poll = this.transport.poll_write(cx, &bytes[..most]);
        if let Poll::Ready(Ok(written)) = poll {
            this.writing.spend(written);
        }
        this.silence.watch(poll, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = match &mut this.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(cx),
        };
        this.silence.watch(poll, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = match &mut this.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        this.silence.watch(poll, cx)
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
    most: usize,
) -> Poll<io::Result<()>> {
    let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
    ready!(transport.poll_read(cx, &mut part))?;
    let read = part.filled().len();
    buf.advance(read);
    Poll::Ready(Ok(()))
}

/// Watches for silence: the clock runs only while a read or write waits.
struct Silence {
    longest: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    running: bool,
}

impl Silence {
    fn watch<T>(&mut self, poll: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let Some(longest) = self.longest else { return poll };
        if poll.is_ready() {
            self.running = false;
            return poll;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(longest)));
        if !std::mem::replace(&mut self.running, true) {
            timer.as_mut().reset(Instant::now() + longest);
        }
        ready!(timer.as_mut().poll(cx));
        self.running = false;
        let why = format!("nothing moved for {} s", longest.as_secs_f64());
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)))
    }
}

/// Which way the bytes of a transfer go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Down,
    Up,
}
