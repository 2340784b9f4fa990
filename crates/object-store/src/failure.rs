//! Failures of the store, independent of the version of object_store.

use std::error::Error as StdError;

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
