//! The bytes of a data connection: read, written and counted.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Compression, DataConnection};
use crate::stream::Stream;

impl AsyncRead for DataConnection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(kind) = this.broken {
            return Poll::Ready(Err(kind.into()));
        }
        let polled = this.poll_limited(cx, buf);
        if let Poll::Ready(Err(error)) = &polled {
            // Silence may end; nothing else does.
            this.broken = Some(error.kind()).filter(|kind| *kind != io::ErrorKind::TimedOut);
        }
        polled
    }
}

impl DataConnection {
    fn poll_limited(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(())) };
        let room = buf.remaining();
        let most = self.limit.most(self.transferred, room);
        if self.at_end || (most == 0 && room > 0) {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        if most < room {
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
            ready!(poll_bytes(&mut self.compression, stream, cx, &mut part))?;
            let read = part.filled().len();
            buf.advance(read);
        } else {
            ready!(poll_bytes(&mut self.compression, stream, cx, buf))?;
        }
        let read = buf.filled().len() - before;
        self.transferred += read as u64;
        self.at_end = read == 0 && room > 0;
        Poll::Ready(Ok(()))
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
