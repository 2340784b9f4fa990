//! What the server is told of the client around the login.

use super::ClientBuilder;

/// What the server is told around the login.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoginOptions {
    pub(crate) virtual_host: Option<String>,
    pub(crate) client_name: Option<String>,
    pub(crate) utf8: Utf8,
}

/// Whether the server is asked to spell names in UTF-8 (`OPTS UTF8 ON`;
/// draft-ietf-ftpext-utf-8-option-00, 3), while that is the client's [encoding](ClientBuilder::encoding).
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
    /// Where the greeting shows a server that spells names otherwise until it is asked (Microsoft's); all others
    /// are spared the round trip.
    #[default]
    Auto,
    /// After every login.
    Ask,
    /// Never.
    Leave,
}

impl ClientBuilder {
    /// Names the virtual host to log in to (`HOST`; RFC 7151), behind TLS and before the login. Defaults to none,
    /// which leaves the server its default.
    ///
    /// An IPv6 address stands in brackets. Certificates are still compared with the name that was connected to.
    /// A server that refuses is [`Error::VirtualHostRefused`](crate::Error::VirtualHostRefused) and sees no login.
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

    /// Tells the server the name of this client after each login (`CLNT`). Defaults to telling none.
    ///
    /// A few servers decide by it what they can be asked for. A server that refuses is none the wiser, and that
    /// is no error.
    #[must_use]
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.config.login_options.client_name = Some(name.into());
        self
    }

    /// Says whether the server is asked to spell names in UTF-8 after each login (`OPTS UTF8 ON`). Defaults to
    /// [`Utf8::Auto`]; a refusal is no error.
    #[must_use]
    pub fn utf8(mut self, utf8: Utf8) -> Self {
        self.config.login_options.utf8 = utf8;
        self
    }
}
