//! Compression of a data connection (`MODE Z`): one zlib stream (RFC 1950) per transfer.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::Direction;
use crate::stream::Stream;

/// Compressor or decompressor of one transfer.
pub(super) enum Compression {
    Down(Box<Inflater>),
    Up(Box<Deflater>),
}

impl Compression {
    /// Creates the codec of a direction. `most` limits the number of inflated bytes.
    pub(super) fn new(direction: Direction, most: u64) -> Option<Self> {
        Some(match direction {
            Direction::Down => Self::Down(Box::new(Inflater::new(most))),
            Direction::Up => Self::Up(Box::new(Deflater::new())),
        })
    }

    /// Limits the number of inflated bytes by the size of the file, which may have grown a little since it
    /// was reported.
    pub(super) fn expect_at_most(&mut self, size: u64) {
        if let Self::Down(inflater) = self {
            inflater.most = size.saturating_add(size / 8).saturating_add(GROWTH);
        }
    }

    pub(super) fn poll_read(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Down(inflater) => inflater.poll_read(stream, cx, buf),
            Self::Up(_) => Pin::new(stream).poll_read(cx, buf),
        }
    }

    pub(super) fn poll_write(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Down(_) => Pin::new(stream).poll_write(cx, bytes),
            Self::Up(deflater) => deflater.poll_write(stream, cx, bytes),
        }
    }

    /// Sends all bytes that were written so far.
    pub(super) fn poll_flush(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Down(_) => Poll::Ready(Ok(())),
            Self::Up(deflater) => deflater.poll_flush(stream, cx),
        }
    }

    /// Sends the end of the compressed stream.
    pub(super) fn poll_finish(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Down(_) => Poll::Ready(Ok(())),
            Self::Up(deflater) => deflater.poll_finish(stream, cx),
        }
    }
}

/// Decompressor for received bytes.
pub(super) struct Inflater {
    state: Decompress,
    /// Bytes that were received and are not inflated yet.
    waiting: BytesMut,
    /// `true` if the compressed stream has ended. The connection may still be open.
    ended: bool,
    most: u64,
}

impl Inflater {
    fn new(most: u64) -> Self {
        Self { state: Decompress::new(true), waiting: BytesMut::new(), ended: false, most }
    }

    fn poll_read<R: AsyncRead + Unpin>(
        &mut self,
        stream: &mut R,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        while buf.remaining() > 0 {
            self.inflate(buf)?;
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            if self.ended && !self.waiting.is_empty() {
                return Poll::Ready(Err(invalid("unexpected data after the compressed data")));
            }
            if ready!(self.poll_fill(stream, cx))? == 0 {
                return Poll::Ready(self.at_end());
            }
        }
        Poll::Ready(Ok(()))
    }

    fn inflate(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        // The decompressor may hold output that did not fit before, so it is called without input, too.
        let (read, written) = (self.state.total_in(), self.state.total_out());
        let space = buf.initialize_unfilled();
        let status = self.state.decompress(&self.waiting, space, FlushDecompress::None);
        self.ended = status.map_err(|_| invalid("the compressed data are damaged"))? == Status::StreamEnd;
        self.waiting.advance((self.state.total_in() - read) as usize);
        if self.state.total_out() > self.most {
            // A read that fails has read nothing: callers such as `read_to_end` panic otherwise.
            return Err(invalid(&format!("the compressed data inflate to more than {} bytes", self.most)));
        }
        buf.advance((self.state.total_out() - written) as usize);
        Ok(())
    }

    fn poll_fill<R: AsyncRead + Unpin>(
        &mut self,
        stream: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let kept = self.waiting.len();
        self.waiting.resize(kept + BLOCK, 0);
        let mut space = ReadBuf::new(self.waiting.get_mut(kept..).unwrap_or_default());
        let poll = Pin::new(stream).poll_read(cx, &mut space);
        let read = space.filled().len();
        self.waiting.truncate(kept + read);
        poll.map_ok(|()| read)
    }

    /// Returns an error if the stream is truncated. An empty file may be sent as no bytes at all.
    fn at_end(&self) -> io::Result<()> {
        match self.ended || self.state.total_in() == 0 && self.waiting.is_empty() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the compressed data are truncated")),
        }
    }
}

/// Compressor for sent bytes.
pub(super) struct Deflater {
    state: Compress,
    /// Bytes that are compressed and not sent yet.
    waiting: BytesMut,
    space: Vec<u8>,
    /// `true` if bytes were written since the last flush.
    unflushed: bool,
    ended: bool,
}

