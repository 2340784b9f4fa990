//! Start and end of a session: connect, log in, quit.

use oxftp_proto::{
    Code, Command, Reply,
    dialog::{Credentials, Exchange, Greeting, Login, Protection, Secure, Secured},
};
use std::{io, sync::Arc, time::Duration};
use tokio::time::Instant;

use super::{Client, state::SessionState};
use crate::{
    ClientBuilder, Error, FtpUrl, Host, Result,
    capabilities::ServerCapabilities,
    config::{Config, TlsMode},
    connect::Target,
    control::{ControlChannel, DialogIo},
    deadline::{Deadline, ReusedTimer},
    stream::Direction,
    tls::TlsSession,
};

impl Client {
    /// Connects to the server of a URL, logs in, runs `body`, and quits.
    ///
    /// The connection is closed in any case. An error of `body` takes precedence over an error of `QUIT`.
    /// [`ClientBuilder::session`] does the same with more options.
    ///
    /// ```no_run
    /// # async fn example() -> oxftp::Result<()> {
    /// let entries = oxftp::Client::session("ftp://ftp.example.org/pub".parse()?, async |client| {
    ///     client.list("pub").await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`ClientBuilder::connect`], [`Client::login`] and the body.
    pub async fn session<T, E>(url: FtpUrl, body: impl AsyncFnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        ClientBuilder::from_url(&url).session(url.host(), url.credentials(), body).await
    }

