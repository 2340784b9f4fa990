//! Reply decoder: turns received bytes into replies.
//!
//! [`ReplyDecoder`] joins lines into replies and limits their size. It does not interpret codes; each
//! [`Dialog`](crate::dialog::Dialog) does.

use bytes::{Buf, BytesMut};
use memchr::{memchr, memchr2};

use crate::{Code, Limits, Reply};

/// Decodes the bytes of a control connection into [`Reply`]s.
///
/// Each byte is examined once, no matter how the stream is split. Lines may end in CR LF or in LF. A
/// multi-line reply ends only at its own code followed by a blank or the end of the line (RFC 959, 4.2);
/// other codes inside it are text.
///
/// Lines of text before a reply that do not begin with a digit are skipped: some servers send notices of their system
/// without a code. Blanks before a code are skipped, too. A server whose lines end in CR alone is recognized by a
/// silence; see [`ends_in_return`](Self::ends_in_return).
///
/// # Tentative replies
///
/// Some servers end a multi-line reply with another code (`220-Welcome`, `230 ready`; glFTPd also ends the lines
/// `553-…` with `150 Opening …`). The bytes alone cannot tell such an end from a line of text, and only the absence
/// of more bytes can. The decoder has no clock: when nothing has arrived for a few seconds and
/// [`has_tentative_reply`](Self::has_tentative_reply) returns `true`, the caller calls
/// [`take_tentative_reply`](Self::take_tentative_reply).
///
/// If the caller did not wait long enough, the rest of that reply still arrives, always before the reply to the next
/// command. The decoder recognizes and discards it, so that no reply is assigned to the wrong command.
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
    /// Number of NULs dropped before the line that `buffer` begins with.
    skipped_nuls: usize,
    /// A reply whose last line has not arrived.
    open: Option<Reply>,
    /// A line of `open` that may end it.
    possible_end: Option<PossibleEnd>,
    /// The last reply was a tentative one.
    tentative: Option<Box<Tentative>>,
    confirmed: bool,
    /// Lines end in CR alone.
    returns_end_lines: bool,
    /// The lines without a code before the next reply.
    stray: Stray,
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
            skipped_nuls: 0,
            open: None,
            possible_end: None,
            tentative: None,
            confirmed: false,
            returns_end_lines: false,
            stray: Stray::default(),
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
            let Some(reply) = self.take_line(&line)? else { continue };
            self.stray = Stray::default();
            if self.tentative.is_none() {
                return Ok(Some(reply));
            }
            if let Some(reply) = self.hold_back(reply) {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// Returns whether the received lines are a complete reply if no more bytes arrive.
    ///
    /// These are the lines of a multi-line reply up to one that begins with another code of the same class, or with a
    /// preliminary code: the final reply to that command still follows, and may have arrived already.
    #[must_use]
    pub fn has_tentative_reply(&self) -> bool {
        self.buffer.is_empty()
            && match self.open {
                Some(_) => self.possible_end.is_some_and(|end| end.is_complete()),
                None => self.held().is_some(),
            }
    }

    /// Returns whether the received bytes are lines that end in CR alone, if no more bytes arrive. After a silence of
    /// some seconds, the caller calls [`end_lines_by_returns`](Self::end_lines_by_returns).
    #[must_use]
    pub fn ends_in_return(&self) -> bool {
        self.buffer.ends_with(b"\r") && self.searched == self.buffer.len() && !self.returns_end_lines
    }

    /// Takes CR for the end of a line from now on.
    pub fn end_lines_by_returns(&mut self) {
        self.returns_end_lines = true;
        self.searched = 0;
    }

    /// Returns the error for lines of text without a code that no reply has followed. To be called after a silence of
    /// some seconds, or when the server has closed the connection.
    #[must_use]
    pub fn stray_line(&self) -> Option<DecodeError> {
        let line = self.stray.first.as_ref().filter(|_| self.buffer.is_empty())?;
        Some(DecodeError::NotAReply { line: line.clone() })
    }

    /// Returns the reply that is complete if no more bytes arrive. To be called after a silence of some seconds, or
    /// when the server has closed the connection.
    ///
    /// The reply has the code of its last line, as with curl: the lines before it may come from scripts of the
    /// server. The code of the first line stays if the last one is `200`, which belongs to any command, and if it is
    /// `230` after `220`: a greeting is not a login yet.
    ///
    /// After this, the next reply may be held back until this method is called again: if it begins with the code of
    /// this reply's first line, it may be the late end of this reply. Therefore no command may be pipelined on a
    /// connection for which this has returned a reply.
    pub fn take_tentative_reply(&mut self) -> Option<Reply> {
        if !self.buffer.is_empty() {
            return None;
        }
        let Some(open) = &self.open else {
            return self.tentative.take_if(|tentative| tentative.held.is_some())?.held;
        };
        let end = self.possible_end.filter(|end| end.is_complete())?;
        let reply = first_lines(open, end.lines)?;
        // The final reply after a preliminary one is decoded next.
        let follows = end.next == Next::Complete;
        for line in open.lines().skip(end.lines).filter(|_| follows) {
            self.buffer.extend_from_slice(line);
            self.buffer.extend_from_slice(b"\r\n");
        }
        self.tentative =
            Some(Box::new(Tentative { first_code: open.code(), late_bytes: 0, late_lines: 0, held: None }));
        self.open = None;
        self.possible_end = None;
        Some(reply)
    }

    /// Discards the late end of a tentative reply. To be called when no command is outstanding, because a reply that
    /// arrived before a command cannot answer it.
    pub fn discard_late_end(&mut self) {
        if self.open.is_none() && self.held().is_some() {
            self.tentative = None;
        }
    }

    /// Returns whether a tentative reply has turned out to be complete: this server ends replies with other codes. A
    /// shorter silence is enough on this connection from now on.
    #[must_use]
    pub fn has_confirmed_tentative_reply(&self) -> bool {
        self.confirmed
    }

    /// Returns whether no received byte is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.open.is_none() && self.held().is_none()
    }

    /// Returns the incomplete reply received so far, for display.
    #[must_use]
    pub fn unfinished(&self) -> String {
        let mut text = self.open.as_ref().or(self.held()).map(Reply::to_string).unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&self.buffer));
        text
    }

    fn next_line(&mut self) -> Result<Option<BytesMut>, DecodeError> {
        if self.searched == 0 {
            self.skip_nuls();
        }
        let fresh = self.buffer.get(self.searched..).unwrap_or_default();
        let found = match self.returns_end_lines {
            true => memchr2(b'\r', b'\n', fresh),
            false => memchr(b'\n', fresh),
        };
        let Some(position) = found else {
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
        strip_controls(&mut line);
        self.skipped_nuls = 0;
        self.skip_nuls();
        Ok(Some(line))
    }

    /// Drops the NULs that some servers send after a line, so that they do not count as an unread rest.
    #[inline]
    fn skip_nuls(&mut self) {
        if self.buffer.first() != Some(&0) {
            return;
        }
        let most = MAX_NULS - self.skipped_nuls;
        let nuls = self.buffer.iter().take(most).take_while(|byte| **byte == 0).count();
        self.buffer.advance(nuls);
        self.skipped_nuls += nuls;
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Reply>, DecodeError> {
        if self.open.is_some() {
            return self.take_inner_line(line);
        }
        let (code, mark, text) = split_code(line);
        match (code, mark) {
            (Some(code), Mark::Last) => Ok(Some(Reply::starting(code, text))),
            (Some(code), Mark::More) => {
                self.open = Some(Reply::starting(code, text));
                Ok(None)
            }
            // Some servers send an empty line after a reply.
            _ if line.is_empty() => Ok(None),
            _ if self.tentative.is_some() => self.take_late_line(line),
            _ => match unspaced(line) {
                Some(reply) => Ok(Some(reply)),
                None => self.take_stray_line(line),
            },
        }
    }

    /// Skips a line of text before a reply. A blank before a code is not part of the line.
    #[cold]
    fn take_stray_line(&mut self, line: &[u8]) -> Result<Option<Reply>, DecodeError> {
        let text = line.trim_ascii_start();
        if text.len() < line.len() && split_code(text).1 != Mark::None {
            return self.take_line(text);
        }
        if !is_notice(text) {
            return Err(DecodeError::NotAReply { line: excerpt(line) });
        }
        self.stray.first.get_or_insert_with(|| excerpt(line));
        self.stray.bytes += line.len();
        self.stray.lines += 1;
        self.check_size(self.stray.bytes, self.stray.lines).map(|()| None)
    }

    /// Adds a line to the reply that is open.
    #[inline(never)]
    fn take_inner_line(&mut self, line: &[u8]) -> Result<Option<Reply>, DecodeError> {
        let (code, mark, text) = split_code(line);
        let Some(open) = &mut self.open else { return Ok(None) };
        let own = code == Some(open.code()) && mark != Mark::None;
        open.push_line(if own { text } else { line });
        let (bytes, lines) = (open.len(), open.line_count());
        if own && mark == Mark::Last {
            self.possible_end = None;
            return self.check_size(bytes, lines).map(|()| self.open.take());
        }
        // An empty line after a possible end is not evidence: some servers send one after every reply.
        if !line.is_empty() {
            let class = open.code().class();
            let may_end = |code: Code| code.class() == class || code.is_preliminary();
            let continued = self.possible_end.filter(|_| !own).and_then(|end| end.followed_by(code, mark));
            let ends_here = || {
                let code = code.filter(|code| mark == Mark::Last && !own && may_end(*code))?;
                let next = if code.is_preliminary() { Next::Awaited } else { Next::None };
                Some(PossibleEnd { lines, next })
            };
            self.possible_end = continued.or_else(ends_here);
        }
        self.check_size(bytes, lines).map(|()| None)
    }

    /// Discards a line of text that still belongs to a tentative reply.
    #[cold]
    fn take_late_line(&mut self, line: &[u8]) -> Result<Option<Reply>, DecodeError> {
        let Some(tentative) = self.tentative.as_mut().filter(|tentative| tentative.held.is_none()) else {
            return Err(DecodeError::NotAReply { line: excerpt(line) });
        };
        tentative.late_bytes += line.len();
        tentative.late_lines += 1;
        let (bytes, lines) = (tentative.late_bytes, tentative.late_lines);
        self.check_size(bytes, lines).map(|()| None)
    }

    /// Holds back the first reply after a tentative one if it may be the end of that one. Returns any other reply; it
    /// shows that the held one was the end indeed, because each command gets a single reply.
    #[cold]
    fn hold_back(&mut self, reply: Reply) -> Option<Reply> {
        if let Some(tentative) = &mut self.tentative
            && tentative.held.is_none()
            && tentative.first_code == reply.code()
        {
            tentative.held = Some(reply);
            return None;
        }
        if let Some(tentative) = self.tentative.take() {
            self.confirmed |= tentative.held.is_none() && tentative.late_lines == 0;
        }
        Some(reply)
    }

    fn held(&self) -> Option<&Reply> {
        self.tentative.as_ref().and_then(|tentative| tentative.held.as_ref())
    }

    fn check_size(&self, bytes: usize, lines: usize) -> Result<(), DecodeError> {
        let too_long = bytes > self.byte_limit || lines > self.count_limit;
        if too_long { Err(DecodeError::ReplyTooLong { bytes, lines }) } else { Ok(()) }
    }

    fn line_too_long(&self) -> DecodeError {
        DecodeError::LineTooLong { limit: self.line_limit, line: excerpt(&self.buffer) }
    }
}

/// The lines of text without a code since the last reply.
#[derive(Debug, Default)]
struct Stray {
    first: Option<String>,
    bytes: usize,
    lines: usize,
}

/// A line that may end a multi-line reply although it begins with another code.
#[derive(Debug, Clone, Copy)]
struct PossibleEnd {
    /// Number of lines up to this one.
    lines: usize,
    next: Next,
}

/// The reply that follows a possible end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There is none: the server awaits the next command.
    None,
    /// The end is a preliminary reply, and the final one has not begun.
    Awaited,
    /// The final reply has several lines, and its last one has not arrived.
    Open(Code),
    /// The final reply is complete.
    Complete,
}

