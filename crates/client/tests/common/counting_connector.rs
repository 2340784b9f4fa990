//! Connector that counts what passes over the control connections.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use oxftp::{
    connect::{BoxSocket, Connector, Socket, Target, TcpConnector},
    local_fs::BoxFuture,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Opens TCP connections, and counts the commands, bytes and round trips of the control connections. The replies to some
/// commands may be delayed, as a busy server does.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountingConnector(Arc<State>);

#[derive(Debug, Default)]
struct State {
    tcp: TcpConnector,
    sessions: AtomicUsize,
    data_connections: AtomicUsize,
    sent: Mutex<String>,
    received: AtomicUsize,
    round_trips: AtomicUsize,
    /// Verbs of commands, and how long the server works for them.
    delays: Vec<(&'static str, Duration)>,
}

/// The numbers that were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) commands: usize,
    /// The number of times that commands were sent after a reply was received: the client had waited for that reply.
    pub(crate) round_trips: usize,
    /// Bytes of commands and replies.
    pub(crate) control_bytes: usize,
    pub(crate) data_connections: usize,
}

impl CountingConnector {
    /// Delays the replies to the commands with these verbs.
    pub(crate) fn delaying(delays: impl Into<Vec<(&'static str, Duration)>>) -> Self {
        Self(Arc::new(State { delays: delays.into(), ..State::default() }))
    }

    /// Returns the number of opened control connections.
    pub(crate) fn sessions(&self) -> usize {
        self.0.sessions.load(Ordering::Relaxed)
    }

    /// Counts the sent commands with this verb.
    pub(crate) fn verb(&self, verb: &str) -> usize {
        let sent = self.0.sent.lock().unwrap();
        sent.lines().filter(|line| line.split(' ').next() == Some(verb)).count()
    }

    /// Sets all counts to zero.
    pub(crate) fn reset(&self) {
        self.0.sent.lock().unwrap().clear();
        for count in [&self.0.received, &self.0.round_trips, &self.0.data_connections] {
            count.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let sent = self.0.sent.lock().unwrap();
        Counts {
            commands: sent.lines().count(),
            round_trips: self.0.round_trips.load(Ordering::Relaxed),
            control_bytes: sent.len() + self.0.received.load(Ordering::Relaxed),
            data_connections: self.0.data_connections.load(Ordering::Relaxed),
        }
    }
}

impl Connector for CountingConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let socket = self.0.tcp.connect(target).await?;
            if !matches!(target, Target::Control { .. }) {
                self.0.data_connections.fetch_add(1, Ordering::Relaxed);
                return Ok(socket);
            }
            self.0.sessions.fetch_add(1, Ordering::Relaxed);
            let has_received = AtomicBool::new(true);
            Ok(Box::new(CountingSocket { socket, state: self.0.clone(), has_received, delay: None })
                as BoxSocket)
        })
    }
}

#[derive(Debug)]
struct CountingSocket {
    socket: BoxSocket,
    state: Arc<State>,
    /// Something was received since the last command.
    has_received: AtomicBool,
    delay: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Socket for CountingSocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.socket.peer_address()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.socket.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.socket.reset_on_close(reset);
    }

    fn has_unread(&self) -> bool {
        self.socket.has_unread()
    }
}

impl AsyncRead for CountingSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(delay) = &mut self.delay {
            ready!(delay.as_mut().poll(cx));
            self.delay = None;
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        self.state.received.fetch_add(buf.filled().len() - before, Ordering::Relaxed);
        self.has_received.store(true, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for CountingSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
        let text = String::from_utf8_lossy(bytes.get(..written).unwrap_or_default());
        self.state.sent.lock().unwrap().push_str(&text);
        let delay = self.state.delays.iter().find(|(verb, _)| text.contains(&format!("{verb} ")));
        self.delay = delay.map(|(_, delay)| Box::pin(tokio::time::sleep(*delay)));
        if self.has_received.swap(false, Ordering::Relaxed) {
            self.state.round_trips.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
