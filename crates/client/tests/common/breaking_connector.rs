//! Connector whose connections break at a known byte.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use oxftp::{
    connect::{BoxSocket, Connector, Socket, Target, TcpConnector},
    local_fs::BoxFuture,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Opens connections that break: control connections after a number of sent bytes, data connections after a number of
/// received bytes. The numbers apply to the first connections; later ones do not break.
#[derive(Debug, Clone, Default)]
pub(crate) struct BreakingConnector(Arc<State>);

#[derive(Debug, Default)]
struct State {
    tcp: TcpConnector,
    control: Mutex<VecDeque<usize>>,
    data: Mutex<VecDeque<usize>>,
    sessions: AtomicUsize,
}

impl BreakingConnector {
    pub(crate) fn new(
        control: impl IntoIterator<Item = usize>,
        data: impl IntoIterator<Item = usize>,
    ) -> Self {
        Self(Arc::new(State {
            control: Mutex::new(control.into_iter().collect()),
            data: Mutex::new(data.into_iter().collect()),
            ..State::default()
        }))
    }

    /// Returns the number of opened control connections.
    pub(crate) fn sessions(&self) -> usize {
        self.0.sessions.load(Ordering::Relaxed)
    }
}

impl Connector for BreakingConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let socket = self.0.tcp.connect(target).await?;
            let (to_send, to_receive) = match target {
                Target::Control { .. } => {
                    self.0.sessions.fetch_add(1, Ordering::Relaxed);
                    (self.0.control.lock().unwrap().pop_front(), None)
                }
                _ => (None, self.0.data.lock().unwrap().pop_front()),
            };
            let (to_send, to_receive) = (to_send.unwrap_or(usize::MAX), to_receive.unwrap_or(usize::MAX));
            Ok(Box::new(BreakingSocket { socket, to_send, to_receive }) as BoxSocket)
        })
    }
}

#[derive(Debug)]
struct BreakingSocket {
    socket: BoxSocket,
    /// The remaining bytes that can be sent; at 0 the connection is broken.
    to_send: usize,
    to_receive: usize,
}

impl BreakingSocket {
    fn check(&self) -> io::Result<()> {
        match self.to_send == 0 || self.to_receive == 0 {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl Socket for BreakingSocket {
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

impl AsyncRead for BreakingSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        let mut some = buf.take(self.to_receive);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut some))?;
        let read = some.filled().len();
        // The bytes are in the memory of the outer buffer, but it does not count them as filled.
        let bytes = some.filled().to_vec();
        buf.put_slice(&bytes);
        if self.to_receive != usize::MAX {
            self.to_receive -= read;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for BreakingSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.to_send < bytes.len() {
            self.to_send = 0;
        }
        self.check()?;
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
        if self.to_send != usize::MAX {
            self.to_send -= written;
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
