//! Refusals of a further session.

use oxftp_proto::{Code, classify};

use crate::{Error, TlsFailure};

/// Returns whether the server refused the connection because of too many sessions: `421` in place of a greeting.
///
/// While other sessions are open, many other failures mean the same: servers send `221`, `500` or another refusal,
/// close or reset the connection, refuse it, or accept it and send no greeting. A greeting that refuses means it, too,
/// if the pool has had sessions: the server may not have noticed the end of the last one.
pub(super) fn is_connection_limit_at_connecting(
    error: &Error,
    has_other_sessions: bool,
    has_logged_in: bool,
) -> bool {
    let is_silent =
        is_silent(error) || matches!(error, Error::Connect { .. } | Error::Protocol(_) | Error::Tls(_));
    let is_tls = error.tls_failure().is_some_and(|failure| failure != TlsFailure::ConnectionClosed);
    let is_refused = |error: &Error| match error {
        Error::StatusCode(refused) => classify::is_connection_limit_at_greeting(&refused.info),
        _ => false,
    };
    error.code() == Some(Code::SERVICE_CLOSING)
        || is_full(error)
        || has_other_sessions && is_silent && !is_tls
        || (has_other_sessions || has_logged_in) && is_refused(error)
}

/// Returns whether the server refused the login because of too many sessions. While another session has the same
/// login, every failure means that.
pub(super) fn is_connection_limit_at_login(error: &Error, has_other_sessions: bool) -> bool {
    let is_refused =
        is_silent(error) && error.tls_failure().is_none() || matches!(error, Error::StatusCode(_));
    is_full(error) || has_other_sessions && is_refused
}

fn is_silent(error: &Error) -> bool {
    matches!(error, Error::Closed { .. } | Error::Control(_) | Error::Timeout { .. })
}

fn is_full(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_connection_limit)
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use oxftp_proto::Reply;

    use super::*;

    fn refused(code: u16, text: &str) -> Error {
        Reply::new(Code::new(code).unwrap(), [text.as_bytes()]).unexpected(&["2xx"]).into()
    }

    #[test]
    fn session_limit_replies_are_recognized() {
        for (code, text) in [
            (421, "There are too many connections from your internet address."),
            (421, "Too many connections. Service temporarily unavailable."),
            (421, "5 users (the maximum) are already logged in, sorry"),
            (530, "Sorry, the maximum number of allowed clients (2) already connected."),
            (530, "Sorry, your account is restricted to 2 simultaneous logins."),
            (530, "User tester cannot log in, the connection limit is reached."),
        ] {
            assert!(is_full(&refused(code, text)), "{text}");
        }
    }

    #[test]
    fn wrong_password_is_no_session_limit() {
        assert!(!is_full(&refused(530, "Login incorrect.")));
        assert!(!is_full(&refused(421, "Timeout.")));
        assert!(!is_full(&refused(550, "too many levels")));
        assert!(is_connection_limit_at_connecting(&refused(421, "Service not available"), false, false));
    }

    #[test]
    fn refused_further_session_means_a_full_server() {
        let further = [
            refused(221, "Goodbye"),
            refused(500, "no"),
            Error::Closed { reply: None },
            Error::Control(io::ErrorKind::ConnectionReset.into()),
            Error::Timeout { what: "the greeting", deadline: Duration::from_secs(1) },
            Error::Connect { host: "h".into(), port: 21, source: io::ErrorKind::ConnectionRefused.into() },
        ];
        for error in further {
            assert!(is_connection_limit_at_connecting(&error, true, true), "{error}");
            assert!(!is_connection_limit_at_connecting(&error, false, false), "{error}");
        }
        for (code, text) in [(530, "TLS required"), (530, "Login incorrect.")] {
            assert!(!is_connection_limit_at_connecting(&refused(code, text), true, true), "{text}");
        }
        assert!(is_connection_limit_at_connecting(&refused(221, "busy"), false, true));
        let silent = Error::Closed { reply: None };
        assert!(!is_connection_limit_at_connecting(&silent, false, true));
    }

    #[test]
    fn failed_login_beside_another_session_means_full_server() {
        let failures = [refused(530, "Login incorrect."), refused(500, "no"), Error::Closed { reply: None }];
        for error in failures {
            assert!(is_connection_limit_at_login(&error, true), "{error}");
            assert!(!is_connection_limit_at_login(&error, false), "{error}");
        }
    }
}
