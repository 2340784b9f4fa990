//! Hints for failures.

use std::borrow::Cow;

use oxftp::{Error, Scheme, TlsFailure, classify};

use super::{Failure, Stage};

/// Returns a hint for a failure, if there is one.
pub(crate) fn hint<'f>(failure: &'f Failure, bookmarks: &[String]) -> Option<Cow<'f, str>> {
    match failure {
        Failure::UsageWithHint { hint, .. } => Some(hint.into()),
        Failure::NoBookmark { name } => Some(of_bookmark(name, bookmarks).into()),
        Failure::NoMatch { .. } => Some("--no-glob takes *, ?, [ and { as parts of names".into()),
        Failure::Client { about: Some(about), error } if error.is_not_found() && about.contains(PATTERN) => {
            Some(
                "patterns work in the URLs of ls, get, cat, rm, cp, mv, chmod, touch, stat, find and du"
                    .into(),
            )
        }
        failure => of_failure(failure).map(Cow::from),
    }
}

/// Returns a hint with the most similar bookmark.
fn of_bookmark(name: &str, bookmarks: &[String]) -> String {
    let likeness = |kept: &String| (strsim::jaro(name, kept), kept.clone());
    let nearest = bookmarks.iter().map(likeness).max_by(|one, other| one.0.total_cmp(&other.0));
    match nearest {
        None => "there are no bookmarks yet; add one with oxftp bookmark add NAME URL".to_owned(),
        Some((likeness, kept)) if likeness > MIN_SIMILARITY => format!("did you mean @{kept}?"),
        Some(_) => "use oxftp bookmark list to see all bookmarks".to_owned(),
    }
}

fn of_failure(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::IsDirectory { hint, .. } | Failure::Exists { hint, .. } | Failure::Refused { hint, .. } => {
            Some(hint)
        }
        Failure::Opening { url, stage, error } => {
            of_opening(url.scheme(), url.host().port, *stage, error).or_else(|| of_error(error))
        }
        Failure::Client { error, .. } => of_error(error),
        Failure::NoDirectory { .. } => Some("create the directory with mkdir"),
        Failure::NoTerminal { .. } => Some(
            "without a terminal the password comes from --netrc, --password-file, --password-command or the variable \
             OXFTP_PASSWORD",
        ),
        _ => None,
    }
}

fn of_opening(scheme: Scheme, port: Option<u16>, stage: Stage, error: &Error) -> Option<&'static str> {
    match error {
        Error::StatusCode(refused) if classify::requires_tls(&refused.info) => {
            (scheme == Scheme::Ftp).then_some("the server requires TLS: use ftpes://")
        }
        Error::StatusCode(refused) if stage.is_login() && classify::is_connection_limit(&refused.info) => {
            None
        }
        Error::StatusCode(_) if stage == Stage::AnonymousLogin => {
            Some("this was an anonymous login: use --user NAME to log in as a user")
        }
        Error::StatusCode(_) if stage == Stage::Login => Some("check the user name and the password"),
        Error::TlsRefused { .. } => {
            Some("the server may support only implicit TLS (ftps://), or no TLS at all (ftp://)")
        }
        Error::Tls(_) if scheme == Scheme::Ftps && error.tls_failure() == Some(TlsFailure::NoTls) => {
            Some("ftps:// is implicit TLS, usually on port 990; use ftpes:// for TLS on port 21")
        }
        Error::Timeout { .. } | Error::Closed { .. } | Error::Control(_) | Error::Protocol(_)
            if scheme != Scheme::Ftps && port == Some(990) =>
        {
            Some("servers on port 990 usually require implicit TLS: use ftps://")
        }
        _ => None,
    }
}

fn of_error(error: &Error) -> Option<&'static str> {
    match error {
        Error::Tls(_) | Error::Control(_) => error.tls_failure().and_then(of_tls),
        Error::StatusCode(refused) if classify::requires_tls(&refused.info) => {
            Some("the server requires TLS: use ftpes://")
        }
        Error::Unsupported { what } if *what == NO_HASH => Some(CHECKSUM_HINT),
        Error::PartialFailure { report }
            if report.failures.iter().any(|failed| lacks_hash(&failed.error)) =>
        {
            Some(CHECKSUM_HINT)
        }
        Error::NotRenamed { .. } => Some("without --temp-name, files are uploaded under their final names"),
        Error::DataConnect(_) => Some(
            "a firewall may block data connections: try --no-epsv, or --active if the server can connect to this machine",
        ),
        _ => None,
    }
}

