//! Socket with a read buffer.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};

use crate::connect::{BoxSocket, Socket};

/// A socket below TLS with a read buffer. rustls reads 4 KiB at a time, which would be one system call
/// each.
#[derive(Debug)]
pub(crate) struct BufferedSocket(BufReader<BoxSocket>);

impl BufferedSocket {
    pub(crate) fn boxed(socket: BoxSocket) -> BoxSocket {
        Box::new(Self(BufReader::with_capacity(CAPACITY, socket)))
    }
}

impl Socket for BufferedSocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.0.get_ref().peer_address()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.0.get_ref().local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.0.get_ref().reset_on_close(reset);
    }

    fn has_unread(&self) -> bool {
        !self.0.buffer().is_empty() || self.0.get_ref().has_unread()
    }
}

impl AsyncRead for BufferedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for BufferedSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.0.get_mut()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.0.get_mut()).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.get_mut()).poll_shutdown(cx)
    }
}

const CAPACITY: usize = 128 * 1024;
