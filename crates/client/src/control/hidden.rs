//! What must not be shown, should a server repeat it.

use oxftp_proto::{DecodeError, Reply, dialog::Secret};

/// The secrets of a login, while it runs: many a server quotes what it refuses.
#[derive(Default)]
pub(super) struct Hidden(Vec<Secret>);

impl Hidden {
    /// Hides these from now on, and nothing else. What is too short stands in honest text as well.
    pub(super) fn set(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.0 = secrets.into_iter().filter(|secret| secret.expose().len() >= SHORTEST).collect();
    }

    /// Gives the reply without them.
    pub(super) fn reply(&self, reply: Reply) -> Reply {
        if !self.0.iter().any(|secret| reply.lines().any(|line| holds(line, secret))) {
            return reply;
        }
        let lines: Vec<_> = reply.lines().map(|line| self.text(&String::from_utf8_lossy(line))).collect();
        Reply::new(reply.code(), lines.iter().map(String::as_bytes))
    }

    /// Gives the error without them.
    pub(super) fn error(&self, error: DecodeError) -> DecodeError {
        match error {
            DecodeError::NotAReply { line } => DecodeError::NotAReply { line: self.text(&line) },
            DecodeError::LineTooLong { limit, line } => {
                DecodeError::LineTooLong { limit, line: self.text(&line) }
            }
            error => error,
        }
    }

    /// Gives the text without them.
    pub(super) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"))
    }
}

fn holds(line: &[u8], secret: &Secret) -> bool {
    let secret = secret.expose().as_bytes();
    line.windows(secret.len()).any(|window| window == secret)
}

const SHORTEST: usize = 4;
