//! Reply decoder: turns received bytes into replies.
//!
//! [`ReplyDecoder`] joins lines into replies and limits their size. It does not interpret codes; each
//! [`Dialog`](crate::dialog::Dialog) does.

use bytes::{Buf, BytesMut};
use memchr::memchr;

use crate::{Code, Limits, Reply};

/// Decodes the bytes of a control connection into [`Reply`]s.
///
/// Each byte is examined once, no matter how the stream is split. Lines may end in CR LF or in LF. A
/// multi-line reply ends only at its own code followed by a blank or the end of the line (RFC 959, 4.2);
/// other codes inside it are text.
///
/// ```
/// use oxftp_proto::{Limits, ReplyDecoder};
///
/// let mut decoder = ReplyDecoder::new(&Limits::default());
/// decoder.feed(b"220-Hello\r\n220 ready\r\n331 ");
///
/// let greeting = decoder.next_reply()?.expect("one whole reply came");
/// assert_eq!(greeting.text(), "Hello\nready");
/// assert_eq!(decoder.next_reply()?, None, "the second is not whole yet");
/// # Ok::<(), oxftp_proto::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct ReplyDecoder {
    buffer: BytesMut,
    /// Number of bytes of `buffer` known to contain no line feed.
    searched: usize,
    /// A reply whose last line has not arrived.
    open: Option<Reply>,
    line_limit: usize,
    byte_limit: usize,
    count_limit: usize,
}

impl ReplyDecoder {
    /// Creates a decoder that enforces `limits`.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            open: None,
            line_limit: limits.reply_line,
            byte_limit: limits.reply_bytes,
            count_limit: limits.reply_lines,
        }
    }

    /// Adds received bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the buffer to receive into, with space for most replies.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        self.buffer.reserve(MOST_REPLIES);
        &mut self.buffer
    }

    /// Returns the next complete reply, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when the bytes are not a reply, or the reply exceeds the limits. The connection cannot
    /// be used after that.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, DecodeError> {
        while let Some(line) = self.next_line()? {
            if let Some(reply) = self.take_line(&line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// Returns whether no received byte is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.open.is_none()
    }

    /// Returns the incomplete reply received so far, for display.
    #[must_use]
    pub fn unfinished(&self) -> String {
        let mut text = self.open.as_ref().map(Reply::to_string).unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&self.buffer));
        text
    }

    fn next_line(&mut self) -> Result<Option<BytesMut>, DecodeError> {
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(position) = memchr(b'\n', fresh) else {
            self.searched = self.buffer.len();
            return if self.searched > self.line_limit { Err(self.line_too_long()) } else { Ok(None) };
        };
        let end = self.searched + position;
        if end > self.line_limit {
            return Err(self.line_too_long());
        }
        let mut line = self.buffer.split_to(end);
        self.buffer.advance(1);
        self.searched = 0;
        if line.ends_with(b"\r") {
            line.truncate(line.len() - 1);
        }
        Ok(Some(line))
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Reply>, DecodeError> {
        let (code, mark, text) = split_code(line);
        let Some(open) = &mut self.open else {
            return match (code, mark) {
                (Some(code), Mark::Last) => Ok(Some(Reply::new(code, [text]))),
                (Some(code), Mark::More) => {
                    let mut reply = Reply::starting(code);
                    reply.push_line(text);
                    self.open = Some(reply);
                    Ok(None)
                }
                // Some servers send an empty line after a reply.
                _ if line.is_empty() => Ok(None),
                _ => Err(DecodeError::NotAReply { line: excerpt(line) }),
            };
        };
        let own = code == Some(open.code()) && mark != Mark::None;
        open.push_line(if own { text } else { line });
        if open.len() > self.byte_limit || open.line_count() > self.count_limit {
            return Err(DecodeError::ReplyTooLong { bytes: open.len(), lines: open.line_count() });
        }
        Ok(if own && mark == Mark::Last { self.open.take() } else { None })
    }

    fn line_too_long(&self) -> DecodeError {
        DecodeError::LineTooLong { limit: self.line_limit, line: excerpt(&self.buffer) }
    }
}

/// What follows the digits of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A blank or the end of the line: the reply is complete.
    Last,
    /// A dash: more lines follow.
    More,
    /// Anything else: the line does not start with a code.
    None,
}