    /// Connects, waits for the greeting, and starts TLS as configured.
    pub(crate) async fn open(config: impl Into<Arc<Config>>, mut host: Host) -> Result<Self> {
        let config = config.into();
        config.tls.check()?;
        let implicit = matches!(config.tls, TlsMode::Implicit(_));
        let port = host.port.unwrap_or(if implicit { IMPLICIT_PORT } else { PORT });
        host.port = Some(port);
        let tls = config.tls.config().map(|tls| TlsSession::new(tls, &host.name)).transpose()?;
        let deadline = config.timeouts.connect;
        let target = Target::Control { host: &host.name, port };
        let socket = Deadline::start(deadline)
            .cut(config.connector.connect(target))
            .await
            .unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::TimedOut, "connection timed out")))
            .map_err(|source| Error::Connect { host: host.name.clone(), port, source })?;
        let commands = config.known_servers.of(&host);
        let deadline_of_replies = config.timeouts.command;
        let mut control = ControlChannel::new(
            socket,
            &config.throttle,
            &config.limits,
            deadline_of_replies,
            commands.clone(),
        );
        if let Some(tls) = tls.as_ref().filter(|_| implicit) {
            control.encrypt(tls, deadline).await?;
        }
        control.expect_greeting();
        let may_be_plain = !matches!(config.tls, TlsMode::Explicit(_));
        let dialog = if may_be_plain { Greeting::accepting_login() } else { Greeting::default() };
        let greeting = control.resume(dialog, config.timeouts.command).await;
        let greeting = greeting.map_err(|error| match error {
            // A server that logs in before `AUTH` would never encrypt the session.
            Error::StatusCode(early) if tls.is_some() && early.info.code() == Code::LOGGED_IN => {
                Error::TlsRefused { reply: early.info }
            }
            error => error,
        })?;
        let capabilities = ServerCapabilities::from_greeting(&greeting, commands);
        if let Some(tls) = tls.as_ref().filter(|_| capabilities.kind.quirks().accepts_new_tls_sessions) {
            tls.forget_handshake();
        }
        let state = SessionState::default();
        let reconnects = config.reconnects;
        let mut client = Self {
            config,
            control,
            tls,
            host,
            greeting,
            capabilities,
            state,
            credentials: None,
            reconnects,
            busy_retries: reconnects,
            start_timer: ReusedTimer::default(),
        };
        client.encrypt().await?;
        // A virtual host may have its own settings for the commands that follow.
        client.name_virtual_host().await?;
        client.protect().await?;
        Ok(client)
    }

    /// Replaces the configuration, for a session that was opened with shorter deadlines.
    pub(crate) fn configure(&mut self, config: Arc<Config>) {
        self.control.set_deadline(config.timeouts.command);
        self.config = config;
    }

    /// Encrypts the control connection, if explicit TLS is configured (`AUTH TLS`).
    async fn encrypt(&mut self) -> Result<()> {
        let Some(tls) = self.tls.as_ref().filter(|_| !self.control.is_encrypted()) else { return Ok(()) };
        match self.control.run_with(Secure::default(), DialogIo::Tls(tls)).await? {
            Secured::Yes => Ok(()),
            Secured::Refused(_) if matches!(self.config.tls, TlsMode::IfOffered(_)) => {
                self.tls = None;
                Ok(())
            }
            Secured::Refused(reply) => Err(Error::TlsRefused { reply }),
        }
    }

    /// Encrypts data connections, if TLS is on (`PBSZ`, `PROT`).
    async fn protect(&mut self) -> Result<()> {
        if self.tls.is_none() {
            return Ok(());
        }
        let at_once = !self.control.forbids_pipelining()
            && self.config.pipelining.allows(Direction::Down, self.server_kind());
        let dialog = if at_once { Protection::pipelined() } else { Protection::default() };
        let protected = self.control.run(dialog).await;
        self.state.protects_data = protected.map_err(|error| match error {
            Error::StatusCode(refused) if refused.info.code() != Code::SERVICE_CLOSING => {
                Error::ProtectionRefused { reply: refused.info }
            }
            error => error,
        })?;
        self.state.protection_pending = !self.state.protects_data;
        Ok(())
    }

    /// Logs in (`USER`; `PASS` after `331`, `ACCT` after `332`; RFC 959, 4.1.1).
    ///
    /// The options [`ClientBuilder::client_name`] and [`ClientBuilder::utf8`] are sent afterwards (`CLNT`,
    /// `OPTS UTF8 ON`).
    ///
    /// After a greeting of `230`, the session is logged in already, and a refusal of `USER` as superfluous (`500`,
    /// `502`, `503`, `530 Already logged in`) is not an error: the result is the greeting then. If TLS was started
    /// after the greeting, it is an error.
    ///
    /// Each command is sent at most once. Password and account are redacted from the server's replies.
    ///
    /// ```no_run
    /// # async fn example() -> oxftp::Result<()> {
    /// use oxftp::{Client, Credentials};
    ///
    /// let mut client = Client::builder().connect("ftp.example.org").await?;
    /// let welcome = client.login(Credentials::new("me", "secret")).await?;
    /// println!("{}", welcome.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the login is refused ([`is_login_refused`](Error::is_login_refused)), if
    /// the server asks for the same thing twice.
    /// [`Error::ControlNotEncrypted`] after [`clear_command_channel`](Self::clear_command_channel).
    pub async fn login(&mut self, credentials: Credentials) -> Result<Reply> {
        let span = crate::trace::span!("login", self.host(), user = credentials.user);
        crate::trace::traced(span, Box::pin(self.log_in_with_options(credentials))).await
    }

    async fn log_in_with_options(&mut self, credentials: Credentials) -> Result<Reply> {
        let reply = self.log_in(credentials).await?;
        self.send_login_options().await?;
        Ok(reply)
    }

    /// Logs in without the commands that follow a login.
    pub(super) async fn log_in(&mut self, credentials: Credentials) -> Result<Reply> {
        self.check_login_is_safe()?;
        let mut dialog = Login::new(&credentials, self.config.encoding)?;
        let is_repeated = std::mem::replace(&mut self.state.logged_in, true);
        self.state.working_dir = None;
        if is_repeated {
            self.state.alter();
        }
        if !is_repeated && self.trusts_greeting() {
            dialog = dialog.greeted_with(self.greeting.clone());
        }
        self.control.redact([credentials.password.clone(), credentials.account.clone()]);
        self.state.login_began = Some(Instant::now());
        let commands = Arc::clone(&self.capabilities.commands);
        let login = commands.logins.begin();
        let reply = self.control.run(dialog).await?;
        self.credentials = Some(credentials);
        let logged_in_at = Instant::now();
        login.complete(logged_in_at);
        self.state.logged_in_at = Some(logged_in_at);
        self.state.login_cost = self.control.server_time();
        self.control.redact_messages_only();
        self.capabilities.no_pipelining |= self.control.forbids_pipelining();
        // Some servers reset the type after a login.
        self.state.transfer_type = None;
        if std::mem::take(&mut self.state.protection_pending) {
            self.protect().await?;
            if !self.state.protects_data {
                return Err(reply.unexpected(&["2xx"]).into());
            }
        }
        Ok(reply)
    }

    /// Returns whether the greeting arrived on the connection in its present state. Before `AUTH TLS`, an attacker
    /// may have sent it.
    fn trusts_greeting(&self) -> bool {
        self.tls.is_none() || matches!(self.config.tls, TlsMode::Implicit(_))
    }

    /// Returns the operating system of the server (`SYST`; RFC 959, 4.1.3). The reply is cached, and helps
    /// to parse listings with an ambiguous format.
    ///
    /// The text is empty if the server does not report it. Most servers reply `UNIX Type: L8`, whatever
    /// they run on.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.system().await?);              // UNIX Type: L8
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the control connection.
    pub async fn system(&mut self) -> Result<&str> {
        if self.capabilities.system.is_none() {
            self.restore_working_dir().await?;
            self.query_system().await?;
        }
        Ok(self.capabilities.system.get_or_insert_default())
    }

    /// Checks that the server still responds (`NOOP`; RFC 959, 4.1.3). The text of its reply is ignored.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.noop().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the control connection.
    pub async fn noop(&mut self) -> Result<()> {
        self.control.run(Exchange::new(Command::new("NOOP"), &["2xx", "4xx", "5xx"])).await.map(drop)
    }

    /// Ends the session and closes the connection (`QUIT`; RFC 959, 4.1.1).
    ///
    /// ```no_run
    /// # async fn example() -> oxftp::Result<()> {
    /// use oxftp::Client;
    ///
    /// let client = Client::builder().connect("ftp.example.org").await?;
    /// client.quit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the reply is not `2xx`, and those of the control connection. The connection
    /// is closed in any case.
    pub async fn quit(mut self) -> Result<()> {
        let deadline =
            self.config.timeouts.command.map_or(QUIT_TIMEOUT, |deadline| deadline.min(QUIT_TIMEOUT));
        let quit = self.control.run(Exchange::new(Command::new("QUIT"), &["2xx"]));
        let said = Deadline::start(Some(deadline)).run("the reply to QUIT", quit).await;
        self.control.shut_down().await;
        said.map(drop)
    }

    /// Ends the session and closes the connection without waiting for the reply (`QUIT`; RFC 959, 4.1.1).
    /// This saves a round trip.
    ///
    /// ```no_run
    /// # async fn example(client: oxftp::Client) {
    /// client.quit_without_reply().await;
    /// # }
    /// ```
    pub async fn quit_without_reply(mut self) {
        let goodbye = Command::new("QUIT");
        let _ = Deadline::start(Some(QUIT_TIMEOUT)).cut(self.control.send(&goodbye)).await;
        self.control.shut_down().await;
    }

    /// Closes the connection without sending `QUIT`. Dropping the client does the same.
    ///
    /// ```no_run
    /// # async fn example(client: oxftp::Client) {
    /// client.close();
    /// # }
    /// ```
    pub fn close(mut self) {
        self.control.close();
    }
}

