//! Kinds of errors, on which programs can base decisions.

use std::io;

use oxftp_proto::{Reply, classify};

use super::Error;

/// Kind of an [`Error`]; returned by [`Error::kind`].
///
/// ```
/// use oxftp::ErrorKind;
///
/// # fn example(error: oxftp::Error) {
/// match error.kind() {
///     ErrorKind::NotFound => println!("no such file"),
///     ErrorKind::Permission | ErrorKind::Auth => println!("not allowed"),
///     _ if error.is_transient() => println!("try again later"),
///     _ => println!("{error}"),
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No connection could be opened, or it was lost.
    Connect,
    /// TLS failed, or cannot be used as requested.
    Tls,
    /// The server refused the login.
    Auth,
    /// A path does not exist.
    NotFound,
    /// Permission was denied, by the server or by the local file system.
    Permission,
    /// Something exists already, or is in use.
    Exists,
    /// There is no space left, on the server or locally.
    Full,
    /// The server violated the protocol, or sent a reply without the expected value.
    Protocol,
    /// A timeout expired.
    Timeout,
    /// The data of a transfer or listing are incomplete, or differ from the source.
    Transfer,
    /// The local file system, or a reader or writer of the caller, failed.
    Local,
    /// The server exceeded a limit, or refused because of one.
    Limit,
    /// The server does not support an operation, or the crate was built without the feature for it.
    Unsupported,
    /// The server refused a command for another reason.
    Refused,
    /// The caller passed something that cannot be used.
    Usage,
}

impl Error {
    /// Returns the kind of the error. An error that wraps another one has the kind of that one.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::ErrorKind;
    ///
    /// match client.create_dir("lock").await.map_err(|error| error.kind()) {
    ///     Ok(()) => println!("locked"),
    ///     Err(ErrorKind::Exists) => println!("another program holds the lock"),
    ///     Err(kind) => println!("{kind:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            _ if self.tls_failure().is_some() => ErrorKind::Tls,
            _ if self.is_timeout() => ErrorKind::Timeout,
            Self::StatusCode(refused) => self.kind_of_refusal(&refused.info),
            Self::NotRenamed { source, .. }
            | Self::NotBackedUp { source, .. }
            | Self::Stopped { source, .. } => source.kind(),
            Self::Connect { .. }
            | Self::Closed { .. }
            | Self::Control(_)
            | Self::Broken { .. }
            | Self::DataConnect(_) => ErrorKind::Connect,
            Self::Tls(_)
            | Self::TlsConfig { .. }
            | Self::TlsRefused { .. }
            | Self::ProtectionRefused { .. }
            | Self::InjectedBeforeTls
            | Self::ControlNotEncrypted => ErrorKind::Tls,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::InUse { .. } | Self::Locked { .. } => ErrorKind::Exists,
            Self::Protocol(_)
            | Self::UnusableReply { .. }
            | Self::Desynchronised { .. }
            | Self::Name(_)
            | Self::Listing(_)
            | Self::UnparsedListing { .. } => ErrorKind::Protocol,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Data { .. }
            | Self::Unfinished { .. }
            | Self::BeyondEnd { .. }
            | Self::SizeMismatch { .. }
            | Self::HashMismatch { .. }
            | Self::UploadMismatch { .. }
            | Self::StoredElsewhere { .. }
            | Self::StoredUnderOtherName { .. }
            | Self::Changed { .. }
            | Self::LockLost { .. }
            | Self::Skipped { .. }
            | Self::IncompleteListing
            | Self::PartialFailure { .. } => ErrorKind::Transfer,
            Self::LocalFs(error) => local_kind(error.kind()),
            Self::LocalStream { source, .. } => local_kind(source.kind()),
            Self::Limit { .. }
            | Self::CyclicTree { .. }
            | Self::TooManySessions { .. }
            | Self::TooManyFailures { .. }
            | Self::TooManyDeletions { .. } => ErrorKind::Limit,
            Self::Unsupported { .. }
            | Self::Unanswered { .. }
            | Self::FeatureMissing { .. }
            | Self::VirtualHostRefused { .. } => ErrorKind::Unsupported,
            Self::CommandRefused { .. } => ErrorKind::Refused,
            Self::Incompatible { .. }
            | Self::InvalidCommand(_)
            | Self::InvalidMask(_)
            | Self::NothingToRemove { .. }
            | Self::NoName { .. }
            | Self::IsDirectory { .. }
            | Self::Url(_)
            | Self::Encoding(_)
            | Self::BlockingInAsync
            | Self::PoolClosed => ErrorKind::Usage,
        }
    }

    fn kind_of_refusal(&self, reply: &Reply) -> ErrorKind {
        if self.is_login_refused() || self.refuses_credentials() {
            return ErrorKind::Auth;
        }
        match self.is_not_found() {
            true => ErrorKind::NotFound,
            false if self.is_permission_denied() => ErrorKind::Permission,
            false if classify::says_exists(reply) => ErrorKind::Exists,
            false if classify::is_out_of_space(reply) => ErrorKind::Full,
            false if classify::is_connection_limit(reply) => ErrorKind::Limit,
            false if self.is_connection_lost() => ErrorKind::Connect,
            false if reply.code().is_unsupported() => ErrorKind::Unsupported,
            false => ErrorKind::Refused,
        }
    }
}