fn lacks_hash(error: &Error) -> bool {
    matches!(error, Error::Unsupported { what } if *what == NO_HASH)
}

/// Returns a hint for a TLS failure.
fn of_tls(failure: TlsFailure) -> Option<&'static str> {
    Some(match failure {
        TlsFailure::WrongName => "the certificate is for another host name: use that name in the URL",
        TlsFailure::Expired => {
            "the certificate has expired, or the clock of this machine is wrong; --insecure skips the check: unsafe on \
             networks you do not trust"
        }
        TlsFailure::NotYetValid => "the certificate is not valid yet: check the clock of this machine",
        TlsFailure::UnknownIssuer => {
            "use --tls-ca FILE to trust the certificate authority in FILE, or --tls-pin for exactly this certificate; oxftp probe \
             --insecure prints its line for the known hosts; --insecure skips the check: unsafe on networks you do not trust"
        }
        TlsFailure::Revoked => {
            "the certificate has been revoked: contact the operator of the server, and send no data"
        }
        TlsFailure::NotPinned => {
            "the certificate is not that of --tls-pin or of the known hosts: it was renewed, or this is another server; ask the \
             operator before you trust it"
        }
        TlsFailure::UnusableCertificate => {
            "the server may use a CA certificate as its own, which is common with self-signed certificates: trust exactly it \
             with --tls-ca FILE or --tls-pin; --insecure skips the check: unsafe on networks you do not trust"
        }
        TlsFailure::NoCommonParameters => {
            "the server may support no TLS version from 1.2 or --tls-min on, or require a client certificate: use --tls-cert \
             FILE --tls-key FILE"
        }
        TlsFailure::ClientCertificate => {
            "the server requires a client certificate: use --tls-cert FILE --tls-key FILE"
        }
        TlsFailure::OtherProtocol => "this is not an FTP server: check the port",
        TlsFailure::ConnectionClosed => {
            "the server closed the connection: it may not support TLS on this port, or refuse this address"
        }
        _ => return None,
    })
}

/// The feature in the error of a server that cannot compute checksums.
const NO_HASH: &str = "hash of this kind";
const CHECKSUM_HINT: &str = "the server cannot compute checksums: use --size-only, --verify content, or check --content, which reads both sides";
/// Characters of patterns in shells and curl.
const PATTERN: [char; 4] = ['*', '?', '[', '{'];
/// The similarity that clap requires for its suggestions.
const MIN_SIMILARITY: f64 = 0.7;

#[cfg(test)]
mod tests {
    use oxftp::{Code, Reply};

    use super::*;

    #[test]
    fn unknown_bookmark_suggests_a_similar_one() {
        let kept = ["work", "home"].map(str::to_owned);

        assert_eq!(of_bookmark("wrok", &kept), "did you mean @work?");
        assert!(of_bookmark("frobnicate", &kept).contains("bookmark list"));
        assert!(of_bookmark("work", &[]).contains("bookmark add"));
    }

    #[test]
    fn every_certificate_failure_has_its_own_hint() {
        let hints = [
            TlsFailure::WrongName,
            TlsFailure::Expired,
            TlsFailure::NotYetValid,
            TlsFailure::UnknownIssuer,
            TlsFailure::Revoked,
        ];
        let mut hints = hints.map(|failure| of_tls(failure).unwrap()).to_vec();
        hints.sort_unstable();
        hints.dedup();
        assert_eq!(hints.len(), 5);
    }

    #[test]
    fn replies_that_require_tls_are_recognised() {
        for (code, text) in [
            (530, "Non-anonymous sessions must use encryption."),
            (550, "SSL/TLS required on the control channel"),
            (421, "Sorry, cleartext sessions and weak ciphers are not accepted on this server."),
            (534, "Policy requires TLS"),
        ] {
            assert!(
                classify::requires_tls(&Reply::new(Code::new(code).unwrap(), [text.as_bytes()])),
                "{text}"
            );
        }
        assert!(!classify::requires_tls(&Reply::new(Code::NOT_LOGGED_IN, [&b"Login incorrect."[..]])));
    }
}
