//! Exit codes.

use std::process::ExitCode;

use oxftp::{Error, ErrorKind, Reply, classify};

use super::{Failure, Stage};

/// Exit codes except 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Some of several operands or files failed.
    PartialFailure = 1,
    /// Wrong command line.
    Usage = 2,
    /// Cannot connect.
    Connect = 3,
    /// TLS failed.
    Tls = 4,
    /// The login was refused.
    Login = 5,
    /// A path does not exist.
    NotFound = 6,
    /// The server refused the operation.
    Denied = 7,
    /// The transfer failed, or the received data differ from the sent data.
    Transfer = 8,
    /// Local error.
    Local = 9,
    /// Something took too long.
    TimedOut = 10,
    /// The server violated the protocol, or lacks a command.
    Protocol = 11,
    /// Another run holds the lock of the target, or is writing the file.
    Held = 12,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 13] = [
        Self::PartialFailure,
        Self::Usage,
        Self::Connect,
        Self::Tls,
        Self::Login,
        Self::NotFound,
        Self::Denied,
        Self::Transfer,
        Self::Local,
        Self::TimedOut,
        Self::Protocol,
        Self::Held,
        Self::Interrupted,
    ];

    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl Failure {
    /// Returns the exit code; `None` if the failure is a success for the user.
    pub(crate) fn exit(&self) -> Option<Exit> {
        Some(match self {
            Self::Usage(_)
            | Self::UsageWithHint { .. }
            | Self::NoBookmark { .. }
            | Self::IsDirectory { .. } => Exit::Usage,
            Self::NoMatch { .. } | Self::NoDirectory { .. } => Exit::NotFound,
            Self::Exists { .. } | Self::Refused { .. } => Exit::Denied,
            Self::Client { error, .. } => of_error(error),
            Self::Opening { error, stage, .. } => of_opening(error, *stage),
            Self::NoTerminal { .. } | Self::Local { .. } | Self::Serve(_) => Exit::Local,
            Self::Mismatch(_) => Exit::Transfer,
            Self::AlreadyReported(exit) => *exit,
            Self::Interrupted => Exit::Interrupted,
            Self::OutputClosed => return None,
        })
    }
}

/// While a session is opened, any refusal counts as one of the login or the connection: many servers send `550` or
/// `421` where others send `530`.
fn of_opening(error: &Error, stage: Stage) -> Exit {
    match (error, stage) {
        (error, _) if error.is_timeout() => Exit::TimedOut,
        (error, _) if error.tls_failure().is_some() => Exit::Tls,
        (Error::StatusCode(_), Stage::Login | Stage::AnonymousLogin) => Exit::Login,
        (Error::StatusCode(_) | Error::Closed { .. } | Error::Control(_), _) => Exit::Connect,
        (error, _) => of_error(error),
    }
}

/// Returns the exit code of an error: that of its kind, but for errors where the kind does not say at which step, or on
/// which side, something failed.
fn of_error(error: &Error) -> Exit {
    match error {
        Error::Stopped { source, .. }
        | Error::NotRenamed { source, .. }
        | Error::NotBackedUp { source, .. } => of_error(source),
        // The outcome of many items: the kinds of their failures differ.
        Error::PartialFailure { .. } | Error::TooManyFailures { .. } | Error::TooManyDeletions { .. } => {
            Exit::PartialFailure
        }
        // A local failure, whatever its reason: a file that is missing here is not one that is missing on the server.
        Error::LocalFs(_) | Error::LocalStream { .. } => Exit::Local,
        Error::InUse { .. } | Error::Locked { .. } => Exit::Held,
        error if error.is_timeout() => Exit::TimedOut,
        // No session was opened.
        Error::Connect { .. } | Error::TooManySessions { .. } | Error::VirtualHostRefused { .. } => {
            Exit::Connect
        }
        Error::StatusCode(refused) => of_refusal(error.kind(), &refused.info),
        error => of_kind(error.kind()),
    }
}

/// Returns the exit code of a refusal in an open session. One that may pass, or whose reason is unknown, is a failed
/// transfer.
fn of_refusal(kind: ErrorKind, reply: &Reply) -> Exit {
    match kind {
        ErrorKind::Refused if !classify::is_conflict(reply) => Exit::Transfer,
        ErrorKind::Limit => Exit::Transfer,
        kind => of_kind(kind),
    }
}

