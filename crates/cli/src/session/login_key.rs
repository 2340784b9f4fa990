//! Identity of a login.

use oxftp::{Credentials, FtpUrl, Host, Scheme};

/// A server and a login on it: two URLs with equal keys can share a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoginKey {
    scheme: Scheme,
    host: Host,
    pub(super) credentials: Credentials,
}

impl LoginKey {
    pub(super) fn new(url: &FtpUrl, credentials: Credentials) -> Self {
        Self { scheme: url.scheme(), host: url.host(), credentials }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_with_different_passwords_differ() {
        let key = |url: &str| {
            let url: FtpUrl = url.parse().unwrap();
            LoginKey::new(&url, url.credentials())
        };

        assert_eq!(key("ftp://me:a@h/x"), key("ftp://me:a@h/y"));
        for other in ["ftp://me:b@h/x", "ftp://you:a@h/x", "ftpes://me:a@h/x", "ftp://me:a@h:2121/x"] {
            assert_ne!(key("ftp://me:a@h/x"), key(other), "{other}");
        }
    }
}