impl ClientBuilder {
    /// Connects to a host, waits for the greeting (`220`, or `230` unless TLS is required), and starts TLS as configured. The port defaults
    /// to 21, and to 990 for implicit TLS.
    ///
    /// ```no_run
    /// # async fn example() -> oxftp::Result<()> {
    /// let client = oxftp::Client::builder().connect("ftp.example.org:2121").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Connect`] if the connection fails; [`Error::StatusCode`] if the greeting is a refusal such
    /// as `421`; [`Error::Tls`], [`Error::TlsRefused`] and [`Error::ProtectionRefused`] if TLS fails or is
    /// refused; [`Error::VirtualHostRefused`] if the server refuses the virtual host; [`Error::Timeout`] if
    /// a reply does not arrive in time.
    pub async fn connect(self, host: impl Into<Host>) -> Result<Client> {
        let host = host.into();
        let span = crate::trace::span!("connect", host);
        crate::trace::traced(span, Box::pin(Client::open(self.into_config(), host))).await
    }

    /// Connects, logs in, runs `body`, and quits.
    ///
    /// The connection is closed in any case. An error of `body` takes precedence over an error of `QUIT`.
    ///
    /// ```no_run
    /// # async fn example() -> oxftp::Result<()> {
    /// use oxftp::{Client, Credentials};
    ///
    /// let builder = Client::builder();
    /// let text = builder
    ///     .session("ftp.example.org", Credentials::anonymous(), async |client| client.read("a.txt").await)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`connect`](Self::connect), [`Client::login`] and the body.
    pub async fn session<T, E>(
        self,
        host: impl Into<Host>,
        credentials: Credentials,
        body: impl AsyncFnOnce(&mut Client) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<Error>,
    {
        let mut client = self.connect(host).await?;
        client.login(credentials).await?;
        let outcome = body(&mut client).await;
        let quit = client.quit().await;
        let value = outcome?;
        quit?;
        Ok(value)
    }
}

/// Port for plain FTP and explicit TLS.
const PORT: u16 = 21;

/// Port for implicit TLS.
const IMPLICIT_PORT: u16 = 990;

/// Maximum time to wait for the reply to `QUIT`.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);