impl Deflater {
    fn new() -> Self {
        Self {
            state: Compress::new(flate2::Compression::default(), true),
            waiting: BytesMut::new(),
            space: vec![0; BLOCK],
            unflushed: false,
            ended: false,
        }
    }

    fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(stream, cx))?;
        let taken = bytes.get(..BLOCK).unwrap_or(bytes);
        self.deflate(taken, FlushCompress::None)?;
        self.unflushed = true;
        // Unsent bytes wait for the next write, which also returns the error.
        let _ = self.poll_drain(stream, cx);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.unflushed) && !self.ended {
            self.deflate(&[], FlushCompress::Sync)?;
        }
        self.poll_drain(stream, cx)
    }

    fn poll_finish<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.ended, true) {
            self.deflate(&[], FlushCompress::Finish)?;
        }
        self.poll_drain(stream, cx)
    }

    fn deflate(&mut self, mut bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            let (read, written) = (self.state.total_in(), self.state.total_out());
            let status = self.state.compress(bytes, &mut self.space, flush).map_err(io::Error::other)?;
            bytes = bytes.get((self.state.total_in() - read) as usize..).unwrap_or_default();
            let made = (self.state.total_out() - written) as usize;
            self.waiting.extend_from_slice(self.space.get(..made).unwrap_or_default());
            let is_full = made == self.space.len();
            if status == Status::StreamEnd || bytes.is_empty() && !is_full {
                return Ok(());
            }
        }
    }

    fn poll_drain<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(cx, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

const BLOCK: usize = 64 * 1024;

/// The number of bytes by which a file may have grown between its listing and its transfer, besides one eighth of its
/// size.
const GROWTH: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, io::Write};

    use super::*;

    fn zlib(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads to the end, in pieces of `piece` bytes.
    async fn inflated(mut wire: &[u8], most: u64, piece: usize) -> io::Result<Vec<u8>> {
        let mut inflater = Inflater::new(most);
        let (mut content, mut space) = (Vec::new(), vec![0; piece]);
        loop {
            let mut buf = ReadBuf::new(&mut space);
            poll_fn(|cx| inflater.poll_read(&mut wire, cx, &mut buf)).await?;
            if buf.filled().is_empty() {
                return Ok(content);
            }
            content.extend_from_slice(buf.filled());
        }
    }

    async fn deflated(content: &[u8], pieces: usize) -> Vec<u8> {
        let (mut deflater, mut wire) = (Deflater::new(), Vec::new());
        for mut piece in content.chunks(pieces.max(1)) {
            while !piece.is_empty() {
                let taken = poll_fn(|cx| deflater.poll_write(&mut wire, cx, piece)).await.unwrap();
                piece = &piece[taken..];
            }
            poll_fn(|cx| deflater.poll_flush(&mut wire, cx)).await.unwrap();
        }
        poll_fn(|cx| deflater.poll_finish(&mut wire, cx)).await.unwrap();
        wire
    }

    fn noise(length: usize) -> Vec<u8> {
        (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
    }

    #[tokio::test]
    async fn deflate_and_inflate_round_trip() {
        for content in [Vec::new(), b"hello".to_vec(), vec![0; 3_000_000], noise(300_000)] {
            let wire = deflated(&content, 100_000).await;
            assert!(inflated(&wire, u64::MAX, 70_000).await.unwrap() == content);
            assert!(inflated(&zlib(&content), u64::MAX, 10).await.unwrap() == content);
        }
        assert!(deflated(&vec![0; 3_000_000], 100_000).await.len() < 30_000);
    }

    #[tokio::test]
    async fn truncated_or_trailing_compressed_data_is_an_error() {
        let wire = zlib(&noise(1000));
        for cut in [1, 2, 100, wire.len() - 1] {
            let error = inflated(&wire[..cut], u64::MAX, 99).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
        let longer = [&wire[..], b"x"].concat();
        assert!(
            inflated(&longer, u64::MAX, 99)
                .await
                .unwrap_err()
                .to_string()
                .contains("after the compressed data")
        );
        let damaged = [&wire[..500], &[255; 40], &wire[540..]].concat();
        assert!(inflated(&damaged, u64::MAX, 99).await.is_err());
        assert!(inflated(b"", u64::MAX, 99).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn decompression_bomb_is_an_error() {
        let bomb = zlib(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);

        let error = inflated(&bomb, 1_000_000, 8192).await.unwrap_err();

        assert!(error.to_string().contains("more than 1000000 bytes"), "{error}");
    }
}
