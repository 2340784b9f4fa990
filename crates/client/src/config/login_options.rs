//! Options that are sent before and after the login: virtual host, client name, UTF-8.

use oxftp_proto::Secret;

use super::ClientBuilder;

/// Options sent around the login.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoginOptions {
    pub(crate) virtual_host: Option<String>,
    pub(crate) client_name: Option<String>,
    pub(crate) utf8: Utf8,
    pub(crate) on_login: Vec<UserCommand>,
    pub(crate) before_transfer: Vec<UserCommand>,
    pub(crate) after_transfer: Vec<UserCommand>,
}

/// A command of the user that is sent at a certain moment.
#[derive(Debug, Clone)]
pub(crate) struct UserCommand {
    pub(crate) line: Secret,
    /// A refusal is not an error.
    pub(crate) may_be_refused: bool,
}

impl UserCommand {
    /// Parses a line; a hyphen before the command allows a refusal.
    fn parse(line: String) -> Self {
        match line.strip_prefix('-') {
            Some(line) => Self { line: Secret::new(line), may_be_refused: true },
            None => Self { line: Secret::new(line), may_be_refused: false },
        }
    }
}

/// Condition under which the client asks the server for UTF-8 names (`OPTS UTF8 ON`;
/// draft-ietf-ftpext-utf-8-option-00, 3), if UTF-8 is the client's [encoding](ClientBuilder::encoding).
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
    /// If the greeting is that of a server that does not use UTF-8 by default (Microsoft's). With other servers, this
    /// saves a round trip.
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
    ///
    /// ```
    /// let builder = oxftp::Client::builder().client_name("backup 1.0");
    /// ```
    #[must_use]
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.config.login_options.client_name = Some(name.into());
        self
    }

    /// Adds a command that is sent after each login, on every session of a pool and whenever a session is opened again,
    /// such as `SITE UMASK 022` or `SITE NAMEFMT 1`. Several are sent in order.
    ///
    /// `TYPE A`, `TYPE E` or `TYPE L 8` chooses the type of the files that follow in this session, in place of `TYPE I`;
    /// listings keep theirs. In `TYPE A` and `TYPE E` the server converts text, and the client stores and sends the
    /// bytes of the wire: sizes are not compared, and nothing is resumed. Records and blocks (`STRU R`, `MODE B`) are
    /// not decoded.
    ///
    /// A refusal is [`Error::CommandRefused`](crate::Error::CommandRefused), unless the command begins with a hyphen:
    /// `-OPTS UTF8 OFF`. Do not send commands that need a data connection. The arguments of `ACCT`, `SITE PSWD` and
    /// `SITE CHPWD`, and the password of the login, are hidden in logs. A command with a line break is
    /// [`Error::InvalidCommand`](crate::Error::InvalidCommand) at the login.
    ///
    /// ```no_run
    /// use oxftp::Client;
    ///
    /// # async fn example() -> oxftp::Result<()> {
    /// let builder = Client::builder().on_login("SITE UMASK 022").on_login("-OPTS UTF8 OFF");
    /// let client = builder.connect("ftp.example.org").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on_login(mut self, command: impl Into<String>) -> Self {
        self.config.login_options.on_login.push(UserCommand::parse(command.into()));
        self
    }

    /// Adds a command that is sent before each file of downloads, uploads and mirrors, such as
    /// `SITE LRECL=80 RECFM=FB`. Refusals and secrets are treated as by [`on_login`](Self::on_login).
    ///
    /// While there are such commands, each command is sent only after the reply to the previous one.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().before_transfer("SITE LRECL=80 RECFM=FB");
    /// ```
    #[must_use]
    pub fn before_transfer(mut self, command: impl Into<String>) -> Self {
        self.config.login_options.before_transfer.push(UserCommand::parse(command.into()));
        self
    }

    /// Adds a command that is sent after each file that was transferred (see
    /// [`before_transfer`](Self::before_transfer)). If it is refused, the file counts as failed.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().after_transfer("SITE CHMOD 644 upload.tmp");
    /// ```
    #[must_use]
    pub fn after_transfer(mut self, command: impl Into<String>) -> Self {
        self.config.login_options.after_transfer.push(UserCommand::parse(command.into()));
        self
    }

    /// Sets whether the client asks for UTF-8 names after each login (`OPTS UTF8 ON`). Defaults to
    /// [`Utf8::Auto`]. A refusal is ignored.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().utf8(oxftp::Utf8::Leave);
    /// ```
    #[must_use]
    pub fn utf8(mut self, utf8: Utf8) -> Self {
        self.config.login_options.utf8 = utf8;
        self
    }
}
