//! Failures of the client as errors of OpenDAL.

use std::{error::Error as StdError, fmt, iter};

use opendal_core::{Error, ErrorKind};

/// The reason of an error of OpenDAL that comes from the server or the connection.
///
/// `Display` shows the whole chain of reasons, since OpenDAL shows one level only.
///
/// ```no_run
/// use std::error::Error;
///
/// use opendal_service_oxftp::OxftpError;
///
/// # async fn example(operator: opendal::Operator) {
/// if let Err(error) = operator.stat("a.txt").await {
///     let reason = error.source().and_then(|source| source.downcast_ref::<OxftpError>());
///     println!("code {:?}", reason.and_then(|reason| reason.client_error().code()));
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct OxftpError {
    error: oxftp::Error,
}

impl OxftpError {
    /// Returns the error of the client, which tells a refused login from a refused certificate or a timeout.
    ///
    /// ```
    /// # fn example(reason: &opendal_service_oxftp::OxftpError) {
    /// println!("{:?}", reason.client_error().kind());
    /// # }
    /// ```
    #[must_use]
    pub fn client_error(&self) -> &oxftp::Error {
        &self.error
    }
}

impl fmt::Display for OxftpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: &dyn StdError = &self.error;
        for (level, error) in iter::successors(Some(first), |&error| error.source()).enumerate() {
            write!(f, "{}{error}", if level == 0 { "" } else { ": " })?;
        }
        Ok(())
    }
}

/// Its sources are a part of its text.
impl StdError for OxftpError {}

/// Returns an error of the client as one of OpenDAL. One that may pass is temporary, so that its layers retry it.
pub(crate) fn failure(error: oxftp::Error) -> Error {
    let (kind, message) = match error.kind() {
        oxftp::ErrorKind::NotFound => (ErrorKind::NotFound, "there is no file or directory of this name"),
        oxftp::ErrorKind::Permission => (ErrorKind::PermissionDenied, "the server denies permission"),
        oxftp::ErrorKind::Auth => (ErrorKind::PermissionDenied, "the server refuses the login"),
        oxftp::ErrorKind::Exists => (ErrorKind::AlreadyExists, "it exists already, or is in use"),
        oxftp::ErrorKind::Unsupported => (ErrorKind::Unsupported, "the server does not support it"),
        oxftp::ErrorKind::Limit => (ErrorKind::RateLimited, "a limit is exceeded"),
        oxftp::ErrorKind::Tls => (ErrorKind::Unexpected, "TLS failed"),
        oxftp::ErrorKind::Connect => (ErrorKind::Unexpected, "there is no connection to the server"),
        oxftp::ErrorKind::Timeout => (ErrorKind::Unexpected, "a timeout expired"),
        _ => (ErrorKind::Unexpected, "the operation failed"),
    };
    failure_of(kind, message, error)
}

/// Returns an error of the client as one of this kind.
pub(crate) fn failure_of(kind: ErrorKind, message: &'static str, error: oxftp::Error) -> Error {
    let is_temporary = error.is_transient();
    Error::new(kind, message).set_source(OxftpError { error }).with_temporary(is_temporary)
}

pub(crate) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "there is no file or directory of this name")
}

pub(crate) fn is_a_directory() -> Error {
    Error::new(ErrorKind::IsADirectory, "it is a directory")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use oxftp::{Code, Reply};

    use super::*;

    fn refused(code: u16, text: &str) -> Error {
        let reply = Reply::new(Code::new(code).unwrap(), [text.as_bytes()]);
        failure(reply.unexpected(&["2xx"]).into())
    }

    #[test]
    fn refusal_is_not_found_only_if_stated() {
        for (code, text, kind) in [
            (550, "a.txt: No such file or directory", ErrorKind::NotFound),
            (550, "a.txt: Permission denied", ErrorKind::PermissionDenied),
            (550, "Failed to open file.", ErrorKind::Unexpected),
            (530, "Login incorrect.", ErrorKind::PermissionDenied),
            (502, "Command not implemented.", ErrorKind::Unsupported),
        ] {
            assert_eq!(refused(code, text).kind(), kind, "{text}");
            assert!(!refused(code, text).is_temporary(), "{text}");
        }
        assert!(refused(450, "try again").is_temporary());
    }

    #[test]
    fn failure_shows_all_reasons_and_client_error() {
        let timeout = oxftp::Error::Timeout { what: "the reply", deadline: Duration::from_secs(1) };
        let error = failure(timeout);

        assert!(error.is_temporary());
        let reason = error.source().and_then(|source| source.downcast_ref::<OxftpError>()).unwrap();
        assert_eq!(reason.client_error().kind(), oxftp::ErrorKind::Timeout);
        assert!(error.to_string().contains("the reply"), "{error}");
    }
}