fn local_kind(kind: io::ErrorKind) -> ErrorKind {
    match kind {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::Permission,
        io::ErrorKind::AlreadyExists => ErrorKind::Exists,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Full,
        io::ErrorKind::TimedOut => ErrorKind::Timeout,
        _ => ErrorKind::Local,
    }
}

/// Wraps the error, with the kind of `std` that fits best, so that `?` works in functions that return [`io::Result`].
///
/// ```
/// use oxftp::Error;
///
/// let error = std::io::Error::from(Error::NotFound { path: "x".into(), refusal: None });
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// assert_eq!(error.to_string(), "x does not exist");
/// ```
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            ErrorKind::Permission | ErrorKind::Auth => io::ErrorKind::PermissionDenied,
            ErrorKind::Exists => io::ErrorKind::AlreadyExists,
            ErrorKind::Full => io::ErrorKind::StorageFull,
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Connect => io::ErrorKind::ConnectionAborted,
            ErrorKind::Protocol => io::ErrorKind::InvalidData,
            ErrorKind::Unsupported => io::ErrorKind::Unsupported,
            ErrorKind::Usage => io::ErrorKind::InvalidInput,
            ErrorKind::Tls
            | ErrorKind::Transfer
            | ErrorKind::Local
            | ErrorKind::Limit
            | ErrorKind::Refused => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use oxftp_proto::Code;

    use super::*;

    fn refused(code: u16, text: &str) -> Error {
        Reply::new(Code::new(code).unwrap(), [text.as_bytes()]).unexpected(&["2xx"]).into()
    }

    #[test]
    fn error_kind_of_refusals_follows_code_and_text() {
        for (code, text, kind) in [
            (550, "No such file or directory", ErrorKind::NotFound),
            (550, "Permission denied.", ErrorKind::Permission),
            (550, "Directory not empty", ErrorKind::Refused),
            (550, "Create directory operation failed: File exists", ErrorKind::Exists),
            (521, "x: directory exists", ErrorKind::Exists),
            (552, "Disk full", ErrorKind::Full),
            (530, "Login incorrect.", ErrorKind::Auth),
            (421, "Too many connections", ErrorKind::Limit),
            (421, "Timeout", ErrorKind::Connect),
            (502, "not implemented", ErrorKind::Unsupported),
        ] {
            assert_eq!(refused(code, text).kind(), kind, "{code} {text}");
        }
    }

    #[test]
    fn wrapped_error_has_kind_of_its_source() {
        let source = Box::new(refused(550, "Permission denied."));
        let error = Error::NotRenamed { path: "x".into(), temporary: "y".into(), source };

        assert_eq!(error.kind(), ErrorKind::Permission);
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::PermissionDenied);
    }
}
