//! Buffered stdout: data only, never messages.

use std::{
    borrow::Cow,
    io::{self, IsTerminal},
};

use oxftp::escape;
use tokio::io::{AsyncWriteExt, Stdout};

use crate::failure::{Failure, Result};

/// Stdout with a buffer of lines.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: Stdout,
    buffer: Vec<u8>,
    is_terminal: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { stdout: tokio::io::stdout(), buffer: Vec::new(), is_terminal: io::stdout().is_terminal() }
    }

    /// Returns text of the server as it can be printed: escaped on a terminal, unchanged otherwise.
    pub(crate) fn displayable<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.is_terminal {
            return Cow::Borrowed(text);
        }
        Cow::Owned(escape(&String::from_utf8_lossy(text)).into_owned().into_bytes())
    }

    /// Writes a line.
    pub(crate) async fn line(&mut self, line: impl AsRef<[u8]>) -> Result {
        self.line_with(|buffer| buffer.extend_from_slice(line.as_ref())).await
    }

    /// Writes a line with an old and a new path, as in `a -> b`.
    pub(crate) async fn mapping(&mut self, from: &[u8], to: &[u8]) -> Result {
        let line = [&self.displayable(from)[..], b" -> ", &self.displayable(to)].concat();
        self.line(line).await
    }

    /// Writes the line that `append` appends to the buffer.
    pub(crate) async fn line_with(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Result {
        append(&mut self.buffer);
        self.buffer.push(b'\n');
        if self.buffer.len() >= FLUSH_AT { self.flush().await } else { Ok(()) }
    }

    /// Writes text that ends with a byte other than a line break.
    pub(crate) async fn terminated(&mut self, text: &[u8], end: u8) -> Result {
        self.buffer.extend_from_slice(text);
        self.buffer.push(end);
        if self.buffer.len() >= FLUSH_AT { self.flush().await } else { Ok(()) }
    }

    /// Writes bytes unchanged and unbuffered.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> Result {
        self.stdout.write_all(bytes).await.map_err(failed)
    }

    /// Writes the buffered lines.
    pub(crate) async fn flush(&mut self) -> Result {
        self.stdout.write_all(&self.buffer).await.map_err(failed)?;
        self.buffer.clear();
        self.stdout.flush().await.map_err(failed)
    }
}

/// Converts an error of stdout; a closed pipe means that the reader needs no more, which is no error.
pub(crate) fn failed(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::local("cannot write to stdout", error),
    }
}

/// Buffered bytes at which the buffer is written.
const FLUSH_AT: usize = 128 * 1024;
