//! Failures of the store, independent of the version of object_store.

use std::{error::Error as StdError, fmt};

use oxftp::{Error, ErrorKind};

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// A failed operation on one location.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) location: String,
    pub(crate) source: Box<dyn StdError + Send + Sync>,
}

/// Kinds of failure that object_store distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    NotFound,
    AlreadyExists,
    PermissionDenied,
    Unauthenticated,
    NotSupported,
    Other,
}

impl Failure {
    pub(crate) fn new(
        kind: FailureKind,
        location: &str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { kind, location: location.to_owned(), source: source.into() }
    }

    /// Returns the failure of an operation of the client.
    pub(crate) fn of(location: &str, error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::NotFound => FailureKind::NotFound,
            ErrorKind::Permission => FailureKind::PermissionDenied,
            ErrorKind::Auth => FailureKind::Unauthenticated,
            ErrorKind::Unsupported => FailureKind::NotSupported,
            _ => FailureKind::Other,
        };
        Self::new(kind, location, error)
    }

    pub(crate) fn not_found(location: &str) -> Self {
        Self::new(FailureKind::NotFound, location, "there is no file of this name")
    }

    pub(crate) fn already_exists(location: &str) -> Self {
        Self::new(FailureKind::AlreadyExists, location, "a file of this name exists")
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.kind == FailureKind::NotFound
    }

    /// Returns whether the failure is that the object changed while it was read.
    pub(crate) fn is_about_change(&self) -> bool {
        self.source
            .downcast_ref::<Error>()
            .is_some_and(|error| matches!(error, Error::SizeMismatch { .. } | Error::Changed { .. }))
    }
}

/// The failure of an operation on one object: the source of each error of object_store that comes from an
/// [`FtpStore`](crate::FtpStore).
///
/// `Display` shows the URL and the whole chain of reasons, since object_store and query engines show one level only.
#[derive(Debug)]
pub struct FtpObjectError {
    url: String,
    source: Box<dyn StdError + Send + Sync>,
}

impl FtpObjectError {
    pub(crate) fn new(url: &str, source: Box<dyn StdError + Send + Sync>) -> Self {
        Self { url: url.to_owned(), source }
    }

    /// Returns the URL of the object, without a password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the error of the client, unless the store itself refused the operation.
    #[must_use]
    pub fn client_error(&self) -> Option<&Error> {
        self.source.downcast_ref()
    }

    /// Returns the reasons, the outermost first.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let first: &dyn StdError = &*self.source;
        std::iter::successors(Some(first), |&error| error.source()).map(ToString::to_string).collect()
    }
}

impl fmt::Display for FtpObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.reasons().join(": "))
    }
}

/// Its sources are a part of its text.
impl StdError for FtpObjectError {}
