//! Commands as they are sent.

use std::{borrow::Cow, fmt};

use crate::{Encoding, RemotePath, Secret, escape::write_escaped};

/// One command line that is safe to send: it contains no CR, LF or NUL, so it is exactly one command, and no
/// other control character except tab, unless its [encoding](Encoding::with_control_characters) allows them.
///
/// This is the only way for text to reach the control connection.
///
/// ```
/// use oxftp_proto::{Command, Encoding};
///
/// let command = Command::with_path("RETR", &"/pub/read me".into(), Encoding::UTF_8)?;
/// assert_eq!(command.as_bytes(), b"RETR /pub/read me");
/// assert!(Command::with_argument("RETR", "a\r\nDELE b").is_err());
/// # Ok::<(), oxftp_proto::InvalidCommand>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    line: Vec<u8>,
    /// The index of the first byte of the secret.
    secret: Option<usize>,
}

impl Command {
    /// Creates a command without argument. The verb is a constant of the program, not outside text.
    #[must_use]
    pub fn new(verb: &'static str) -> Self {
        Self { line: verb.as_bytes().to_vec(), secret: None }
    }

    /// Creates a command with an argument.
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when the argument contains CR, LF, NUL or another control character except tab.
    pub fn with_argument(verb: &'static str, argument: impl AsRef<[u8]>) -> Result<Self, InvalidCommand> {
        let mut line = verb.as_bytes().to_vec();
        line.push(b' ');
        line.extend_from_slice(argument.as_ref());
        Self { line, secret: None }.checked(Encoding::UTF_8)
    }

    /// Creates a command with a number.
    #[must_use]
    pub fn with_number(verb: &'static str, number: u64) -> Self {
        Self { line: format!("{verb} {number}").into_bytes(), secret: None }
    }

    /// Creates a command with a path in the session's encoding. An empty path is omitted.
    ///
    /// A path that begins with a blank is sent as `./ x`, because some servers drop blanks before an
    /// argument.
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when the path contains CR, LF, NUL, or a control character that the encoding does
    /// not allow, or cannot be encoded.
    pub fn with_path(
        verb: &'static str,
        path: &RemotePath,
        encoding: Encoding,
    ) -> Result<Self, InvalidCommand> {
        if path.is_empty() {
            return Ok(Self::new(verb));
        }
        Self::with_words(verb, &spelled(path, encoding)?, encoding)
    }

    /// Creates a command with a path between other words, as in `SITE CHMOD 644 x`; `before` or
    /// `after` may be empty.
    ///
    /// ```
    /// use oxftp_proto::{Command, Encoding};
    ///
    /// let command = Command::with_path_among("SITE", "CHMOD 644", &"a b".into(), "", Encoding::UTF_8)?;
    /// assert_eq!(command.as_bytes(), b"SITE CHMOD 644 a b");
    /// # Ok::<(), oxftp_proto::InvalidCommand>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when the path or the words contain CR, LF, NUL, or a control character that the
    /// encoding does not allow, or the path cannot be encoded.
    pub fn with_path_among(
        verb: &'static str,
        before: &str,
        path: &RemotePath,
        after: &str,
        encoding: Encoding,
    ) -> Result<Self, InvalidCommand> {
        let path = spelled(path, encoding)?;
        let words: Vec<&[u8]> = [before.as_bytes(), &path, after.as_bytes()]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        Self::with_words(verb, &words.join(&b' '), encoding)
    }

    fn with_words(verb: &'static str, words: &[u8], encoding: Encoding) -> Result<Self, InvalidCommand> {
        Self { line: [verb.as_bytes(), b" ", words].concat(), secret: None }.checked(encoding)
    }

    /// Creates a command whose argument is a secret: `Display` and `Debug` hide it.
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when the argument contains CR, LF, NUL or another control character except tab.
    pub fn with_secret(verb: &'static str, secret: impl AsRef<[u8]>) -> Result<Self, InvalidCommand> {
        let mut command = Self { line: verb.as_bytes().to_vec(), secret: Some(verb.len()) };
        command.line.push(b' ');
        command.line.extend_from_slice(secret.as_ref());
        command.checked(Encoding::UTF_8)
    }

