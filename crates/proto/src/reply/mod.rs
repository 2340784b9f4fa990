//! Reply: a code and its lines of text.

pub mod classify;

use std::{borrow::Cow, fmt, sync::Arc};

use crate::{Code, escape::write_escaped};

/// One complete reply: a code and its lines of text (RFC 959, 4.2).
///
/// Lines do not include the code, the blank or dash after it, and the line ending. They are bytes; the caller
/// decodes them.
#[derive(Clone)]
pub struct Reply {
    code: Code,
    text: Vec<u8>,
    /// The start in `text` of each line after the first. Most replies have one line and need no memory for this.
    starts: Vec<usize>,
    /// The command that it answers.
    command: Option<Arc<str>>,
}

impl Reply {
    /// Creates a reply from a code and lines.
    #[must_use]
    pub fn new<'a>(code: Code, lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut lines = lines.into_iter();
        let mut reply = Self::starting(code, lines.next().unwrap_or_default());
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

    /// Returns the command line that the reply answers, escaped and with secrets hidden. Returns `None` for a
    /// greeting, a reply without a command, and a reply whose reader did not record the command.
    ///
    /// ```
    /// use oxftp_proto::{Code, Reply};
    ///
    /// let reply = Reply::new(Code::FILE_UNAVAILABLE, [&b"No such file"[..]]).with_command("SIZE a.txt");
    /// assert_eq!(reply.command(), Some("SIZE a.txt"));
    /// assert_eq!(reply.unexpected(&["213"]).to_string(), "the server answered 550 No such file (to SIZE a.txt)");
    /// ```
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// Records the command line that the reply answers. Secrets must be hidden in it, and control
    /// characters escaped. Two replies that differ only in it are equal.
    #[must_use]
    pub fn with_command(mut self, command: impl Into<Arc<str>>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Iterates over the lines. There is at least one, which may be empty.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &[u8]> + DoubleEndedIterator {
        (0..self.line_count()).map(|index| {
            let start = index.checked_sub(1).and_then(|before| self.starts.get(before)).copied().unwrap_or(0);
            let end = self.starts.get(index).copied().unwrap_or(self.text.len());
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

    pub(crate) fn starting(code: Code, line: &[u8]) -> Self {
        Self { code, text: line.to_vec(), starts: Vec::new(), command: None }
    }

    pub(crate) fn push_line(&mut self, line: &[u8]) {
        self.starts.push(self.text.len());
        self.text.extend_from_slice(line);
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn line_count(&self) -> usize {
        self.starts.len() + 1
    }
}

/// Compares code and text, not the command.
impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.text == other.text && self.starts == other.starts
    }
}

impl Eq for Reply {}

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
///
/// `Display` names the reply and, where it is known, the command, and with it the path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server answered {info}{}", CommandNote(.info))]
pub struct StatusCodeError {
    /// The expected masks.
    pub expected: Vec<String>,
    /// The received codes.
    pub received: Vec<Code>,
    /// The reply.
    pub info: Reply,
}

/// Writes the command that a reply answers, in parentheses.
struct CommandNote<'r>(&'r Reply);

impl fmt::Display for CommandNote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.command() {
            Some(command) => write!(f, " (to {command})"),
            None => Ok(()),
        }
    }
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
        assert_ne!(reply, Reply::new(Code::OK, [&b"one"[..], b"three"]));
        assert_eq!(Reply::new(Code::OK, []).lines().collect::<Vec<_>>(), [b""]);
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
