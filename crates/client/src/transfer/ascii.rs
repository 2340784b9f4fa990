//! Line ends of text files: CR LF on the wire (`TYPE A`; RFC 959, 3.1.1.1), those of the system in local files.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// The end of a line in local text files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineEnd {
    /// LF, as on Unix.
    Lf,
    /// CR LF, as on Windows and on the wire.
    CrLf,
}

impl LineEnd {
    /// Returns the line end of this system.
    ///
    /// ```
    /// use oxftp::LineEnd;
    ///
    /// assert_eq!(LineEnd::local() == LineEnd::CrLf, cfg!(windows));
    /// ```
    #[must_use]
    pub const fn local() -> Self {
        if cfg!(windows) { Self::CrLf } else { Self::Lf }
    }
}

/// Reads text from the wire with local line ends: CR LF becomes the local line end.
///
/// A single CR or LF stays unchanged, so that nothing is lost when a server sends text unconverted.
///
/// ```no_run
/// use oxftp::{AsciiReader, TransferType};
/// use tokio::io::AsyncReadExt;
///
/// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let stream = client.download_stream("readme.txt").transfer_type(TransferType::Ascii).await?;
/// let mut reader = AsciiReader::new(stream);
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// reader.into_inner().finish().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsciiReader<R> {
    inner: R,
    line_end: LineEnd,
    /// Bytes that were read and are not converted yet.
    waiting: BytesMut,
    at_end: bool,
}

impl<R> AsciiReader<R> {
    /// Reads with the line ends of this system.
    ///
    /// ```
    /// let reader = oxftp::AsciiReader::new(&b"a\r\n"[..]);
    /// ```
    pub fn new(inner: R) -> Self {
        Self::with_line_end(inner, LineEnd::local())
    }

    /// Reads with these line ends.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use oxftp::{AsciiReader, LineEnd};
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut reader = AsciiReader::with_line_end(&b"a\r\nb\r\n"[..], LineEnd::Lf);
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text).await.unwrap();
    /// assert_eq!(text, "a\nb\n");
    /// # }
    /// ```
    pub fn with_line_end(inner: R, line_end: LineEnd) -> Self {
        Self { inner, line_end, waiting: BytesMut::new(), at_end: false }
    }

    /// Returns the inner reader. Bytes that were read ahead, at most a block, are lost unless this reader was read to
    /// its end.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use oxftp::{AsciiReader, LineEnd};
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut reader = AsciiReader::with_line_end(&b"a\r\nb\r\n"[..], LineEnd::Lf);
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text).await.unwrap();
    /// assert!(reader.into_inner().is_empty());
    /// # }
    /// ```
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Converts as many bytes as are unambiguous and fit.
    fn convert(&mut self, buf: &mut ReadBuf<'_>) {
        while buf.remaining() > 0 && !self.waiting.is_empty() {
            let plain = self.waiting.iter().position(|byte| *byte == b'\r').unwrap_or(self.waiting.len());
            if plain > 0 {
                let moved = plain.min(buf.remaining());
                buf.put_slice(&self.waiting[..moved]);
                self.waiting.advance(moved);
                continue;
            }
            match self.waiting.get(1) {
                // The next read shows which byte follows.
                None if !self.at_end => return,
                Some(b'\n') => self.waiting.advance(1),
                _ => {
                    buf.put_slice(b"\r");
                    self.waiting.advance(1);
                }
            }
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for AsciiReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.line_end == LineEnd::CrLf {
            return Pin::new(&mut this.inner).poll_read(cx, buf);
        }
        let before = buf.filled().len();
        loop {
            this.convert(buf);
            if buf.filled().len() > before || buf.remaining() == 0 || (this.at_end && this.waiting.is_empty())
            {
                return Poll::Ready(Ok(()));
            }
            let read = poll_append(&mut this.inner, &mut this.waiting, cx);
            this.at_end = ready!(read)? == 0;
        }
    }
}

/// Appends a block.
fn poll_append<R: AsyncRead + Unpin>(
    inner: &mut R,
    into: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let kept = into.len();
    into.resize(kept + BLOCK, 0);
    let mut space = ReadBuf::new(&mut into[kept..]);
    let poll = Pin::new(inner).poll_read(cx, &mut space);
    let read = space.filled().len();
    into.truncate(kept + read);
    poll.map_ok(|()| read)
}

/// Writes text to the wire: local line ends become CR LF.
///
/// An LF that follows a CR stays unchanged, so that text with both kinds of line ends is not damaged.
///
/// ```no_run
/// use oxftp::{AsciiWriter, TransferType};
/// use tokio::io::AsyncWriteExt;
///
/// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let stream = client.upload_stream("readme.txt").transfer_type(TransferType::Ascii).await?;
/// let mut writer = AsciiWriter::new(stream);
/// writer.write_all(b"one\ntwo\n").await?;
/// writer.into_inner().await?.finish().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsciiWriter<W> {
    inner: W,
    line_end: LineEnd,
    /// Bytes that were converted and are not written yet.
    waiting: BytesMut,
    after_cr: bool,
}

