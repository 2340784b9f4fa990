//! What keeps a verb from success.

mod exit;
mod hints;
mod tally;

pub(crate) use exit::Exit;
pub(crate) use hints::hint;
pub(crate) use tally::Tally;

use std::{error::Error, io};

use oxftp::FtpUrl;
use oxftp_serve::ServeError;

/// The result of everything in this program that can fail.
pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Why the program does not end with 0.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The words of the command line do not fit together.
    Usage(String),
    /// A word of the command line is not what it must be, and what would be.
    Advised { what: String, hint: String },
    /// Nothing is kept under this name.
    NoBookmark { name: String },
    /// A directory where only a file will do, and what would help.
    IsDirectory { name: String, hint: &'static str },
    /// What is to be made is there.
    Exists { name: String, hint: &'static str },
    /// The server refuses what is there, and what would help.
    Refused { about: String, error: Box<oxftp::Error>, hint: &'static str },
    /// The library failed, about what.
    Client { about: Option<String>, error: Box<oxftp::Error> },
    /// Connecting or logging in failed.
    Opening { url: Box<FtpUrl>, stage: Stage, error: Box<oxftp::Error> },
    /// The local side failed, outside the library.
    Local { what: String, source: io::Error },
    /// The embedded server failed.
    Serve(ServeError),
    /// What came back is not what was sent.
    Differs(String),
    /// Each of them was named already.
    Named(Exit),
    /// Whoever reads stdout has had enough.
    OutputClosed,
    /// Ctrl-C.
    Interrupted,
}

/// How far the opening of a session got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Connect,
    Login,
}

impl Failure {
    /// Says that the library failed about this URL.
    pub(crate) fn about(url: &FtpUrl, error: oxftp::Error) -> Self {
        Self::Client { about: Some(url.to_string()), error: error.into() }
    }

    /// Says that the server refuses what is there.
    pub(crate) fn refused(url: &FtpUrl, error: oxftp::Error, hint: &'static str) -> Self {
        Self::Refused { about: url.to_string(), error: error.into(), hint }
    }

    /// Says that connecting or logging in failed.
    pub(crate) fn opening(url: &FtpUrl, stage: Stage, error: oxftp::Error) -> Self {
        Self::Opening { url: Box::new(url.clone()), stage, error: error.into() }
    }

    /// Says that the local side failed.
    pub(crate) fn local(what: impl Into<String>, source: io::Error) -> Self {
        Self::Local { what: what.into(), source }
    }

    /// Gives the failures within a tree: what it is, and why.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, &oxftp::Error)> {
        let report = match self {
            Self::Client { error, .. } => match &**error {
                oxftp::Error::SomeFailed { report } | oxftp::Error::Stopped { report, .. } => Some(report),
                _ => None,
            },
            _ => None,
        };
        report
            .into_iter()
            .flat_map(|report| &report.failures)
            .map(|failed| (failed.name.as_str(), &failed.error))
    }

    /// Says what failed, on one line; `None` when there is nothing to say.
    pub(crate) fn what(&self) -> Option<String> {
        Some(match self {
            Self::Usage(what)
            | Self::Advised { what, .. }
            | Self::Differs(what)
            | Self::Local { what, .. } => what.clone(),
            Self::NoBookmark { name } => format!("there is no bookmark {name:?}"),
            Self::IsDirectory { name, .. } => format!("{name} is a directory"),
            Self::Exists { name, .. } => format!("{name} exists already"),
            Self::Client { about: Some(about), error } => format!("{about}: {error}"),
            Self::Refused { about, error, .. } => format!("{about}: {error}"),
            Self::Client { about: None, error } => error.to_string(),
            Self::Opening { error, .. } if matches!(**error, oxftp::Error::Connect { .. }) => {
                error.to_string()
            }
            Self::Opening { url, stage: Stage::Connect, error } => format!("{url}: {error}"),
            Self::Opening { url, stage: Stage::Login, error } => format!("{url}: the login failed: {error}"),
            Self::Serve(error) => error.to_string(),
            Self::Interrupted => "interrupted".to_owned(),
            Self::Named(_) | Self::OutputClosed => return None,
        })
    }

    /// Gives the causes, from the next to the last.
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

/// Walks through the causes of an error, its own text left out.
pub(crate) fn chain(first: Option<&(dyn Error + 'static)>) -> Vec<String> {
    std::iter::successors(first, |error| (*error).source()).map(ToString::to_string).collect()
}