fn split_code(line: &[u8]) -> (Option<Code>, Mark, &[u8]) {
    let Some((digits, rest)) = line.split_first_chunk::<3>() else { return (None, Mark::None, line) };
    let Some(code) = Code::from_digits(*digits) else { return (None, Mark::None, line) };
    match rest {
        [] => (Some(code), Mark::Last, rest),
        [b' ' | b'\t', text @ ..] => (Some(code), Mark::Last, text),
        [b'-', text @ ..] => (Some(code), Mark::More, text),
        _ => (None, Mark::None, line),
    }
}

fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.get(..80).unwrap_or(bytes);
    String::from_utf8_lossy(shown).into_owned()
}

/// Received bytes that cannot be used as a reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The line does not start with a reply code.
    #[error("the server sent something that is not an FTP reply: {line:?}")]
    NotAReply {
        /// Start of the line.
        line: String,
    },
    /// A line is longer than [`Limits::reply_line`].
    #[error("the server sent a reply line longer than {limit} bytes: {line:?}")]
    LineTooLong {
        /// Limit in bytes.
        limit: usize,
        /// Start of the line.
        line: String,
    },
    /// A reply is longer than [`Limits::reply_bytes`] or has more lines than
    /// [`Limits::reply_lines`].
    #[error("the server sent a reply that is too long ({bytes} bytes, {lines} lines so far)")]
    ReplyTooLong {
        /// Bytes received so far.
        bytes: usize,
        /// Lines received so far.
        lines: usize,
    },
}

/// Few replies are longer.
const MOST_REPLIES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Vec<String> {
        let mut decoder = ReplyDecoder::new(&Limits::default());
        decoder.feed(bytes);
        std::iter::from_fn(|| decoder.next_reply().unwrap()).map(|reply| reply.to_string()).collect()
    }

    #[test]
    fn single_and_multi_line_replies_are_decoded() {
        assert_eq!(decode(b"220 hi\r\n"), ["220 hi"]);
        assert_eq!(decode(b"211-Features\r\n MLST\r\n211 End\r\n"), ["211 Features MLST End"]);
        assert_eq!(decode(b"226\r\n200 ok\r\n"), ["226 ", "200 ok"]);
    }

    #[test]
    fn a_line_feed_alone_ends_a_line() {
        assert_eq!(decode(b"220-a\n220 b\n"), ["220 a b"]);
    }

    #[test]
    fn another_code_inside_does_not_end_a_reply() {
        assert_eq!(decode(b"230-a\r\n331 not yet\r\n230 b\r\n"), ["230 a 331 not yet b"]);
    }

    #[test]
    fn repeated_code_with_dash_is_removed() {
        assert_eq!(decode(b"211-Features\r\n211-MLST\r\n211 End\r\n"), ["211 Features MLST End"]);
    }

    #[test]
    fn split_input_decodes_to_the_same_replies() {
        let bytes = b"220-Hello\r\n there\r\n220 ready\r\n\r\n331 password\r\n";
        for size in 1..bytes.len() {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            let mut replies = Vec::new();
            for piece in bytes.chunks(size) {
                decoder.feed(piece);
                while let Some(reply) = decoder.next_reply().unwrap() {
                    replies.push(reply.to_string());
                }
            }
            assert_eq!(replies, ["220 Hello  there ready".replace("  ", " "), "331 password".into()]);
            assert!(decoder.is_empty());
        }
    }

    #[test]
    fn invalid_reply_is_refused() {
        for line in [&b"SSH-2.0-OpenSSH\r\n"[..], b"2x0 hi\r\n", b"999 hi\r\n", b"2200 hi\r\n"] {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            decoder.feed(line);
            assert!(matches!(decoder.next_reply(), Err(DecodeError::NotAReply { .. })), "{line:?}");
        }
    }

    #[test]
    fn endless_lines_and_replies_are_refused_early() {
        let limits = Limits::default();
        let mut decoder = ReplyDecoder::new(&limits);
        decoder.feed(&vec![b'2'; limits.reply_line + 1]);
        assert!(matches!(decoder.next_reply(), Err(DecodeError::LineTooLong { .. })));

        let mut decoder = ReplyDecoder::new(&limits);
        decoder.feed(b"220-start\r\n");
        let error = (0..=limits.reply_lines).find_map(|_| {
            decoder.feed(b"more\r\n");
            decoder.next_reply().err()
        });
        assert!(matches!(error, Some(DecodeError::ReplyTooLong { .. })));
    }

    proptest::proptest! {
        #[test]
        fn decoder_never_panics(bytes: Vec<u8>) {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            decoder.feed(&bytes);
            while let Ok(Some(_)) = decoder.next_reply() {}
        }
    }
}
