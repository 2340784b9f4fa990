//! Line splitter for a byte stream.

use bytes::BytesMut;

/// Splits the bytes of a data connection into lines of limited length.
///
/// The bytes remain in the caller's buffer until their line is complete, and each is examined once. A line
/// ends with LF, with up to two CRs before it: some servers convert CRLF to CRCRLF. Any other CR is part of the line.
///
/// ```
/// use bytes::BytesMut;
/// use oxftp_proto::listing::LineSplitter;
///
/// let mut splitter = LineSplitter::new(1024);
/// let mut buffer = BytesMut::from(&b"one\r\ntwo\nthr"[..]);
/// assert_eq!(splitter.feed(&mut buffer)?.unwrap(), "one");
/// assert_eq!(splitter.feed(&mut buffer)?.unwrap(), "two");
/// assert_eq!(splitter.feed(&mut buffer)?, None);
///
/// buffer.extend_from_slice(b"ee");
/// assert_eq!(splitter.feed(&mut buffer)?, None);
/// assert_eq!(splitter.finish(&mut buffer)?.unwrap(), "three");
/// # Ok::<(), oxftp_proto::listing::LineTooLong>(())
/// ```
#[derive(Debug, Clone)]
pub struct LineSplitter {
    limit: usize,
    /// Number of bytes at the front of the buffer that contain no LF.
    scanned: usize,
}

impl LineSplitter {
    /// Creates a splitter for lines of at most `limit` bytes without line endings (see
    /// [`Limits::listing_line`](crate::Limits::listing_line)).
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, scanned: 0 }
    }

    /// Removes the first line from `buffer` and returns it without its line ending. `None` if no line is
    /// complete.
    ///
    /// Between calls, bytes may only be added at the end of `buffer`.
    ///
    /// # Errors
    ///
    /// [`LineTooLong`] as soon as the line exceeds the limit, even if it is incomplete.
    pub fn feed(&mut self, buffer: &mut BytesMut) -> Result<Option<BytesMut>, LineTooLong> {
        let new = buffer.get(self.scanned..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', new).map(|found| self.scanned + found) else {
            self.scanned = buffer.len();
            // CRs at the end may be a part of the line ending.
            return self.check(buffer.len() - returns(buffer)).map(|()| None);
        };
        let mut line = buffer.split_to(end + 1);
        self.scanned = 0;
        line.truncate(end);
        line.truncate(end - returns(&line));
        self.check(line.len()).map(|()| Some(line))
    }

    /// Returns the last line, which has no line ending. `None` if no bytes are left.
    ///
    /// # Errors
    ///
    /// [`LineTooLong`] when the line exceeds the limit.
    pub fn finish(&mut self, buffer: &mut BytesMut) -> Result<Option<BytesMut>, LineTooLong> {
        self.scanned = 0;
        self.check(buffer.len())?;
        let line = buffer.split();
        Ok((!line.is_empty()).then_some(line))
    }

    fn check(&self, length: usize) -> Result<(), LineTooLong> {
        if length > self.limit { Err(LineTooLong { limit: self.limit }) } else { Ok(()) }
    }
}

/// Counts the CRs at the end of a line that belong to its ending.
fn returns(line: &[u8]) -> usize {
    line.iter().rev().take(MAX_RETURNS).take_while(|byte| **byte == b'\r').count()
}

/// Maximum number of CRs before an LF.
const MAX_RETURNS: usize = 2;

/// A line of a listing exceeds the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the listing is longer than {limit} bytes")]
pub struct LineTooLong {
    /// Limit in bytes.
    pub limit: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, LineTooLong> {
        let mut splitter = LineSplitter::new(5);
        let mut buffer = BytesMut::new();
        let mut lines = Vec::new();
        for chunk in chunks {
            buffer.extend_from_slice(chunk);
            while let Some(line) = splitter.feed(&mut buffer)? {
                lines.push(line.to_vec());
            }
        }
        lines.extend(splitter.finish(&mut buffer)?.map(|line| line.to_vec()));
        Ok(lines)
    }

    #[test]
    fn only_crs_before_lf_are_dropped() {
        assert_eq!(split(&[b"a\r\r\nb\rc\n\r\n\nd\r"]).unwrap(), [&b"a"[..], b"b\rc", b"", b"", b"d\r"]);
    }

    #[test]
    fn line_ending_may_be_split() {
        assert_eq!(split(&[b"12345\r", b"\nx", b"", b"\n"]).unwrap(), [&b"12345"[..], b"x"]);
    }

    #[test]
    fn line_beyond_limit_is_refused_before_its_end() {
        assert_eq!(split(&[b"123", b"456"]), Err(LineTooLong { limit: 5 }));
        assert_eq!(split(&[b"123456\n"]), Err(LineTooLong { limit: 5 }));
        assert_eq!(split(&[b"12345\r", b"\r\r"]), Err(LineTooLong { limit: 5 }));
        assert_eq!(split(&[b"12345\r\r\r\n"]), Err(LineTooLong { limit: 5 }));
    }

    proptest! {
        #[test]
        fn chunks_do_not_change_the_lines(lines in prop::collection::vec("[a-z\r]{1,4}", 0..8), cut in 0_usize..32) {
            let stream: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect();
            let (head, tail) = stream.split_at(cut.min(stream.len()));

            let kept = |line: &str| line.strip_suffix('\r').unwrap_or(line).as_bytes().to_vec();
            let expected: Vec<_> = lines.iter().map(|line| kept(line)).collect();
            prop_assert_eq!(split(&[head, tail]).unwrap(), expected);
        }
    }
}
