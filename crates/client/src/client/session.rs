//! Connecting, logging in, quitting.

use std::{io, sync::Arc};

use oxftp_proto::{
    Code, Command, Reply,
    dialog::{Credentials, Exchange, Greeting, Login, Protection, Secure, Secured},
};

use super::{Client, Known};
use crate::{
    ClientBuilder, Error, Features, FtpUrl, Host, Result,
    config::{Config, TlsMode},
    connect::Target,
    control::{ControlChannel, Hands},
    data::Direction,
    timeouts::{timed_out, within},
    tls::TlsSession,
};

impl Client {
    /// Connects to what a URL names, logs in, runs `body`, and quits.
    ///
    /// The connection is closed whatever happens; an error of the body is what counts, not one of
    /// the quitting after it. [`ClientBuilder::session`] does the same with more to choose.
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
    /// Those of [`ClientBuilder::connect`], [`Client::login`] and the body.
    pub async fn session<T, E>(url: FtpUrl, body: impl AsyncFnOnce(&mut Self) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        let builder: ClientBuilder = url.builder();
        builder.session(url.host(), url.credentials(), body).await
    }

    pub(crate) async fn open(config: Config, mut host: Host) -> Result<Self> {
        let implicit = matches!(config.tls, TlsMode::Implicit(_));
        let port = host.port.unwrap_or(if implicit { IMPLICIT_PORT } else { PORT });
        host.port = Some(port);
        let tls = config.tls.config().map(|tls| TlsSession::new(tls, &host.name)).transpose()?;
        let deadline = config.timeouts.connect;
        let target = Target::Control { host: &host.name, port };
        let socket = within(deadline, config.connector.connect(target))
            .await
            .unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::TimedOut, "nothing answered in time")))
            .map_err(|source| Error::Connect { host: host.name.clone(), port, source })?;
        let mut control =
            ControlChannel::new(socket, &config.throttle, &config.limits, config.timeouts.command);
        if let Some(tls) = tls.as_ref().filter(|_| implicit) {
            control.encrypt(tls, deadline).await?;
        }
        control.expect_greeting();
        let greeting = control.resume(Greeting::default(), config.timeouts.command).await;
        let greeting = greeting.map_err(|error| match error {
            // Who is logged in before `AUTH` would never encrypt.
            Error::StatusCode(early) if tls.is_some() && early.info.code() == Code::LOGGED_IN => {
                Error::TlsRefused { reply: early.info }
            }
            error => error,
        })?;
        let known = Known::of(&greeting);
        let mut client = Self { config: Arc::new(config), control, tls, host, greeting, known };
        client.encrypt().await?;
        // A virtual host may have settings of its own for what follows.
        client.name_virtual_host().await?;
        client.protect().await?;
        Ok(client)
    }

    async fn encrypt(&mut self) -> Result<()> {
        let Some(tls) = self.tls.as_ref().filter(|_| !self.control.is_encrypted()) else { return Ok(()) };
        match self.control.run_with(Secure::default(), Hands::Tls(tls)).await? {
            Secured::Yes => Ok(()),
            Secured::Refused(_) if matches!(self.config.tls, TlsMode::IfOffered(_)) => {
                self.tls = None;
                Ok(())
            }
            Secured::Refused(reply) => Err(Error::TlsRefused { reply }),
        }
    }

    async fn protect(&mut self) -> Result<()> {
        if self.tls.is_none() {
            return Ok(());
        }
        let at_once = self.config.pipelining.allows(Direction::Down, self.server_kind());
        let dialog = if at_once { Protection::pipelined() } else { Protection::default() };
        let protected = self.control.run(dialog).await;
        self.known.protects_data = protected.map_err(|error| match error {
            Error::StatusCode(refused) if refused.info.code() != Code::SERVICE_CLOSING => {
                Error::ProtectionRefused { reply: refused.info }
            }
            error => error,
        })?;
        self.known.protection_pending = !self.known.protects_data;
        Ok(())
    }

    /// Logs in (`USER`; `PASS` when asked with `331`, `ACCT` when asked with `332`; RFC 959, 4.1.1).
    ///
    /// What [`ClientBuilder::client_name`] and [`ClientBuilder::utf8`] ask for follows (`CLNT`, `OPTS UTF8 ON`).
    ///
    /// Each command is sent at most once. Password and account are left out of what the server answers, should
    /// it repeat them.
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
    /// [`Error::StatusCode`] when the login is refused
    /// ([`is_login_refused`](Error::is_login_refused)), or when the server asks for something
    /// twice or for an account where none is given.
    /// [`Error::ControlInClear`] after [`clear_command_channel`](Self::clear_command_channel).
    pub async fn login(&mut self, credentials: Credentials) -> Result<Reply> {
        self.check_login_is_safe()?;
        let dialog = Login::new(&credentials, self.config.encoding)?;
        self.known.astray |= std::mem::replace(&mut self.known.logged_in, true);
        self.control.hide([credentials.password, credentials.account]);
        let reply = self.control.run(dialog).await?;
        self.control.hide_in_words_alone();
        // Some servers start afresh after a login.
        self.known.transfer_type = None;
        if std::mem::take(&mut self.known.protection_pending) {
            self.protect().await?;
            if !self.known.protects_data {
                return Err(reply.unexpected(&["2xx"]).into());
            }
        }
        self.introduce().await?;
        Ok(reply)
    }

    /// Asks the server what it can do (`FEAT`; RFC 2389, 3); the answer is remembered.
    ///
    /// A server that does not know the command has no features.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if client.features().await?.contains("MLST") {
    ///     println!("exact times");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the control connection.
    pub async fn features(&mut self) -> Result<&Features> {
        if self.known.features.is_none() {
            let features = match self.control.run(Exchange::new(Command::new("FEAT"), &["2xx"])).await {
                Ok(reply) => Features::from_reply(&reply),
                Err(Error::StatusCode(error)) if error.info.code().class() == 5 => Features::default(),
                Err(error) => return Err(error),
            };
            self.known.features = Some(features);
        }
        Ok(self.known.features.get_or_insert_default())
    }

    /// Asks the server what system it runs on (`SYST`; RFC 959, 4.1.3); the answer is remembered, and
    /// helps with listings whose format their lines leave open.
    ///
    /// The answer is empty when the server does not tell. Most say `UNIX Type: L8`, whatever they
    /// are.
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
    /// Those of the control connection.
    pub async fn system(&mut self) -> Result<&str> {
        if self.known.system.is_none() {
            self.go_home().await?;
            let system = match self.control.run(Exchange::new(Command::new("SYST"), &["2xx"])).await {
                Ok(reply) => reply.text(),
                Err(Error::StatusCode(error)) if matches!(error.info.code().class(), 4 | 5) => String::new(),
                Err(error) => return Err(error),
            };
            self.known.system = Some(system);
        }
        Ok(self.known.system.get_or_insert_default())
    }

    /// Says goodbye and closes (`QUIT`; RFC 959, 4.1.1).
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
    /// [`Error::StatusCode`] when the answer is not `2xx`, and those of the control connection;
    /// it is closed all the same.
    pub async fn quit(mut self) -> Result<()> {
        let deadline = self.config.timeouts.command.map_or(QUITTING, |deadline| deadline.min(QUITTING));
        let quit = self.control.run(Exchange::new(Command::new("QUIT"), &["2xx"]));
        let said =
            within(Some(deadline), quit).await.unwrap_or(Err(timed_out("saying goodbye", Some(deadline))));
        self.control.shut_down().await;
        said.map(drop)
    }

    /// Says goodbye and closes, without waiting for the answer (`QUIT`; RFC 959, 4.1.1), which takes a round trip and
    /// tells nothing.
    pub async fn leave(mut self) {
        let goodbye = Command::new("QUIT");
        let _ = within(Some(QUITTING), self.control.send(&goodbye)).await;
        self.control.shut_down().await;
    }

    /// Closes the connection without a word. Dropping the client does the same.
    pub fn close(mut self) {
        self.control.close();
    }
}

/// The port for plain FTP and explicit TLS.
const PORT: u16 = 21;

/// The port for implicit TLS.
const IMPLICIT_PORT: u16 = 990;

/// How long saying goodbye may take.
const QUITTING: std::time::Duration = std::time::Duration::from_secs(2);
