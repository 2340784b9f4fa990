//! Exit codes.

use std::process::ExitCode;

use oxftp::{Code, Error, Reply, classify};

use super::{Failure, Stage};

/// How the program ends, but for success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Some of many failed, each for reasons of its own.
    SomeFailed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Nothing to connect to.
    Connect = 3,
    /// TLS failed.
    Tls = 4,
    /// The login was refused.
    Login = 5,
    /// A path is not there.
    NotFound = 6,
    /// The server refuses to do it.
    Denied = 7,
    /// The transfer broke, or what came is not what was sent.
    Transfer = 8,
    /// The local side failed.
    Local = 9,
    /// Something took too long.
    TimedOut = 10,
    /// The server broke the protocol, or lacks a command.
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
    /// Gives the exit code; `None` where the failure is none to the user.
    pub(crate) fn exit(&self) -> Option<Exit> {
        Some(match self {
            Self::Usage(_) | Self::Advised { .. } | Self::NoBookmark { .. } | Self::IsDirectory { .. } => {
                Exit::Usage
            }
            Self::Exists { .. } | Self::Refused { .. } => Exit::Denied,
            Self::Client { error, .. } => of_error(error),
            Self::Opening { error, stage, .. } => of_opening(error, *stage),
            Self::Local { .. } | Self::Serve(_) => Exit::Local,
            Self::Differs(_) => Exit::Transfer,
            Self::Named(exit) => *exit,
            Self::Interrupted => Exit::Interrupted,
            Self::OutputClosed => return None,
        })
    }
}

/// While a session is opened, whatever reply refuses it refuses the login or the connection: many
/// servers say `550` or `421` where others say `530`.
fn of_opening(error: &Error, stage: Stage) -> Exit {
    match (error, stage) {
        (error, _) if error.is_timeout() => Exit::TimedOut,
        (error, _) if error.tls_failure().is_some() => Exit::Tls,
        (Error::StatusCode(_), Stage::Login) => Exit::Login,
        (Error::StatusCode(_) | Error::Closed { .. } | Error::Control(_), _) => Exit::Connect,
        (error, _) => of_error(error),
    }
}

fn of_error(error: &Error) -> Exit {
    match error {
        error if error.is_timeout() => Exit::TimedOut,
        Error::SomeFailed { .. } | Error::TooManyFailures { .. } | Error::TooManyDeletions { .. } => {
            Exit::SomeFailed
        }
        Error::Stopped { source, .. } | Error::NotRenamed { source, .. } => of_error(source),
        Error::IsDirectory { .. } | Error::Incompatible { .. } => Exit::Usage,
        Error::NotFound { .. } => Exit::NotFound,
        Error::PathIo(_) => Exit::Local,
        Error::Connect { .. } | Error::TooManySessions { .. } | Error::VirtualHostRefused { .. } => {
            Exit::Connect
        }
        Error::Tls(_)
        | Error::TlsConfig { .. }
        | Error::TlsRefused { .. }
        | Error::ProtectionRefused { .. }
        | Error::InjectedBeforeTls
        | Error::ControlInClear => Exit::Tls,
        Error::StatusCode(refused) => of_refusal(error, &refused.info),
        Error::InvalidCommand(_) | Error::Url(_) | Error::Encoding(_) => Exit::Usage,
        Error::Protocol(_)
        | Error::UnusableReply { .. }
        | Error::NotOffered { .. }
        | Error::Desynchronised { .. }
        | Error::Listing(_)
        | Error::Unexplained { .. }
        | Error::Name(_)
        | Error::EndlessTree { .. }
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
    fn a_refusal_is_told_by_its_code_and_words() {
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
    fn what_a_listing_of_its_directory_does_not_name_is_not_found() {
        assert_eq!(exit(Error::NotFound { path: "x".into() }), Some(Exit::NotFound));
    }

    #[test]
    fn while_logging_in_every_refusal_is_one_of_the_login() {
        assert_eq!(of_opening(&refused(550, "SSL/TLS required"), Stage::Login), Exit::Login);
        assert_eq!(of_opening(&refused(421, "Too many users"), Stage::Connect), Exit::Connect);
    }

    #[test]
    fn a_deadline_counts_more_than_what_it_ended() {
        let source = io::ErrorKind::TimedOut.into();
        assert_eq!(exit(Error::Connect { host: "h".into(), port: 21, source }), Some(Exit::TimedOut));
        assert_eq!(exit(Error::DataConnect(io::ErrorKind::TimedOut.into())), Some(Exit::TimedOut));
        assert_eq!(exit(Error::DataConnect(io::ErrorKind::ConnectionRefused.into())), Some(Exit::Transfer));
    }
}
