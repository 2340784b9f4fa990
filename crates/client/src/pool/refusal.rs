//! Recognizes replies by which servers refuse a further session.

use oxftp_proto::{Code, classify};

use crate::Error;

/// Returns whether the server refused the connection because of too many sessions: `421` in place of a greeting.
///
/// While other sessions are open, many other failures mean the same: servers send `221`, `500` or another refusal,
/// close or reset the connection, refuse it, or accept it and send no greeting.
pub(super) fn is_full_at_connecting(error: &Error, has_other_sessions: bool) -> bool {
    let is_silent = matches!(
        error,
        Error::Connect { .. } | Error::Closed { reply: None } | Error::Control(_) | Error::Timeout { .. }
    );
    let is_refused = |error: &Error| match error {
        Error::StatusCode(refused) => classify::is_connection_limit_at_greeting(&refused.info),
        _ => false,
    };
    error.code() == Some(Code::SERVICE_CLOSING)
        || is_full(error)
        || has_other_sessions && (is_silent && error.tls_failure().is_none() || is_refused(error))
}

/// Returns whether the server refused the login because of too many sessions.
pub(super) fn is_full(error: &Error) -> bool {
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
        assert!(is_full_at_connecting(&refused(421, "Service not available"), false));
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
            assert!(is_full_at_connecting(&error, true), "{error}");
            assert!(!is_full_at_connecting(&error, false), "{error}");
        }
        for (code, text) in [(530, "TLS required"), (530, "Login incorrect.")] {
            assert!(!is_full_at_connecting(&refused(code, text), true), "{text}");
        }
    }
}