impl PossibleEnd {
    /// Returns whether no line of the next reply is missing.
    fn is_complete(self) -> bool {
        !matches!(self.next, Next::Open(_))
    }

    /// Adds the next line, or returns `None` if it cannot belong to the final reply after a preliminary one.
    fn followed_by(self, code: Option<Code>, mark: Mark) -> Option<Self> {
        let next = match (self.next, code, mark) {
            (Next::Awaited, Some(code), Mark::Last) if !code.is_preliminary() => Next::Complete,
            (Next::Awaited, Some(code), Mark::More) if !code.is_preliminary() => Next::Open(code),
            (Next::Open(open), Some(code), Mark::Last) if code == open => Next::Complete,
            (Next::Open(open), ..) => Next::Open(open),
            _ => return None,
        };
        Some(Self { next, ..self })
    }
}

/// State after a tentative reply was taken, until the next reply.
#[derive(Debug)]
struct Tentative {
    /// The code at the start of the reply's last line, if that line is late.
    first_code: Code,
    late_bytes: usize,
    late_lines: usize,
    /// Its late end, or the reply to the next command.
    held: Option<Reply>,
}

/// The byte after the digits of a code.
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
        // libftpvita sends `213: 5`.
        [b':', b' ', text @ ..] if code == Code::FILE_STATUS => (Some(code), Mark::Last, text),
        _ => (None, Mark::None, line),
    }
}

