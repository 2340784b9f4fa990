//! Reply: a code and its lines of text.

pub mod classify;

use std::{borrow::Cow, fmt};

use crate::{Code, escape::write_escaped};

/// One complete reply: a code and its lines of text (RFC 959, 4.2).
///
/// Lines do not include the code, the blank or dash after it, and the line ending. They are bytes; the caller
/// decodes them.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: Code,
    text: Vec<u8>,
    /// Where each line ends in `text`.
    ends: Vec<usize>,
}

impl Reply {
    /// Creates a reply from a code and lines.
    #[must_use]
    pub fn new<'a>(code: Code, lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut reply = Self::starting(code);
        for line in lines {
            reply.push_line(line);
        }
        reply
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Iterates over the lines. There is at least one, which may be empty.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &[u8]> + DoubleEndedIterator {
        (0..self.ends.len()).map(|index| {
            let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
            let end = self.ends.get(index).copied().unwrap_or(start);
            self.text.get(start..end).unwrap_or_default()
        })
    }

    /// Returns the last line, which contains the value of `PASV`, `EPSV`, `PWD`, `SIZE` and `MDTM`.
    #[must_use]
    pub fn last_line(&self) -> &[u8] {
        self.lines().next_back().unwrap_or_default()
    }

    /// Returns the text of all lines for display, joined by line feeds.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<Cow<'_, str>> = self.lines().map(|line| String::from_utf8_lossy(line)).collect();
        lines.join("\n")
    }

    /// Returns whether the code matches any of the masks, such as `"2xx"` (see [`Code::matches`]).
    #[must_use]
    pub fn matches(&self, masks: &[&str]) -> bool {
        masks.iter().any(|mask| self.code.matches(mask))
    }

    /// Returns the reply if its code matches any of the masks.
    ///
    /// # Errors
    ///
    /// [`StatusCodeError`] if none matches.
    pub fn expect(self, masks: &[&str]) -> Result<Self, StatusCodeError> {
        if self.matches(masks) { Ok(self) } else { Err(self.unexpected(masks)) }
    }

    /// Creates the error for this reply when one of `masks` was expected.
    #[must_use]
    pub fn unexpected(self, masks: &[&str]) -> StatusCodeError {
        StatusCodeError {
            expected: masks.iter().map(|&mask| mask.to_owned()).collect(),
            received: vec![self.code],
            info: self,
        }
    }

    pub(crate) fn starting(code: Code) -> Self {
        Self { code, text: Vec::new(), ends: Vec::new() }
    }

    pub(crate) fn push_line(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.ends.push(self.text.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn line_count(&self) -> usize {
        self.ends.len()
    }
}

/// Writes code and text on one line, with control characters escaped.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for line in self.lines() {
            f.write_str(" ")?;
            write_escaped(f, String::from_utf8_lossy(line).trim())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

/// The code of a reply is not one of those expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server answered {info}")]
pub struct StatusCodeError {
    /// The expected masks.
    pub expected: Vec<String>,
    /// The received codes.
    pub received: Vec<Code>,
    /// The reply.
    pub info: Reply,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_apart() {
        let reply = Reply::new(Code::OK, [&b"one"[..], b"", b"three"]);

        assert_eq!(reply.lines().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!(reply.last_line(), b"three");
        assert_eq!(reply.text(), "one\n\nthree");
    }

    #[test]
    fn unexpected_code_error_has_both_codes() {
        let error =
            Reply::new(Code::FILE_UNAVAILABLE, [&b"No such file"[..]]).expect(&["2xx", "350"]).unwrap_err();

        assert_eq!(error.expected, ["2xx", "350"]);
        assert_eq!(error.received, [Code::FILE_UNAVAILABLE]);
        assert_eq!(error.to_string(), "the server answered 550 No such file");
    }
}
