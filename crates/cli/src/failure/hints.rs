//! What may help.

use std::borrow::Cow;

use oxftp::{Error, Scheme, TlsFailure, classify};

use super::{Failure, Stage};

/// Gives a hint where one helps.
pub(crate) fn hint<'f>(failure: &'f Failure, bookmarks: &[String]) -> Option<Cow<'f, str>> {
    match failure {
        Failure::Advised { hint, .. } => Some(hint.into()),
        Failure::NoBookmark { name } => Some(of_bookmark(name, bookmarks).into()),
        Failure::Client { about: Some(about), error } if error.is_not_found() && about.contains(PATTERN) => {
            Some(
                "a URL names one thing; patterns work in oxftp shell, find --name and mirror --include"
                    .into(),
            )
        }
        failure => of_failure(failure).map(Cow::from),
    }
}

/// Gives the name that was meant, where one is like it.
fn of_bookmark(name: &str, bookmarks: &[String]) -> String {
    let likeness = |kept: &String| (strsim::jaro(name, kept), kept.clone());
    let nearest = bookmarks.iter().map(likeness).max_by(|one, other| one.0.total_cmp(&other.0));
    match nearest {
        None => "oxftp bookmark add NAME URL makes one; there are none yet".to_owned(),
        Some((likeness, kept)) if likeness > LIKE => format!("there is @{kept}"),
        Some(_) => "oxftp bookmark list shows those there are".to_owned(),
    }
}

fn of_failure(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::IsDirectory { hint, .. } | Failure::Exists { hint, .. } | Failure::Refused { hint, .. } => {
            Some(hint)
        }
        Failure::Opening { url, stage, error } => {
            of_opening(url.scheme(), url.host().port, url.user().is_some(), *stage, error)
                .or_else(|| of_error(error))
        }
        Failure::Client { error, .. } => of_error(error),
        _ => None,
    }
}

fn of_opening(
    scheme: Scheme,
    port: Option<u16>,
    names_user: bool,
    stage: Stage,
    error: &Error,
) -> Option<&'static str> {
    match error {
        Error::StatusCode(refused) if classify::requires_tls(&refused.info) => {
            (scheme == Scheme::Ftp).then_some("the server wants TLS: ftpes:// turns it on")
        }
        Error::StatusCode(_) if stage == Stage::Login && !names_user => {
            Some("this was an anonymous login: --user NAME logs in as somebody")
        }
        Error::StatusCode(_) if stage == Stage::Login => Some("is the user's name right, and the password?"),
        Error::TlsRefused { .. } => {
            Some("the server may know TLS from the first byte on (ftps://), or none at all (ftp://)")
        }
        Error::Tls(_) if scheme == Scheme::Ftps && error.tls_failure() == Some(TlsFailure::NoTls) => {
            Some("ftps:// is TLS from the first byte on, usually on port 990; TLS on port 21 is ftpes://")
        }
        Error::Timeout { .. } | Error::Closed { .. } | Error::Control(_) | Error::Protocol(_)
            if scheme != Scheme::Ftps && port == Some(990) =>
        {
            Some("a server on port 990 usually wants TLS from the first byte on: ftps://")
        }
        _ => None,
    }
}

fn of_error(error: &Error) -> Option<&'static str> {
    match error {
        Error::Tls(_) | Error::Control(_) => error.tls_failure().and_then(of_tls),
        Error::StatusCode(refused) if classify::requires_tls(&refused.info) => {
            Some("the server wants TLS: ftpes:// turns it on")
        }
        Error::NotRenamed { .. } => Some("without --temp-name files are stored under their names at once"),
        Error::DataConnect(_) => {
            Some("a firewall may be in between: try --no-epsv, or --active where this side can be reached")
        }
        _ => None,
    }
}

/// Says what is wrong with TLS, and what to do.
fn of_tls(failure: TlsFailure) -> Option<&'static str> {
    Some(match failure {
        TlsFailure::WrongName => "the certificate is for another name: use that name in the URL",
        TlsFailure::Expired => {
            "the certificate has run out, or the clock here is wrong; --insecure goes on without checking it, and so \
             without knowing whom with"
        }
        TlsFailure::NotYetValid => "the certificate is not valid yet: is the clock here right?",
        TlsFailure::UnknownIssuer => {
            "--tls-ca FILE trusts the authority in FILE; --insecure checks nothing, and so may talk to an attacker"
        }
        TlsFailure::Revoked => {
            "the certificate was taken back: ask those who run the server, and send it nothing"
        }
        TlsFailure::UnusableCertificate => {
            "the certificate is not one for a server: ask those who run it; --insecure checks nothing, and so may \
             talk to an attacker"
        }
        TlsFailure::NothingInCommon => {
            "the server knows nothing as new as TLS 1.2, or less than --tls-min asks for; or it wants a certificate of \
             yours: --tls-cert FILE --tls-key FILE"
        }
        TlsFailure::ClientCertificate => {
            "the server wants a certificate of yours: --tls-cert FILE --tls-key FILE"
        }
        TlsFailure::OtherProtocol => "this is no server for FTP: is the port right?",
        TlsFailure::Cut => "the server hung up: perhaps it knows no TLS here, or refuses this address",
        _ => return None,
    })
}

/// What a shell or curl would take for a pattern.
const PATTERN: [char; 4] = ['*', '?', '[', '{'];
/// As like as clap wants a word to be that it suggests.
const LIKE: f64 = 0.7;

#[cfg(test)]
mod tests {
    use oxftp::{Code, Reply};

    use super::*;

    #[test]
    fn a_bookmark_that_is_not_there_is_answered_with_one_like_it() {
        let kept = ["work", "home"].map(str::to_owned);

        assert_eq!(of_bookmark("wrok", &kept), "there is @work");
        assert!(of_bookmark("frobnicate", &kept).contains("bookmark list"));
        assert!(of_bookmark("work", &[]).contains("bookmark add"));
    }

    #[test]
    fn what_is_wrong_with_a_certificate_has_a_hint_of_its_own() {
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
    fn servers_that_want_tls_are_understood() {
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