/// Returns the exit code of a kind of error. `ErrorKind::Connect` is a session that was lost: see [`of_error`] for one
/// that was not opened.
fn of_kind(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::Usage => Exit::Usage,
        ErrorKind::Tls => Exit::Tls,
        ErrorKind::Auth => Exit::Login,
        ErrorKind::NotFound => Exit::NotFound,
        ErrorKind::Permission | ErrorKind::Exists | ErrorKind::Refused => Exit::Denied,
        ErrorKind::Local => Exit::Local,
        ErrorKind::Timeout => Exit::TimedOut,
        ErrorKind::Protocol | ErrorKind::Unsupported | ErrorKind::Limit => Exit::Protocol,
        ErrorKind::Connect | ErrorKind::Full | ErrorKind::Transfer => Exit::Transfer,
        // The library may gain kinds; `every_error_has_its_documented_exit_code` fails for those of known errors.
        _ => Exit::Transfer,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, io, path::Path, time::Duration};

    use oxftp::{
        Code, DecodeError, FileHash, FileName, HashAlgorithm, InvalidCommand, InvalidMask, listing,
        local_fs::LocalFsError,
    };

    use super::*;

    fn refused(code: u16, text: &str) -> Error {
        Reply::new(Code::new(code).unwrap(), [text.as_bytes()]).unexpected(&["2xx"]).into()
    }

    fn exit(error: Error) -> Option<Exit> {
        Failure::Client { about: None, error: error.into() }.exit()
    }

    #[test]
    fn exit_code_depends_on_reply_code_and_text() {
        for (code, text, expected) in [
            (550, "No such file or directory", Exit::NotFound),
            (550, "Permission denied", Exit::Denied),
            (550, "Create directory operation failed: File exists", Exit::Denied),
            (550, "Directory not empty", Exit::Denied),
            (550, "File does not exist", Exit::NotFound),
            (553, "Could not create file.", Exit::Denied),
            (530, "Please login with USER and PASS.", Exit::Login),
            (502, "Command not implemented", Exit::Protocol),
            (426, "Connection closed", Exit::Transfer),
            (452, "Insufficient storage", Exit::Transfer),
            (552, "Disk full", Exit::Transfer),
        ] {
            assert_eq!(exit(refused(code, text)), Some(expected), "{code} {text}");
        }
    }

    #[test]
    fn path_missing_in_listing_is_not_found() {
        assert_eq!(exit(Error::NotFound { path: "x".into(), refusal: None }), Some(Exit::NotFound));
    }

    #[test]
    fn any_refusal_during_login_is_a_login_failure() {
        assert_eq!(of_opening(&refused(550, "SSL/TLS required"), Stage::Login), Exit::Login);
        assert_eq!(of_opening(&refused(421, "Too many users"), Stage::Connect), Exit::Connect);
    }

    #[test]
    fn timeout_takes_precedence_over_the_operation() {
        let source = io::ErrorKind::TimedOut.into();
        assert_eq!(exit(Error::Connect { host: "h".into(), port: 21, source }), Some(Exit::TimedOut));
        assert_eq!(exit(Error::DataConnect(io::ErrorKind::TimedOut.into())), Some(Exit::TimedOut));
        assert_eq!(exit(Error::DataConnect(io::ErrorKind::ConnectionRefused.into())), Some(Exit::Transfer));
    }

    /// Returns an error of each variant.
    fn every_error() -> Vec<Error> {
        let path = || "x".to_owned();
        let reply = |code, text: &str| Reply::new(Code::new(code).unwrap(), [text.as_bytes()]);
        let denied = || Box::new(refused(550, "Permission denied"));
        let io_error = || io::Error::from(io::ErrorKind::ConnectionReset);
        let hash = |byte| FileHash::new(HashAlgorithm::Crc32, [byte; 4]).unwrap();
        let (what, why) = ("rename", "it is not a directory, or it cannot be entered");
        vec![
            Error::Connect { host: path(), port: 21, source: io_error() },
            Error::Timeout { what: "connecting", deadline: Duration::from_secs(15) },
            refused(550, "Permission denied"),
            Error::Protocol(DecodeError::NotAReply { line: path() }),
            Error::NotFound { path: path(), refusal: None },
            Error::Unsupported { what },
            Error::FeatureMissing { what, feature: "x" },
            Error::BlockingInAsync,
            Error::Unanswered { command: "MLST" },
            Error::CommandRefused { command: path(), reply: reply(500, "what?") },
            Error::UnusableReply { command: "PWD", reply: reply(257, "") },
            Error::Desynchronised { text: path() },
            Error::InjectedBeforeTls,
            Error::Closed { reply: None },
            Error::Control(io_error()),
            Error::Broken { why: why.to_owned() },
            Error::DataConnect(io_error()),
            Error::Data { reply: None, source: io_error() },
            Error::Unfinished { received: 1 },
            Error::BeyondEnd { start: 1 },
            Error::SizeMismatch { expected: 1, transferred: 2 },
            Error::HashMismatch { there: hash(1), here: hash(2) },
            Error::UploadMismatch { path: path(), source: denied() },
            Error::StoredElsewhere { path: path(), stored: "y".to_owned() },
            Error::NotRenamed { path: path(), temporary: path(), source: denied() },
            Error::NotBackedUp { path: path(), backup: path(), source: denied() },
            Error::Incompatible { what, with: "itself" },
            Error::Changed { path: path() },
            Error::Tls(io_error()),
            Error::TlsConfig { why: why.to_owned() },
            Error::TlsRefused { reply: reply(500, "AUTH?") },
            Error::ProtectionRefused { reply: reply(534, "no") },
            Error::VirtualHostRefused { host: path(), reply: reply(504, "no") },
            Error::ControlNotEncrypted,
            Error::InvalidCommand(InvalidCommand::LineBreak { command: path() }),
            "x".parse::<oxftp::FtpUrl>().unwrap_err().into(),
            Error::NothingToRemove { path: path() },
            Error::NoName { path: path().into() },
            Error::InvalidMask(InvalidMask { mask: path() }),
            "x".parse::<oxftp::Encoding>().unwrap_err().into(),
            FileName::new("..").unwrap_err().into(),
            Error::Listing(listing::ListingError::NoEntry { line: path() }),
            Error::Limit { what: "entries", limit: 1 },
            Error::CyclicTree { path: path() },
            Error::InUse { path: "x.oxftp.part".to_owned(), process: None },
            Error::Locked { path: "x.lock".to_owned(), holder: None },
            Error::LockLost { path: "x.oxftp.lock".to_owned() },
            LocalFsError::new("open", "x", io::ErrorKind::NotFound.into()).into(),
            LocalFsError::new("write", "x", io::ErrorKind::StorageFull.into()).into(),
            Error::LocalStream { what: "writer", source: io_error() },
            Error::Skipped { path: path(), why },
            Error::IncompleteListing,
            Error::UnparsedListing { count: 1, sample: path() },
            Error::PartialFailure { report: Box::default() },
            Error::Stopped { report: Box::default(), source: denied() },
            Error::TooManyFailures { limit: 1 },
            Error::TooManyDeletions { limit: 1 },
            Error::StoredUnderOtherName { path: path(), found: None },
            Error::IsDirectory { path: path() },
            Error::TooManySessions { source: denied() },
            Error::PoolClosed,
        ]
    }

    #[test]
    fn every_error_has_its_documented_exit_code() {
        let page = documentation("docs/troubleshooting.md");
        let mut seen = BTreeSet::new();
        for error in every_error() {
            let variant = format!("{error:?}");
            seen.insert(variant[..variant.find([' ', '(']).unwrap_or(variant.len())].to_owned());
            let text = error.to_string();
            // The first two are errors of programs. The last one is in the report of a mirror, never alone.
            let is_exempt = matches!(
                error,
                Error::PoolClosed | Error::InvalidMask(_) | Error::StoredUnderOtherName { .. }
            );
            let code = exit(error).unwrap().code();
            let mut rows: Vec<_> =
                page.lines().flat_map(documented).filter(|(message, _)| fits(message, &text)).collect();
            let longest = rows.iter().map(|(message, _)| message.len()).max();
            rows.retain(|(message, _)| Some(message.len()) == longest);
            let codes: Vec<_> = rows.iter().flat_map(|(_, codes)| codes).collect();

            assert!(is_exempt || !rows.is_empty(), "no row explains {text:?}");
            let is_documented = codes.is_empty() || codes.contains(&&code);
            assert!(is_exempt || is_documented, "{text:?} exits with {code}, not {codes:?}");
        }
        let variants = documentation("crates/client/src/error/mod.rs");
        let variants = variants.split_once("pub enum Error {").unwrap().1.lines().map_while(|line| {
            let name = line.strip_prefix("    ").unwrap_or_default();
            let end = name.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(name.len());
            (line != "}").then(|| name[..end].to_owned())
        });
        let variants: BTreeSet<_> = variants.filter(|name| name.starts_with(char::is_uppercase)).collect();

        assert_eq!(seen, variants, "`every_error` is not complete");
    }

    fn documentation(path: &str) -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
    }

    /// Returns the messages of a row of troubleshooting.md, each with the exit codes that stand after it.
    fn documented(row: &str) -> Vec<(String, Vec<u8>)> {
        let Some(cell) = row.strip_prefix("| ").and_then(|row| row.split(" | ").next()) else {
            return Vec::new();
        };
        let mark = if cell.contains("``") { "``" } else { "`" };
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        for (number, part) in cell.split(mark).enumerate() {
            if number % 2 == 1 {
                found.push((part.trim().to_owned(), Vec::new()));
                continue;
            }
            let brackets = part.split('[').filter_map(|code| Some(code.split_once(']')?.0));
            let numbers = brackets.flat_map(|codes| codes.split(|letter: char| !letter.is_ascii_digit()));
            let codes: Vec<u8> = numbers.filter_map(|number| number.parse().ok()).collect();
            // The codes are those of all messages since the last codes.
            let since = found.iter().rposition(|(_, codes)| !codes.is_empty()).map_or(0, |last| last + 1);
            found.iter_mut().skip(since).for_each(|(_, known)| known.extend(&codes));
        }
        found
    }

    /// Returns whether a documented message is this text or its start, with "…" or a name in capitals in place of what
    /// varies.
    fn fits(message: &str, text: &str) -> bool {
        let message = message.replace("NAME", "…").replace("HOST:PORT", "…");
        let mut parts = message.split('…').map(str::trim);
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
        let parts: Vec<_> = parts.collect();
        for part in &parts {
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        rest.is_empty() || rest.starts_with(':') || parts.last().is_some_and(|last| last.is_empty())
    }
}