    /// Creates a command from a whole line, such as `SITE CHMOD 644 x`.
    ///
    /// The arguments of `PASS`, `ACCT`, `SITE PSWD` and `SITE CHPWD` are treated as secrets.
    ///
    /// # Errors
    ///
    /// [`InvalidCommand`] when the line is empty, contains CR, LF, NUL, or a control character that the
    /// encoding does not allow, or cannot be encoded.
    pub fn raw(line: &str, encoding: Encoding) -> Result<Self, InvalidCommand> {
        let Some(bytes) = encoding.encode(line) else {
            return Err(InvalidCommand::NoForm { text: line.to_owned(), encoding });
        };
        if bytes.trim_ascii().is_empty() {
            return Err(InvalidCommand::Empty);
        }
        let secret = SECRET_ARGUMENTS.iter().find_map(|words| {
            let (start, rest) = bytes.split_at_checked(words.len())?;
            (start.eq_ignore_ascii_case(words) && rest.first().is_none_or(|next| *next == b' '))
                .then_some(words.len())
        });
        Self { line: bytes.into_owned(), secret }.checked(encoding)
    }

    /// Returns the line without its line ending.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.line
    }

    /// Returns the first word of the line.
    #[must_use]
    pub fn verb(&self) -> &[u8] {
        self.line.split(|byte| *byte == b' ').next().unwrap_or_default()
    }

    /// Returns the password or account in the command, so that it can be hidden in other places too.
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        let argument = self.line.get(self.secret?..)?.trim_ascii();
        Some(Secret::new(String::from_utf8_lossy(argument)))
    }

    fn checked(self, encoding: Encoding) -> Result<Self, InvalidCommand> {
        if self.line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(InvalidCommand::LineBreak { command: self.to_string() });
        }
        // No server takes a tab for the end of a line; at most it is a blank.
        let has_control = self.line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
        match has_control && !encoding.sends_control_characters() {
            true => Err(InvalidCommand::ControlCharacter { command: self.to_string() }),
            false => Ok(self),
        }
    }
}

/// Commands whose arguments are secrets.
const SECRET_ARGUMENTS: [&[u8]; 4] = [b"PASS", b"ACCT", b"SITE PSWD", b"SITE CHPWD"];

/// Encodes a path. A leading blank is protected from servers that drop blanks before an argument.
fn spelled(path: &RemotePath, encoding: Encoding) -> Result<Cow<'_, [u8]>, InvalidCommand> {
    let Some(bytes) = path.to_wire(encoding) else {
        return Err(InvalidCommand::NoForm { text: path.to_string(), encoding });
    };
    Ok(if bytes.starts_with(b" ") { [b"./", &*bytes].concat().into() } else { bytes })
}

/// Shows the line with secrets as `***` and control characters escaped.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.secret.and_then(|start| self.line.get(..start)).unwrap_or(&self.line);
        write_escaped(f, &String::from_utf8_lossy(shown))?;
        if self.secret.is_some() { f.write_str(" ***") } else { Ok(()) }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self})")
    }
}

/// A text that cannot be sent as a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCommand {
    /// The command would be more than one line.
    #[error("a command must not contain a line break or NUL: {command}")]
    LineBreak {
        /// The command, escaped, with secrets hidden.
        command: String,
    },
    /// The command contains a control character, and the encoding does not allow them
    /// ([`Encoding::with_control_characters`]).
    #[error("a command must not contain a control character: {command}")]
    ControlCharacter {
        /// The command, escaped, with secrets hidden.
        command: String,
    },
    /// A character does not exist in the session's encoding.
    #[error("{text:?} cannot be encoded in {encoding}")]
    NoForm {
        /// The text to be sent.
        text: String,
        /// The session's encoding.
        encoding: Encoding,
    },
    /// The command is empty.
    #[error("the command is empty")]
    Empty,
}

/// The representation of a file by the bytes of a transfer (`TYPE`; RFC 959, 3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TransferType {
    /// `TYPE A`: text; lines end in CR LF on the wire.
    Ascii,
    /// `TYPE E`: EBCDIC text.
    Ebcdic,
    /// `TYPE I`: unchanged bytes, the default.
    #[default]
    Image,
    /// `TYPE L n`: bytes of `n` bits. `L 8` is the same as `I` on current machines.
    Local(u8),
}

