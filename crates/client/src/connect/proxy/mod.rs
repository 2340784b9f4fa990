//! A connection whose other end is a proxy.

pub(crate) mod http;
pub(crate) mod socks;

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{BoxSocket, Socket};

/// A tunnel through a proxy: a TCP stream that does not know the server's address.
#[derive(Debug)]
pub(crate) struct Proxied(TcpStream);

impl Proxied {
    pub(crate) fn boxed(stream: TcpStream) -> BoxSocket {
        Box::new(Self(stream))
    }
}

impl Socket for Proxied {
    fn peer_address(&self) -> Option<SocketAddr> {
        None
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.0.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.0.reset_on_close(reset);
    }

    fn has_unread(&self) -> bool {
        self.0.has_unread()
    }

    fn tcp_stream(&self) -> Option<&TcpStream> {
        Some(&self.0)
    }

    fn into_tcp_stream(self: Box<Self>) -> Option<TcpStream> {
        Some(self.0)
    }
}

impl AsyncRead for Proxied {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Proxied {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
