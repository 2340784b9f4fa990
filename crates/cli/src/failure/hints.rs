//! What may help.

use oxftp::{Error, Reply, Scheme};

use super::{Failure, Stage, chain};

/// Gives a hint where one helps.
pub(crate) fn hint(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::IsDirectory { hint, .. } | Failure::Exists { hint, .. } => Some(hint),
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
        Error::StatusCode(refused) if wants_tls(&refused.info) => {
            (scheme == Scheme::Ftp).then_some("the server wants TLS: ftpes:// turns it on")
        }
        Error::StatusCode(_) if stage == Stage::Login && !names_user => {
            Some("this was an anonymous login: --user NAME logs in as somebody")
        }
        Error::StatusCode(_) if stage == Stage::Login => Some("is the user's name right, and the password?"),
        Error::TlsRefused { .. } => {
            Some("the server may know TLS from the first byte on (ftps://), or none at all (ftp://)")
        }
        Error::Tls(_) if scheme == Scheme::Ftps && is_no_tls(error) => {
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
        Error::Tls(_) => of_certificate(&chain(std::error::Error::source(error)).join(" ")),
        Error::StatusCode(refused) if wants_tls(&refused.info) => {
            Some("the server wants TLS: ftpes:// turns it on")
        }
        Error::NotRenamed { .. } => Some("without --temp-name files are stored under their names at once"),
        Error::DataConnect(_) => {
            Some("a firewall may be in between: try --no-epsv, or --active where this side can be reached")
        }
        _ => None,
    }
}

/// Which certificate error it is shows in its text alone.
fn of_certificate(text: &str) -> Option<&'static str> {
    let knows = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if !knows(&["certificate"]) {
        return None;
    }
    Some(if knows(&["NotValidForName", "not valid for name", "not valid for any names"]) {
        "the certificate is for another name: use that name in the URL"
    } else if knows(&["Expired", "expired"]) {
        "the certificate has run out; --insecure goes on without checking it, and so without knowing whom with"
    } else {
        "--tls-ca FILE trusts the authority in FILE; --insecure checks nothing, and so may talk to an attacker"
    })
}

fn is_no_tls(error: &Error) -> bool {
    let text = chain(std::error::Error::source(error)).join(" ");
    text.contains("corrupt message") || text.contains("InvalidContentType") || text.contains("InvalidMessage")
}

/// Servers refuse logins in clear with many codes: 530, 534, 550, 421.
fn wants_tls(reply: &Reply) -> bool {
    let text = reply.text().to_ascii_lowercase();
    let words: Vec<&str> = text.split(|character: char| !character.is_ascii_alphanumeric()).collect();
    let about_tls = ["tls", "ssl", "ftps", "encryption", "encrypted", "cleartext"];
    reply.code().class() >= 4 && words.iter().any(|word| about_tls.contains(word))
}

#[cfg(test)]
mod tests {
    use oxftp::Code;

    use super::*;

    #[test]
    fn servers_that_want_tls_are_understood() {
        for (code, text) in [
            (530, "Non-anonymous sessions must use encryption."),
            (550, "SSL/TLS required on the control channel"),
            (421, "Sorry, cleartext sessions and weak ciphers are not accepted on this server."),
            (534, "Policy requires TLS"),
        ] {
            assert!(wants_tls(&Reply::new(Code::new(code).unwrap(), [text.as_bytes()])), "{text}");
        }
        assert!(!wants_tls(&Reply::new(Code::NOT_LOGGED_IN, [&b"Login incorrect."[..]])));
    }
}
