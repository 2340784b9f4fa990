//! Redaction of secrets that a server repeats in its replies.

use std::borrow::Cow;

use oxftp_proto::{Code, DecodeError, Reply, Secret};

/// Secrets of a login. Many servers quote a refused command, and some repeat a secret later.
#[derive(Default)]
pub(crate) struct Redactor {
    secrets: Vec<Secret>,
    exempts_values: bool,
}

impl Redactor {
    /// Replaces the secrets. Short secrets are ignored, because they occur in ordinary text.
    pub(crate) fn set(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.secrets.clear();
        self.add(secrets);
        self.exempts_values = false;
    }

    /// Adds secrets.
    pub(crate) fn add(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        self.secrets.extend(secrets.into_iter().filter(|secret| secret.expose().len() >= MIN_SECRET_LENGTH));
    }

    /// Exempts replies that carry a value: a path may contain the text of a password.
    pub(crate) fn exempt_values(&mut self) {
        self.exempts_values = true;
    }

    /// Returns the reply without secrets.
    pub(crate) fn reply(&self, reply: Reply) -> Reply {
        let spared = self.exempts_values && carries_value(reply.code());
        if spared || !self.secrets.iter().any(|secret| reply.lines().any(|line| holds(line, secret))) {
            return reply;
        }
        let lines: Vec<_> =
            reply.lines().map(|line| self.text(&String::from_utf8_lossy(line)).into_owned()).collect();
        Reply::new(reply.code(), lines.iter().map(String::as_bytes))
    }

    /// Returns the error without secrets.
    pub(crate) fn error(&self, error: DecodeError) -> DecodeError {
        match error {
            DecodeError::NotAReply { line } => DecodeError::NotAReply { line: self.text(&line).into_owned() },
            DecodeError::LineTooLong { limit, line } => {
                DecodeError::LineTooLong { limit, line: self.text(&line).into_owned() }
            }
            error => error,
        }
    }

    /// Returns the text without secrets.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.secrets.iter().fold(Cow::Borrowed(text), |text, secret| match text.contains(secret.expose()) {
            true => Cow::Owned(text.replace(secret.expose(), "***")),
            false => text,
        })
    }
}

/// Returns whether a code is that of a reply to `STAT`, `FEAT`, `SIZE`, `MDTM`, `SYST`, `PASV`, `EPSV`,
/// `MLST`, `HASH` or `PWD`.
fn carries_value(code: Code) -> bool {
    matches!(code.get(), 211..=215 | 227..=229 | 250 | 257)
}

fn holds(line: &[u8], secret: &Secret) -> bool {
    let secret = secret.expose().as_bytes();
    line.windows(secret.len()).any(|window| window == secret)
}

const MIN_SECRET_LENGTH: usize = 4;