/// Writes the argument of `TYPE`, such as `I`.
impl fmt::Display for TransferType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ascii => f.write_str("A"),
            Self::Ebcdic => f.write_str("E"),
            Self::Image => f.write_str("I"),
            Self::Local(bits) => write!(f, "L {bits}"),
        }
    }
}

impl TransferType {
    /// Returns the type that a command sets; `None` for other commands.
    ///
    /// ```
    /// use oxftp_proto::TransferType;
    ///
    /// assert_eq!(TransferType::of_command(b"type e"), Some(TransferType::Ebcdic));
    /// assert_eq!(TransferType::of_command(b"TYPE L 8"), Some(TransferType::Local(8)));
    /// assert_eq!(TransferType::of_command(b"NOOP"), None);
    /// ```
    #[must_use]
    pub fn of_command(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.to_ascii_uppercase();
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        match *words {
            ["TYPE", "A"] | ["TYPE", "A", "N"] => Some(Self::Ascii),
            ["TYPE", "E"] | ["TYPE", "E", "N"] => Some(Self::Ebcdic),
            ["TYPE", "I"] => Some(Self::Image),
            ["TYPE", "L", bits] => bits.parse().ok().map(Self::Local),
            ["TYPE", word] => word.strip_prefix('L')?.parse().ok().map(Self::Local),
            _ => None,
        }
    }

    /// Creates the `TYPE` command.
    #[must_use]
    pub fn command(self) -> Command {
        Command { line: format!("TYPE {self}").into_bytes(), secret: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_injection_is_refused_by_every_constructor() {
        for bad in ["a\rb", "a\nb", "a\0b", "a\r\nDELE b"] {
            assert!(Command::with_argument("SITE", bad).is_err());
            assert!(Command::with_secret("PASS", bad).is_err());
            assert!(Command::with_path_among("SITE", "CHMOD 644", &bad.into(), "", Encoding::UTF_8).is_err());
            assert!(Command::with_path_among("SITE", bad, &"x".into(), "", Encoding::UTF_8).is_err());
            assert!(Command::with_path("RETR", &bad.into(), Encoding::UTF_8).is_err());
            assert!(Command::raw(bad, Encoding::UTF_8).is_err());
        }
    }

    #[test]
    fn control_characters_need_an_encoding_that_allows_them() {
        let willing = Encoding::UTF_8.with_control_characters();
        for bad in ["a\u{1}b", "a\u{1b}[31m", "a\u{7f}"] {
            assert!(Command::with_argument("SITE", bad).is_err());
            assert!(Command::with_secret("PASS", bad).is_err());
            assert!(Command::with_path("RETR", &bad.into(), Encoding::UTF_8).is_err());
            assert!(Command::with_path_among("SITE", "CHMOD 644", &bad.into(), "", Encoding::UTF_8).is_err());
            assert!(Command::raw(bad, Encoding::UTF_8).is_err());
            assert!(Command::with_path("RETR", &bad.into(), willing).is_ok());
            assert!(Command::raw(bad, willing).is_ok());
        }
        assert!(Command::with_path("RETR", &"a\tb".into(), Encoding::UTF_8).is_ok());
        assert!(Command::with_path("RETR", &"a\r\nb".into(), willing).is_err());
    }

    #[test]
    fn secrets_are_hidden_in_display_and_debug() {
        let commands = [
            Command::with_secret("PASS", "hunter2").unwrap(),
            Command::raw("pass hunter2", Encoding::UTF_8).unwrap(),
            Command::raw("ACCT hunter2", Encoding::UTF_8).unwrap(),
        ];
        for command in commands {
            assert!(!format!("{command} {command:?}").contains("hunter2"));
            assert!(command.as_bytes().ends_with(b" hunter2"));
        }
        let error = Command::with_secret("PASS", "hun\nter2").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ter2"));
    }

    #[test]
    fn leading_blank_of_path_is_protected() {
        let command = Command::with_path("STOR", &" a ".into(), Encoding::UTF_8).unwrap();
        assert_eq!(command.as_bytes(), b"STOR ./ a ");
        let command = Command::with_path_among("SITE", "UTIME", &" a".into(), "UTC", Encoding::UTF_8);
        assert_eq!(command.unwrap().as_bytes(), b"SITE UTIME ./ a UTC");
    }
}