/// Reads a reply whose text follows the code without a blank, as in `226Done` or `250: done`.
#[cold]
fn unspaced(line: &[u8]) -> Option<Reply> {
    let (digits, text) = line.split_first_chunk::<3>()?;
    let code = Code::from_digits(*digits)?;
    let text = text.strip_prefix(b":").unwrap_or(text);
    let is_text = text.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b' ');
    is_text.then(|| Reply::new(code, [text.trim_ascii_start()]))
}

/// Returns whether a line without a code may be a notice of the server's system. A line that begins with a digit is a
/// faulty reply, and other protocols are recognized at once: no reply would follow.
fn is_notice(line: &[u8]) -> bool {
    let is_text = line.iter().all(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7F);
    let is_other = OTHER_PROTOCOLS.iter().any(|start| line.starts_with(start));
    is_text && !is_other && !line.first().is_some_and(u8::is_ascii_digit)
}

/// The first bytes of SSH, HTTP, HTML, POP, IMAP and VNC.
const OTHER_PROTOCOLS: [&[u8]; 7] = [b"SSH-", b"HTTP/", b"<", b"+", b"-", b"* OK", b"RFB "];

/// Returns the first `lines` lines of a reply, the last of which begins with another code.
fn first_lines(reply: &Reply, lines: usize) -> Option<Reply> {
    let mut kept: Vec<&[u8]> = reply.lines().take(lines).collect();
    let (code, _, text) = split_code(kept.pop()?);
    kept.push(text);
    let code = match (reply.code(), code?) {
        (Code::READY, Code::LOGGED_IN) => Code::READY,
        (first, Code::OK) => first,
        (_, last) => last,
    };
    Some(Reply::new(code, kept))
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

/// Removes the end of line, NULs before it, and Telnet commands (RFC 854) at the start of a line.
fn strip_controls(line: &mut BytesMut) {
    let visible = |line: &BytesMut| line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    line.truncate(visible(line));
    if line.ends_with(b"\r") {
        line.truncate(line.len() - 1);
        line.truncate(visible(line));
    }
    while let [IAC, command @ 240..=254, ..] = **line {
        let length = if command >= WILL { 3 } else { 2 };
        line.advance(length.min(line.len()));
    }
}

/// NULs after a line that are dropped. Further ones belong to the next line, so that its limit holds for them.
const MAX_NULS: usize = 16;

/// Telnet: the next byte is a command.
const IAC: u8 = 255;

/// Telnet: the first of the commands with an option.
const WILL: u8 = 251;

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
    fn colon_after_code_of_a_size_is_read() {
        assert_eq!(decode(b"213: 5\r\n"), ["213 5"]);
        assert_eq!(decode(b"213-Status\r\n213:5\r\n213 End\r\n"), ["213 Status 213:5 End"]);
    }

    #[test]
    fn notices_and_blanks_before_a_reply_are_skipped() {
        assert_eq!(decode(b"Welcome\r\n*** Authorized use only ***\r\n\r\n220 hi\r\n"), ["220 hi"]);
        assert_eq!(decode(b" 220 hi\r\n230 in\r\nLast login\r\n250 ok\r\n"), ["220 hi", "230 in", "250 ok"]);
        let mut decoder = ReplyDecoder::new(&Limits::default());
        decoder.feed(b"Welcome\r\n");
        assert_eq!(decoder.next_reply(), Ok(None));
        let alone = decoder.stray_line();
        assert_eq!(alone, Some(DecodeError::NotAReply { line: "Welcome".to_owned() }));
        decoder.feed(b"220 hi\r\n");
        assert!(decoder.next_reply().unwrap().is_some() && decoder.stray_line().is_none());
    }

    #[test]
    fn endless_notices_are_refused() {
        let limits = Limits::default();
        let mut decoder = ReplyDecoder::new(&limits);
        let error = (0..=limits.reply_lines).find_map(|_| {
            decoder.feed(b"more\r\n");
            decoder.next_reply().err()
        });
        assert!(matches!(error, Some(DecodeError::ReplyTooLong { .. })));
    }

    #[test]
    fn returns_alone_end_lines_after_a_silence() {
        let mut decoder = ReplyDecoder::new(&Limits::default());
        decoder.feed(b"220-a\r220 b\r");
        assert_eq!(decoder.next_reply(), Ok(None));
        assert!(decoder.ends_in_return());
        decoder.end_lines_by_returns();
        assert_eq!(decoder.next_reply().unwrap().unwrap().to_string(), "220 a b");
        decoder.feed(b"331 c\r");
        assert_eq!(decoder.next_reply().unwrap().unwrap().to_string(), "331 c");
        assert!(decoder.is_empty());
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
    fn reply_without_blank_after_code_is_read() {
        let mut decoder = ReplyDecoder::new(&Limits::default());
        let (replies, _) =
            feed(&mut decoder, b"125Data\r\n250: done\r\n250-a\r\n250b\r\n250 c\r\n226\tx\r\n");
        assert_eq!(replies, ["125 Data", "250 done", "250 a 250b c", "226 x"]);
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

    /// Feeds a piece, returns the replies in it, and the tentative one after a silence.
    fn feed(decoder: &mut ReplyDecoder, piece: &[u8]) -> (Vec<String>, Option<String>) {
        decoder.feed(piece);
        let replies =
            std::iter::from_fn(|| decoder.next_reply().unwrap()).map(|reply| reply.to_string()).collect();
        let is_tentative = decoder.has_tentative_reply();
        let tentative = decoder.take_tentative_reply().map(|reply| reply.to_string());
        assert_eq!(tentative.is_some(), is_tentative);
        (replies, tentative)
    }

    /// Decodes pieces with a silence after each.
    fn decode_with_pauses(pieces: &[&[u8]]) -> Vec<String> {
        let mut decoder = ReplyDecoder::new(&Limits::default());
        let replies = pieces.iter().flat_map(|piece| {
            let (replies, tentative) = feed(&mut decoder, piece);
            replies.into_iter().chain(tentative)
        });
        replies.collect()
    }

    #[test]
    fn multi_line_reply_may_end_with_another_code() {
        for (lines, reply) in [
            (&b"220-Welcome\r\n220-to the site\r\n230 ready\r\n"[..], "220 Welcome to the site ready"),
            (b"220-Welcome\r\n230 \r\n\r\n", "220 Welcome "),
            (b"220-Welcome\n230\n", "220 Welcome "),
            (b"226-[Ul: 1MB]\r\n200 done\r\n", "226 [Ul: 1MB] done"),
            (b"331-hello\r\n332 account?\r\n", "332 hello account?"),
            (
                b"200-\r\n227 Entering Passive Mode (1,2,3,4,5,6)\r\n",
                "227  Entering Passive Mode (1,2,3,4,5,6)",
            ),
            (b"227-(1,2,3,4,5,6)\r\n200 ok\r\n", "227 (1,2,3,4,5,6) ok"),
            (b"230-Welcome\r\n220 in\r\n", "220 Welcome in"),
            // glFTPd to STOR; the final reply to it follows.
            (
                b"553-\r\n553- Directory excluded (precheck).\r\n150 Opening BINARY mode data connection\r\n",
                "150  Directory excluded (precheck). Opening BINARY mode data connection",
            ),
        ] {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            assert_eq!(feed(&mut decoder, lines), (vec![], Some(reply.to_owned())));
            assert!(decoder.is_empty() && !decoder.has_tentative_reply());
        }
    }

    /// glFTPd ends the lines `553-…` with `150`, and a short transfer may end before the silence is over.
    #[test]
    fn final_reply_before_the_silence_is_kept() {
        let started = "553-\r\n553- Excluded (precheck).\r\n150 Opening\r\n";
        for (last, expected) in [
            ("226 Transfer complete.\r\n", "226 Transfer complete."),
            (
                "226- [Ul: 1MB]\r\n226- [Dl: 2MB]\r\n226 Transfer complete.\r\n",
                "226 [Ul: 1MB] [Dl: 2MB] Transfer complete.",
            ),
            ("451 Disk full\r\n\r\n", "451 Disk full"),
        ] {
            let bytes = [started, last].concat();
            for cut in started.len()..=bytes.len() {
                let mut decoder = ReplyDecoder::new(&Limits::default());
                decoder.feed(&bytes.as_bytes()[..cut]);
                assert_eq!(decoder.next_reply().unwrap(), None, "{last:?} cut at {cut}");
                let early = decoder.take_tentative_reply();
                decoder.feed(&bytes.as_bytes()[cut..]);
                let mut replies: Vec<_> = early.into_iter().collect();
                while let Some(reply) =
                    decoder.next_reply().unwrap().or_else(|| decoder.take_tentative_reply())
                {
                    replies.push(reply);
                }
                let replies: Vec<_> = replies.iter().map(ToString::to_string).collect();
                assert_eq!(replies, ["150  Excluded (precheck). Opening", expected], "{last:?} cut at {cut}");
                decoder.feed(b"200 next\r\n");
                assert_eq!(decoder.next_reply().unwrap().unwrap().to_string(), "200 next");
            }
        }
    }

    #[test]
    fn own_end_after_final_reply_makes_it_text() {
        for text in ["150 a\r\n226 b\r\n", "150 a\r\n226-b\r\n226 c\r\n", "150 a\r\n226 b\r\n227 c\r\n"] {
            let bytes = format!("553-start\r\n{text}553 end\r\n200 next\r\n");
            let replies = decode(bytes.as_bytes());
            assert_eq!(replies.len(), 2, "{replies:?}");
            assert!(
                replies[0].starts_with("553 start 150 a 226") && replies[0].ends_with(" end"),
                "{replies:?}"
            );
            assert_eq!(replies[1], "200 next");
        }
    }

    #[test]
    fn end_with_another_code_needs_silence() {
        for lines in [
            &b"220-Welcome\r\n230 files\r\nmore\r\n"[..],
            b"220-Welcome\r\n230 files\r\n22",
            b"220-Welcome\r\n230 files\r\n220-\r\n",
            b"220-Welcome\r\n230-files\r\n",
            b"220-Welcome\r\n 230 files\r\n",
            b"220-Welcome\r\n331 files\r\n",
            b"550-Failed\r\n226 files were sent\r\n",
            b"220-Welcome\r\n",
            b"220 ",
            b"",
        ] {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            assert_eq!(feed(&mut decoder, lines), (vec![], None), "{}", lines.escape_ascii());
        }
        assert_eq!(decode(b"220-Welcome\r\n230 files\r\n220 ready\r\n"), ["220 Welcome 230 files ready"]);
    }

    #[test]
    fn telnet_commands_and_nuls_are_dropped() {
        assert_eq!(decode(b"\xff\xf1220 hi\r\n\xff\xfb\x01\xff\xf1331 more\0\r\n"), ["220 hi", "331 more"]);
        assert_eq!(decode(b"220-a\r\n\xff\xf1220 b\r\0\n\0\0"), ["220 a b"]);
        assert_eq!(decode("220 \u{ff}\r\n".as_bytes()), ["220 \u{ff}"]);
    }

    #[test]
    fn replies_with_nuls_are_equal_in_any_pieces() {
        let mut bytes = b"230-1\n".to_vec();
        bytes.extend_from_slice(&[0; MAX_NULS + 1]);
        bytes.extend_from_slice(b"a\n230 x\n");
        let whole = decode(&bytes);
        for size in 1..bytes.len() {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            let mut replies = Vec::new();
            for piece in bytes.chunks(size) {
                replies.append(&mut feed(&mut decoder, piece).0);
            }
            assert_eq!(replies, whole, "pieces of {size} bytes");
        }
        assert_eq!(whole, ["230 1 \\u{0}a x"]);
    }

    #[test]
    fn nuls_after_a_reply_are_not_left_over() {
        let mut decoder = ReplyDecoder::new(&Limits::default());
        assert_eq!(feed(&mut decoder, b"220 hi\r\n\0").0, ["220 hi"]);
        assert!(decoder.is_empty());
        decoder.feed(b"\0\0");
        assert_eq!(decoder.next_reply(), Ok(None));
        assert!(decoder.is_empty());
    }

    #[test]
    fn late_end_of_tentative_reply_is_discarded() {
        for late in ["220 ready\r\n", "more\r\n220 ready\r\n", "220-more\r\n\r\n1\r\n220 ready\r\n"] {
            let bytes = [late.as_bytes(), b"331 password\r\n"].concat();
            for cut in 0..bytes.len() {
                let mut decoder = ReplyDecoder::new(&Limits::default());
                assert_eq!(
                    feed(&mut decoder, b"220-Welcome\r\n230 files\r\n").1.unwrap(),
                    "220 Welcome files"
                );
                let replies: Vec<String> = [&bytes[..cut], &bytes[cut..]]
                    .into_iter()
                    .flat_map(|piece| {
                        decoder.feed(piece);
                        std::iter::from_fn(|| decoder.next_reply().unwrap()).collect::<Vec<_>>()
                    })
                    .map(|reply| reply.to_string())
                    .collect();
                assert_eq!(replies, ["331 password"], "{late:?} cut at {cut}");
                assert!(!decoder.has_confirmed_tentative_reply() && decoder.is_empty());
            }
        }
    }

    #[test]
    fn late_end_between_commands_is_discarded() {
        let mut decoder = ReplyDecoder::new(&Limits::default());
        feed(&mut decoder, b"220-Welcome\r\n230 files\r\n");
        decoder.discard_late_end();
        decoder.feed(b"more\r\n220 ready\r\n");
        assert_eq!(decoder.next_reply(), Ok(None));
        decoder.discard_late_end();
        assert!(decoder.is_empty() && !decoder.has_tentative_reply());
        assert_eq!(feed(&mut decoder, b"220 in\r\n").0, ["220 in"]);
    }

    #[test]
    fn reply_like_a_late_end_is_kept() {
        let pieces: [&[u8]; 3] = [b"250-Hi\r\n200 in\r\n", b"250 deleted\r\n", b"226 next\r\n"];
        assert_eq!(decode_with_pauses(&pieces), ["250 Hi in", "250 deleted", "226 next"]);
        let pieces: [&[u8]; 2] = [b"250-Hi\r\n200 in\r\n", b"250-Hi\r\n200 in again\r\n"];
        assert_eq!(decode_with_pauses(&pieces), ["250 Hi in", "250 Hi in again"]);

        let mut decoder = ReplyDecoder::new(&Limits::default());
        feed(&mut decoder, b"250-Hi\r\n200 in\r\n");
        decoder.feed(b"250 deleted\r\n");
        assert_eq!(decoder.next_reply(), Ok(None));
        assert!(!decoder.is_empty());
        assert_eq!(decoder.unfinished(), "250 deleted");
    }

    #[test]
    fn tentative_reply_is_confirmed_by_the_next() {
        let mut decoder = ReplyDecoder::new(&Limits::default());
        feed(&mut decoder, b"220-Welcome\r\n230 ready\r\n");
        assert!(!decoder.has_confirmed_tentative_reply());
        assert_eq!(feed(&mut decoder, b"331 password\r\n").0, ["331 password"]);
        assert!(decoder.has_confirmed_tentative_reply());
        decoder.feed(b"hello\r\n");
        assert_eq!(decoder.next_reply(), Ok(None));
        assert!(matches!(decoder.stray_line(), Some(DecodeError::NotAReply { .. })));
    }

    #[test]
    fn endless_lines_after_tentative_reply_are_refused() {
        let limits = Limits::default();
        let mut decoder = ReplyDecoder::new(&limits);
        feed(&mut decoder, b"220-Welcome\r\n230 files\r\n");
        let error = (0..=limits.reply_lines).find_map(|_| {
            decoder.feed(b"more\r\n");
            decoder.next_reply().err()
        });
        assert!(matches!(error, Some(DecodeError::ReplyTooLong { .. })));
    }

    proptest::proptest! {
        #[test]
        fn decoder_never_panics(pieces: Vec<Vec<u8>>) {
            let mut decoder = ReplyDecoder::new(&Limits::default());
            for bytes in pieces {
                decoder.feed(&bytes);
                while let Ok(Some(_)) = decoder.next_reply() {}
                let is_tentative = decoder.has_tentative_reply();
                proptest::prop_assert_eq!(decoder.take_tentative_reply().is_some(), is_tentative);
            }
        }

        #[test]
        fn reply_with_its_own_end_is_never_tentative(
            texts in proptest::collection::vec("[ -~]{0,12}|2[0-9][0-9][ -][a-z]{0,4}", 0..6),
        ) {
            let texts: Vec<_> = texts.into_iter().filter(|text| !text.starts_with("220")).collect();
            let lines: String = texts.iter().map(|text| format!("{text}\r\n")).collect();
            let stream = format!("220-Hi\r\n{lines}220 end\r\n");
            let mut decoder = ReplyDecoder::new(&Limits::default());
            decoder.feed(stream.as_bytes());
            let reply = decoder.next_reply().unwrap().unwrap();
            proptest::prop_assert_eq!(reply.code(), Code::READY);
            proptest::prop_assert_eq!(reply.lines().len(), texts.len() + 2);
            proptest::prop_assert!(decoder.is_empty() && !decoder.has_tentative_reply());
        }
    }
}
