//! What goes to stdout: data, and nothing else.

use std::{
    borrow::Cow,
    io::{self, IsTerminal},
};

use tokio::io::{AsyncWriteExt, Stdout};

use crate::{
    failure::{Failure, Result},
    terminal::escape,
};

/// Lines and bytes for stdout, gathered until it is worth a write.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: Stdout,
    gathered: Vec<u8>,
    terminal: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { stdout: tokio::io::stdout(), gathered: Vec::new(), terminal: io::stdout().is_terminal() }
    }

    /// Gives a text of the server's as it may be shown: with control characters escaped on a
    /// terminal, else byte for byte.
    pub(crate) fn showable<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.terminal {
            return Cow::Borrowed(text);
        }
        Cow::Owned(escape(&String::from_utf8_lossy(text)).into_owned().into_bytes())
    }

    /// Writes a line.
    pub(crate) async fn line(&mut self, line: impl AsRef<[u8]>) -> Result {
        self.line_by(|gathered| gathered.extend_from_slice(line.as_ref())).await
    }

    /// Writes what is appended, as a line.
    pub(crate) async fn line_by(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Result {
        append(&mut self.gathered);
        self.gathered.push(b'\n');
        if self.gathered.len() >= ENOUGH { self.flush().await } else { Ok(()) }
    }

    /// Writes bytes as they are, at once.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> Result {
        self.stdout.write_all(bytes).await.map_err(failed)
    }

    /// Writes what is gathered.
    pub(crate) async fn flush(&mut self) -> Result {
        self.stdout.write_all(&self.gathered).await.map_err(failed)?;
        self.gathered.clear();
        self.stdout.flush().await.map_err(failed)
    }
}

/// Whoever reads has had enough when the pipe is closed, which is no error.
pub(crate) fn failed(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::local("cannot write to stdout", error),
    }
}

const ENOUGH: usize = 128 * 1024;
