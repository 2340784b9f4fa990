//! Failures: messages, causes, hints and exit codes.

mod collector;
mod exit;
mod hints;

pub(crate) use collector::FailureCollector;
pub(crate) use exit::Exit;
pub(crate) use hints::hint;

use std::{error::Error, io};

use oxftp::{Credentials, FtpUrl};
use oxftp_serve::ServeError;

/// Result of the fallible functions of this program.
pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Reason for an exit code other than 0.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong command line.
    Usage(String),
    /// Wrong command line, with a hint.
    UsageWithHint { what: String, hint: String },
    /// Unknown bookmark.
    NoBookmark { name: String },
    /// A pattern that nothing on the server matches.
    NoMatch { pattern: String },
    /// A directory where a file is needed.
    IsDirectory { name: String, hint: &'static str },
    /// The directory to create exists.
    Exists { name: String, hint: &'static str },
    /// The server refused a command for a path that exists.
    Refused { about: String, error: Box<oxftp::Error>, hint: &'static str },
    /// Error of the library; `about` is usually a URL.
    Client { about: Option<String>, error: Box<oxftp::Error> },
    /// Connecting or logging in failed.
    Opening { url: Box<FtpUrl>, stage: Stage, error: Box<oxftp::Error> },
    /// The directory of a new path is missing.
    NoDirectory { about: String, directory: String },
    /// A password is needed, and there is no terminal to ask for it.
    NoTerminal { user: String },
    /// Local error outside the library.
    Local { what: String, source: io::Error },
    /// The embedded server failed.
    Serve(ServeError),
    /// The received data differ from the expected data.
    Mismatch(String),
    /// All failures were reported already.
    AlreadyReported(Exit),
    /// The reader closed stdout.
    OutputClosed,
    /// Ctrl-C.
    Interrupted,
}

/// Stage of opening a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Connect,
    Login,
    /// A login without a user of the caller's choice.
    AnonymousLogin,
}

impl Stage {
    /// Returns the stage of a login with these credentials.
    pub(crate) fn of_login(credentials: &Credentials) -> Self {
        if credentials.user == Credentials::anonymous().user { Self::AnonymousLogin } else { Self::Login }
    }

    pub(crate) fn is_login(self) -> bool {
        matches!(self, Self::Login | Self::AnonymousLogin)
    }
}

impl Failure {
    /// Creates a failure of the library for a URL.
    pub(crate) fn about(url: &FtpUrl, error: oxftp::Error) -> Self {
        Self::Client { about: Some(url.to_string()), error: error.into() }
    }

    /// Creates a failure of the library for a tree on a server and a local one. An error of the local file system names
    /// its path.
    pub(crate) fn about_trees(url: &FtpUrl, error: oxftp::Error) -> Self {
        match error {
            error @ oxftp::Error::LocalFs(_) => Self::Client { about: None, error: error.into() },
            error => Self::about(url, error),
        }
    }

    /// Creates a failure for a refused command, with a hint.
    pub(crate) fn refused(url: &FtpUrl, error: oxftp::Error, hint: &'static str) -> Self {
        Self::Refused { about: url.to_string(), error: error.into(), hint }
    }

    /// Creates a failure of connecting or logging in.
    pub(crate) fn opening(url: &FtpUrl, stage: Stage, error: oxftp::Error) -> Self {
        Self::Opening { url: Box::new(url.clone()), stage, error: error.into() }
    }

    /// Creates a local failure.
    pub(crate) fn local(what: impl Into<String>, source: io::Error) -> Self {
        Self::Local { what: what.into(), source }
    }

    /// Returns the report of a tree of which some failed.
    pub(crate) fn report(&self) -> Option<&oxftp::Report> {
        match self {
            Self::Client { error, .. } => match &**error {
                oxftp::Error::PartialFailure { report } | oxftp::Error::Stopped { report, .. } => {
                    Some(report)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns whether an operation on a tree ended early.
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self, Self::Client { error, .. } if matches!(**error, oxftp::Error::Stopped { .. }))
    }

    /// Returns the failures within a directory tree: name and error.
    pub(crate) fn tree_failures(&self) -> impl Iterator<Item = (&str, &oxftp::Error)> {
        self.report()
            .into_iter()
            .flat_map(|report| &report.failures)
            .map(|failed| (failed.name.as_str(), &failed.error))
    }

    /// Returns the message, on one line; `None` if there is nothing to print.
    pub(crate) fn message(&self) -> Option<String> {
        Some(match self {
            Self::Usage(what)
            | Self::UsageWithHint { what, .. }
            | Self::Mismatch(what)
            | Self::Local { what, .. } => what.clone(),
            Self::NoDirectory { about, directory } => {
                format!("{about}: the directory {directory} of the new path does not exist")
            }
            Self::NoTerminal { user } => {
                format!("cannot prompt for the password of {user}: there is no terminal")
            }
            Self::NoBookmark { name } => format!("unknown bookmark {name:?}"),
            Self::NoMatch { pattern } => format!("nothing matches {pattern}"),
            Self::IsDirectory { name, .. } => format!("{name} is a directory"),
            Self::Exists { name, .. } => format!("{name} already exists"),
            Self::Client { about: Some(about), error } => format!("{about}: {error}"),
            Self::Refused { about, error, .. } => format!("{about}: {error}"),
            Self::Client { about: None, error } => error.to_string(),
            Self::Opening { error, .. } if matches!(**error, oxftp::Error::Connect { .. }) => {
                error.to_string()
            }
            Self::Opening { url, stage: Stage::Connect, error } => format!("{url}: {error}"),
            Self::Opening { url, error, .. } => format!("{url}: login failed: {error}"),
            Self::Serve(error) => error.to_string(),
            Self::Interrupted => "interrupted".to_owned(),
            Self::AlreadyReported(_) | Self::OutputClosed => return None,
        })
    }

    /// Returns the causes, outermost first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Client { error, .. } | Self::Opening { error, .. } | Self::Refused { error, .. } => {
                chain(error.source())
            }
            Self::Local { source, .. } => chain(Some(source)),
            Self::Serve(error) => chain(error.source()),
            _ => Vec::new(),
        }
    }
}

/// Returns the messages of an error and of all its causes.
pub(crate) fn chain(first: Option<&(dyn Error + 'static)>) -> Vec<String> {
    std::iter::successors(first, |error| (*error).source()).map(ToString::to_string).collect()
}
