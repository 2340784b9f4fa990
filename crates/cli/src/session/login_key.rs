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
