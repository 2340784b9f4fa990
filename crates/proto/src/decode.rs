//! Replies as they leave the wire.
//!
//! [`ReplyDecoder`] joins lines into replies and bounds their size. It does not judge codes;
//! that is each [`Dialog`](crate::dialog::Dialog)'s task.

use bytes::{Buf, BytesMut};
use memchr::memchr;

use crate::{Code, Limits, Reply};

/// Turns the bytes of a control connection into [`Reply`]s.
///
/// No byte is looked at twice, whatever pieces it arrives in. Lines may end in CR LF or LF alone.
/// A reply of several lines ends only at its own code followed by a blank or the line's end
/// (RFC 959, 4.2); other codes inside are text.
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
    /// How much of `buffer` holds no line feed, as far as is known.
    searched: usize,
    /// A reply whose last line is still to come.
    open: Option<Reply>,
    line_limit: usize,
    byte_limit: usize,
    count_limit: usize,
}

impl ReplyDecoder {
    /// Makes a decoder that keeps to `limits`.
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

    /// Takes bytes that arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Gives the buffer that arriving bytes can be read into, with room for most replies.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        self.buffer.reserve(MOST_REPLIES);
        &mut self.buffer
    }

    /// Gives the next whole reply, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for what is no reply and for one beyond the limits. The connection is of
    /// no use then.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, DecodeError> {
        while let Some(line) = self.next_line()? {
            if let Some(reply) = self.take_line(&line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// Tells whether nothing is held: no byte, no half of a reply.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.open.is_none()
    }

    /// Gives what arrived of a reply that did not end, for showing.
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

/// What stands after the digits of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A blank, or the end of the line: the reply ends here.
    Last,
    /// A dash: more lines follow.
    More,
    /// This is no code.
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

/// What came is not a reply that can be worked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The line does not start with a reply code.
    #[error("the server sent what is no FTP reply: {line:?}")]
    NotAReply {
        /// How the line starts.
        line: String,
    },
    /// A line is longer than [`Limits::reply_line`].
    #[error("the server sent a reply line longer than {limit} bytes: {line:?}")]
    LineTooLong {
        /// The limit in bytes.
        limit: usize,
        /// How the line starts.
        line: String,
    },
    /// A reply is longer than [`Limits::reply_bytes`] or has more lines than
    /// [`Limits::reply_lines`].
    #[error("the server sent a reply without end ({bytes} bytes, {lines} lines so far)")]
    ReplyTooLong {
        /// Bytes so far.
        bytes: usize,
        /// Lines so far.
        lines: usize,
    },
}

/// Few replies have more bytes.
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
    fn one_line_and_many_lines_are_replies() {
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
    fn lines_that_repeat_the_code_with_a_dash_lose_it() {
        assert_eq!(decode(b"211-Features\r\n211-MLST\r\n211 End\r\n"), ["211 Features MLST End"]);
    }

    #[test]
    fn pieces_of_any_size_give_the_same_replies() {
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
    fn what_is_no_reply_is_refused() {
        for line in [&b"SSH-2.0-OpenSSH\r\n"[..], b"2x0 hi\r\n", b"999 hi\r\n", b"2200 hi\r\n"] {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            decoder.feed(line);
            assert!(matches!(decoder.next_reply(), Err(DecodeError::NotAReply { .. })), "{line:?}");
        }
    }

    #[test]
    fn lines_and_replies_without_end_are_refused_early() {
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
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            decoder.feed(&bytes);
            while let Ok(Some(_)) = decoder.next_reply() {}
        }
    }
}
