//! Options sent around the login: virtual host, client name, UTF-8.

use super::ClientBuilder;

/// Options sent around the login.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoginOptions {
    pub(crate) virtual_host: Option<String>,
    pub(crate) client_name: Option<String>,
    pub(crate) utf8: Utf8,
}

/// Whether the client asks the server for UTF-8 names (`OPTS UTF8 ON`; draft-ietf-ftpext-utf-8-option-00,
/// 3), if UTF-8 is the client's [encoding](ClientBuilder::encoding).
///
/// ```no_run
/// use oxftp::{Client, Utf8};
///
/// # async fn example() -> oxftp::Result<()> {
/// let client = Client::builder().utf8(Utf8::Ask).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Utf8 {
    /// If the greeting is that of a server that does not use UTF-8 by default (Microsoft's). Others are
    /// spared the round trip.
    #[default]
    Auto,
    /// After every login.
    Ask,
    /// Never.
    Leave,
}

impl ClientBuilder {
    /// Sets the virtual host to log in to (`HOST`; RFC 7151). It is sent after the TLS handshake and before
    /// the login. Defaults to none, which selects the server's default host.
    ///
    /// An IPv6 address is written in brackets. Certificates are still verified against the name of the
    /// connection. If the server refuses the host,
    /// [`Error::VirtualHostRefused`](crate::Error::VirtualHostRefused) is returned before any login.
    ///
    /// ```no_run
    /// use oxftp::Client;
    ///
    /// # async fn example() -> oxftp::Result<()> {
    /// let client = Client::builder().virtual_host("ftp.example.org").connect("192.0.2.7").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn virtual_host(mut self, name: impl Into<String>) -> Self {
        self.config.login_options.virtual_host = Some(name.into());
        self
    }

    /// Sets the client name, sent after each login (`CLNT`). Defaults to none.
    ///
    /// A few servers enable features by it. A refusal is ignored.
    #[must_use]
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.config.login_options.client_name = Some(name.into());
        self
    }

    /// Sets whether the client asks for UTF-8 names after each login (`OPTS UTF8 ON`). Defaults to
    /// [`Utf8::Auto`]. A refusal is ignored.
    #[must_use]
    pub fn utf8(mut self, utf8: Utf8) -> Self {
        self.config.login_options.utf8 = utf8;
        self
    }
}
