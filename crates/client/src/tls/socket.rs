//! Encrypted connection as a [`Socket`].

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use crate::connect::{BoxSocket, Socket};

/// A connection on which TLS was started.
#[derive(Debug)]
pub(super) struct TlsSocket(pub(super) TlsStream<BoxSocket>);

impl Socket for TlsSocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.0.get_ref().0.peer_address()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.0.get_ref().0.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.0.get_ref().0.reset_on_close(reset);
    }
}

impl AsyncRead for TlsSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for TlsSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