impl<W: AsyncWrite + Unpin> AsciiWriter<W> {
    /// Accepts text with the line ends of this system.
    ///
    /// ```
    /// let writer = oxftp::AsciiWriter::new(Vec::new());
    /// ```
    pub fn new(inner: W) -> Self {
        Self::with_line_end(inner, LineEnd::local())
    }

    /// Accepts text with these line ends.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use oxftp::{AsciiWriter, LineEnd};
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut writer = AsciiWriter::with_line_end(Vec::new(), LineEnd::Lf);
    /// writer.write_all(b"a\n").await.unwrap();
    /// assert_eq!(writer.into_inner().await.unwrap(), b"a\r\n");
    /// # }
    /// ```
    pub fn with_line_end(inner: W, line_end: LineEnd) -> Self {
        Self { inner, line_end, waiting: BytesMut::new(), after_cr: false }
    }

    /// Writes the remaining bytes, and returns the inner writer.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use oxftp::{AsciiWriter, LineEnd};
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut writer = AsciiWriter::with_line_end(Vec::new(), LineEnd::Lf);
    /// writer.write_all(b"a\n").await.unwrap();
    /// assert_eq!(writer.into_inner().await.unwrap(), b"a\r\n");
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the writer.
    pub async fn into_inner(mut self) -> io::Result<W> {
        self.flush().await?;
        Ok(self.inner)
    }

    /// Returns the inner writer without writing the remaining bytes, for use after a failed write.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use oxftp::{AsciiWriter, LineEnd};
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut writer = AsciiWriter::with_line_end(Vec::new(), LineEnd::Lf);
    /// writer.write_all(b"a\n").await.unwrap();
    /// let inner = writer.into_inner_unflushed();
    /// # }
    /// ```
    pub fn into_inner_unflushed(self) -> W {
        self.inner
    }

    fn convert(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let has_cr = text.last().map_or(self.after_cr, |last| *last == b'\r');
            self.waiting.extend_from_slice(text);
            if text.len() < line.len() {
                self.waiting.extend_from_slice(if has_cr { b"\n" } else { b"\r\n" });
            }
            self.after_cr = text.len() == line.len() && has_cr;
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for AsciiWriter<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.line_end == LineEnd::CrLf {
            return Pin::new(&mut this.inner).poll_write(cx, bytes);
        }
        ready!(this.poll_drain(cx))?;
        let taken = &bytes[..bytes.len().min(BLOCK)];
        this.convert(taken);
        // Bytes that cannot be written now wait for the next write; an error occurs again then.
        let _ = this.poll_drain(cx);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

const BLOCK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, BufReader};

    use super::*;

    /// Reads a text that arrives in pieces of `piece` bytes.
    async fn read(text: &[u8], piece: usize) -> Vec<u8> {
        let mut read = Vec::new();
        let pieces = BufReader::with_capacity(piece, text);
        AsciiReader::with_line_end(pieces, LineEnd::Lf).read_to_end(&mut read).await.unwrap();
        read
    }

    /// Writes a text in pieces of `piece` bytes, to a pipe that accepts fewer.
    async fn written(text: &[u8], piece: usize) -> Vec<u8> {
        let (sink, mut source) = tokio::io::duplex(3);
        let write = async move {
            let mut writer = AsciiWriter::with_line_end(sink, LineEnd::Lf);
            for piece in text.chunks(piece) {
                writer.write_all(piece).await.unwrap();
            }
            drop(writer.into_inner().await.unwrap());
        };
        let mut arrived = Vec::new();
        let (_, read) = tokio::join!(write, source.read_to_end(&mut arrived));
        read.unwrap();
        arrived
    }

    #[tokio::test]
    async fn ascii_reader_converts_across_read_boundaries() {
        for piece in 1..9 {
            assert_eq!(read(b"a\r\n\r\nb\rc\nd\r\r\n\r", piece).await, b"a\n\nb\rc\nd\r\n\r", "{piece}");
        }
    }

    #[tokio::test]
    async fn ascii_writer_converts_across_write_boundaries() {
        for piece in 1..9 {
            let arrived = written(b"a\n\nb\rc\r\nd\r\n\n", piece).await;
            assert_eq!(arrived, b"a\r\n\r\nb\rc\r\nd\r\n\r\n", "{piece}");
        }
    }

    #[tokio::test]
    async fn ascii_reader_works_with_small_buffers() {
        let text = b"one\r\ntwo\r\n".repeat(1000);
        let mut reader = AsciiReader::with_line_end(&text[..], LineEnd::Lf);
        let mut read = Vec::new();
        let mut one = [0];
        while reader.read(&mut one).await.unwrap() > 0 {
            read.push(one[0]);
        }
        assert_eq!(read, b"one\ntwo\n".repeat(1000));
    }

    #[tokio::test]
    async fn ascii_is_unchanged_with_crlf_line_ends() {
        let text = b"a\r\nb\n\r";
        let mut read = Vec::new();
        AsciiReader::with_line_end(&text[..], LineEnd::CrLf).read_to_end(&mut read).await.unwrap();
        assert_eq!(read, text);
        let mut writer = AsciiWriter::with_line_end(Vec::new(), LineEnd::CrLf);
        writer.write_all(text).await.unwrap();
        assert_eq!(writer.into_inner().await.unwrap(), text);
    }
}
