//! What must not be shown, should a server repeat it.

use oxftp_proto::{Code, DecodeError, Reply, Secret};

/// The secrets of a login: many a server quotes what it refuses, and some do so later on.
#[derive(Default)]
pub(super) struct Hidden {
    secrets: Vec<Secret>,
    spares_values: bool,
}

impl Hidden {
    /// Hides these from now on, and nothing else. What is too short stands in honest text as well.
    pub(super) fn set(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.secrets.clear();
        self.add(secrets);
        self.spares_values = false;
    }

    /// Hides these, too.
    pub(super) fn add(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.secrets.extend(secrets.into_iter().filter(|secret| secret.expose().len() >= SHORTEST));
    }

    /// Leaves replies that carry a value as they are: a path may well hold what is a password elsewhere.
    pub(super) fn spare_values(&mut self) {
        self.spares_values = true;
    }

    /// Gives the reply without them.
    pub(super) fn reply(&self, reply: Reply) -> Reply {
        let spared = self.spares_values && carries_value(reply.code());
        if spared || !self.secrets.iter().any(|secret| reply.lines().any(|line| holds(line, secret))) {
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
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"))
    }
}

/// Tells the replies to `STAT`, `FEAT`, `SIZE`, `MDTM`, `SYST`, `PASV`, `EPSV`, `MLST`, `HASH` and `PWD` by their codes.
fn carries_value(code: Code) -> bool {
    matches!(code.get(), 211..=215 | 227..=229 | 250 | 257)
}

fn holds(line: &[u8], secret: &Secret) -> bool {
    let secret = secret.expose().as_bytes();
    line.windows(secret.len()).any(|window| window == secret)
}

const SHORTEST: usize = 4;
