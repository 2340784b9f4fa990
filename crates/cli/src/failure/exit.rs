//! Exit codes.

use std::process::ExitCode;

use oxftp::{Code, Error, Reply, classify};

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
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
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

fn of_error(error: &Error) -> Exit {
    match error {
        error if error.is_timeout() => Exit::TimedOut,
        Error::PartialFailure { .. } | Error::TooManyFailures { .. } | Error::TooManyDeletions { .. } => {
            Exit::PartialFailure
        }
        Error::Stopped { source, .. }
        | Error::NotRenamed { source, .. }
        | Error::NotBackedUp { source, .. } => of_error(source),
        Error::IsDirectory { .. } | Error::Incompatible { .. } => Exit::Usage,
        Error::NotFound { .. } => Exit::NotFound,
        Error::LocalFs(_) | Error::InUse { .. } | Error::Locked { .. } => Exit::Local,
        Error::CommandRefused { .. } => Exit::Denied,
        Error::Connect { .. } | Error::TooManySessions { .. } | Error::VirtualHostRefused { .. } => {
            Exit::Connect
        }
        Error::Tls(_)
        | Error::TlsConfig { .. }
        | Error::TlsRefused { .. }
        | Error::ProtectionRefused { .. }
        | Error::InjectedBeforeTls
        | Error::ControlNotEncrypted => Exit::Tls,
        Error::StatusCode(refused) => of_refusal(error, &refused.info),
        Error::InvalidCommand(_)
        | Error::InvalidMask(_)
        | Error::NothingToRemove { .. }
        | Error::NoName { .. }
        | Error::Url(_)
        | Error::Encoding(_) => Exit::Usage,
        Error::Protocol(_)
        | Error::UnusableReply { .. }
        | Error::Unsupported { .. }
        | Error::Unanswered { .. }
        | Error::Desynchronised { .. }
        | Error::Listing(_)
        | Error::UnparsedListing { .. }
        | Error::Name(_)
        | Error::CyclicTree { .. }
        | Error::Limit { .. } => Exit::Protocol,
        _ => Exit::Transfer,
    }
}

fn of_refusal(error: &Error, reply: &Reply) -> Exit {
    match reply.code() {
        _ if error.is_login_refused() => Exit::Login,
        _ if classify::is_conflict(reply) => Exit::Denied,
        _ if error.is_not_found() => Exit::NotFound,
        _ if error.is_permission_denied() => Exit::Denied,
        code if code.is_unsupported() => Exit::Protocol,
        code if code.is_transient() || matches!(code.get(), 551 | 552) => Exit::Transfer,
        code if code == Code::DIRECTORY_EXISTS => Exit::Denied,
        _ => Exit::Transfer,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

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
}
